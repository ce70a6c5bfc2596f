/**
 * What goes wrong, and when: server processes, PostgreSQL and the providers' own process killed with -9, connections
 * dropped, devices without power, providers that fail in every way that the sandbox knows. All drawn from the seed.
 */
import { sleep, systemClock } from '../../server/time';
import { CALL_FAULTS, NOTICE_FAULTS } from '../../sim/providers/core/faults';
import type { Random } from '../../sim/time/random';
import type { Attackers } from './attackers';
import type { Fleet } from './fleet';
import type { Site } from './site';

const PROVIDER_FAULTS = [...CALL_FAULTS, 'refundSlow', ...NOTICE_FAULTS] as const;
/** Only WeChat Pay has refunds that hang or are closed. Drawn more often than the others: refunds are few. */
const WECHAT_FAULTS = ['refundAbnormal', 'refundClosed'] as const;
const WECHAT_SHARE = 0.15;
/** Of the kills that meet a server which is still starting, so many hit it: else it would hardly ever be up. */
const KILL_STARTING_CHANCE = 0.3;
/**
 * Most kills wait until goods have come out a few times more, so that a slow machine still sells between them; but not for ever,
 * and some do not wait at all.
 */
const KILL_AT_ONCE_CHANCE = 0.15;
/** So many sales for as many devices. */
const DEVICES_PER_SALE = 20;
const LOOK_MS = 100;

export interface ChaosCounts {
  kills: number;
  pgKills: number;
  sandboxKills: number;
  providerFaults: number;
}

/** Pauses between one and the next, milliseconds. */
export interface ChaosPace {
  readonly killMs: readonly [number, number];
  readonly pgKillMs: readonly [number, number];
  readonly sandboxKillMs: readonly [number, number];
  readonly providerMs: readonly [number, number];
  readonly dropMs: readonly [number, number];
  readonly cutMs: readonly [number, number];
  readonly attackMs: readonly [number, number];
  /** A kill waits for sales this long at the most. */
  readonly salesWaitMs: number;
}

export const USUAL_PACE: ChaosPace = {
  killMs: [1_000, 5_000],
  pgKillMs: [8_000, 16_000],
  sandboxKillMs: [8_000, 16_000],
  providerMs: [500, 2_000],
  dropMs: [100, 600],
  cutMs: [200, 1_200],
  attackMs: [100, 500],
  salesWaitMs: 30_000,
};

export class Chaos {
  readonly counts: ChaosCounts = { kills: 0, pgKills: 0, sandboxKills: 0, providerFaults: 0 };
  private isOver = false;
  private readonly running: Promise<void>[] = [];

  constructor(
    private readonly site: Site,
    private readonly fleet: Fleet,
    private readonly attackers: Attackers,
    private readonly random: Random,
    private readonly pace: ChaosPace,
  ) {}

  start(): void {
    const { site, fleet, counts, pace } = this;
    this.repeat('kill', pace.killMs, async (random) => {
      const index = random.between(0, site.servers.length - 1);
      await this.sales(random);
      const isHit = random.chance(KILL_STARTING_CHANCE) || site.servers[index]!.isUp;
      if (!isHit || this.isOver) return;
      counts.kills += 1;
      site.killServer(index, random.between(0, 1_000));
    });
    this.repeat('pgKill', pace.pgKillMs, async (random) => {
      await this.sales(random);
      if (!this.isOver && site.killPostgres()) counts.pgKills += 1;
    });
    this.repeat('sandboxKill', pace.sandboxKillMs, async (random) => {
      await this.sales(random);
      if (!this.isOver && site.killSandbox(random.between(0, 2_000))) counts.sandboxKills += 1;
    });
    this.repeat('provider', pace.providerMs, (random) => this.spoilProvider(random));
    this.repeat('drop', pace.dropMs, async (random) => fleet.dropOne(random));
    this.repeat('cut', pace.cutMs, (random) => fleet.cutOne(random));
    this.repeat('attack', pace.attackMs, async (random) =>
      this.attackers.attack(random.pick(site.gatewayPorts())),
    );
  }

  /** Nothing goes wrong any more; servers and providers are well again when this resolves. */
  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.running);
    await this.site.allUp();
    await this.site.ask('DELETE', '/sandbox/faults');
  }

  private repeat(
    name: string,
    [leastMs, mostMs]: readonly [number, number],
    work: (random: Random) => Promise<void>,
  ): void {
    const random = this.random.fork(name);
    const loop = async (): Promise<void> => {
      for (;;) {
        await sleep(systemClock, random.between(leastMs, mostMs));
        if (this.isOver) return;
        await work(random);
      }
    };
    this.running.push(loop());
  }

  private async sales(random: Random): Promise<void> {
    if (random.chance(KILL_AT_ONCE_CHANCE)) return;
    const { fleet } = this;
    const wanted = fleet.delivered + Math.ceil(fleet.size / DEVICES_PER_SALE);
    const endMs = systemClock.nowMs() + this.pace.salesWaitMs;
    const isOver = (): boolean => this.isOver || systemClock.nowMs() >= endMs;
    while (!isOver() && fleet.delivered < wanted) await sleep(systemClock, LOOK_MS);
  }

  private async spoilProvider(random: Random): Promise<void> {
    const isWechats = random.chance(WECHAT_SHARE);
    const kind = random.pick(isWechats ? WECHAT_FAULTS : PROVIDER_FAULTS);
    const fault = {
      kind,
      ...(isWechats && { channel: 'wechat' }),
      ...(!isWechats && random.chance(0.5) && { channel: random.pick(['wechat', 'alipay']) }),
      probability: random.pick([0.1, 0.3, 1]),
      delayMs: random.between(200, 4_000),
      forMs: random.between(300, 4_000),
    };
    try {
      await this.site.ask('POST', '/sandbox/faults', fault);
      this.counts.providerFaults += 1;
    } catch {
      // The sandbox has been killed: that is trouble enough.
    }
  }
}
