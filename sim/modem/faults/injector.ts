/**
 * Carries out planned faults on one module: waits for their times, events and commands, and strikes.
 * Leaves reading to `plan.ts` and the effects to the fault tables.
 * Invariant: a fault strikes only while the module runs; one whose moment comes while it is off waits for the
 * next boot.
 */
import type { Clock } from '../../time/clock';
import type { Random } from '../../time/random';
import type { Network } from '../../network/network';
import type { Sim800 } from '../sim800';
import type { ModemEvent } from '../watch';
import { ALL_FAULTS } from './index';
import { planFault, type PlannedFault } from './plan';

/** Faults that a random plan leaves out: they ask for a remedy outside the driver's reach or need a text. */
const NOT_AT_RANDOM: readonly string[] = ['stray-notice', 'cme', 'weak-signal', 'slow-attach'];

export interface InjectorOptions {
  clock: Clock;
  random: Random;
  network: Network;
  modem: Sim800;
  /** Told of every strike. */
  onStrike?: (name: string) => void;
}

interface Waiting {
  planned: PlannedFault;
  seen: number;
}

export class FaultInjector {
  /** How often each fault has struck. */
  readonly strikes: Record<string, number> = {};
  private waiting: Waiting[] = [];
  private postponed: PlannedFault[] = [];

  constructor(private readonly options: InjectorOptions) {
    options.modem.onEvent((event) => this.event(event));
    options.modem.onCommand((command) => this.command(command));
  }

  /** Adds a fault as a person writes it, or as `planFault` gave it; times count from now. */
  add(fault: string | PlannedFault): void {
    const planned = typeof fault === 'string' ? planFault(fault) : fault;
    if (planned.trigger.kind === 'time') this.after(planned, planned.trigger.delayMs);
    else this.waiting.push({ planned, seen: 0 });
  }

  private after(planned: PlannedFault, delayMs: number): void {
    if (delayMs === 0) {
      this.strike(planned, undefined);
      return;
    }
    this.options.clock.setTimer(() => {
      this.strike(planned, undefined);
      if (planned.trigger.kind === 'time' && planned.trigger.everyMs > 0)
        this.after(planned, planned.trigger.everyMs);
    }, delayMs);
  }

  private event(event: ModemEvent): void {
    if (event === 'boot') {
      const { postponed } = this;
      this.postponed = [];
      for (const planned of postponed) this.strike(planned, undefined);
    }
    this.occasion(
      (planned) => planned.trigger.kind === 'event' && planned.trigger.event === event,
      undefined,
    );
  }

  private command(command: string): void {
    this.occasion(
      (planned) => planned.trigger.kind === 'command' && planned.trigger.command === command,
      command,
    );
  }

  private occasion(isMeant: (planned: PlannedFault) => boolean, command: string | undefined): void {
    if (this.waiting.length === 0) return;
    for (const entry of this.waiting.filter(({ planned }) => isMeant(planned))) {
      entry.seen += 1;
      const { trigger } = entry.planned;
      if (trigger.kind === 'time' || entry.seen < trigger.occurrence) continue;
      this.waiting.splice(this.waiting.indexOf(entry), 1);
      if (trigger.delayMs === 0) this.strike(entry.planned, command);
      else this.after(entry.planned, trigger.delayMs);
    }
  }

  private strike(planned: PlannedFault, command: string | undefined): void {
    const { clock, random, network, modem } = this.options;
    const { session } = modem;
    if (!session) {
      this.postponed.push(planned);
      return;
    }
    this.strikes[planned.name] = (this.strikes[planned.name] ?? 0) + 1;
    this.options.onStrike?.(planned.name);
    planned.fault.strike({ clock, random, network, modem, session, command }, planned.value, planned.text);
  }
}

/** `count` faults at random moments of the next `spanMs`, as text: the same seed gives the same plan. */
export function randomPlan(random: Random, count: number, spanMs: number): string[] {
  const names = Object.keys(ALL_FAULTS).filter((name) => !NOT_AT_RANDOM.includes(name));
  return Array.from({ length: count }, () => `${random.pick(names)}@${random.between(1, spanMs)}ms`);
}
