/**
 * A handmade HTTP peer on loopback for tests: answers exactly the bytes it is told to, and records requests.
 * It knows no provider; wechat-peer.ts and alipay-peer.ts sign on top of it.
 */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Gives a reply, or takes the response over (to hang, drip or cut it off). */
export type Responder = (request: RecordedRequest, response: ServerResponse) => Reply | undefined;

export class LoopbackPeer {
  readonly requests: RecordedRequest[] = [];
  #server: Server | undefined;
  responder: Responder = () => ({ status: 404 });

  async start(): Promise<string> {
    this.#server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const request = {
          method: incoming.method ?? '',
          url: incoming.url ?? '',
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        };
        this.requests.push(request);
        const reply = this.responder(request, response);
        if (!reply) return;
        response.writeHead(reply.status, { ...reply.headers });
        response.end(reply.body ?? '');
      });
    });
    await new Promise<void>((resolve) => this.#server!.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}

/** What a peer can do to an answer instead of sending it whole. */
export const HANGS: Responder = () => undefined;
export const CUTS_CONNECTION: Responder = (_request, response) => {
  response.socket?.destroy();
  return undefined;
};
/** Sends half of what it announced, then closes. */
export const TRUNCATES: Responder = (_request, response) => {
  response.writeHead(200, { 'content-length': '1000', 'content-type': 'application/json' });
  response.write('{"code_url":"weixin://');
  setImmediate(() => response.socket?.destroy());
  return undefined;
};
/** Sends a byte now and then, so that no time-out of silence ever fires. */
export function drips(everyMs: number): Responder {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(' '), everyMs);
    response.on('close', () => clearInterval(timer));
    return undefined;
  };
}
