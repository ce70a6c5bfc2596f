/**
 * The wallet's pages over HTTP, under /wallet: list, open (the scan), pay, refuse, result, the parts that refresh
 * themselves, the assets. Strict content security policy, nothing from outside. Forms are taken from this origin
 * only, so that another page in the same browser cannot pay.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Wallet } from '../providers/core/wallet';
import { readText } from '../providers/shell/text';
import type { Markup } from './html';
import { listPage, listPart, paymentPage, paymentPart, resultPage, statePart, type PageFrame } from './page';
import { isLanguage, type Language } from './texts';

const COOKIE = 'wallet_language';
const COOKIE_AGE_S = 365 * 86_400;
const MAX_LINK_LENGTH = 512;

const SECURITY_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  // Not 'no-referrer': a form would then come with the origin `null`, and be refused.
  'Referrer-Policy': 'same-origin',
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const ASSETS = [
  ['wallet.css', 'text/css; charset=utf-8'],
  ['wallet.js', 'text/javascript; charset=utf-8'],
  ['icon.svg', 'image/svg+xml'],
] as const;

export function walletRoutes(wallet: Wallet, nowMs: () => number): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    readText(app);
    app.addHook('onSend', async (_request, reply) => {
      reply.headers(SECURITY_HEADERS);
    });
    for (const [name, type] of ASSETS) {
      const content = readFileSync(join(__dirname, 'assets', name));
      app.get(`/assets/${name}`, async (_request, reply) => reply.type(type).send(content));
    }
    pages(app, wallet, nowMs);
    parts(app, wallet, nowMs);
    actions(app, wallet);
    app.get('/language', async (request, reply) => changeLanguage(request, reply));
  };
}

function pages(app: FastifyInstance, wallet: Wallet, nowMs: () => number): void {
  app.get('/', async (request, reply) => page(reply, listPage(frameOf(request, nowMs), wallet.waiting())));
  app.get('/open', async (request, reply) => {
    const link = linkOf(request.query);
    const result = wallet.open(link);
    const status = result.ok || result.view ? 200 : 404;
    return page(reply.code(status), paymentPage(frameOf(request, nowMs), result, link));
  });
  app.get('/result', async (request, reply) => {
    const link = linkOf(request.query);
    return page(reply, resultPage(frameOf(request, nowMs), wallet.look(link), link, isRefused(request)));
  });
}

function parts(app: FastifyInstance, wallet: Wallet, nowMs: () => number): void {
  app.get('/parts/list', async (request, reply) =>
    page(reply, listPart(frameOf(request, nowMs), wallet.waiting())),
  );
  app.get('/parts/payment', async (request, reply) =>
    page(reply, paymentPart(frameOf(request, nowMs), wallet.look(linkOf(request.query)))),
  );
  app.get('/parts/result', async (request, reply) =>
    page(reply, statePart(frameOf(request, nowMs), wallet.look(linkOf(request.query)), isRefused(request))),
  );
}

function actions(app: FastifyInstance, wallet: Wallet): void {
  for (const action of ['pay', 'refuse'] as const) {
    app.post(`/${action}`, async (request, reply) => {
      if (!isSameOrigin(request)) return reply.code(403).type('text/plain').send('another origin');
      const link = linkOf(Object.fromEntries(new URLSearchParams(String(request.body ?? ''))));
      wallet[action](link);
      const refused = action === 'refuse' ? '&refused=1' : '';
      return reply.redirect(`/wallet/result?url=${encodeURIComponent(link)}${refused}`, 303);
    });
  }
}

function changeLanguage(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { to, back } = request.query as Record<string, unknown>;
  if (isLanguage(to)) {
    reply.header(
      'Set-Cookie',
      `${COOKIE}=${to}; Path=/wallet; Max-Age=${COOKIE_AGE_S}; SameSite=Lax; HttpOnly`,
    );
  }
  // Only back into the wallet: anything else would make this an open redirect.
  const isInside = typeof back === 'string' && /^\/wallet(?:$|[/?])[^\\\r\n]*$/.test(back);
  return reply.redirect(isInside ? back : '/wallet', 303);
}

function page(reply: FastifyReply, markup: Markup): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(markup.text);
}

function frameOf(request: FastifyRequest, nowMs: () => number): PageFrame {
  return { language: languageOf(request), here: request.url, nowMs: nowMs() };
}

/** The choice made before, else what the browser prefers, else Chinese. */
function languageOf(request: FastifyRequest): Language {
  const cookie = new RegExp(`(?:^|;\\s*)${COOKIE}=([a-z]+)`).exec(request.headers.cookie ?? '')?.[1];
  if (isLanguage(cookie)) return cookie;
  const preferred = (request.headers['accept-language'] ?? '').trim().slice(0, 2).toLowerCase();
  return preferred === '' || preferred === 'zh' ? 'zh' : 'en';
}

function linkOf(fields: unknown): string {
  const link = (fields as Record<string, unknown>)['url'];
  return typeof link === 'string' ? link.trim().slice(0, MAX_LINK_LENGTH) : '';
}

function isRefused(request: FastifyRequest): boolean {
  return (request.query as Record<string, unknown>)['refused'] === '1';
}

/** Browsers send Origin with every form; other programs may leave it out. */
function isSameOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  return origin === undefined || origin === `http://${host}`;
}
