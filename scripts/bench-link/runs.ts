/**
 * One run of one fault class: a fresh site under its own seed, the fault at a random moment while orders flow,
 * and what came of it. A run is repeated by its class and seed alone.
 */
import { FaultInjector } from '../../sim/modem/faults/injector';
import type { FaultCase } from './cases';
import { Site, type SiteOptions } from './site';

export interface RunResult {
  readonly seed: number;
  /** Seconds from the end of the outage until an order sent after it was acknowledged; NaN: never. */
  readonly recoveryS: number;
  /** AT commands from the strike until then. */
  readonly commands: number;
  readonly ordersLost: number;
  /** Records missing inside a connection, in either direction. */
  readonly bytesLost: number;
  readonly duplicates: number;
  /** Records that came spoilt and were refused, as a real session would. */
  readonly spoilt: number;
  readonly log: readonly string[];
}

/** From here on a run counts as stalled. */
const STALL_MS = 900_000;
const SETTLE_MS = 60_000;
/** Faults in a real life come when the link has been steady for a while. */
const STEADY_MS = 65_000;

export function runCase(fault: FaultCase, seed: number, options: SiteOptions = {}): RunResult {
  const site = new Site(seed, options);
  const { time, modem } = site;
  site.bringUp();
  const chance = site.random.fork('strike');
  time.advance(STEADY_MS + chance.between(0, 20_000));
  const injector = new FaultInjector({
    clock: time,
    random: chance,
    network: site.network,
    modem,
    onStrike: (name) => site.note(`! ${name}`),
  });
  const strikeMs = time.nowMs();
  const commandsBefore = modem.counters.commandTotal;
  const plans = typeof fault.plan === 'function' ? fault.plan(chance) : fault.plan;
  for (const plan of plans) injector.add(plan);
  fault.act?.(site);
  time.advance(fault.lastsMs);
  const recoveryMs = site.untilAnswered(STALL_MS);
  const commands = modem.counters.commandTotal - commandsBefore;
  time.advance(SETTLE_MS);
  site.stopOrders();
  time.runUntil(() => site.open.size === 0, STALL_MS);
  site.note(`* struck ${((strikeMs % 100_000_000) / 1000).toFixed(3)}`);
  return {
    seed,
    recoveryS: recoveryMs / 1000,
    commands,
    ordersLost: site.open.size,
    bytesLost: site.faults.missing + site.server.faults.missing,
    duplicates: site.faults.repeated + site.server.faults.repeated,
    spoilt: site.faults.spoilt + site.server.faults.spoilt,
    log: site.log,
  };
}
