/**
 * Clients that hold connections open: slow headers, slow bodies, silence, too many at once, WebSockets that were
 * refused. None of them may keep the providers' notifications out.
 */
import * as net from 'node:net';
import { DEFAULT_HTTP_LIMITS } from '../../../server/api/connections';
import { makeHttp } from '../../../server/api/http';
import { makeLog } from '../../../server/core';
import { Metrics } from '../../../server/metrics';
import { systemClock, type Clock } from '../../../server/time';
import { DEVICE, OPERATOR_TOKEN, ServerBench } from '../support/server';
import { until } from '../support/until';

/** How long requests under way have at a stop, and devices as well (server/api/http.ts, gateway.ts). */
const DRAIN_MS = 5_000;

let bench: ServerBench;
/** Soon tired of slow clients; long enough that a busy machine gets a quick one through. */
let hasty: ServerBench;

beforeAll(async () => {
  bench = await ServerBench.start({ httpLimits: { maxConnections: 4 } });
  hasty = await bench.beside({
    httpLimits: { headersTimeoutMs: 2_000, requestTimeoutMs: 3_000, checkMs: 50 },
  });
});
afterAll(async () => {
  await hasty.stop();
  await bench.stop();
});

const portOf = ({ server }: ServerBench): number => Number(new URL(server.httpUrl).port);

/** A client of few words: says `first`, then `drop` again and again until it is let go; gives what it heard. */
async function trickle(first: string, drop: string, at = bench): Promise<string> {
  const socket = net.connect(portOf(at), '127.0.0.1');
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

const SLOW: readonly (readonly [what: string, first: string, drop: string])[] = [
  ['headers that never end', `${POST}X-Slow: `, 'x'],
  ['header after header', POST, 'X-Slow: x\r\n'],
  ['a body that never comes', `${POST}Content-Length: 1000\r\n\r\n`, ''],
  ['a body byte by byte', `${POST}Content-Length: 60000\r\n\r\n`, 'x'],
  ['a body in endless pieces', `${POST}Transfer-Encoding: chunked\r\n\r\n`, '1\r\nx\r\n'],
  ['nothing at all', '', ''],
];

test('slow clients of every kind are let go in time, and others are served meanwhile', async () => {
  const slow = SLOW.map(async ([what, first, drop]) => [what, await trickle(first, drop, hasty)]);
  expect((await fetch(`${hasty.server.httpUrl}/healthz`)).status).toBe(200);
  const letGo = expect.stringMatching(/^(HTTP\/1\.1 408 |$)/) as unknown;
  expect(await Promise.all(slow)).toEqual(SLOW.map(([what]) => [what, letGo]));
  expect(hasty.provider.bodies).toEqual([]);
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
  const port = portOf(bench);
  const idle = [1, 2, 3, 4].map(() => net.connect(port, '127.0.0.1').on('error', () => undefined));
  const gone = idle.map((socket) => new Promise((resolve) => socket.on('close', resolve)));
  await Promise.all(idle.map((socket) => new Promise((resolve) => socket.on('connect', resolve))));
  const [heard] = await Promise.all([trickle('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', '')]);
  expect(heard).toBe('');
  idle.forEach((socket) => socket.destroy());
  await Promise.all(gone);
  // The server hears of their end a moment later than we.
  const ask = (): Promise<Response | undefined> =>
    fetch(`${bench.server.httpUrl}/readyz`).catch(() => undefined);
  expect((await until(ask)).status).toBe(200);
});

test('a WebSocket without a token is not held open, whatever its client does', async () => {
  const socket = net.connect({
    port: portOf(bench),
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

test('a request that is being answered when the server stops is answered, and its connection not waited for', async () => {
  // The moment that such connections have never ends: a stop that needed it would not end either.
  const clock: Clock = {
    ...systemClock,
    setTimer: (work, delayMs) => (delayMs === DRAIN_MS ? {} : systemClock.setTimer(work, delayMs)),
  };
  const other = await bench.beside({ clock });
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
  // A client that would keep its connection for the next request, for as long as it takes.
  const authorization = `Authorization: Bearer ${OPERATOR_TOKEN}\r\n`;
  const answer = trickle(`GET /api/v1/merchants HTTP/1.1\r\nHost: x\r\n${authorization}\r\n`, '', other);
  await asked;
  const stopped = other.stop();
  release();
  expect(await answer).toMatch(/^HTTP\/1\.1 200 OK\r\n(.+\r\n)*connection: close\r\n/);
  await stopped;
});
