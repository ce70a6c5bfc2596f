/**
 * Purchases in one run of the program, a few open at once: memory must not grow, the ring of the journal turns again and
 * again, and afterwards flash, server and a new start agree on every order. The relay moves as shortly as settings allow,
 * and nothing is killed, so the pace is the module's own.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { audit } from '../../server/orders/audit';
import { systemClock } from '../../server/time';
import { JournalReader } from '../../sim/world/journal-reader';
import { ORDER_STATE_NAMES, OrderState } from '../../src/protocol/codes';
import { type HostFields, HostType } from '../../src/protocol/host';
import { ask, finalState, STEP_LIMIT_MS } from './purchase';
import type { Suite } from './suite';

export interface Steady {
  /** Growth of memory per 1,000 orders; 0 when it is noise. */
  readonly leakPer1000Orders: number;
  /** How often the journal went on to a fresh sector since it was new. */
  readonly journalTurns: number;
}

/** The module takes six; the rest is for what a host asks meanwhile. */
const MOST_OPEN = 5;
const PULSE = { onMs: 20, offMs: 20 };
const TTL_S = 600;
/** Memory is looked at after the first and the last so many groups of orders. */
const LEAK_WINDOW = 10;
const LEAST_WINDOW = 3;
/** Until then the list of ended orders fills up. */
const WARM_UP_GROUPS = 4;
/** What a list that is longer for a moment may make of it. */
const LEAK_NOISE_VARS = 12;
/** So often the module is left alone, so that it erases ahead as a machine at rest does. */
const REST_EVERY_ORDERS = 500;
const REST_MS = 6000;
const MOST_VIOLATIONS = 20;
const FLASH_START = 0x10000000;

interface Sample {
  readonly orders: number;
  readonly usage: number;
}

/** Buys `count` times. */
export async function steadyOrders(suite: Suite, count: number): Promise<Steady> {
  if (count === 0) return { leakPer1000Orders: 0, journalTurns: journal(suite).generation };
  const { machine, clock, box, options } = suite;
  await suite.linkUp();
  await machine.request(HostType.SetSettings, { json: JSON.stringify(PULSE) });
  const [starts, beganMs, first] = [box.starts, clock.nowMs(), suite.orders];
  const samples: Sample[] = [];
  let restAt = REST_EVERY_ORDERS;
  for (let done = 0; done < count;) {
    const size = Math.min(count - done, suite.random.between(1, MOST_OPEN));
    await group(suite, size);
    done += size;
    samples.push({ orders: done, usage: await suite.sampleMemory() });
    suite.check(box.starts === starts, 'the program started anew by itself');
    if (suite.violations.length > MOST_VIOLATIONS) throw new Error('too much is wrong');
    if (done < restAt) continue;
    restAt += REST_EVERY_ORDERS;
    const orderMs = Math.round((clock.nowMs() - beganMs) / done);
    const { usage } = samples[samples.length - 1]!;
    options.say(
      `${done} orders in one run, ${orderMs} ms each: ${usage} JsVars, journal turned ${journal(suite).generation} times`,
    );
    await suite.pause(REST_MS);
  }
  const leakPer1000Orders = growth(suite, samples);
  await agreed(suite, first + count);
  return { leakPer1000Orders, journalTurns: journal(suite).generation };
}

/** A few customers at once: all are asked to pay, pay in any order, and get their goods. */
async function group(suite: Suite, size: number): Promise<void> {
  const { box, random, options } = suite;
  const pulses = box.relayPulses[1]!;
  const open: { number: number; url: string; amountFen: number }[] = await Promise.all(
    Array.from({ length: size }, () => shown(suite)),
  );
  await suite.sampleMemory();
  const ends = open.map(({ number }) => finalState(suite, number));
  const turn = random.between(0, size - 1);
  await Promise.all(
    [...open.slice(turn), ...open.slice(0, turn)].map(({ url }) => options.platform.pay(url)),
  );
  const states = await Promise.all(ends);
  for (const [index, { number, amountFen }] of open.entries()) {
    const name = ORDER_STATE_NAMES[states[index]!]!;
    const server = await options.platform.server.core.store.find(`${options.platform.deviceId}_${number}`);
    suite.check(states[index] === OrderState.Done, `order ${number}: ${name} without a fault`);
    suite.check(
      server?.state === 'DISPENSED',
      `order ${number}: ${name}, but the server says ${server?.state}`,
    );
    suite.check(
      server?.amountFen === amountFen,
      `order ${number}: amount ${server?.amountFen}, not ${amountFen}`,
    );
  }
  const moved = box.relayPulses[1]! - pulses;
  suite.check(moved === size, `${moved} relay pulses for ${size} orders`);
}

/** A customer orders and is shown a code. */
async function shown(suite: Suite): Promise<{ number: number; url: string; amountFen: number }> {
  const { machine } = suite;
  const reference = `s${suite.orders}`;
  const amountFen = 100 + (suite.orders % 1000);
  const channel = 1 + (suite.orders % 2);
  suite.orders += 1;
  const code = machine.waitFor(HostType.Qr, (qr) => qr.reference === reference, STEP_LIMIT_MS);
  const pay = ask(suite, { amountFen, channel, ttlS: TTL_S, reference, goods: '' });
  const [number, { url }] = await Promise.all([pay, code]);
  return { number, url: url as string, amountFen };
}

/** Growth of memory per 1,000 orders. */
function growth(suite: Suite, samples: readonly Sample[]): number {
  const settled = samples.slice(WARM_UP_GROUPS);
  const window = Math.min(LEAK_WINDOW, settled.length >> 1);
  if (window < LEAST_WINDOW) {
    suite.options.say('memory: too few orders to tell growth from lists that fill up');
    return 0;
  }
  const [head, tail] = [settled.slice(0, window), settled.slice(-window)];
  const grown = median(tail.map(({ usage }) => usage)) - median(head.map(({ usage }) => usage));
  const orders = tail[0]!.orders - head[0]!.orders;
  suite.options.say(`memory over ${orders} orders in one run: ${grown} JsVars more at its end`);
  const isNoise = Math.abs(grown) <= LEAK_NOISE_VARS;
  suite.check(isNoise || grown < 0, `memory grew by ${grown} JsVars over ${orders} orders`);
  return isNoise ? 0 : Math.round((grown * 1000) / orders);
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[values.length >> 1] ?? 0;
}

/** Flash, server and a new start say the same of every order. */
async function agreed(suite: Suite, orders: number): Promise<void> {
  const { machine, options } = suite;
  const flash = journal(suite);
  suite.check(flash.lastOrder === orders, `the journal counts ${flash.lastOrder} orders, not ${orders}`);
  for (const { n, state } of flash.orders.values()) {
    suite.check(state >= OrderState.Done, `order ${n} stands in flash as ${ORDER_STATE_NAMES[state]}`);
  }
  await suite.kill();
  const last = (machine.info as HostFields).lastOrder;
  suite.check(last === orders, `after a kill the module counts ${String(last)} orders, not ${orders}`);
  await suite.linkUp();
  const books = await audit(options.platform.server.core.database.db, systemClock.nowMs());
  suite.check(books.violations === 0, `the server's books: ${JSON.stringify(books)}`);
  suite.check(books.orders === orders, `the server knows ${books.orders} orders, not ${orders}`);
}

/** The journal as it stands in flash, read by the second reader. */
function journal(suite: Suite): JournalReader {
  const { profile } = suite.options.firmware;
  if (profile.journal.kind !== 'flash') throw new Error('the interpreter keeps its journal in flash');
  const bytes = readFileSync(path.join(suite.options.folder, 'box', 'espruino.flash'));
  const places = profile.journal.sectors.map((sector) => ({
    offset: sector.address - FLASH_START,
    bytes: sector.bytes,
  }));
  return new JournalReader(bytes, places).read();
}
