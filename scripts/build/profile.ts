/**
 * Board profiles: reads espruino.config.js and refuses one that does not fit its board, with the reason.
 * Leaves the making of the module `board-profile` to profile-module.ts and sizes of the built bundle to
 * budget.ts. Rules from: Espruino's board files (pins, JsVars), RM0383 and RM0090 (flash sectors).
 * Invariant: what `loadProfile` returns has passed `profileFaults`.
 */
import config from '../../espruino.config.js';

export interface FlashSector {
  readonly address: number;
  readonly bytes: number;
  /** How long an erase of the sector stalls the CPU. */
  readonly eraseMs: number;
  readonly wordWriteUs: number;
}

export interface SerialWiring {
  readonly port: string;
  readonly tx?: string;
  readonly rx?: string;
  /** Linux only: the pseudo-terminal, relative to the working directory. */
  readonly path?: string;
  readonly baud: number;
}

export interface FramWiring {
  readonly bus: string;
  readonly sck: string;
  readonly miso: string;
  readonly mosi: string;
  readonly cs: string;
  readonly bytes: number;
}

export type JournalArea =
  | { readonly kind: 'flash'; readonly sectors: readonly FlashSector[]; readonly pageBytes?: number }
  | { readonly kind: 'fram'; readonly sectorCount: number };

export interface BoardProfile {
  readonly name: string;
  /** `process.env.BOARD` of the build that it is for. */
  readonly boardId: string;
  readonly title: string;
  readonly chip: { readonly part: string; readonly family: string; readonly clockMhz: number };
  readonly jsVars: number;
  /** Whether the build has `require('crypto').AES`; else aes-js is put in. */
  readonly nativeAes: boolean;
  /** Where Espruino's console starts when USB is not connected. */
  readonly defaultConsole: string;
  /** Where the firmware moves the console; null: it is switched off. */
  readonly movesConsoleTo: string | null;
  readonly ledGlobals: { readonly [name: string]: string };
  /** Address of RCC_CSR, the reset flags; 0 where there is none. */
  readonly resetFlagsAddress: number;
  /** Room for the bundle in Storage. */
  readonly codeBytes: number;
  readonly host: SerialWiring;
  readonly modem: SerialWiring;
  readonly modemPins: {
    readonly pwrkey: string;
    readonly reset: string;
    readonly supply: string;
    readonly status: string;
  };
  readonly relays: readonly string[];
  readonly leds: { readonly ready: string; readonly fault: string };
  /** Kicks a watchdog outside the chip, where the board has one. */
  readonly watchdogPin?: string;
  /** Pins that the board brings out and does not need itself. */
  readonly pins: readonly string[];
  /** Pins that a serial port may use; a port that is not listed takes a path. */
  readonly serialPins: { readonly [port: string]: readonly string[] };
  readonly fram?: FramWiring;
  readonly journal: JournalArea;
}

export interface Limits {
  readonly bundleBytes: number;
  readonly idleJsVars: number;
  readonly peakJsVars: number;
}

/** A ring needs one sector to live in, one to turn to, and one that may be worn out. */
const MIN_SECTORS = 3;
/** Base, settings, identity and 16 open orders of up to 250 bytes must fit in one sector. */
const MIN_SECTOR_BYTES = 8192;
/** Measured (facts/espruino.md): aes-js 3.1.2 loaded, and one AES-128 instance. */
export const AES_JS_VARS = 6047 + 188;

export const limits: Limits = config.limits;

export class ProfileError extends Error {}

/** Names of all profiles. */
export function profileNames(): string[] {
  return Object.keys(config.profiles);
}

/** The profile called `name`; throws ProfileError when there is none or when it does not fit its board. */
export function loadProfile(name: string): BoardProfile {
  const entry = (config.profiles as Record<string, Omit<BoardProfile, 'name'>>)[name];
  if (!entry) throw new ProfileError(`no profile "${name}"; there are: ${profileNames().join(', ')}`);
  const profile: BoardProfile = { name, ...entry };
  const faults = profileFaults(profile);
  if (faults.length > 0) {
    throw new ProfileError(`profile "${name}" does not fit ${profile.boardId}: ${faults.join('; ')}`);
  }
  return profile;
}

/** Why a profile cannot work on its board; empty when it can. */
export function profileFaults(profile: BoardProfile): string[] {
  return [
    ...pinFaults(profile),
    ...serialFaults(profile),
    ...journalFaults(profile),
    ...memoryFaults(profile),
  ];
}

/** The sectors that the journal uses; for a FRAM, equal parts of it from address 0, without stalls. */
export function journalSectors(profile: BoardProfile): readonly FlashSector[] {
  if (profile.journal.kind === 'flash') return profile.journal.sectors;
  const bytes = Math.floor((profile.fram?.bytes ?? 0) / profile.journal.sectorCount) & ~3;
  return Array.from({ length: profile.journal.sectorCount }, (_, index) => ({
    address: index * bytes,
    bytes,
    eraseMs: 0,
    wordWriteUs: 0,
  }));
}

function usedPins(profile: BoardProfile): [string, string][] {
  const uses: [string, string | undefined][] = [
    ['host tx', profile.host.tx],
    ['host rx', profile.host.rx],
    ['modem tx', profile.modem.tx],
    ['modem rx', profile.modem.rx],
    ...Object.entries(profile.modemPins).map(([use, pin]): [string, string] => [`modem ${use}`, pin]),
    ...profile.relays.map((pin, index): [string, string] => [`relay ${index}`, pin]),
    ...Object.entries(profile.leds).map(([use, pin]): [string, string] => [`LED ${use}`, pin]),
    ['watchdog', profile.watchdogPin],
  ];
  if (profile.journal.kind === 'fram' && profile.fram) {
    const { sck, miso, mosi, cs } = profile.fram;
    uses.push(['FRAM sck', sck], ['FRAM miso', miso], ['FRAM mosi', mosi], ['FRAM cs', cs]);
  }
  return uses.filter((use): use is [string, string] => use[1] !== undefined);
}

function pinFaults(profile: BoardProfile): string[] {
  const faults: string[] = [];
  const taken = new Map<string, string>();
  for (const [use, pin] of usedPins(profile)) {
    if (!profile.pins.includes(pin)) faults.push(`${use} is on ${pin}, which the board does not bring out`);
    const other = taken.get(pin);
    if (other) faults.push(`${use} and ${other} are both on ${pin}`);
    taken.set(pin, use);
  }
  return faults;
}

function serialFaults(profile: BoardProfile): string[] {
  const faults: string[] = [];
  if (profile.host.port === profile.modem.port) faults.push('host and modem share one serial port');
  for (const wiring of [profile.host, profile.modem]) {
    const allowed = profile.serialPins[wiring.port];
    if (!allowed) {
      if (!wiring.path) faults.push(`${wiring.port} is not a port of the board`);
      continue;
    }
    for (const pin of [wiring.tx, wiring.rx]) {
      if (!pin || !allowed.includes(pin)) faults.push(`${wiring.port} cannot be on ${pin ?? 'no pin'}`);
    }
  }
  return faults;
}

function journalFaults(profile: BoardProfile): string[] {
  const { journal } = profile;
  if (journal.kind === 'fram' && !profile.fram) return ['the journal is to be in a FRAM, but there is none'];
  const faults: string[] = [];
  const sectors = journalSectors(profile);
  if (sectors.length < MIN_SECTORS) {
    faults.push(`the journal needs ${MIN_SECTORS} erasable sectors, the board has ${sectors.length} free`);
  }
  for (const [index, sector] of sectors.entries()) {
    if (sector.bytes < MIN_SECTOR_BYTES)
      faults.push(`journal sector ${index} has only ${sector.bytes} bytes`);
    const previous = sectors[index - 1];
    if (previous && previous.address + previous.bytes > sector.address) {
      faults.push(`journal sectors ${index - 1} and ${index} overlap`);
    }
  }
  return faults;
}

function memoryFaults(profile: BoardProfile): string[] {
  const aesVars = profile.nativeAes ? 0 : AES_JS_VARS;
  const needed = limits.peakJsVars + aesVars;
  if (needed <= profile.jsVars) return [];
  const parts = aesVars > 0 ? `${limits.peakJsVars} at peak and ${aesVars} for aes-js` : 'at peak';
  return [`the firmware needs ${needed} JsVars (${parts}), the board has ${profile.jsVars}`];
}
