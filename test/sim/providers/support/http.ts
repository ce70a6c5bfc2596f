/**
 * A bare HTTP client for tests: exactly the headers given, one connection a call, the body as text and bytes.
 * (Fastify's inject() cannot be loaded by Jest on Node 20: it needs an ES module.)
 */

import { request, type IncomingHttpHeaders } from 'node:http';

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly bytes: Buffer;
}

export interface HttpCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  /** On the machine's own clock; the call then fails with `timed out`. */
  readonly timeoutMs?: number;
}

export function http(url: string, call: HttpCall = {}): Promise<HttpReply> {
  const headers = Object.fromEntries(
    Object.entries(call.headers ?? {}).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: call.method ?? 'GET', headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(parts);
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: bytes.toString('utf8'),
          bytes,
        });
      });
    });
    outgoing.on('error', reject);
    if (call.timeoutMs !== undefined) {
      outgoing.setTimeout(call.timeoutMs, () => outgoing.destroy(new Error('timed out')));
    }
    outgoing.end(call.body ?? '');
  });
}

export async function postJson(
  url: string,
  body: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const reply = await http(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: reply.status, body: JSON.parse(reply.body) as Record<string, unknown> };
}
