/**
 * What happens in a world, as data: purchases and disturbances with their times, drawn from one seed. A plan can
 * be cut down to any part of its steps and played again, which is how a violation is minimised and replayed.
 * Every seed draws which kinds of trouble it has at all ("swarm testing"): runs with one kind only find what runs
 * with everything hide.
 */
import type { CutPhase } from '../flash';
import { randomPlan } from '../modem/faults/injector';
import type { FaultKind } from '../providers';
import { CALL_FAULTS, REFUND_FAULTS } from '../providers/core/faults';
import { Random } from '../time/random';
import type { CrashPhase } from './life';
import type { Meddling } from './wire';

export interface PurchaseStep {
  readonly kind: 'purchase';
  readonly atMs: number;
  readonly site: number;
  readonly reference: string;
  readonly amountFen: number;
  readonly channel: 1 | 2;
  readonly ttlS: number;
  /** `late`: in the last second of the code. */
  readonly customer: 'pays' | 'ignores' | 'late';
  readonly thinkMs: number;
  /** The host gives up so long after the ACK; 0: never. */
  readonly cancelMs: number;
  /** What the host reports when it is asked, or when it sees that nothing came out. */
  readonly report: 'dispensed' | 'failed' | 'silent';
  readonly reportMs: number;
  /** The host wants the money back so long after the end; 0: never. */
  readonly refundMs: number;
  /** The merchant gives the money back at his desk so long after the ACK; 0: never. */
  readonly merchantRefundMs: number;
}

export type DisturbanceStep =
  | { readonly kind: 'cut'; readonly atMs: number; readonly site: number; readonly offMs: number }
  | {
      readonly kind: 'flash cut';
      readonly atMs: number;
      readonly site: number;
      readonly skip: number;
      readonly phase: CutPhase;
      readonly offMs: number;
    }
  | { readonly kind: 'reboot' | 'hang'; readonly atMs: number; readonly site: number }
  | { readonly kind: 'modem fault'; readonly atMs: number; readonly site: number; readonly fault: string }
  | { readonly kind: 'outage'; readonly atMs: number; readonly site: number; readonly forMs: number }
  | { readonly kind: 'half open'; readonly atMs: number; readonly site: number }
  | { readonly kind: 'server crash'; readonly atMs: number; readonly downMs: number }
  | {
      readonly kind: 'server crash at change';
      readonly atMs: number;
      readonly skip: number;
      readonly phase: CrashPhase;
      readonly downMs: number;
    }
  | {
      readonly kind: 'provider fault';
      readonly atMs: number;
      readonly fault: FaultKind;
      readonly share: number;
      readonly forMs: number;
    }
  | { readonly kind: 'late requests'; readonly atMs: number; readonly share: number; readonly forMs: number }
  | { readonly kind: 'host away'; readonly atMs: number; readonly site: number; readonly forMs: number }
  | { readonly kind: 'babble'; readonly atMs: number; readonly site: number; readonly hex: string }
  /** A sound frame with any type and payload. */
  | {
      readonly kind: 'frame';
      readonly atMs: number;
      readonly site: number;
      readonly type: number;
      readonly hex: string;
    }
  | {
      readonly kind: 'command';
      readonly atMs: number;
      readonly site: number;
      readonly command: HostCommand;
      /** Which of the site's orders it is about, from the newest back. */
      readonly back: number;
    }
  | { readonly kind: 'clock step'; readonly atMs: number; readonly site: number; readonly byS: number }
  | {
      readonly kind: 'meddle';
      readonly atMs: number;
      readonly site: number;
      readonly direction: 'up' | 'down';
      readonly how: Meddling;
    }
  | { readonly kind: 'replay' | 'splice'; readonly atMs: number; readonly site: number }
  | {
      readonly kind: 'settings';
      readonly atMs: number;
      readonly site: number;
      readonly change: Record<string, number>;
    };

export type Step = PurchaseStep | DisturbanceStep;

export const HOST_COMMANDS = [
  'hello',
  'query',
  'cancel',
  'dispensed',
  'failed',
  'refund',
  'relay',
  'log',
  'settings',
  'bad settings',
  'provision',
  'foreign order',
  'repeat pay',
  'conflict',
] as const;
export type HostCommand = (typeof HOST_COMMANDS)[number];

/** A machine as it was set up. */
export interface SitePlan {
  readonly mode: number;
  readonly clockRate: number;
  readonly freeBytes: number;
  readonly isSynced: boolean;
  readonly lastOrder: number;
  readonly unstableBits: boolean;
  readonly enduranceErases: number;
}

export interface Plan {
  readonly seed: number;
  readonly cell: 'ideal' | 'gprs' | 'poor';
  readonly uncertain: 'refund' | 'dispensed' | 'person';
  readonly sites: readonly SitePlan[];
  readonly spanMs: number;
  /** In order of time. */
  readonly steps: readonly Step[];
}

const SECOND_MS = 1_000;
const PROVIDER_FAULTS: readonly FaultKind[] = [...CALL_FAULTS, ...REFUND_FAULTS];
const NOTICE_FAULTS: readonly FaultKind[] = [
  'noticeLost',
  'noticeLate',
  'noticeDoubled',
  'noticeReordered',
  'noticeForgedSignature',
  'noticeForgedMerchant',
  'noticeForgedAmount',
  'noticeStale',
];
/** But RELAY, whose moves by hand nobody could tell from an order's. */
const ANY_TYPES = Array.from({ length: 256 }, (_, type) => type).filter((type) => type !== 0x08);
const PHASES: readonly CutPhase[] = ['before', 'during', 'after'];

export interface PlanOptions {
  readonly sites: number;
  readonly orders: number;
  readonly spanMs: number;
}

export const DEFAULT_PLAN: PlanOptions = { sites: 3, orders: 150, spanMs: 600 * SECOND_MS };

type Draw = (random: Random, atMs: number, site: number, spanMs: number) => DisturbanceStep;

/** How each kind of trouble is drawn, and how often it comes at most in one run. */
const TROUBLES: readonly { readonly most: number; readonly draw: Draw }[] = [
  { most: 12, draw: (random, atMs, site) => ({ kind: 'cut', atMs, site, offMs: offMs(random) }) },
  {
    most: 20,
    draw: (random, atMs, site) => ({
      kind: 'flash cut',
      atMs,
      site,
      skip: random.between(0, 12),
      phase: random.pick(PHASES),
      offMs: offMs(random),
    }),
  },
  { most: 3, draw: (random, atMs, site) => ({ kind: random.pick(['reboot', 'hang'] as const), atMs, site }) },
  {
    most: 6,
    draw: (random, atMs, site, spanMs) => ({
      kind: 'modem fault',
      atMs,
      site,
      fault: randomPlan(random, 1, Math.min(60 * SECOND_MS, spanMs))[0]!,
    }),
  },
  {
    most: 4,
    draw: (random, atMs, site) => ({ kind: 'outage', atMs, site, forMs: random.between(1, 90) * SECOND_MS }),
  },
  { most: 4, draw: (_random, atMs, site) => ({ kind: 'half open', atMs, site }) },
  {
    most: 4,
    draw: (random, atMs) => ({ kind: 'server crash', atMs, downMs: random.between(0, 30) * SECOND_MS }),
  },
  {
    most: 8,
    draw: (random, atMs) => ({
      kind: 'server crash at change',
      atMs,
      skip: random.between(0, 10),
      phase: random.pick(['before', 'after'] as const),
      downMs: random.between(0, 20) * SECOND_MS,
    }),
  },
  { most: 6, draw: (random, atMs) => providerFault(random, atMs, PROVIDER_FAULTS) },
  { most: 6, draw: (random, atMs) => providerFault(random, atMs, NOTICE_FAULTS) },
  {
    most: 2,
    draw: (random, atMs) => ({
      kind: 'late requests',
      atMs,
      share: random.fraction(),
      forMs: random.between(10, 60) * SECOND_MS,
    }),
  },
  {
    most: 3,
    draw: (random, atMs, site) => ({
      kind: 'host away',
      atMs,
      site,
      forMs: random.between(2, 90) * SECOND_MS,
    }),
  },
  { most: 6, draw: (random, atMs, site) => ({ kind: 'babble', atMs, site, hex: babble(random) }) },
  {
    most: 8,
    draw: (random, atMs, site) => ({
      kind: 'frame',
      atMs,
      site,
      type: random.pick(ANY_TYPES),
      hex: random.bytes(random.between(0, 24)).toString('hex'),
    }),
  },
  {
    most: 25,
    draw: (random, atMs, site) => ({
      kind: 'command',
      atMs,
      site,
      command: random.pick(HOST_COMMANDS),
      back: random.between(0, 3),
    }),
  },
  {
    most: 3,
    draw: (random, atMs, site) => ({ kind: 'clock step', atMs, site, byS: random.between(-300, 300) }),
  },
  {
    most: 12,
    draw: (random, atMs, site) => ({
      kind: 'meddle',
      atMs,
      site,
      direction: random.pick(['up', 'down'] as const),
      how: random.pick(['flip', 'flip', 'flip', 'drop', 'repeat', 'truncate'] as const),
    }),
  },
  {
    most: 4,
    draw: (random, atMs, site) => ({ kind: random.pick(['replay', 'splice'] as const), atMs, site }),
  },
  {
    most: 3,
    draw: (random, atMs, site) => ({
      kind: 'settings',
      atMs,
      site,
      change: {
        // Also long pulses with short pauses, which a fast clock lets run into each other.
        onMs: random.chance(0.3) ? random.between(400, 3_000) : random.between(20, 400),
        offMs: random.pick([20, 50, 100, 300]),
        statusS: random.between(1, 10),
        hostReportS: random.between(5, 60),
      },
    }),
  },
];

function offMs(random: Random): number {
  return random.chance(0.3) ? random.between(50, 500) : random.between(500, 40_000);
}

function providerFault(random: Random, atMs: number, kinds: readonly FaultKind[]): DisturbanceStep {
  const share = random.chance(0.5) ? 1 : random.fraction();
  return {
    kind: 'provider fault',
    atMs,
    fault: random.pick(kinds),
    share,
    forMs: random.between(1, 90) * SECOND_MS,
  };
}

/** Noise, and beginnings of frames that never end. */
function babble(random: Random): string {
  const noise = random.bytes(random.between(1, 40));
  return (random.chance(0.5) ? Buffer.concat([Buffer.from('a55a10', 'hex'), noise]) : noise).toString('hex');
}

/** The plan of a seed. */
export function drawPlan(seed: number, options: PlanOptions = DEFAULT_PLAN): Plan {
  const random = new Random(seed).fork('plan');
  const sites = Array.from({ length: options.sites }, () => drawSite(random));
  const purchases = Array.from({ length: options.orders }, (_, index) =>
    drawPurchase(random, index, sites, options.spanMs),
  );
  const troubles = TROUBLES.flatMap(({ most, draw }) => {
    if (random.chance(0.5)) return [];
    return Array.from({ length: random.between(1, most) }, () =>
      draw(random, random.between(0, options.spanMs), random.between(0, options.sites - 1), options.spanMs),
    );
  });
  return {
    seed,
    cell: random.pick(['ideal', 'ideal', 'gprs', 'gprs', 'poor'] as const),
    uncertain: random.pick(['refund', 'dispensed', 'person'] as const),
    sites,
    spanMs: options.spanMs,
    steps: [...purchases, ...troubles].sort((left, right) => left.atMs - right.atMs),
  };
}

function drawSite(random: Random): SitePlan {
  const isOld = random.chance(0.5);
  return {
    mode: random.pick([0, 1, 1, 2, 3]),
    clockRate: 0.955 + random.fraction() * 0.09,
    freeBytes: random.chance(0.6) ? random.between(0, 3_000) : 15_000,
    isSynced: random.chance(0.7),
    lastOrder: isOld ? random.between(1, 500) : 0,
    unstableBits: random.chance(0.7),
    enduranceErases: random.chance(0.2) ? 1 : 10_000,
  };
}

function drawPurchase(
  random: Random,
  index: number,
  sites: readonly SitePlan[],
  spanMs: number,
): PurchaseStep {
  const site = random.between(0, sites.length - 1);
  const ttlS = random.pick([0, 30, 30, 60, 120, 300]);
  const when = (share: number, mostMs: number): number =>
    random.chance(share) ? random.between(1, mostMs) : 0;
  return {
    kind: 'purchase',
    atMs: random.between(0, spanMs),
    site,
    reference: `P${index + 1}`,
    amountFen: random.between(1, 5) * 100,
    channel: random.pick([1, 2] as const),
    ttlS,
    customer: random.pick(['pays', 'pays', 'pays', 'pays', 'ignores', 'late'] as const),
    thinkMs: random.chance(0.5) ? random.between(100, 3_000) : random.between(100, 40_000),
    cancelMs: when(0.15, 25_000),
    report: random.pick(['dispensed', 'dispensed', 'dispensed', 'failed', 'silent'] as const),
    reportMs: random.between(10, 4_000),
    refundMs: when(0.1, 10_000),
    merchantRefundMs: when(0.05, 60_000),
  };
}
