/**
 * The module's settings (docs/host-protocol.md, "Settings"): one object of integers. Written by the server or by the
 * host, kept in the journal. Leaves their ranges to settings-check.ts, storing to book.ts.
 */

export const enum RelayMode {
  Host = 0,
  Pulse = 1,
  Coins = 2,
  Hold = 3,
}

export interface Settings {
  /** Of the server's settings; those of the host keep it. */
  version: number;
  mode: number;
  relay: number;
  onMs: number;
  offMs: number;
  fenPerPulse: number;
  msPerFen: number;
  maxFen: number;
  hostReportS: number;
  statusS: number;
  /** Rate of the host's serial port; one of BAUDS. */
  baud: number;
  [name: string]: number;
}

/** The highest number of coin pulses, and the longest hold, for one order. */
export const MAX_PULSES = 200;
export const MAX_HOLD_MS = 14400000;

/** Movements of the relay: `count` times on for `onMs`, off for `offMs`. */
export interface RelayPlan {
  readonly relay: number;
  readonly count: number;
  readonly onMs: number;
  readonly offMs: number;
}

/** What the relay does for an amount; undefined when the amount does not fit (mode 0 moves nothing: count 0). */
export function relayPlan(settings: Settings, amountFen: number): RelayPlan | undefined {
  const relay = settings.relay;
  const offMs = settings.offMs;
  if (settings.mode === RelayMode.Host) return { relay, count: 0, onMs: 0, offMs };
  if (settings.mode === RelayMode.Pulse) return { relay, count: 1, onMs: settings.onMs, offMs };
  if (settings.mode === RelayMode.Hold) {
    const holdMs = amountFen * settings.msPerFen;
    return holdMs <= MAX_HOLD_MS ? { relay, count: 1, onMs: holdMs, offMs } : undefined;
  }
  const count = amountFen / settings.fenPerPulse;
  return count <= MAX_PULSES && Math.floor(count) === count
    ? { relay, count, onMs: settings.onMs, offMs }
    : undefined;
}
