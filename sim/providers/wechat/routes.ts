/**
 * WeChat Pay's HTTP surface under /v3: identity first, then the request's form, then the model; the answer is
 * signed for the merchant. What the model decides about trouble (silence, a broken connection, a bad signature)
 * is carried out here.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { randomBytes } from 'node:crypto';
import { BAD_GATEWAY, type Answer } from '../core/adapter';
import type { ProviderModel, ProviderRequest } from '../core/model';
import { isRecord } from '../core/schema';
import type { KeyRing } from '../keys/keyRing';
import type { MerchantParameters } from '../keys/merchant';
import { carryOut } from '../shell/outcome';
import { readText } from '../shell/text';
import { WechatAuthorizer } from './authorization';
import { listCertificates } from './certificates';
import { violationAnswer, wechatError } from './errors';
import { signedHeaders, signingKeyFor } from './signer';

export interface WechatShell {
  readonly model: ProviderModel;
  readonly keys: KeyRing;
  nowMs(): number;
}

const ROUTES = [
  ['POST', '/v3/pay/transactions/native', 'native'],
  ['GET', '/v3/pay/transactions/out-trade-no/:out_trade_no', 'query'],
  ['GET', '/v3/pay/transactions/id/:transaction_id', 'queryById'],
  ['POST', '/v3/pay/transactions/out-trade-no/:out_trade_no/close', 'close'],
  ['POST', '/v3/refund/domestic/refunds', 'refund'],
  ['GET', '/v3/refund/domestic/refunds/:out_refund_no', 'refundQuery'],
  ['GET', '/v3/bill/tradebill', 'tradeBill'],
] as const;

const DOWNLOAD_PATH = '/v3/billdownload/file';

/** Registers every route; the plugin's own body parser keeps the raw text, which is what was signed. */
export function wechatRoutes(shell: WechatShell): (app: FastifyInstance) => Promise<void> {
  const authorizer = new WechatAuthorizer(shell.keys, () => shell.nowMs());
  const identified = (work: Work) => async (request: FastifyRequest, reply: FastifyReply) =>
    serve(shell, authorizer, request, reply, work);
  return async (app) => {
    readText(app);
    for (const [method, url, operation] of ROUTES) {
      app.route({
        method,
        url,
        handler: identified((merchant, request) => call(merchant, request, operation)),
      });
    }
    app.get(
      '/v3/certificates',
      identified((merchant) => ({
        request: {
          channel: 'wechat',
          operation: 'certificates',
          merchantId: merchant.wechat.mchId,
          input: {},
        },
        work: () => listCertificates(shell.keys.platform, merchant),
      })),
    );
    app.get(DOWNLOAD_PATH, async (request, reply) => download(shell, authorizer, request, reply));
    app.all(
      '/v3/*',
      identified(() => wechatError('RESOURCE_NOT_EXISTS', 'URL不存在')),
    );
  };
}

type Task = { readonly request: ProviderRequest; readonly work?: () => Answer } | Answer;
type Work = (merchant: MerchantParameters, request: FastifyRequest) => Task;

async function serve(
  shell: WechatShell,
  authorizer: WechatAuthorizer,
  request: FastifyRequest,
  reply: FastifyReply,
  work: Work,
): Promise<FastifyReply> {
  const merchant = identify(authorizer, request, reply);
  if (!merchant) return reply;
  const asked = request.headers['wechatpay-serial'];
  const key = signingKeyFor(shell.keys.platform, merchant, typeof asked === 'string' ? asked : undefined);
  const task = missingHeader(request) ?? work(merchant, request);
  const write = (answer: Answer, isSignatureBad: boolean): void => {
    const body = bodyText(answer);
    if (answer !== BAD_GATEWAY) {
      const forger = shell.keys.platform.wechat.authority.privateKeyPem;
      const signer = isSignatureBad ? { ...key, privateKeyPem: forger } : key;
      reply.headers(signedHeaders(signer, body, shell.nowMs()));
    }
    void send(reply, answer, body);
  };
  if (!('request' in task)) write(task, false);
  else {
    const { model } = shell;
    const outcome = task.work ? model.perform(task.request, task.work) : model.handle(task.request);
    carryOut(outcome, request, reply, model.clock, write);
  }
  return reply;
}

/** The merchant, or undefined after a 401 has been written (which nobody signs). */
function identify(
  authorizer: WechatAuthorizer,
  request: FastifyRequest,
  reply: FastifyReply,
): MerchantParameters | undefined {
  const identity = authorizer.identify({
    method: request.method,
    url: request.raw.url!,
    authorization: request.headers.authorization,
    body: typeof request.body === 'string' ? request.body : '',
  });
  if (!identity.refusal) return identity.merchant;
  void send(reply, identity.refusal, bodyText(identity.refusal));
  return undefined;
}

function missingHeader(request: FastifyRequest): Answer | undefined {
  const { accept, 'user-agent': agent, 'content-type': type } = request.headers;
  if (!accept || !agent) return wechatError('PARAM_ERROR', 'Http头缺少Accept或User-Agent');
  const isJson = type?.split(';')[0]?.trim().toLowerCase() === 'application/json';
  if (request.method === 'POST' && !isJson)
    return wechatError('PARAM_ERROR', 'Http头Content-Type必须为application/json');
  return undefined;
}

function call(merchant: MerchantParameters, request: FastifyRequest, operation: string): Task {
  const body = request.method === 'POST' ? parseBody(request.body) : {};
  if (!body) return wechatError('PARAM_ERROR', '请求体不是合法的JSON对象', { location: 'body', value: '' });
  const path = request.params as Record<string, unknown>;
  const query = request.query as Record<string, unknown>;
  for (const name of Object.keys(path)) {
    for (const [place, fields] of [['body', body] as const, ['query', query] as const]) {
      if (!Object.hasOwn(fields, name)) continue;
      return violationAnswer({ rule: 'unknown', path: `/${name}`, label: name, value: fields[name] }, place);
    }
  }
  if (request.method === 'POST' && Object.keys(query).length > 0) {
    const [name] = Object.keys(query) as [string];
    return violationAnswer({ rule: 'unknown', path: `/${name}`, label: name, value: query[name] }, 'query');
  }
  const input = { ...query, ...body, ...path };
  return { request: { channel: 'wechat', operation, merchantId: merchant.wechat.mchId, input } };
}

function parseBody(text: unknown): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(String(text));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** "该接口响应的信息请求头中不包含微信接口响应的签名值": the file itself is not signed, its hash was. */
async function download(
  shell: WechatShell,
  authorizer: WechatAuthorizer,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const merchant = identify(authorizer, request, reply);
  if (!merchant) return reply;
  const file = shell.model.downloads.find(String((request.query as Record<string, unknown>)['token']));
  if (!file || file.merchantId !== merchant.wechat.mchId) {
    const refusal = wechatError('NO_AUTH', '下载地址已失效或不属于该商户');
    return send(reply, refusal, bodyText(refusal));
  }
  return reply.type(file.contentType).send(file.bytes);
}

function bodyText(answer: Answer): string {
  if (answer.body === null) return '';
  return typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
}

function send(reply: FastifyReply, answer: Answer, body: string): FastifyReply {
  reply.code(answer.status).header('Request-ID', randomBytes(16).toString('hex').toUpperCase());
  if (answer.body === null) return reply.send();
  const type = typeof answer.body === 'string' ? 'text/html' : 'application/json; charset=utf-8';
  return reply.type(type).send(body);
}
