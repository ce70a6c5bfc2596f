/**
 * The sandbox's own API under /sandbox: what happened (trades, movements, notifications), what shall go wrong
 * (faults, forgeries, rotation, settlement), new merchants. No provider has any of this; it is clearly apart so
 * that a client cannot lean on it by mistake. JSON in, JSON out, no secrets but at a merchant's creation.
 */

import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { FAULT_KINDS } from '../core/faults';
import type { ProviderModel } from '../core/model';
import { fenToYuan } from '../core/money';
import type { Channel, Trade } from '../core/records';
import { statusOf } from '../alipay/trades';
import type { KeyRing } from '../keys/keyRing';
import { tradeStateOf } from '../wechat/orders';

export interface ControlShell {
  readonly model: ProviderModel;
  readonly keys: KeyRing;
  nowMs(): number;
}

const CHANNEL = z.enum(['wechat', 'alipay']);
const FAULT = z.strictObject({
  kind: z.enum(FAULT_KINDS),
  channel: CHANNEL.optional(),
  operation: z.string().max(64).optional(),
  outTradeNo: z.string().max(64).optional(),
  times: z.int().min(1).optional(),
  probability: z.number().min(0).max(1).optional(),
  delayMs: z.int().min(0).optional(),
  untilMs: z.number().optional(),
  /** In place of untilMs: that long from now. */
  forMs: z.int().min(1).optional(),
});
const FORGERY = z.strictObject({
  outTradeNo: z.string(),
  channel: CHANNEL.optional(),
  forgery: z.enum(['signature', 'merchant', 'amount', 'stale']),
});
const MERCHANT = z.strictObject({
  name: z.string().min(1).max(64).optional(),
  wechatMode: z.enum(['publicKey', 'certificate']).optional(),
  alipayMode: z.enum(['publicKey', 'certificate']).optional(),
});
const ROTATION = z.strictObject({ phase: z.enum(['announce', 'switch', 'retire']) });
const HANGING = z.strictObject({ outTradeNo: z.string(), channel: CHANNEL.optional() });
const CONSOLE_REFUND = z.strictObject({
  outTradeNo: z.string(),
  channel: CHANNEL.optional(),
  amountFen: z.int().min(1).optional(),
});
const SETTLEMENT = z.strictObject({ channel: CHANNEL, merchantId: z.string() });
const LIST = z.object({
  channel: CHANNEL.optional(),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});

/** A trade as the control API shows it; `providerState` in the provider's own word. */
export interface TradeReport {
  readonly channel: Channel;
  readonly merchantId: string;
  readonly outTradeNo: string;
  readonly tradeNo: string;
  readonly providerState: string;
  readonly amountFen: number;
  readonly refundedFen: number;
  readonly title: string;
  readonly createdMs: number;
  readonly paidMs: number | null;
  readonly closedMs: number | null;
  readonly refunds: readonly {
    readonly outRefundNo: string;
    readonly amountFen: number;
    readonly state: string;
    readonly doneMs: number | null;
  }[];
}

/** Everything about one trade. */
export function reportTrade(model: ProviderModel, trade: Trade): TradeReport {
  const refunds = model.book.refundsOf(trade);
  return {
    channel: trade.channel,
    merchantId: trade.merchantId,
    outTradeNo: trade.outTradeNo,
    tradeNo: trade.tradeNo,
    providerState: trade.channel === 'wechat' ? tradeStateOf(trade) : statusOf(model, trade),
    amountFen: trade.amountFen,
    refundedFen: trade.refundedFen,
    title: trade.title,
    createdMs: trade.createdMs,
    paidMs: trade.paidMs,
    closedMs: trade.closedMs,
    refunds: refunds.map(({ outRefundNo, amountFen, state, doneMs }) => ({
      outRefundNo,
      amountFen,
      state,
      doneMs,
    })),
  };
}

/** All trades of that number: one per channel and merchant. */
export function findTrades(model: ProviderModel, outTradeNo: string, channel?: Channel): Trade[] {
  const accounts = [...model.book.all('merchants')].filter(
    (one) => channel === undefined || one.channel === channel,
  );
  return accounts.flatMap((one) => model.book.trade(one.channel, one.merchantId, outTradeNo) ?? []);
}

export function controlRoutes(shell: ControlShell): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    reading(app, shell);
    misbehaving(app, shell);
    merchants(app, shell);
  };
}

function reading(app: FastifyInstance, { model }: ControlShell): void {
  app.get('/trades', async (request) => {
    const { channel, offset, limit } = LIST.parse(request.query);
    const all = [...model.book.all('trades')].filter(
      (trade) => channel === undefined || trade.channel === channel,
    );
    return {
      total: all.length,
      trades: all.slice(offset, offset + limit).map((trade) => reportTrade(model, trade)),
    };
  });
  app.get<{ Params: { outTradeNo: string } }>('/trades/:outTradeNo', async (request, reply) => {
    const { channel } = LIST.parse(request.query);
    const [trade] = findTrades(model, request.params.outTradeNo, channel);
    return trade ? reportTrade(model, trade) : notFound(reply, 'no trade of that number');
  });
  app.get('/movements', async (request) => {
    const { channel, offset, limit } = LIST.parse(request.query);
    const all = [...model.book.all('movements')].filter(
      (one) => channel === undefined || one.channel === channel,
    );
    return { total: all.length, movements: all.slice(offset, offset + limit) };
  });
  app.get('/notifications', async (request) => {
    const { channel, offset, limit } = LIST.parse(request.query);
    const all = [...model.book.all('notices')].filter(
      (one) => channel === undefined || one.channel === channel,
    );
    return { total: all.length, notifications: all.slice(offset, offset + limit) };
  });
  app.get('/audit', async () => {
    const totals = model.audit();
    return { ...totals, paidYuan: fenToYuan(totals.paidFen), refundedYuan: fenToYuan(totals.refundedFen) };
  });
}

function misbehaving(app: FastifyInstance, { model, keys, nowMs }: ControlShell): void {
  app.get('/faults', async () => ({ faults: model.faults.list() }));
  app.post('/faults', async (request, reply) => {
    const { forMs, ...options } = FAULT.parse(request.body);
    const untilMs = forMs === undefined ? options.untilMs : nowMs() + forMs;
    return reply.code(201).send(model.faults.add(untilMs === undefined ? options : { ...options, untilMs }));
  });
  app.delete('/faults', async () => ({ removed: model.faults.clear() }));
  app.delete<{ Params: { id: string } }>('/faults/:id', async (request) => ({
    removed: model.faults.clear(Number(request.params.id)),
  }));
  app.post('/forge', async (request, reply) => {
    const { outTradeNo, channel, forgery } = FORGERY.parse(request.body);
    const [trade] = findTrades(model, outTradeNo, channel);
    const notice = trade && model.forge(trade.channel, trade.merchantId, outTradeNo, forgery);
    return notice
      ? reply.code(202).send({ id: notice.id })
      : notFound(reply, 'no trade of that number to be told of');
  });
  app.post<{ Params: { id: string } }>('/notifications/:id/repeat', async (request, reply) =>
    model.notices.repeat(request.params.id)
      ? reply.code(202).send({})
      : notFound(reply, 'no such notification'),
  );
  app.post('/rotate', async (request) => {
    await keys.rotate(ROTATION.parse(request.body).phase, nowMs());
    const { certificates, signingSerial } = keys.platform.wechat;
    return { signingSerial, listedSerials: certificates.map((certificate) => certificate.serial) };
  });
  app.post('/pay-out', async (request, reply) => {
    const { outTradeNo, channel } = HANGING.parse(request.body);
    const [trade] = findTrades(model, outTradeNo, channel);
    return trade ? { paidOut: model.payOutAbnormal(trade) } : notFound(reply, 'no trade of that number');
  });
  app.post('/refund', async (request, reply) => {
    const { outTradeNo, channel, amountFen } = CONSOLE_REFUND.parse(request.body);
    const [trade] = findTrades(model, outTradeNo, channel);
    if (!trade) return notFound(reply, 'no trade of that number');
    const refund = model.refundInConsole(trade, amountFen);
    if (!refund)
      return reply.code(409).send({ error: 'CONFLICT', message: 'not paid, or not so much is left' });
    return { outRefundNo: refund.outRefundNo, amountFen: refund.amountFen, state: refund.state };
  });
  app.post('/settle', async (request) => {
    const { channel, merchantId } = SETTLEMENT.parse(request.body);
    return { settledFen: model.settle(channel, merchantId) };
  });
}

function merchants(app: FastifyInstance, { model, keys, nowMs }: ControlShell): void {
  app.get('/merchants', async () => ({ merchants: [...model.book.all('merchants')] }));
  app.post('/merchants', async (request, reply) => {
    const options = MERCHANT.parse(request.body ?? {});
    const merchant = await keys.createMerchant(withoutUndefined(options), nowMs());
    return reply.code(201).send(merchant);
  });
}

function withoutUndefined<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}

function notFound(reply: FastifyReply, message: string): FastifyReply {
  return reply.code(404).send({ error: 'NOT_FOUND', message });
}
