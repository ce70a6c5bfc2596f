/**
 * Whole orders over the wire: pay → code → notification → grant → end → fin. As many at a time as asked (closed
 * loop), or at a fixed rate (open loop), which measures how long a notification takes to become a grant.
 */
import { sleep, systemClock } from '../../server/time';
import type { Message } from '../../src/protocol/messages';
import type { LinkClient } from './client';
import { Notifier } from './notifier';

const AMOUNT_FEN = 150;
const GOODS = Buffer.from('可乐', 'utf8').toString('base64');

export interface OrderRun {
  readonly orders: number;
  readonly seconds: number;
  /** Notification sent to grant received, sorted, milliseconds. */
  readonly grantMs: readonly number[];
}

export class OrderLoad {
  private readonly notifiers: readonly Notifier[];
  private readonly notifierOf: ReadonlyMap<string, Notifier>;
  private done = 0;
  private grantMs: number[] = [];
  private readonly notifiedMs = new Map<string, number>();
  private readonly waiting = new Map<LinkClient, () => void>();

  constructor(
    private readonly clients: readonly LinkClient[],
    /** Of the servers that the devices are spread over, in turn. */
    httpUrls: readonly string[],
    private readonly merchantId: number,
  ) {
    this.notifiers = httpUrls.map((url) => new Notifier(url));
    const { notifiers } = this;
    this.notifierOf = new Map(clients.map(({ id }, index) => [id, notifiers[index % notifiers.length]!]));
    for (const client of clients) client.onMessage = (message) => this.hear(client, message);
  }

  /** `concurrency` orders at a time for `seconds`. */
  async closed(concurrency: number, seconds: number): Promise<OrderRun> {
    this.reset();
    const startMs = systemClock.nowMs();
    const endMs = startMs + seconds * 1_000;
    const share = Math.floor(this.clients.length / concurrency);
    const work = async (first: number): Promise<void> => {
      for (let turn = 0; systemClock.nowMs() < endMs; turn = (turn + 1) % share) {
        await this.order(this.clients[first * share + turn]!);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, (_, index) => work(index)));
    return this.result(startMs);
  }

  /** So many orders a second, whatever becomes of the earlier ones. */
  async open(perSecond: number, seconds: number): Promise<OrderRun> {
    this.reset();
    const startMs = systemClock.nowMs();
    const running: Promise<void>[] = [];
    for (let index = 0; index < perSecond * seconds; index++) {
      const waitMs = startMs + (index * 1_000) / perSecond - systemClock.nowMs();
      if (waitMs > 1) await sleep(systemClock, waitMs);
      const client = this.clients[index % this.clients.length]!;
      if (!this.waiting.has(client)) running.push(this.order(client));
    }
    await Promise.all(running);
    return this.result(startMs);
  }

  close(): void {
    for (const notifier of this.notifiers) notifier.close();
  }

  private reset(): void {
    this.done = 0;
    this.grantMs = [];
  }

  private result(startMs: number): OrderRun {
    const seconds = (systemClock.nowMs() - startMs) / 1_000;
    return { orders: this.done, seconds, grantMs: this.grantMs.sort((left, right) => left - right) };
  }

  private order(client: LinkClient): Promise<void> {
    client.n += 1;
    return new Promise((resolve) => {
      this.waiting.set(client, resolve);
      client.send(['pay', client.n, AMOUNT_FEN, 1, 300, `r${client.n}`, GOODS]);
    });
  }

  private hear(client: LinkClient, message: Message): void {
    const [type, n] = message as [string, number];
    if (type === 'code') this.notify(client, `${client.id}_${n}`);
    else if (type === 'grant') {
      this.grantMs.push(performance.now() - this.notifiedMs.get(`${client.id}_${n}`)!);
      this.notifiedMs.delete(`${client.id}_${n}`);
      client.send(['got', n]);
      client.send(['end', n, 7, 0, '']);
    } else if (type === 'fin' || type === 'no') {
      if (type === 'no') throw new Error(`refused: ${JSON.stringify(message)}`);
      // Said again, it is not another order.
      if (n !== client.n || !this.waiting.has(client)) return;
      this.done += 1;
      const resolve = this.waiting.get(client)!;
      this.waiting.delete(client);
      resolve();
    }
  }

  private notify(client: LinkClient, outTradeNo: string): void {
    if (this.notifiedMs.has(outTradeNo)) return;
    this.notifiedMs.set(outTradeNo, performance.now());
    const path = `/notify/wechat/${this.merchantId}`;
    void this.notifierOf.get(client.id)!.post(path, `${outTradeNo} ${AMOUNT_FEN}`);
  }
}
