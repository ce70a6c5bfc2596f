/**
 * `npm start -- --demo`: one WeChat and one Alipay order without a person, with the power cut once while the
 * second one waits for its payment. What it reports is read from device, server and sandbox at the end.
 */
import { CHANNEL_NAMES, ORDER_STATE_NAMES, OrderState } from '../../src/protocol/codes';
import { HostType } from '../../src/protocol/host';
import type { Product } from './product';

export interface DemoOrder {
  readonly channel: string;
  readonly outTradeNo: string;
  readonly amountFen: number;
  readonly deviceState: string;
  readonly serverState: string;
  readonly providerState: string;
  readonly relayPulses: number;
  readonly paidToRelayMs: number;
}

export interface DemoResult {
  readonly ok: boolean;
  readonly orders: readonly DemoOrder[];
  readonly powerCuts: number;
}

const STEP_LIMIT_MS = 60_000;
const RESTART_PAUSE_MS = 1000;

interface Played {
  readonly order: number;
  readonly relayAtMs: number;
  readonly relayPulses: number;
}

/** Plays both orders; `say` tells a person what happens. Relay times are taken from the board's pin. */
export async function playDemo(product: Product, say: (text: string) => void): Promise<DemoResult> {
  const wechat = await play(product, 'wechat', 150, say, async () => {});
  let powerCuts = 0;
  const alipay = await play(product, 'alipay', 300, say, async (order) => {
    say('cutting the power while the order waits');
    product.module.cutPower();
    powerCuts += 1;
    await pause(product, RESTART_PAUSE_MS);
    const isBack = product.machine.waitFor(HostType.Qr, (qr) => qr.order === order, STEP_LIMIT_MS);
    product.module.powerOn();
    await isBack;
    say('power is back, and the module shows the same order again');
  });
  const orders = [await report(product, wechat), await report(product, alipay)];
  const ok = orders.every(
    (order) =>
      order.deviceState === 'DONE' &&
      order.serverState === 'DISPENSED' &&
      order.relayPulses === 1 &&
      order.paidToRelayMs >= 0,
  );
  return { ok: ok && powerCuts === 1, orders, powerCuts };
}

async function play(
  product: Product,
  channel: 'wechat' | 'alipay',
  amountFen: number,
  say: (text: string) => void,
  whileWaiting: (order: number) => Promise<void>,
): Promise<Played> {
  const { machine, module, clock } = product;
  const reference = `demo-${Math.floor(clock.nowMs())}`;
  const shown = machine.waitFor(HostType.Qr, (qr) => qr.reference === reference, STEP_LIMIT_MS);
  const code = CHANNEL_NAMES.indexOf(channel);
  const goods = Buffer.from('演示 Demo', 'utf8').toString('latin1');
  const fields = { amountFen, channel: code, ttlS: 300, reference, goods };
  const order = await machine.request(HostType.Pay, fields);
  const link = (await shown).url as string;
  say(`order ${order}: ${(amountFen / 100).toFixed(2)} yuan by ${channel}, ${link}`);
  await whileWaiting(order);

  const pulsesBefore = module.relayPulses[1]!;
  const isDone = machine.waitFor(
    HostType.Status,
    (status) => status.order === order && (status.state as number) >= OrderState.Done,
    STEP_LIMIT_MS,
  );
  await payInWallet(product, machine.links.get(order)!);
  say(`order ${order}: paid in the wallet`);
  const status = await isDone;
  say(`order ${order}: ${ORDER_STATE_NAMES[status.state as number]}`);
  const pin = module.board.pin(product.relayPin);
  const rises = pin.history.filter((change) => change.level);
  return {
    order,
    relayAtMs: rises.length ? rises[rises.length - 1]!.atMs : NaN,
    relayPulses: module.relayPulses[1]! - pulsesBefore,
  };
}

/** Opens the link and pays, over the wallet's own HTTP door. */
async function payInWallet({ sandbox }: Product, url: string): Promise<void> {
  for (const action of ['open', 'pay']) {
    const answer = await fetch(`${sandbox.walletUrl}/api/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url }),
    });
    if (!answer.ok) throw new Error(`the wallet would not ${action} ${url}: ${await answer.text()}`);
  }
}

/** What device, server and provider say of an order now. */
async function report(product: Product, played: Played): Promise<DemoOrder> {
  const { machine, server, sandbox, deviceId } = product;
  const outTradeNo = `${deviceId}_${played.order}`;
  const told = machine.waitFor(HostType.Status, (status) => status.order === played.order, STEP_LIMIT_MS);
  await machine.request(HostType.Query, { order: played.order, reference: '' });
  const status = await told;
  const serverOrder = await server.core.store.find(outTradeNo);
  const answer = await fetch(`${sandbox.url}/sandbox/trades/${outTradeNo}`);
  const trade = (await answer.json()) as { providerState: string; paidMs: number };
  return {
    channel: CHANNEL_NAMES[status.channel as number]!,
    outTradeNo,
    amountFen: status.amountFen as number,
    deviceState: ORDER_STATE_NAMES[status.state as number]!,
    serverState: serverOrder?.state ?? 'NONE',
    providerState: trade.providerState,
    relayPulses: played.relayPulses,
    paidToRelayMs: Math.round(played.relayAtMs - trade.paidMs),
  };
}

function pause({ clock }: Product, durationMs: number): Promise<void> {
  return new Promise((resolve) => clock.setTimer(resolve, durationMs));
}
