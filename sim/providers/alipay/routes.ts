/**
 * Alipay's HTTP surface: the gateway (parameters in the query, in the form body, or in both) and the download of
 * bills. The answer's JSON writes slashes as `\/`, as the real one does, so that a client which signs over a
 * re-encoded answer fails here too. HTTP status 200 for every answer of the gateway proper.
 */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { randomBytes } from 'node:crypto';
import type { Answer } from '../core/adapter';
import type { ProviderModel } from '../core/model';
import type { KeyRing } from '../keys/keyRing';
import type { MerchantParameters } from '../keys/merchant';
import { signText } from '../keys/rsa';
import { carryOut } from '../shell/outcome';
import { readText } from '../shell/text';
import { checkParameters, type CheckOptions } from './publicParameters';
import type { Parameters } from './signature';

export interface AlipayShell {
  readonly model: ProviderModel;
  readonly keys: KeyRing;
  readonly timestampCheck: CheckOptions['timestampCheck'];
  nowMs(): number;
}

const METHOD_NAME = /^[a-z][a-z.]{0,127}$/;

export function alipayRoutes(shell: AlipayShell): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    readText(app);
    app.route({
      method: ['GET', 'POST'],
      url: '/gateway.do',
      handler: async (request, reply) => gateway(shell, request, reply),
    });
    app.get('/downloadBill/downloadFile.resource', async (request, reply) => download(shell, request, reply));
  };
}

function gateway(shell: AlipayShell, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const parameters = readParameters(request);
  const options = { nowMs: shell.nowMs(), timestampCheck: shell.timestampCheck };
  const checked = checkParameters(parameters, shell.keys, options);
  const merchant = checked.refusal ? checked.merchant : checked.caller.merchant;
  const method = parameters.get('method') ?? '';
  const write = (answer: Answer, isSignatureBad: boolean): void => {
    reply.code(answer.status).header('trace_id', randomBytes(15).toString('hex'));
    if (typeof answer.body === 'string') void reply.type('text/html').send(answer.body);
    else
      void reply
        .type('text/html;charset=utf-8')
        .send(envelope(shell, merchant, method, answer, isSignatureBad));
  };
  if (checked.refusal) write(checked.refusal, false);
  else {
    const { input } = checked.caller;
    const { appId: merchantId } = checked.caller.merchant.alipay;
    const outcome = shell.model.handle({ channel: 'alipay', operation: method, merchantId, input });
    carryOut(outcome, request, reply, shell.model.clock, write);
  }
  return reply;
}

/** `{"<method>_response":{…},"sign":"…"}`; an unknown app gets no signature, as there is no key to choose. */
function envelope(
  shell: AlipayShell,
  merchant: MerchantParameters | undefined,
  method: string,
  answer: Answer,
  isSignatureBad: boolean,
): string {
  const node = METHOD_NAME.test(method) ? `${method.replaceAll('.', '_')}_response` : 'error_response';
  const content = JSON.stringify(answer.body).replaceAll('/', '\\/');
  if (!merchant) return `{"${node}":${content}}`;
  const { alipay } = shell.keys.platform;
  const certificate =
    merchant.alipay.mode === 'certificate' ? `"alipay_cert_sn":"${alipay.certificateNumber}",` : '';
  const key = isSignatureBad ? alipay.root.privateKeyPem : alipay.signing.privateKeyPem;
  return `{"${node}":${content},${certificate}"sign":"${signText(key, content)}"}`;
}

/** The first of each name counts; an empty value is the same as none. */
function readParameters(request: FastifyRequest): Parameters {
  const url = request.raw.url!;
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  const body = typeof request.body === 'string' ? request.body : '';
  const parameters = new Map<string, string>();
  for (const [name, value] of [...new URLSearchParams(query), ...new URLSearchParams(body)]) {
    if (value !== '' && !parameters.has(name)) parameters.set(name, value);
  }
  return parameters;
}

function download(shell: AlipayShell, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const file = shell.model.downloads.find(String((request.query as Record<string, unknown>)['token']));
  if (!file) return reply.code(200).type('text/html;charset=utf-8').send('下载超时，请重新下载');
  return reply
    .type(file.contentType)
    .header('Content-Disposition', `attachment; filename=${file.fileName}`)
    .send(file.bytes);
}
