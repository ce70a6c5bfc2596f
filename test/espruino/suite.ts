/**
 * What the module must do on the real interpreter: boot and answer, keep its console shut, pass data streams on, buy
 * on both channels, find every order again after a kill at any moment, come back from link faults, settle each order,
 * and not grow.
 * Each fact that does not hold is a violation.
 */
import path from 'node:path';
import { readGraph } from '../../scripts/budget/graph';
import { divide } from '../../scripts/budget/shares';
import type { Firmware } from '../../scripts/build/build';
import { InterpreterBox } from '../../sim/interpreter/box';
import type { Interpreter } from '../../sim/interpreter/interpreter';
import { FaultInjector } from '../../sim/modem/faults/injector';
import { FAST } from '../../sim/modem/timing';
import { RealNetwork } from '../../sim/network/real-network';
import { Machine } from '../../sim/product/machine';
import { RealClock } from '../../sim/time/clock';
import { Random } from '../../sim/time/random';
import { LinkState } from '../../src/protocol/codes';
import { HostType } from '../../src/protocol/host';
import { attackConsole } from './console';
import type { Platform } from './platform';
import { KILLS, purchase, STEP_LIMIT_MS } from './purchase';
import { type Steady, steadyOrders } from './steady';
import { dataStreams } from './stream';
import { troubles } from './trouble';

export interface SuiteOptions {
  readonly interpreter: Interpreter;
  readonly firmware: Firmware;
  readonly platform: Platform;
  readonly folder: string;
  /** Purchases with kills and faults. */
  readonly hardOrders: number;
  /** Purchases one after the other in one run of the program, over which memory must not grow. */
  readonly steadyOrders: number;
  readonly seed: number;
  readonly say: (text: string) => void;
}

export interface SuiteResult {
  readonly interpreter: string;
  readonly orders: number;
  readonly kills: number;
  readonly faults: number;
  readonly idleVars: number;
  readonly peakVars: number;
  readonly leakPer1000Orders: number;
  readonly journalTurns: number;
  readonly bootMs: number;
  /** Bytes that passed through data streams and were compared. */
  readonly dtuBytes: number;
  readonly violations: readonly string[];
}

const GATEWAY_NAME = 'gateway.coinslot.example';
const GATEWAY_PORT = 7001;
const OFF_MS = 300;
const SETTLE_MS = 3000;
const ATTACK_PAUSE_MS = 300;
/** A purchase takes about so long from PAY to DONE, and so long where the interpreter sleeps as it likes. */
const LONGEST_KILL_MS = 1800;
const LONGEST_SLOW_KILL_MS = 4000;
/** Every third purchase meets one of these. */
const FAULTS = [
  'remote-close@now',
  'send-fail@now',
  'pdp-deact@now',
  'send-fail-delivered@now',
  'connect-fail@now',
  'garbage@now',
  'lost-byte@now',
] as const;
const FAULT_EVERY = 3;
export class Suite {
  readonly violations: string[] = [];
  readonly clock = new RealClock();
  readonly random: Random;
  kills = 0;
  orders = 0;
  faults = 0;
  peakVars = 0;
  bootMs = 0;
  /** JsVars of the measuring shim. */
  shimVars = 0;

  constructor(
    readonly options: SuiteOptions,
    readonly box: InterpreterBox,
    readonly machine: Machine,
    readonly injector: FaultInjector,
  ) {
    this.random = new Random(options.seed);
  }

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

  async killLater(delayMs: number): Promise<void> {
    await this.pause(delayMs);
    await this.kill();
  }

  async sampleMemory(): Promise<number> {
    const usage = (await this.box.memory()) - this.shimVars;
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
  const random = new Random(options.seed);
  const box = await InterpreterBox.make({
    ...options,
    folder: path.join(options.folder, 'box'),
    clock,
    random,
    network,
    timing: FAST,
    onConsole: (line) => {
      if (/Uncaught|ERROR|WARN|ASSERT/.test(line)) suite.violations.push(`console: ${line}`);
    },
  });
  const injector = new FaultInjector({
    clock,
    random: random.fork('faults'),
    network,
    modem: box.modem,
    onStrike: () => (suite.faults += 1),
  });
  const suite = new Suite(options, box, new Machine(box.host, clock), injector);
  let [idleVars, dtuBytes] = [0, 0];
  let steady: Steady = { leakPer1000Orders: 0, journalTurns: 0 };
  try {
    await startUp(suite);
    idleVars = await suite.sampleMemory();
    dtuBytes = await dataStreams(suite);
    await hardOrders(suite);
    steady = await steadyOrders(suite, options.steadyOrders);
  } catch (error) {
    suite.violations.push(
      `stopped at order ${suite.orders}: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    await box.close();
    network.close();
  }
  return {
    interpreter: interpreter.version,
    orders: suite.orders,
    kills: suite.kills,
    faults: suite.faults,
    idleVars,
    peakVars: suite.peakVars,
    ...steady,
    bootMs: Math.round(suite.bootMs),
    dtuBytes,
    violations: suite.violations,
  };
}

async function startUp(suite: Suite): Promise<void> {
  const { machine, box, options } = suite;
  const { platform, say, firmware } = options;
  say('booting');
  await suite.boot();
  await machine.request(HostType.Hello, { version: 1, name: 'test' });
  await shutConsole(suite, 'before it is provisioned');
  await troubles(suite);
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
  await shutConsole(suite, 'after it was provisioned');
  await suite.pause(SETTLE_MS);
  suite.shimVars = divide(readGraph(await box.memoryGraph()), firmware.names).shim;
}

/** No prompt on the host's port, and the module serves its host afterwards. */
async function shutConsole(suite: Suite, when: string): Promise<void> {
  for (const fault of await attackConsole(suite.box, suite.clock, ATTACK_PAUSE_MS)) {
    suite.violations.push(`console ${when}: ${fault}`);
  }
  await suite.machine.request(HostType.Hello, { version: 1, name: 'test' });
  suite.options.say(`the console is shut ${when}`);
}

/** Purchases on both channels, with a kill at every moment in turn and a link fault in every third. */
async function hardOrders(suite: Suite): Promise<void> {
  const chance = suite.random.fork('purchases');
  const longestKillMs = suite.options.interpreter.isBrisk ? LONGEST_KILL_MS : LONGEST_SLOW_KILL_MS;
  for (let index = 0; index < suite.options.hardOrders; index++) {
    await purchase(suite, {
      channel: index % 2 === 0 ? 'wechat' : 'alipay',
      kill: KILLS[index % KILLS.length]!,
      killAfterMs: chance.between(0, longestKillMs),
      fault: index % FAULT_EVERY === 0 ? FAULTS[(index / FAULT_EVERY) % FAULTS.length] : undefined,
    });
    await suite.sampleMemory();
  }
}
