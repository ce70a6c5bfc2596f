/**
 * What a module refuses at once, in the order of docs/host-protocol.md, section 7. Written from the document for the
 * reference module, apart from the firmware, so that the two can disagree.
 */
import { Reason } from '../../src/protocol/codes';
import type { HostFields } from '../../src/protocol/host';

/** Names and ranges of section 11. */
export const SETTINGS_RANGES: {
  readonly [name: string]: readonly [low: number, high: number, first: number];
} = {
  mode: [0, 3, 1],
  relay: [1, 2, 1],
  onMs: [20, 60_000, 500],
  offMs: [20, 60_000, 500],
  fenPerPulse: [1, 1_000_000, 100],
  msPerFen: [1, 60_000, 600],
  maxFen: [1, 100_000_000, 100_000],
  hostReportS: [5, 3600, 120],
  statusS: [1, 255, 5],
  baud: [9600, 115_200, 115_200],
};
const BAUDS = [9600, 19_200, 38_400, 57_600, 115_200];
const MAX_PULSES = 200;
const MAX_HOLD_MS = 4 * 3600 * 1000;

export type ModuleSettings = { [name: string]: number };

export function firstSettings(): ModuleSettings {
  return Object.fromEntries(Object.entries(SETTINGS_RANGES).map(([name, range]) => [name, range[2]]));
}

/** The settings with a change put in, or undefined when any part of it is wrong. */
export function changedSettings(old: ModuleSettings, json: string): ModuleSettings | undefined {
  let change: unknown;
  try {
    change = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return undefined;
  const result = { ...old };
  for (const [name, value] of Object.entries(change)) {
    const range = Object.hasOwn(SETTINGS_RANGES, name) ? SETTINGS_RANGES[name] : undefined;
    if (!range || !Number.isInteger(value) || value < range[0] || value > range[1]) return undefined;
    if (name === 'baud' && !BAUDS.includes(value)) return undefined;
    result[name] = value;
  }
  return result;
}

/** Whether the relay can deliver this amount. */
function isDeliverable(settings: ModuleSettings, amountFen: number): boolean {
  if (settings.mode === 2) {
    const pulses = amountFen / settings.fenPerPulse!;
    return Number.isInteger(pulses) && pulses <= MAX_PULSES;
  }
  return settings.mode !== 3 || amountFen * settings.msPerFen! <= MAX_HOLD_MS;
}

/** UTF-8 without control characters, at most 48 bytes. */
function isGoods(bytes: string): boolean {
  if (bytes.length > 48) return false;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(bytes, 'latin1'),
    );
    return [...text].every((char) => char >= ' ' && char !== '\x7f');
  } catch {
    return false;
  }
}

/** Why a PAY is wrong by itself. */
export function payReason(fields: HostFields): Reason {
  const ttlS = fields.ttlS as number;
  if (!/^[\x21-\x7e]{1,32}$/.test(fields.reference as string)) return Reason.BadReference;
  if (fields.amountFen === 0) return Reason.BadAmount;
  if (fields.channel !== 1 && fields.channel !== 2) return Reason.BadChannel;
  if (ttlS !== 0 && (ttlS < 30 || ttlS > 7200)) return Reason.BadPayload;
  return isGoods(fields.goods as string) ? Reason.None : Reason.BadText;
}

/** Why this module cannot take a PAY that is right. */
export function limitReason(settings: ModuleSettings, amountFen: number): Reason {
  if (amountFen > settings.maxFen!) return Reason.OverLimit;
  return isDeliverable(settings, amountFen) ? Reason.None : Reason.BadAmount;
}

export function relayReason(fields: HostFields): Reason {
  const isTime = (ms: number): boolean => ms >= 20 && ms <= 60_000;
  const isRelay = fields.relay === 1 || fields.relay === 2;
  const isGood = fields.count === 0 || (isTime(fields.onMs as number) && isTime(fields.offMs as number));
  return isRelay && isGood ? Reason.None : Reason.BadPayload;
}

export function streamReason(fields: HostFields): Reason {
  const address = fields.address as string;
  const isTunnel = fields.mode === 1 && fields.port === 0 && address === '';
  const isDirect = fields.mode === 2 && fields.port !== 0 && /^[A-Za-z0-9.-]{1,63}$/.test(address);
  return isTunnel || isDirect ? Reason.None : Reason.BadPayload;
}
