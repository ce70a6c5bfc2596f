/**
 * What the module must do on the real interpreter: boot and answer, buy on both channels, find every order
 * again after a kill at any moment, settle each one, and not grow. Each fact that does not hold is a violation.
 */
import path from 'node:path';
import type { Firmware } from '../../scripts/build/build';
import { InterpreterBox } from '../../sim/interpreter/box';
import type { Interpreter } from '../../sim/interpreter/interpreter';
import { FAST } from '../../sim/modem/timing';
import { RealNetwork } from '../../sim/network/real-network';
import { Machine } from '../../sim/product/machine';
import { RealClock } from '../../sim/time/clock';
import { Random } from '../../sim/time/random';
import { HostType } from '../../src/protocol/host';
import { CHANNEL_NAMES, LinkState, ORDER_STATE_NAMES, OrderState } from '../../src/protocol/codes';
import type { Platform } from './platform';

export interface SuiteOptions {
  readonly interpreter: Interpreter;
  readonly firmware: Firmware;
  readonly platform: Platform;
  readonly folder: string;
  /** Purchases on each channel, each killed at another moment. */
  readonly rounds: number;
  readonly say: (text: string) => void;
}

export interface SuiteResult {
  readonly interpreter: string;
  readonly orders: number;
  readonly kills: number;
  readonly idleVars: number;
  readonly peakVars: number;
  readonly leakPer1000Orders: number;
  readonly bootMs: number;
  readonly violations: readonly string[];
}

const GATEWAY_NAME = 'gateway.coinslot.example';
const GATEWAY_PORT = 7001;
const STEP_LIMIT_MS = 60_000;
const OFF_MS = 300;

/** Moments of a purchase at which the interpreter is killed; undefined leaves it alone. */
const KILLS = ['none', 'afterAck', 'whileWaiting', 'afterPaying', 'afterDone'] as const;
type Kill = (typeof KILLS)[number];

class Suite {
  readonly violations: string[] = [];
  readonly clock = new RealClock();
  kills = 0;
  orders = 0;
  peakVars = 0;
  bootMs = 0;

  constructor(
    readonly options: SuiteOptions,
    readonly box: InterpreterBox,
    readonly machine: Machine,
  ) {}

  check(holds: boolean, fact: string): void {
    if (!holds) this.violations.push(fact);
  }

  pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => this.clock.setTimer(resolve, durationMs));
  }

  /** Boots, and waits for the announcement that a start must make. */
  async boot(): Promise<void> {
    const said = this.machine.waitFor(HostType.Info, () => true, STEP_LIMIT_MS);
    this.box.powerOn();
    await said;
    this.bootMs = Math.max(this.bootMs, (this.box.firstByteAtMs ?? NaN) - this.box.startedAtMs);
  }

  async kill(): Promise<void> {
    await this.box.cutPower();
    this.kills += 1;
    // What was heard of the link is about the program that is gone.
    this.machine.signal = {};
    await this.pause(OFF_MS);
    await this.boot();
  }

  async sampleMemory(): Promise<number> {
    const usage = await this.box.memory();
    this.peakVars = Math.max(this.peakVars, usage);
    return usage;
  }

  linkUp(): Promise<unknown> {
    if (this.machine.signal.link === LinkState.Ready) return Promise.resolve();
    return this.machine.waitFor(HostType.Signal, (signal) => signal.link === LinkState.Ready, STEP_LIMIT_MS);
  }
}

/** Runs all of it; the interpreter's processes are gone when it returns. */
export async function runSuite(options: SuiteOptions): Promise<SuiteResult> {
  const clock = new RealClock();
  const { platform, interpreter } = options;
  const network = new RealNetwork({
    clock,
    table: { [GATEWAY_NAME]: `127.0.0.1:${platform.server.gatewayPort}` },
  });
  const box = await InterpreterBox.make({
    ...options,
    folder: path.join(options.folder, 'box'),
    clock,
    random: new Random(1),
    network,
    timing: FAST,
    onConsole: (line) => {
      if (/Uncaught|ERROR|WARN/.test(line)) suite.violations.push(`console: ${line}`);
    },
  });
  const suite = new Suite(options, box, new Machine(box.host, clock));
  try {
    await startUp(suite);
    const idleVars = await suite.sampleMemory();
    const leakPer1000Orders = await purchases(suite, idleVars);
    return {
      interpreter: interpreter.version,
      orders: suite.orders,
      kills: suite.kills,
      idleVars,
      peakVars: suite.peakVars,
      leakPer1000Orders,
      bootMs: Math.round(suite.bootMs),
      violations: suite.violations,
    };
  } finally {
    await box.close();
  }
}

async function startUp(suite: Suite): Promise<void> {
  const { machine, options } = suite;
  const { platform, say } = options;
  say('booting');
  await suite.boot();
  await machine.request(HostType.Hello, { version: 1, name: 'test' });
  say('HELLO is answered; provisioning');
  const identity = {
    id: platform.deviceId,
    key: platform.deviceKeyHex,
    host: GATEWAY_NAME,
    port: GATEWAY_PORT,
    apn: 'cmnet',
  };
  const restarted = machine.waitFor(
    HostType.Info,
    (info) => info.deviceId === platform.deviceId,
    STEP_LIMIT_MS,
  );
  await machine.request(HostType.Provision, { json: JSON.stringify(identity) });
  await restarted;
  await suite.linkUp();
  say('the link is up');
}

/** All purchases; gives the growth of memory per 1,000 of them. */
async function purchases(suite: Suite, idleVars: number): Promise<number> {
  const { rounds } = suite.options;
  let before = idleVars;
  let ordersBefore = suite.orders;
  for (let round = 0; round < rounds; round++) {
    for (const channel of ['wechat', 'alipay'] as const) {
      const kill = KILLS[(2 * round + (channel === 'alipay' ? 1 : 0)) % KILLS.length]!;
      await purchase(suite, channel, kill);
    }
    if (round === 0) {
      before = await suite.sampleMemory();
      ordersBefore = suite.orders;
    }
  }
  const after = await suite.sampleMemory();
  const counted = suite.orders - ordersBefore;
  return counted > 0 ? Math.round(((after - before) * 1000) / counted) : 0;
}

async function purchase(suite: Suite, channel: 'wechat' | 'alipay', kill: Kill): Promise<void> {
  const { machine, box, options } = suite;
  await suite.linkUp();
  const reference = `r${suite.orders}`;
  const amountFen = 100 + suite.orders;
  const pulsesBefore = box.relayPulses[1]!;
  const isShown = machine.waitFor(HostType.Qr, (qr) => qr.reference === reference, STEP_LIMIT_MS);
  const code = CHANNEL_NAMES.indexOf(channel);
  const order = await machine.request(HostType.Pay, {
    amountFen,
    channel: code,
    ttlS: 300,
    reference,
    goods: '',
  });
  suite.orders += 1;
  if (kill === 'afterAck') await suite.kill();
  const url = (await isShown).url as string;
  await suite.sampleMemory();
  if (kill === 'whileWaiting') {
    const isBack = machine.waitFor(HostType.Qr, (qr) => qr.order === order, STEP_LIMIT_MS);
    await suite.kill();
    suite.check((await isBack).url === url, `order ${order}: another QR after the kill`);
  }
  const isFinal = machine.waitFor(
    HostType.Status,
    (status) => status.order === order && (status.state as number) >= OrderState.Done,
    STEP_LIMIT_MS,
  );
  await options.platform.pay(url);
  if (kill === 'afterPaying') await suite.kill();
  const status = await isFinal;
  if (kill === 'afterDone') {
    await suite.kill();
    await suite.linkUp();
  }
  const pulses = box.relayPulses[1]! - pulsesBefore;
  await settled(suite, order, amountFen, status.state as number, pulses);
  options.say(`order ${order} by ${channel}, kill ${kill}: ${ORDER_STATE_NAMES[status.state as number]}`);
}

/** What must hold of an order at rest, by device, relay and server. */
async function settled(
  suite: Suite,
  order: number,
  amountFen: number,
  state: number,
  pulses: number,
): Promise<void> {
  const { platform } = suite.options;
  const outTradeNo = `${platform.deviceId}_${order}`;
  const name = ORDER_STATE_NAMES[state]!;
  const server = await platform.server.core.store.find(outTradeNo);
  suite.check(server !== undefined, `${outTradeNo}: the server does not know it`);
  suite.check(
    server?.amountFen === amountFen,
    `${outTradeNo}: amount ${server?.amountFen}, not ${amountFen}`,
  );
  if (state === OrderState.Done) {
    suite.check(pulses === 1, `${outTradeNo}: DONE with ${pulses} relay pulses`);
    suite.check(server?.state === 'DISPENSED', `${outTradeNo}: DONE, but the server says ${server?.state}`);
  } else {
    suite.check(pulses === 0, `${outTradeNo}: ${name} with ${pulses} relay pulses`);
  }
}
