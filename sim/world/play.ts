/**
 * Plays a plan in a world: purchases and disturbances at their times; then everything is made whole and time
 * passes until the world is at rest or its time is over; then the verdict. Safety is judged all the while,
 * liveness only once the trouble has stopped.
 */
import type { Firmware } from '../../scripts/build/build';
import { HostType, type HostFields } from '../../src/protocol/host';
import type { ServerConnection } from '../network/internet';
import type { Violation } from './laws';
import type { HostCommand, Plan, Step } from './plan';
import { Purchase } from './purchase';
import type { Site } from './site';
import type { Totals } from './verdict';
import type { Wire } from './wire';
import { World } from './world';

export interface PlayResult {
  readonly violations: readonly Violation[];
  readonly totals: Totals;
  readonly cuts: number;
  /** Disturbances that were played, cuts and commands of the host aside. */
  readonly faults: number;
  readonly virtualMs: number;
  readonly events: number;
}

const LINK_LIMIT_MS = 120_000;
/** Once the trouble has stopped, everything has come to rest after this. */
const REST_LIMIT_MS = 3_000_000;
/** An order that waits for a person is settled after this. */
const PERSON_MS = 60_000;

type Player<Kind extends Step['kind']> = (play: Play, step: Extract<Step, { kind: Kind }>) => void;

const PLAYERS: { readonly [Kind in Step['kind']]: Player<Kind> } = {
  purchase: (play, step) => play.purchase(step),
  cut: (play, { site, offMs }) => play.site(site).cut(offMs),
  'flash cut': (play, { site, skip, phase, offMs }) => play.site(site).cutAtFlash(skip, phase, offMs),
  reboot: (play, { site }) => play.site(site).board.reboot('pin'),
  // A program hangs only while one runs: it has begun its watchdog by then.
  hang: (play, { site }) => {
    if (play.site(site).board.pendingTimers > 0) play.site(site).board.hang();
  },
  'modem fault': (play, { site, fault }) => play.site(site).faults.add(fault),
  outage: (play, { site, forMs }) => play.site(site).network.outage(forMs),
  'half open': (play, { site }) => play.site(site).network.halfOpen(),
  'server crash': (play, { downMs }) => {
    play.world.platform.crash();
    play.restartServer(downMs);
  },
  'server crash at change': (play, { skip, phase, downMs }) => {
    play.world.platform.crashAtChange(skip, phase);
    play.serverDownMs = downMs;
  },
  'provider fault': (play, { fault, share, forMs }) => {
    const untilMs = play.world.loop.nowMs() + forMs;
    // Only at WeChat Pay is a refund closed for good, or hangs; Alipay's either succeed or are asked for again.
    const isWechatOnly = fault === 'refundClosed' || fault === 'refundAbnormal';
    const channel = isWechatOnly ? { channel: 'wechat' as const } : {};
    play.world.model.faults.add({ kind: fault, probability: share, untilMs, ...channel });
  },
  'late requests': (play, { share, forMs }) => play.lateRequests(share, forMs),
  'host away': (play, { site, forMs }) => play.hostAway(play.site(site), forMs),
  babble: (play, { site, hex }) => play.site(site).host.babble(Buffer.from(hex, 'hex')),
  frame: (play, { site, type, hex }) => {
    play.site(site).host.requestRaw(type, Buffer.from(hex, 'hex').toString('latin1'));
  },
  command: (play, { site, command, back }) => play.command(play.site(site), command, back),
  'clock step': (play, { site, byS }) => play.site(site).board.stepClock(byS),
  meddle: (play, { site, direction, how }) => play.wireOf(site)?.meddle(direction, how),
  replay: (play, { site }) => play.replay(site),
  splice: (play, { site }) => {
    const wire = play.wireOf(site);
    if (wire) wire.inject(wire.remembered.subarray(-60));
  },
  settings: (play, { site, change }) => play.world.platform.set(play.site(site).id, change),
};

/** How closely the end is looked for. */
export interface Patience {
  /** Between two looks whether everything is at rest. */
  readonly lookMs: number;
  /** What a late payment and its refund may take after the last order is at rest. */
  readonly quietMs: number;
}

const PATIENCE: Patience = { lookMs: 5_000, quietMs: 20_000 };

/** Plays a plan; `trace` hears everything that happens. */
export async function play(
  firmware: Firmware,
  plan: Plan,
  trace?: (text: string) => void,
): Promise<PlayResult> {
  return new Play(firmware, plan, trace).run();
}

/** A plan and the world in which it is played. */
export class Play {
  readonly world: World;
  serverDownMs = 0;
  private readonly purchases: Purchase[] = [];
  /** The same by machine and reference. */
  private readonly named = new Map<string, Purchase[]>();
  private faults = 0;
  private readonly settled = new Set<string>();
  /** Refunds that hung (ABNORMAL) until a person paid them out. */
  paidOut = 0;

  constructor(
    firmware: Firmware,
    private readonly plan: Plan,
    trace: ((text: string) => void) | undefined,
    private readonly patience = PATIENCE,
  ) {
    this.world = new World(firmware, plan);
    this.world.trace = trace;
    for (const site of this.world.sites) {
      site.host.onFrame = (type, fields) => this.onFrame(site, type, fields);
    }
  }

  async run(): Promise<PlayResult> {
    const { world, plan } = this;
    const { loop } = world;
    const beganMs = loop.nowMs();
    await loop.run(LINK_LIMIT_MS, () => world.isLinked);
    const startMs = loop.nowMs();
    for (const step of plan.steps) {
      loop.clock.setTimer(() => this.step(step), Math.max(0, startMs + step.atMs - loop.nowMs()));
    }
    await loop.run(plan.spanMs, () => this.tendServer());
    await this.comeToRest();
    world.verdict.judge();
    return {
      violations: world.auditor.violations,
      totals: world.verdict.totals,
      cuts: world.sites.reduce((sum, site) => sum + site.cuts, 0),
      faults: this.faults,
      virtualMs: loop.nowMs() - beganMs,
      events: loop.events,
    };
  }

  site(index: number): Site {
    return this.world.sites[index]!;
  }

  purchase(step: Extract<Step, { kind: 'purchase' }>): void {
    const { world } = this;
    const site = this.site(step.site);
    const purchase = new Purchase(step, {
      loop: world.loop,
      site,
      model: world.model,
      auditor: world.auditor,
      mode: this.plan.sites[step.site]!.mode,
      refundAtDesk: (n) => world.platform.wish(`${site.id}_${n}`, { type: 'refund' }),
    });
    this.purchases.push(purchase);
    const name = `${site.id} ${step.reference}`;
    this.named.set(name, [...(this.named.get(name) ?? []), purchase]);
    purchase.begin();
  }

  restartServer(downMs: number): void {
    this.world.loop.clock.setTimer(() => this.world.platform.start(), downMs);
  }

  lateRequests(share: number, forMs: number): void {
    const ports = Object.values(this.world.ports);
    for (const port of ports) port.lateShare = share;
    this.world.loop.clock.setTimer(() => {
      for (const port of ports) port.lateShare = 0;
    }, forMs);
  }

  hostAway(site: Site, forMs: number): void {
    site.host.goAway();
    this.world.loop.clock.setTimer(() => site.host.comeBack(), forMs);
  }

  /** The connection on which the server last believed a machine. */
  wireOf(site: number): Wire | undefined {
    const { id } = this.site(site);
    let newest: Wire | undefined;
    for (const wire of this.world.platform.wires.values()) if (wire.deviceId === id) newest = wire;
    return newest;
  }

  /** A stranger says again what a machine has said on its last connection. */
  replay(site: number): void {
    const wire = this.wireOf(site);
    if (wire) this.world.platform.strangerSays(deadEnd(), wire.remembered);
  }

  command(site: Site, command: HostCommand, back: number): void {
    const mine = this.purchases.filter(
      (purchase) => purchase.n > 0 && this.site(purchase.step.site) === site,
    );
    const purchase = mine[mine.length - 1 - back];
    const { host } = site;
    if (
      purchase &&
      (command === 'cancel' || command === 'dispensed' || command === 'failed' || command === 'refund')
    ) {
      const types = {
        cancel: HostType.Cancel,
        dispensed: HostType.Dispensed,
        failed: HostType.Failed,
        refund: HostType.Refund,
      };
      purchase.command(types[command], command, 1);
    } else if (command === 'repeat pay') purchase?.repeat(purchase.step.amountFen);
    else if (command === 'conflict') purchase?.repeat(purchase.step.amountFen + 100);
    else if (command === 'query')
      host.request(HostType.Query, { order: purchase?.n ?? 0, reference: 'nobody' });
    else {
      const [type, fields] = PLAIN_COMMANDS[command] ?? HELLO;
      host.request(type, fields);
    }
  }

  private onFrame(site: Site, type: HostType, fields: HostFields): void {
    const purchases = this.named.get(`${site.id} ${String(fields.reference)}`) ?? [];
    for (const purchase of purchases) purchase.onFrame(type, fields);
  }

  private step(step: Step): void {
    this.world.note(() => `* ${JSON.stringify(step)}`);
    if (step.kind !== 'purchase' && step.kind !== 'command') this.faults += 1;
    (PLAYERS[step.kind] as (play: Play, step: Step) => void)(this, step);
  }

  /** A server that died at a change comes back; never true, so that time goes on. */
  private tendServer(): boolean {
    if (!this.world.platform.isUp && this.serverDownMs > 0) {
      this.restartServer(this.serverDownMs);
      this.serverDownMs = 0;
    }
    return false;
  }

  /** The trouble stops; what is broken is mended, and time passes until nothing is left to do. */
  private async comeToRest(): Promise<void> {
    const { world } = this;
    const { loop, platform, model } = world;
    world.note(() => '* the trouble stops');
    model.faults.clear();
    for (const port of Object.values(world.ports)) port.lateShare = 0;
    platform.crashAtChange(Infinity, 'before');
    platform.start();
    for (const site of world.sites) {
      site.calm();
      site.network.setCoverage(true);
      site.powerOn();
      site.host.comeBack();
    }
    const limitMs = loop.nowMs() + REST_LIMIT_MS;
    do {
      while (loop.nowMs() < limitMs && this.isBusy()) {
        await loop.run(this.patience.lookMs);
        if (loop.nowMs() > limitMs - REST_LIMIT_MS + PERSON_MS) this.beThePerson();
      }
      await loop.run(this.patience.quietMs);
    } while (loop.nowMs() < limitMs && this.isBusy());
  }

  private isBusy(): boolean {
    return this.purchases.some((purchase) => purchase.isPending) || this.world.verdict.restless().length > 0;
  }

  /** Decides what waits for a person: what moved was delivered; and pays out refunds that hang at the provider. */
  private beThePerson(): void {
    const { platform, auditor, model } = this.world;
    for (const order of platform.store.all()) {
      const trade = order.alarm === 'REFUND_STUCK' && auditor.tradeOf(order);
      if (trade && model.payOutAbnormal(trade) > 0) this.paidOut += 1;
      if (order.state !== 'UNCERTAIN' || this.settled.has(order.outTradeNo)) continue;
      this.settled.add(order.outTradeNo);
      const isOut = auditor.shadow.byName(order.outTradeNo).pulses > 0 && order.paidFen === order.amountFen;
      platform.wish(order.outTradeNo, { type: isOut ? 'settleDispensed' : 'settleRefund' });
    }
  }
}

const HELLO: readonly [HostType, HostFields] = [HostType.Hello, { version: 1, name: 'world' }];
const PLAIN_COMMANDS: Readonly<Partial<Record<HostCommand, readonly [HostType, HostFields]>>> = {
  relay: [HostType.Relay, { relay: 2, count: 1, onMs: 50, offMs: 50 }],
  log: [HostType.GetLog, { order: 0, count: 20 }],
  settings: [HostType.SetSettings, { json: '{"statusS":3}' }],
  'bad settings': [HostType.SetSettings, { json: '{"mode":9}' }],
  provision: [HostType.Provision, { json: '{"id":"CS999999"}' }],
  'foreign order': [HostType.Failed, { order: 4_000_000_000, text: '' }],
};

/** A connection of a stranger, which nobody reads. */
function deadEnd(): ServerConnection {
  return {
    id: 0,
    onData: () => undefined,
    onClose: () => undefined,
    onDrain: () => undefined,
    write: () => undefined,
    close: () => undefined,
    reset: () => undefined,
    pendingBytes: 0,
    isOpen: true,
  };
}
