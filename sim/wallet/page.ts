/**
 * The wallet's pages as HTML: list, payment, result. Pure functions of what the model says and of the language;
 * every word from outside goes through the escaping tag. No inline style or script, so that the content security
 * policy can forbid both. Regions with `data-live` are fetched again by assets/wallet.js.
 */

import { toAlipayTime } from '../providers/core/beijing';
import { fenToYuan } from '../providers/core/money';
import type { Channel } from '../providers/core/records';
import type { WalletResult, WalletView } from '../providers/core/wallet';
import { html, type Markup } from './html';
import { otherLanguage, TEXTS, type Language } from './texts';

export interface PageFrame {
  readonly language: Language;
  /** Where the language switch leads back to. */
  readonly here: string;
  readonly nowMs: number;
}

/** The list of what waits, with the field for a link. */
export function listPage(frame: PageFrame, views: readonly WalletView[]): Markup {
  const texts = TEXTS[frame.language];
  return layout(
    frame,
    undefined,
    texts.title,
    html`<header class="intro">
        <h1>${texts.title}</h1>
        <p>${texts.subtitle}</p>
      </header>
      <form class="scan" action="/wallet/open" method="get">
        <label for="link">${texts.pasteLabel}</label>
        <div class="row">
          <input
            id="link"
            name="url"
            type="text"
            inputmode="url"
            required
            maxlength="512"
            autocomplete="off"
            spellcheck="false"
            placeholder="${texts.pasteHint}"
          />
          <button type="submit">${texts.open}</button>
        </div>
      </form>
      <section aria-labelledby="waiting">
        <h2 id="waiting">${texts.waitingTitle}</h2>
        <div data-live="/wallet/parts/list" aria-live="polite">${listPart(frame, views)}</div>
      </section>`,
  );
}

export function listPart({ language, nowMs }: PageFrame, views: readonly WalletView[]): Markup {
  const texts = TEXTS[language];
  if (views.length === 0) {
    return html`<p class="empty">
      <strong>${texts.nothingWaiting}</strong><br />${texts.nothingWaitingHint}
    </p>`;
  }
  const items = views.map(
    (view) =>
      html`<li>
        <a
          class="card ${view.channel}"
          data-key="${view.link}"
          href="/wallet/open?url=${encodeURIComponent(view.link)}"
        >
          <span class="dot" aria-hidden="true">${initial(view)}</span>
          <span class="what">
            <span class="name"><bdi>${view.title}</bdi></span>
            <span class="note">${channelName(language, view.channel)} · <bdi>${view.outTradeNo}</bdi></span>
          </span>
          <span class="sum">
            <span class="amount">${yuan(view.amountFen)}</span>
            <span class="note">${texts.minutesLeft(minutesLeft(view, nowMs))}</span>
          </span>
        </a>
      </li>`,
  );
  return html`<ul class="cards">
    ${items}
  </ul>`;
}

/** A payment that was opened: to be paid, or the reason why not. */
export function paymentPage(frame: PageFrame, result: WalletResult, link: string): Markup {
  const channel = result.view?.channel;
  const title = channel ? channelName(frame.language, channel) : TEXTS[frame.language].title;
  const source = `/wallet/parts/payment?url=${encodeURIComponent(link)}`;
  const body = html`<div data-live="${source}">${paymentPart(frame, result)}</div>`;
  return layout(frame, channel, title, body);
}

export function paymentPart(frame: PageFrame, result: WalletResult): Markup {
  const texts = TEXTS[frame.language];
  if (!result.ok) return statePart(frame, result, false);
  const { view } = result;
  return html`<article class="sheet">
    ${amountHead(texts.payTo, view)} ${details(frame.language, view, false)}
    <p class="note center">${texts.minutesLeft(minutesLeft(view, frame.nowMs))}</p>
    <div class="actions">
      ${actionForm('pay', view.link, html`<button class="main" type="submit">${texts.pay} ${yuan(view.amountFen)}</button>`)}
      ${actionForm('refuse', view.link, html`<button class="quiet" type="submit">${texts.refuse}</button>`)}
    </div>
  </article>`;
}

/** After paying or refusing; goes on showing what becomes of it. */
export function resultPage(frame: PageFrame, result: WalletResult, link: string, isRefused: boolean): Markup {
  const channel = result.view?.channel;
  const title = channel ? channelName(frame.language, channel) : TEXTS[frame.language].title;
  const source = `/wallet/parts/result?url=${encodeURIComponent(link)}${isRefused ? '&refused=1' : ''}`;
  return layout(
    frame,
    channel,
    title,
    html`<div data-live="${source}" aria-live="polite">${statePart(frame, result, isRefused)}</div>`,
  );
}

export function statePart({ language }: PageFrame, result: WalletResult, isRefused: boolean): Markup {
  const texts = TEXTS[language];
  const { view } = result;
  const back = html`<a class="button quiet" href="/wallet">${texts.backToList}</a>`;
  if (view?.state === 'PAID') return paidPart(language, view, back);
  const retry =
    view && result.ok
      ? html`<a class="button main" href="/wallet/open?url=${encodeURIComponent(view.link)}"
          >${texts.payAfterAll}</a
        >`
      : undefined;
  const reason = result.ok ? texts.refusedHint : texts.refusals[result.reason];
  return html`<article class="sheet">
    <p class="sign ${isRefused && result.ok ? 'pause' : 'stop'}" aria-hidden="true">!</p>
    <h1>${isRefused && result.ok ? texts.refusedTitle : texts.endedTitle}</h1>
    <p class="center">${reason}</p>
    ${view ? details(language, view) : undefined}
    <div class="actions">${retry} ${back}</div>
  </article>`;
}

function paidPart(language: Language, view: WalletView, back: Markup): Markup {
  const texts = TEXTS[language];
  const refund =
    view.refundedFen > 0
      ? html`<p class="refund"><span>${texts.refunded}</span><strong>${yuan(view.refundedFen)}</strong></p>`
      : undefined;
  return html`<article class="sheet">
    <p class="sign done" aria-hidden="true">✓</p>
    <h1>${texts.paidTitle}</h1>
    <p class="big">${yuan(view.amountFen)}</p>
    ${refund} ${details(language, view)}
    <div class="actions">${back}</div>
  </article>`;
}

/** The payee is left out where the heading names it already. */
function details(language: Language, view: WalletView, withPayee = true): Markup {
  const texts = TEXTS[language];
  const rows: [string, string][] = [
    ...(withPayee ? ([[texts.payTo, view.merchantName]] satisfies [string, string][]) : []),
    [texts.goods, view.title],
    [texts.orderNumber, view.outTradeNo],
  ];
  if (view.paidMs !== null) rows.push([texts.paidAt, toAlipayTime(view.paidMs)]);
  if (view.tradeNo !== null) rows.push([texts.providerNumber, view.tradeNo]);
  const items = rows.map(
    ([name, value]) =>
      html`<div>
        <dt>${name}</dt>
        <dd><bdi>${value}</bdi></dd>
      </div>`,
  );
  return html`<dl>${items}</dl>`;
}

function amountHead(payTo: string, view: WalletView): Markup {
  return html`<p class="avatar" aria-hidden="true">${initial(view)}</p>
    <h1 class="payee">${payTo} <bdi>${view.merchantName}</bdi></h1>
    <p class="big">${yuan(view.amountFen)}</p>`;
}

function actionForm(action: 'pay' | 'refuse', link: string, button: Markup): Markup {
  return html`<form action="/wallet/${action}" method="post">
    <input type="hidden" name="url" value="${link}" />${button}
  </form>`;
}

function layout(frame: PageFrame, channel: Channel | undefined, title: string, content: Markup): Markup {
  const texts = TEXTS[frame.language];
  const other = otherLanguage(frame.language);
  const change = `/wallet/language?to=${other}&back=${encodeURIComponent(frame.here)}`;
  const brand = channel ? channelName(frame.language, channel) : texts.title;
  return html`<!doctype html>
    <html lang="${texts.htmlLang}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light" />
        <title>${title}</title>
        <link rel="icon" href="/wallet/assets/icon.svg" />
        <link rel="stylesheet" href="/wallet/assets/wallet.css" />
        <script src="/wallet/assets/wallet.js" defer></script>
      </head>
      <body class="${channel ?? 'neutral'}">
        <nav>
          <a class="brand" href="/wallet">${brand}</a>
          <a
            class="language"
            href="${change}"
            lang="${TEXTS[other].htmlLang}"
            hreflang="${TEXTS[other].htmlLang}"
            >${texts.otherLanguage}</a
          >
        </nav>
        <main>${content}</main>
        <footer>${texts.sandboxNote}</footer>
      </body>
    </html>`;
}

function channelName(language: Language, channel: Channel): string {
  return TEXTS[language][channel];
}

function initial(view: WalletView): string {
  return [...view.merchantName][0] ?? '¥';
}

function yuan(amountFen: number): string {
  return `¥${fenToYuan(amountFen)}`;
}

function minutesLeft(view: WalletView, nowMs: number): number {
  return Math.max(0, Math.floor((view.payableUntilMs - nowMs) / 60_000));
}
