/**
 * Strangers at the WebSocket's door: addresses that are none, broken handshakes, requests in one piece, connections
 * that break at once. Nobody has shown a token, so nobody may do more than be refused; the server goes on.
 */
import * as net from 'node:net';
import { DEVICE, ServerBench } from '../support/server';

let bench: ServerBench;
const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);

beforeAll(async () => {
  bench = await ServerBench.start();
  process.on('uncaughtExceptionMonitor', note);
});
afterAll(() => {
  process.off('uncaughtExceptionMonitor', note);
  return bench.stop();
});

const HEADERS = [
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==',
];
const upgrade = (target: string, headers: readonly string[] = HEADERS): string =>
  [`GET ${target} HTTP/1.1`, ...headers, '', ''].join('\r\n');

/** Says this and waits until the server has let go; gives what it answered. */
async function say(bytes: string): Promise<string> {
  const socket = net.connect(Number(new URL(bench.server.httpUrl).port), '127.0.0.1');
  let heard = '';
  socket.setEncoding('latin1').on('data', (text) => (heard += text as unknown as string));
  socket.on('error', () => undefined);
  socket.write(bytes, 'latin1');
  await new Promise((resolve) => socket.on('close', resolve));
  return heard;
}

async function isWell(): Promise<boolean> {
  const { status } = await fetch(`${bench.server.httpUrl}/readyz`);
  return status === 200 && uncaught.length === 0;
}

test.each([
  '//',
  '/\\\\',
  'http://[',
  'http://a:99999/',
  '*',
  '/',
  '/api/v1/dtu/',
  '/api/v1/dtu/%',
  '/api/v1/dtu/..%2f',
  `/api/v1/dtu/${DEVICE}/more`,
  `/api/v1/dtu/${'A'.repeat(40)}`,
  `/api/v1/dtu/${DEVICE}#x`,
  `/api/v1/dtu/${DEVICE}?x=%`,
])('an upgrade to %s is refused, and nothing else happens', async (target) => {
  expect(await say(upgrade(target))).toMatch(/^(HTTP\/1\.1 40[014] |$)/);
  expect(await isWell()).toBe(true);
});

test.each([
  ['no key', HEADERS.slice(0, 4)],
  ['another version', HEADERS.map((line) => line.replace('13', '7'))],
  ['another protocol', HEADERS.map((line) => line.replace('websocket', 'h2c'))],
  ['a ticket that nobody gave', [...HEADERS, 'Coinslot-Ticket: x']],
  ['an empty token', [...HEADERS, 'Authorization: Bearer ']],
  ['a token of others', [...HEADERS, `Authorization: Bearer cdt_${'x'.repeat(32)}`]],
])('a handshake with %s is refused', async (_what, headers) => {
  expect(await say(upgrade(`/api/v1/dtu/${DEVICE}`, headers))).not.toContain(' 101 ');
  expect(await isWell()).toBe(true);
});

test('two handshakes in one piece, and bytes behind one, are refused with the first', async () => {
  const one = upgrade(`/api/v1/dtu/${DEVICE}`);
  expect(await say(one + one)).not.toContain(' 101 ');
  expect(await say(`${one}\x81\xff\xff\xff${'x'.repeat(5_000)}`)).not.toContain(' 101 ');
  expect(await isWell()).toBe(true);
});

test('connections that break in the middle of it break nothing', async () => {
  const port = Number(new URL(bench.server.httpUrl).port);
  const token = [...HEADERS, `Authorization: Bearer cdt_${'x'.repeat(32)}`];
  for (let round = 0; round < 20; round++) {
    const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
    await new Promise((resolve) => socket.on('connect', resolve));
    socket.write(upgrade(`/api/v1/dtu/${DEVICE}`, round % 2 === 0 ? token : HEADERS));
    await new Promise((resolve) => setImmediate(resolve));
    socket.resetAndDestroy();
  }
  expect(await isWell()).toBe(true);
});
