/**
 * The admin API under /api/v1: JSON in and out, a bearer token in front. One line a route; what it does is in
 * admin/shop.ts and admin/order-desk.ts, what can go wrong in admin/errors.ts.
 * Invariant: no route answers without an actor, and an unexpected failure tells the caller nothing but its code.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { REASON_NAMES } from '../../src/protocol/reasons';
import { demandOperator, type Actor, type Tokens } from '../admin/actor';
import { ApiError } from '../admin/errors';
import { decisionSchema, type OrderDesk } from '../admin/order-desk';
import type { ReconciliationDesk } from '../admin/reconciliation-desk';
import { readBody, type Shop } from '../admin/shop';
import { line } from '../admin/text';
import type { Order } from '../orders/model';
import type { Channel } from '../providers';
import type { Clock } from '../time';
import { sendError } from './failures';

export interface AdminOptions {
  readonly shop: Shop;
  readonly orders: OrderDesk;
  readonly reconciliation: ReconciliationDesk;
  readonly tokens: Tokens;
  readonly clock: Clock;
}

const MAX_BODY_BYTES = 256 * 1024;
const BEARER = /^Bearer ([\x21-\x7e]{1,200})$/i;

const tokenSchema = z.strictObject({
  name: line(1, 100),
  merchantId: z.int().min(1).optional(),
});
const channelChangeSchema = z.strictObject({ isEnabled: z.boolean() });

interface Params {
  readonly id: string;
  readonly channel: string;
}

type Handler = (actor: Actor, request: FastifyRequest<{ Params: Params }>) => Promise<unknown>;

export async function adminRoutes(server: FastifyInstance, options: AdminOptions): Promise<void> {
  const actors = new WeakMap<FastifyRequest, Actor>();
  server.addHook('onRequest', async (request) => {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    const actor = token === undefined ? undefined : await options.tokens.actor(token);
    if (!actor) throw new ApiError('UNAUTHORIZED');
    actors.set(request, actor);
  });
  const refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    sendError(error, request, reply, actors.get(request)?.name);
  server.setErrorHandler(refuse);
  server.setNotFoundHandler((request, reply) => refuse(new ApiError('NOT_FOUND'), request, reply));
  const route = (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    handler: Handler,
  ): void => {
    server.route<{ Params: Params }>({
      method,
      url,
      bodyLimit: MAX_BODY_BYTES,
      handler: async (request) => (await handler(actors.get(request)!, request)) ?? { ok: true },
    });
  };
  merchantRoutes(route, options.shop);
  deviceRoutes(route, options.shop);
  orderRoutes(route, options.orders);
  reconciliationRoutes(route, options.reconciliation);
  tokenRoutes(route, options);
}

type Route = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, handler: Handler) => void;

function merchantRoutes(route: Route, shop: Shop): void {
  route('GET', '/me', async (actor) => actor);
  route('GET', '/merchants', (actor) => shop.merchantList(actor));
  route('POST', '/merchants', (actor, { body }) => shop.addMerchant(actor, body));
  route('GET', '/merchants/:id', (actor, { params }) => shop.merchant(actor, numberOf(params.id)));
  route('PATCH', '/merchants/:id', (actor, { params, body }) =>
    shop.changeMerchant(actor, numberOf(params.id), body),
  );
  const channel = '/merchants/:id/channels/:channel';
  route('PUT', channel, (actor, { params, body }) =>
    shop.setParameters(actor, numberOf(params.id), channelOf(params.channel), body),
  );
  route('POST', `${channel}/check`, (actor, { params }) =>
    shop.checkParameters(actor, numberOf(params.id), channelOf(params.channel)),
  );
  route('PATCH', channel, (actor, { params, body }) => {
    const { isEnabled } = readBody(channelChangeSchema, body);
    return shop.setChannelEnabled(actor, numberOf(params.id), channelOf(params.channel), isEnabled);
  });
}

function deviceRoutes(route: Route, shop: Shop): void {
  route('GET', '/devices', (actor) => shop.deviceList(actor));
  route('POST', '/devices', (actor, { body }) => shop.addDevice(actor, body));
  route('GET', '/devices/:id', (actor, { params }) => shop.device(actor, params.id));
  route('PATCH', '/devices/:id', (actor, { params, body }) => shop.changeDevice(actor, params.id, body));
  route('POST', '/devices/:id/key', (actor, { params }) => shop.renewKey(actor, params.id));
}

function orderRoutes(route: Route, orders: OrderDesk): void {
  route('GET', '/orders', async (actor, { query }) => (await orders.list(actor, query)).map(orderView));
  route('GET', '/orders/:id', async (actor, { params }) => {
    const { order, events } = await orders.story(actor, params.id);
    return { ...orderView(order), events };
  });
  route('POST', '/orders/:id/refund', async (actor, { params }) =>
    orderView(await orders.refund(actor, params.id)),
  );
  route('POST', '/orders/:id/settle', async (actor, { params, body }) => {
    const { decision } = readBody(decisionSchema, body);
    return orderView(await orders.settle(actor, params.id, decision));
  });
}

function reconciliationRoutes(route: Route, desk: ReconciliationDesk): void {
  route('GET', '/reconciliations', (actor, { query }) => desk.days(actor, query));
  route('POST', '/merchants/:id/channels/:channel/reconcile', (actor, { params, body }) =>
    desk.run(actor, numberOf(params.id), channelOf(params.channel), body),
  );
  route('GET', '/differences', (actor, { query }) => desk.differences(actor, query));
  route('POST', '/differences/:id/close', (actor, { params, body }) =>
    desk.close(actor, numberOf(params.id), body),
  );
}

function tokenRoutes(route: Route, { tokens, clock }: AdminOptions): void {
  route('GET', '/tokens', (actor) => {
    demandOperator(actor);
    return tokens.list();
  });
  route('POST', '/tokens', async (actor, { body }) => {
    demandOperator(actor);
    const { name, merchantId } = readBody(tokenSchema, body);
    return { token: await tokens.add(name, merchantId, Math.round(clock.nowMs())) };
  });
  route('DELETE', '/tokens/:id', async (actor, { params }) => {
    demandOperator(actor);
    const isRevoked = await tokens.revoke(numberOf(params.id), Math.round(clock.nowMs()));
    if (!isRevoked) throw new ApiError('NOT_FOUND');
  });
}

/** An order as the API shows it: the reason by name too. */
export function orderView(order: Order): Order & { readonly reasonName: string } {
  return { ...order, reasonName: REASON_NAMES[order.reason] ?? '' };
}

function numberOf(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new ApiError('NOT_FOUND');
  return Number(text);
}

function channelOf(text: string): Channel {
  if (text !== 'wechat' && text !== 'alipay') throw new ApiError('NOT_FOUND');
  return text;
}
