/**
 * What goes wrong, and when: server processes and PostgreSQL killed with -9, connections dropped, devices without
 * power, providers that fail in every way that the sandbox knows and that ends by itself. All drawn from the seed.
 * Left to tests of their own: refunds that end ABNORMAL or CLOSED, which wait ten minutes before another try.
 */
import { sleep, systemClock } from '../../server/time';
import { CALL_FAULTS } from '../../sim/providers/core/faults';
import type { Random } from '../../sim/time/random';
import type { Attackers } from './attackers';
import type { Fleet } from './fleet';
import type { Site } from './site';

const PROVIDER_FAULTS = [
  ...CALL_FAULTS,
  'refundSlow',
  'noticeLost',
  'noticeLate',
  'noticeDoubled',
  'noticeReordered',
  'noticeForgedSignature',
  'noticeForgedMerchant',
  'noticeForgedAmount',
  'noticeStale',
] as const;

export interface ChaosCounts {
  kills: number;
  pgKills: number;
  providerFaults: number;
}

/** Pauses between one and the next, milliseconds. */
export interface ChaosPace {
  readonly killMs: readonly [number, number];
  readonly pgKillMs: readonly [number, number];
  readonly providerMs: readonly [number, number];
  readonly dropMs: readonly [number, number];
  readonly cutMs: readonly [number, number];
  readonly attackMs: readonly [number, number];
}

export const USUAL_PACE: ChaosPace = {
  killMs: [2_500, 7_000],
  pgKillMs: [9_000, 18_000],
  providerMs: [500, 2_000],
  dropMs: [100, 600],
  cutMs: [200, 1_200],
  attackMs: [100, 500],
};

export class Chaos {
  readonly counts: ChaosCounts = { kills: 0, pgKills: 0, providerFaults: 0 };
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
      if (!site.servers[index]!.isUp) return;
      counts.kills += 1;
      await site.killServer(index, random.between(0, 1_000));
    });
    this.repeat('pgKill', pace.pgKillMs, async () => {
      if (site.killPostgres()) counts.pgKills += 1;
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
    await this.site.ask('DELETE', '/sandbox/faults');
    await this.site.allUp();
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

  private async spoilProvider(random: Random): Promise<void> {
    const kind = random.pick(PROVIDER_FAULTS);
    await this.site.ask('POST', '/sandbox/faults', {
      kind,
      ...(random.chance(0.5) && { channel: random.pick(['wechat', 'alipay']) }),
      probability: random.pick([0.1, 0.3, 1]),
      delayMs: random.between(200, 4_000),
      forMs: random.between(300, 4_000),
    });
    this.counts.providerFaults += 1;
  }
}
