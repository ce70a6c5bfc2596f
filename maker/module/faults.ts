/**
 * Faults on request for makers: those of the modem and the network as in sim/modem (`outage:20@30s`), and two of the box
 * itself: `power-cut:SECONDS` and `line-noise:SHARE`. Written `name[:parameter][@trigger]`; the box's own take a time,
 * `now` or `every:60s` as trigger.
 * Invariant: what is accepted can be carried out.
 */
import { FaultInjector } from '../../sim/modem/faults/injector';
import { planFault } from '../../sim/modem/faults/plan';
import type { Network } from '../../sim/network/network';
import type { VirtualModule } from '../../sim/product/module';
import type { Clock } from '../../sim/time/clock';
import type { Random } from '../../sim/time/random';
import { SpoiltLine } from '../noise/spoilt-line';
import type { Wire } from './wire';

export const OWN_FAULTS: { readonly [name: string]: string } = {
  'power-cut': 'power-cut:SECONDS        the module loses power for so long (default 2)',
  'line-noise':
    'line-noise:SHARE         that share of the bytes on the host line is spoilt (default 0.002; 0 ends it)',
};

interface OwnFault {
  readonly name: 'power-cut' | 'line-noise';
  readonly value: number;
  readonly delayMs: number;
  readonly isRepeated: boolean;
}

const FALLBACK = { 'power-cut': 2, 'line-noise': 0.002 };
const HIGHEST = { 'power-cut': 3600, 'line-noise': 0.1 };
const UNIT_MS = { ms: 1, s: 1000, m: 60_000 };

/** One of the box's own faults; undefined for a name that is not. Throws a sentence for one that makes no sense. */
export function planOwnFault(text: string): OwnFault | undefined {
  const [, name, value, trigger = 'now'] = /^([a-z-]+)(?::([^@]*))?(?:@(.+))?$/.exec(text) ?? [];
  if (name !== 'power-cut' && name !== 'line-noise') return undefined;
  const number = value === undefined ? FALLBACK[name] : Number(value);
  if (value === '' || !(number >= 0 && number <= HIGHEST[name])) {
    throw new Error(`fault ${name}: expected a number from 0 to ${HIGHEST[name]}, got '${value}'`);
  }
  if (trigger === 'now') return { name, value: number, delayMs: 0, isRepeated: false };
  const match = /^(every:)?(\d{1,6})(ms|s|m)$/.exec(trigger);
  if (!match) throw new Error(`fault ${name}: '@${trigger}' is no trigger; write now, 30s or every:60s`);
  const delayMs = Number(match[2]) * UNIT_MS[match[3] as 'ms' | 's' | 'm'];
  if (match[1] && delayMs === 0) throw new Error(`fault ${name}: every 0 s is too often`);
  return { name, value: number, delayMs, isRepeated: match[1] !== undefined };
}

/** Throws a sentence for a fault that cannot be carried out. */
export function checkFault(text: string): void {
  if (!planOwnFault(text)) planFault(text);
}

export interface FaultParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly module: VirtualModule;
  readonly wire: Wire;
  readonly say: (text: string) => void;
}

export class Faults {
  private readonly injector: FaultInjector;

  constructor(private readonly parts: FaultParts) {
    const { clock, random, network, module, say } = parts;
    this.injector = new FaultInjector({
      clock,
      random: random.fork('faults'),
      network,
      modem: module.modem,
      onStrike: (name) => say(`fault: ${name}`),
    });
  }

  /** Plans a fault; times count from now. */
  add(text: string): void {
    const own = planOwnFault(text);
    if (own) this.later(own);
    else this.injector.add(text);
  }

  private later(fault: OwnFault): void {
    this.parts.clock.setTimer(() => {
      if (fault.name === 'power-cut') this.cutPower(fault.value);
      else this.spoilLine(fault.value);
      if (fault.isRepeated) this.later(fault);
    }, fault.delayMs);
  }

  private cutPower(seconds: number): void {
    const { module, clock, say } = this.parts;
    say(`fault: the module is without power for ${seconds} s`);
    module.cutPower();
    clock.setTimer(() => module.powerOn(), seconds * 1000);
  }

  private spoilLine(share: number): void {
    const { wire, random, say } = this.parts;
    say(
      share
        ? `fault: ${share * 100} % of the bytes on the host line are spoilt`
        : 'the host line is quiet again',
    );
    wire.noise = share
      ? new SpoiltLine(random.fork('noise'), { share, burstShare: 0, burstBytes: 1 })
      : undefined;
  }
}
