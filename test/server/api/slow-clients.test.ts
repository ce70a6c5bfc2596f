/**
 * Clients that hold connections open: slow headers, slow bodies, silence, too many at once, WebSockets that were
 * refused. None of them may keep the providers' notifications out.
 */
import * as net from 'node:net';
import { DEFAULT_HTTP_LIMITS } from '../../../server/api/connections';
import { makeHttp } from '../../../server/api/http';
import { makeLog } from '../../../server/core';
import { Metrics } from '../../../server/metrics';
import { systemClock } from '../../../server/time';
import { DEVICE, ServerBench } from '../support/server';

let bench: ServerBench;

beforeAll(async () => {
  const httpLimits = { maxConnections: 4, headersTimeoutMs: 300, requestTimeoutMs: 600, checkMs: 50 };
  bench = await ServerBench.start({ httpLimits });
});
afterAll(() => bench.stop());

/** A client of few words: says `first`, then `drop` again and again until it is let go; gives what it heard. */
async function trickle(first: string, drop: string): Promise<string> {
  const socket = net.connect(Number(new URL(bench.server.httpUrl).port), '127.0.0.1');
  let heard = '';
  socket.setEncoding('latin1').on('data', (text) => (heard += text as unknown as string));
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.write(first);
  const timer = setInterval(() => socket.write(drop), 20);
  await closed;
  clearInterval(timer);
  return heard;
}

const POST = `POST /notify/wechat/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;

test.each([
  ['headers that never end', `${POST}X-Slow: `, 'x'],
  ['header after header', POST, 'X-Slow: x\r\n'],
  ['a body that never comes', `${POST}Content-Length: 1000\r\n\r\n`, ''],
  ['a body byte by byte', `${POST}Content-Length: 60000\r\n\r\n`, 'x'],
  ['a body in endless pieces', `${POST}Transfer-Encoding: chunked\r\n\r\n`, '1\r\nx\r\n'],
])('%s: let go in time, and others are served meanwhile', async (_what, first, drop) => {
  const slow = trickle(first, drop);
  expect((await fetch(`${bench.server.httpUrl}/healthz`)).status).toBe(200);
  expect(await slow).toMatch(/^(HTTP\/1\.1 408 |$)/);
  expect(bench.provider.bodies).toEqual([]);
});

test('who says nothing at all is let go', async () => {
  expect(await trickle('', '')).toMatch(/^(HTTP\/1\.1 408 |$)/);
});

test.each([
  ['headers of 100 kB', `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(100_000)}\r\n\r\n`, '431'],
  ['no HTTP', 'DTU/1 CS000001 token\r\n\r\n', '400'],
  ['two lengths', `${POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`, '400'],
  [
    'length and pieces, as request smugglers send them',
    `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    '400',
  ],
])('%s: refused', async (_what, bytes, status) => {
  expect(await trickle(bytes, '')).toContain(`HTTP/1.1 ${status} `);
});

test('more connections than are allowed are refused, and make room again', async () => {
  const port = Number(new URL(bench.server.httpUrl).port);
  const idle = [1, 2, 3, 4].map(() => net.connect(port, '127.0.0.1').on('error', () => undefined));
  const gone = idle.map((socket) => new Promise((resolve) => socket.on('close', resolve)));
  await Promise.all(idle.map((socket) => new Promise((resolve) => socket.on('connect', resolve))));
  const [heard] = await Promise.all([trickle('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', '')]);
  expect(heard).toBe('');
  idle.forEach((socket) => socket.destroy());
  await Promise.all(gone);
  expect((await fetch(`${bench.server.httpUrl}/readyz`)).status).toBe(200);
});

test('a WebSocket without a token is not held open, whatever its client does', async () => {
  const socket = net.connect({
    port: Number(new URL(bench.server.httpUrl).port),
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  let heard = '';
  socket.setEncoding('latin1').on('data', (text) => (heard += text as unknown as string));
  const broken = new Promise<Error>((resolve) => socket.on('error', resolve));
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
  socket.write(
    `GET /api/v1/dtu/${DEVICE} HTTP/1.1\r\nHost: x\r\n${upgrade}Sec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==\r\n\r\n`,
  );
  // It never says that it has ended: only a server that has let go of it answers with a reset.
  const timer = setInterval(() => socket.write('x'), 20);
  expect((await broken).message).toMatch(/ECONNRESET|EPIPE/);
  clearInterval(timer);
  socket.destroy();
  expect(heard).toContain('401 Unauthorized');
});

test('by default: ten seconds for headers, thirty for a request, a thousand connections', async () => {
  const { core } = bench.server;
  const metrics = new Metrics(systemClock);
  const http = await makeHttp({
    ...{ core, metrics, providers: core.providers, clock: systemClock },
    log: makeLog('silent'),
  });
  expect(http.app.server).toMatchObject({ headersTimeout: 10_000, requestTimeout: 30_000 });
  expect(DEFAULT_HTTP_LIMITS).toMatchObject({ maxConnections: 1_000, checkMs: 2_000 });
  await http.close();
});

test('a request that is being answered when the server stops is answered', async () => {
  const other = await bench.beside();
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const list = other.server.core.merchants.list.bind(other.server.core.merchants);
  const asked = new Promise<void>((resolve) => {
    jest.spyOn(other.server.core.merchants, 'list').mockImplementation(async () => {
      resolve();
      await held;
      return list();
    });
  });
  const answer = other.api('GET', '/merchants');
  await asked;
  const startMs = Date.now();
  const stopped = other.stop();
  release();
  expect((await answer).status).toBe(200);
  await stopped;
  // Nobody waited for the connection that was kept.
  expect(Date.now() - startMs).toBeLessThan(4_000);
});
