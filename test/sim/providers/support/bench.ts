/**
 * A sandbox in virtual time for tests, with merchants and keys made once a file, and a receiver of notifications
 * on loopback. Nothing here sleeps for time to pass: `until` waits for real sockets, time itself is virtual.
 */

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  newMerchant,
  newPlatformKeys,
  type MerchantParameters,
  startSandbox,
  type PlatformKeys,
  type Sandbox,
  type SandboxOptions,
} from '../../../../sim/providers';
import { VirtualClock } from '../../../../sim/time/clock';

/** 2026-03-02 10:00:00 in China, a Monday. */
export const START_MS = Date.parse('2026-03-02T10:00:00+08:00');

interface Keys {
  readonly platform: PlatformKeys;
  readonly demo: MerchantParameters;
  readonly other: MerchantParameters;
}

let sharedKeys: Promise<Keys> | undefined;

/** RSA keys take their time: made once a test file. */
async function makeKeys(): Promise<Keys> {
  const platform = await newPlatformKeys(START_MS);
  const [demo, other] = await Promise.all([
    newMerchant(platform, { name: '演示商户' }, START_MS),
    newMerchant(platform, { name: 'Other', wechatMode: 'certificate', alipayMode: 'certificate' }, START_MS),
  ]);
  return { platform, demo, other };
}

export interface Bench {
  readonly sandbox: Sandbox;
  readonly clock: VirtualClock;
  /** A second merchant: platform certificates at WeChat Pay, certificate mode at Alipay. */
  readonly other: MerchantParameters;
}

export async function openBench(options: SandboxOptions = {}): Promise<Bench> {
  sharedKeys ??= makeKeys();
  const { platform, demo, other } = await sharedKeys;
  const clock = new VirtualClock(START_MS);
  const sandbox = await startSandbox({
    clock,
    seed: 7,
    platformKeys: platform,
    demoMerchant: demo,
    ...options,
  });
  sandbox.keys.adopt(other);
  return { sandbox, clock, other };
}

const DEADLINE_MS = 20_000;

/** Waits for real input and output, looking every millisecond; fails after long. */
export async function until(isDone: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  while (!isDone()) {
    if (performance.now() > endMs) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

export interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answering {
  readonly status: number;
  readonly body?: string;
  readonly location?: string;
  /** Never answer. */
  readonly isSilent?: boolean;
}

/** A merchant's notification address; `answer` may be changed at any time. */
export class Receiver {
  readonly received: Received[] = [];
  answer: Answering = { status: 200, body: 'success' };
  private server: Server | undefined;

  async open(): Promise<string> {
    this.server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        this.received.push({
          url: request.url!,
          headers: request.headers,
          body: Buffer.concat(parts).toString('utf8'),
        });
        if (this.answer.isSilent) return;
        const { status, body, location } = this.answer;
        // What a redirect leads to would accept.
        if (request.url === '/elsewhere') response.writeHead(200).end('success');
        else response.writeHead(status, location === undefined ? {} : { location }).end(body);
      });
    });
    await new Promise<void>((resolve) => this.server!.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async waitFor(count: number): Promise<void> {
    await until(() => this.received.length >= count, `${count} notifications`);
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }
}
