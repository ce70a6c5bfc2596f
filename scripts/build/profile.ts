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

export interface FlashArea {
  readonly address: number;
  readonly bytes: number;
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
  /** Espruino's Storage, with the bundle in it. */
  readonly storage: FlashArea;
  /** What Espruino's own program may take. */
  readonly espruino: FlashArea;
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
  /** Pins that a bus may use. */
  readonly spiPins: {
    readonly [bus: string]: Readonly<Record<'sck' | 'miso' | 'mosi', readonly string[]>>;
  };
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
/** A start reads about 5 kB of journal a second on a board (docs/journal.md). */
const MAX_SECTOR_BYTES = 16384;
const STM32F4_FLASH = 0x08000000;
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
    ...framFaults(profile),
    ...storageFaults(profile),
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

function framFaults({ fram, spiPins, journal }: BoardProfile): string[] {
  if (journal.kind !== 'fram' || !fram) return [];
  const bus = spiPins[fram.bus];
  if (!bus) return [`${fram.bus} is not a bus of the board`];
  return (['sck', 'miso', 'mosi'] as const)
    .filter((line) => !bus[line].includes(fram[line]))
    .map((line) => `${line} of ${fram.bus} cannot be on ${fram[line]}`);
}

function storageFaults({ storage, espruino }: BoardProfile): string[] {
  const faults: string[] = [];
  if (storage.bytes < limits.bundleBytes) {
    faults.push(`Storage has ${storage.bytes} bytes, the program may take ${limits.bundleBytes}`);
  }
  if (doOverlap(storage, espruino)) faults.push('Storage lies where Espruino itself is');
  return faults;
}

function doOverlap(left: FlashArea, right: FlashArea): boolean {
  return left.address < right.address + right.bytes && right.address < left.address + left.bytes;
}

/** Where the erase sectors of a STM32F4 begin: four of 16 kB, one of 64 kB, then 128 kB each (RM0383 and RM0090, table 5). */
function stm32f4Sector(address: number): FlashArea | undefined {
  const KB = 1024;
  const at = address - STM32F4_FLASH;
  if (at < 0 || at >= 1024 * KB) return undefined;
  const bytes = at < 64 * KB ? 16 * KB : at < 128 * KB ? 64 * KB : 128 * KB;
  return { address: address - (at % bytes), bytes };
}

function sectorFaults(profile: BoardProfile, sector: FlashSector, name: string): string[] {
  const faults: string[] = [];
  if (doOverlap(sector, profile.storage)) faults.push(`${name} lies in Storage, which Espruino erases`);
  if (doOverlap(sector, profile.espruino)) faults.push(`${name} lies where Espruino itself is`);
  if (profile.chip.family !== 'STM32F4') return faults;
  const chip = stm32f4Sector(sector.address);
  if (!chip || chip.address !== sector.address) {
    faults.push(`${name} does not begin an erase sector of the chip`);
  } else if (sector.bytes > chip.bytes) {
    faults.push(`${name} has ${sector.bytes} bytes, the chip's sector ${chip.bytes}`);
  }
  return faults;
}

function journalFaults(profile: BoardProfile): string[] {
  const { journal } = profile;
  if (journal.kind === 'fram' && !profile.fram) return ['the journal is to be in a FRAM, but there is none'];
  if (journal.kind === 'flash' && profile.chip.family === 'RP2XXX') {
    return ['the journal is to be in flash, which Espruino locks outside Storage on a RP2040'];
  }
  const faults: string[] = [];
  const sectors = journalSectors(profile);
  if (sectors.length < MIN_SECTORS) {
    faults.push(`the journal needs ${MIN_SECTORS} erasable sectors, the board has ${sectors.length} free`);
  }
  for (const [index, sector] of sectors.entries()) {
    if (sector.bytes < MIN_SECTOR_BYTES)
      faults.push(`journal sector ${index} has only ${sector.bytes} bytes`);
    if (sector.bytes > MAX_SECTOR_BYTES) {
      faults.push(
        `journal sector ${index} has ${sector.bytes} bytes: a start would take too long to read them`,
      );
    }
    const previous = sectors[index - 1];
    if (previous && previous.address + previous.bytes > sector.address) {
      faults.push(`journal sectors ${index - 1} and ${index} overlap`);
    }
    if (journal.kind === 'flash') faults.push(...sectorFaults(profile, sector, `journal sector ${index}`));
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
