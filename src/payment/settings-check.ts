/**
 * Ranges of the settings (docs/host-protocol.md, "Settings"). Asked at a start and when settings change: @overlay.
 * Invariant: what it gives is complete and in range, or it is undefined and nothing has changed.
 */
import { RelayMode, type Settings } from './settings';

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

/**
 * `old` with the values of `change` put in; undefined when a name is unknown or a value out of range. Without `old`,
 * the first values stand for it.
 */
export function checkSettings(
  old: Settings | undefined,
  change: { [name: string]: unknown },
): Settings | undefined {
  const known = Object.keys(RANGES);
  const merged: { [name: string]: number } = {};
  known.forEach((name) => {
    merged[name] = old ? old[name]! : RANGES[name]![2]!;
  });
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
