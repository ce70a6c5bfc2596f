/**
 * A data stream (DTU) through the real interpreter: a maker's backend at the real server's port on the other end,
 * bytes both ways, a purchase meanwhile, an end from the host's side and one from the backend's. Every byte arrives
 * once and in order, and both ends hear why it is over.
 */
import * as net from 'node:net';
import { HostStream, pattern, TUNNEL } from '../../sim/product/host-stream';
import { Reason } from '../../src/protocol/codes';
import { purchase, STEP_LIMIT_MS } from './purchase';
import type { Suite } from './suite';

const UP_BYTES = 6_000;
const DOWN_BYTES = 4_000;
const LAST_WORDS = 'the last words';
const LOOK_MS = 50;

/** The maker's backend: a line to come in, then lines of the server until `OPEN`, then bytes. */
class Backend {
  bytes = '';
  isClosed = false;
  private head = '';
  private readonly socket: net.Socket;

  constructor(port: number, deviceId: string, token: string) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.setEncoding('latin1');
    this.socket.on('data', (data) => this.take(data as unknown as string));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => (this.isClosed = true));
    this.socket.write(`DTU/1 ${deviceId} ${token}\n`);
  }

  get isOpen(): boolean {
    return this.head.endsWith('OPEN\n');
  }

  write(data: string): void {
    this.socket.write(data, 'latin1');
  }

  end(): void {
    this.socket.end();
  }

  private take(data: string): void {
    if (this.isOpen) {
      this.bytes += data;
      return;
    }
    const all = this.head + data;
    const at = all.indexOf('OPEN\n');
    const headBytes = at < 0 ? all.length : at + 'OPEN\n'.length;
    this.head = all.slice(0, headBytes);
    this.bytes = all.slice(headBytes);
  }
}

/** Runs both streams; gives how many bytes passed and were compared. */
export async function dataStreams(suite: Suite): Promise<number> {
  const { platform, say } = suite.options;
  const { streams, merchants } = platform.server.core;
  const merchant = (await merchants.list())[0]!;
  const { token } = await streams.addToken({ name: 'test', merchantId: merchant.id });
  const connect = (): Backend => new Backend(platform.server.dtuPort, platform.deviceId, token);
  const bytes = (await bothWays(suite, connect())) + (await lastWords(suite, connect()));
  say(`data streams (DTU): ${bytes} bytes passed and are the same, with a purchase meanwhile`);
  return bytes;
}

/** Bytes both ways while a customer pays; the host closes. */
async function bothWays(suite: Suite, backend: Backend): Promise<number> {
  const [up, down] = [pattern(UP_BYTES, 1), pattern(DOWN_BYTES, 2)];
  const host = new HostStream(suite.machine, down.length);
  await host.open(TUNNEL);
  await until(suite, 'the backend hears that the stream is open', () => backend.isOpen);
  backend.write(down);
  await Promise.all([
    host.write(up),
    purchase(suite, { channel: 'wechat', kill: 'none', killAfterMs: 0, fault: undefined }),
  ]);
  await until(
    suite,
    'all bytes of the stream are there',
    () => host.received.length >= down.length && backend.bytes.length >= up.length,
  );
  suite.check(host.received === down, 'data stream: the host received other bytes than the backend sent');
  suite.check(backend.bytes === up, 'data stream: the backend received other bytes than the host sent');
  await suite.sampleMemory();
  await host.close();
  suite.check(host.reason === Reason.None, `data stream: closed by the host with reason ${host.reason}`);
  await until(suite, 'the backend hears that the stream is over', () => backend.isClosed);
  return up.length + down.length;
}

/** The backend says something and goes: the host has the bytes before it hears of the end. */
async function lastWords(suite: Suite, backend: Backend): Promise<number> {
  const host = new HostStream(suite.machine, 0);
  await host.open(TUNNEL);
  await until(suite, 'the backend hears that the second stream is open', () => backend.isOpen);
  backend.write(LAST_WORDS);
  backend.end();
  await until(suite, 'the host hears that the backend went', () => host.reason !== undefined);
  suite.check(
    host.received === LAST_WORDS,
    `data stream: ${JSON.stringify(host.received)} came before its end`,
  );
  suite.check(
    host.reason === Reason.None,
    `data stream: closed by the backend, told as reason ${host.reason}`,
  );
  return LAST_WORDS.length;
}

/** Fails the suite when it does not happen. */
async function until(suite: Suite, what: string, holds: () => boolean): Promise<void> {
  const limitMs = suite.clock.nowMs() + STEP_LIMIT_MS;
  while (!holds()) {
    if (suite.clock.nowMs() > limitMs) throw new Error(`it did not happen: ${what}`);
    await suite.pause(LOOK_MS);
  }
}
