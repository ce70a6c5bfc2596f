/**
 * The module's settings (docs/host-protocol.md, "Settings"): one object of integers, with ranges. Written by the
 * server or by the host, kept in the journal. Leaves storing to book.ts.
 * Invariant: what `merge` gives is complete and in range, or it is undefined and nothing has changed.
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

/** Lowest, highest and first value of each setting. */
const RANGES: { readonly [name: string]: readonly number[] } = {
  version: [0, 2147483647, 0],
  mode: [0, 3, RelayMode.Pulse],
  relay: [1, 2, 1],
  onMs: [20, 60000, 500],
  offMs: [20, 60000, 500],
  fenPerPulse: [1, 1000000, 100],
  msPerFen: [1, 60000, 600],
  maxFen: [1, 100000000, 100000],
  hostReportS: [5, 3600, 120],
  statusS: [1, 255, 5],
  baud: [9600, 115200, 115200],
};

const BAUDS: readonly number[] = [9600, 19200, 38400, 57600, 115200];

/** The highest number of coin pulses, and the longest hold, for one order. */
export const MAX_PULSES = 200;
export const MAX_HOLD_MS = 14400000;

export function defaultSettings(): Settings {
  const settings: { [name: string]: number } = {};
  Object.keys(RANGES).forEach((name) => {
    settings[name] = RANGES[name]![2]!;
  });
  return settings as Settings;
}

/** `old` with the values of `change` put in; undefined when a name is unknown or a value out of range. */
export function mergeSettings(old: Settings, change: { [name: string]: unknown }): Settings | undefined {
  const merged: { [name: string]: number } = Object.assign({}, old);
  const known = Object.keys(RANGES);
  const names = Object.keys(change);
  for (let index = 0; index < names.length; index++) {
    const name = names[index]!;
    const range = known.includes(name) && RANGES[name];
    const value = change[name];
    if (!range || typeof value !== 'number' || Math.floor(value) !== value) return undefined;
    if (value < range[0]! || value > range[1]!) return undefined;
    if (name === 'baud' && !BAUDS.includes(value)) return undefined;
    merged[name] = value;
  }
  return merged as Settings;
}

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
