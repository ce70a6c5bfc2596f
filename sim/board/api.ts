/**
 * The globals of a virtual board: what the interpreter offers to a bundle of the board's profile, and nothing
 * else. Each function belongs to one power cycle; called by the program of an earlier one it throws.
 * Sources: jswrap_espruino.c, jswrap_io.c, jswrap_flash.c, jswrap_serial.c, jswrap_process.c of 2v29; held to
 * the interpreter by test/conformance.
 */
import { crc32 } from 'node:zlib';
import type { BoardProfile } from '../../scripts/build/profile';
import { FlashFault, PowerCut, type FlashChip } from '../flash';
import type { Random } from '../time/random';
import { arrayOf, bufferOf, bytesOf, stringOf } from './bytes';
import { nativeCrypto } from './crypto';
import type { Pins } from './pins';
import type { Realm } from './realm';
import type { BoardSerial } from './serial';
import type { SpiBus } from './spi';
import type { JsTimers } from './timers';

/** The board, as its API sees it. */
export interface BoardHardware {
  readonly profile: BoardProfile;
  readonly realm: Realm;
  readonly random: Random;
  readonly flash: FlashChip | undefined;
  readonly pins: Pins;
  readonly timers: JsTimers;
  readonly serials: ReadonlyMap<string, BoardSerial>;
  readonly spi: SpiBus | undefined;
  /** Module files in Storage. */
  readonly modules: Readonly<Record<string, string>>;
  readonly memory: { free: number; usage: number; total: number; history: number };
  /** Throws when the power cycle that asks is over. */
  assertAlive(): void;
  submit(work: () => void): void;
  print(line: string): void;
  timeS(): number;
  setTimeS(seconds: number): void;
  setConsole(device: string | null, isForced: boolean): void;
  takeErrorFlags(): string[];
  listen(source: 'E' | 'process', event: string, callback: (value: unknown) => void): void;
  enableWatchdog(timeoutMs: number, isAutomatic: boolean): void;
  kickWatchdog(): void;
  /** Power failed at an operation of a memory. */
  powerFailed(cut: PowerCut): void;
  restart(): never;
  readRegister(address: number): number;
  writeRegister(address: number, value: number): void;
  flashStall(): void;
}

type Callable = (...values: never[]) => unknown;

/** The globals of one power cycle, by name. */
export function boardGlobals(hardware: BoardHardware): Record<string, unknown> {
  const globals: Record<string, unknown> = {
    ...timerGlobals(hardware),
    ...pinGlobals(hardware),
    ...byteGlobals(hardware),
    E: espruinoGlobal(hardware),
    process: processGlobal(hardware),
    require: requireGlobal(hardware),
    peek32: (address: unknown) => hardware.readRegister(Number(address)),
    poke32: (address: unknown, value: unknown) => hardware.writeRegister(Number(address), Number(value)),
  };
  for (const [name, serial] of hardware.serials) globals[name] = serial.api(hardware.realm);
  if (hardware.spi && hardware.profile.fram)
    globals[hardware.profile.fram.bus] = hardware.spi.api((cut) => hardware.powerFailed(cut));
  for (const [led, pin] of Object.entries(hardware.profile.ledGlobals)) globals[led] = pin;
  const print = (...values: unknown[]): void => hardware.print(values.map(shown).join(' '));
  globals.print = print;
  globals.console = { log: print };
  return guarded(hardware, globals);
}

/** Puts the check of the power cycle before every function of the API. */
function guarded<Api extends object>(hardware: BoardHardware, api: Api): Api {
  for (const [name, value] of Object.entries(api)) {
    if (typeof value === 'function') {
      const inner = value as Callable;
      (api as Record<string, unknown>)[name] = function (this: unknown, ...values: never[]): unknown {
        hardware.assertAlive();
        return inner.apply(this, values);
      };
    } else if (isPlainObject(value)) {
      guarded(hardware, value);
    }
  }
  return api;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function timerGlobals({ timers, timeS, setTimeS }: BoardHardware): Record<string, unknown> {
  return {
    setTimeout: (callback: unknown, delayMs: unknown, ...values: unknown[]) =>
      timers.setTimeout(callback, delayMs, values),
    setInterval: (callback: unknown, periodMs: unknown, ...values: unknown[]) =>
      timers.setInterval(callback, periodMs, values),
    clearTimeout: (...given: unknown[]) => timers.clear('clearTimeout', given),
    clearInterval: (...given: unknown[]) => timers.clear('clearInterval', given),
    changeInterval: (id: unknown, periodMs: unknown) => timers.changeInterval(id, periodMs),
    getTime: () => timeS(),
    setTime: (seconds: unknown) => setTimeS(Number(seconds)),
  };
}

function pinGlobals({ pins, realm, submit }: BoardHardware): Record<string, unknown> {
  const named = (pin: unknown): string => {
    if (typeof pin !== 'string' || !pins.has(pin)) throw new realm.Error('Invalid pin');
    return pin;
  };
  const durations = (times: unknown): number[] => {
    const list = Array.isArray(times) ? (times as unknown[]).map(Number) : [Number(times)];
    if (list.some((durationMs) => !(durationMs >= 0))) {
      throw new realm.Error('Pulse Time is less than 0 or not a number');
    }
    return list.filter((durationMs) => durationMs > 0);
  };
  return {
    digitalWrite: (pin: unknown, level: unknown) => pins.write(named(pin), Boolean(level)),
    digitalRead: (pin: unknown) => (pins.level(named(pin)) ? 1 : 0),
    digitalPulse: (pin: unknown, level: unknown, times: unknown) =>
      pins.pulse(named(pin), Boolean(level), durations(times)),
    pinMode: (pin: unknown, mode: unknown) => pins.setMode(named(pin), String(mode)),
    getPinMode: (pin: unknown) => pins.mode(named(pin)),
    setWatch: (
      callback: unknown,
      pin: unknown,
      options: { repeat?: boolean; edge?: string; debounce?: number },
    ) => {
      let lastTime = 0;
      return pins.watch({
        pin: named(pin),
        edge: options?.edge === 'rising' || options?.edge === 'falling' ? options.edge : 'both',
        isRepeating: Boolean(options?.repeat),
        debounceMs: options?.debounce ?? 0,
        callback: (level, atMs) => {
          const event = { state: level, time: atMs / 1000, lastTime, pin };
          lastTime = event.time;
          submit(() => (callback as (event: object) => void)(event));
        },
      });
    },
    clearWatch: (id: unknown) => pins.clearWatch(Number(id)),
  };
}

function byteGlobals({ realm }: BoardHardware): Record<string, unknown> {
  return {
    btoa: (bytes: unknown) => Buffer.from(String(bytes), 'latin1').toString('base64'),
    atob: (text: unknown) => {
      if (typeof text !== 'string') throw new realm.Error(`Expecting a string, got ${typeof text}`);
      return Buffer.from(text, 'base64').toString('latin1');
    },
  };
}

function espruinoGlobal(hardware: BoardHardware): Record<string, unknown> {
  const { realm, random } = hardware;
  const taken = (value: unknown): Buffer => {
    const bytes = bytesOf(value);
    if (!bytes) throw new realm.Error(`Expecting something iterable, got ${typeof value}`);
    return bytes;
  };
  /** The bytes of all arguments, one after the other. */
  const together = (values: readonly unknown[]): Buffer =>
    values.length === 1 ? taken(values[0]) : Buffer.concat(values.map(taken));
  return {
    CRC32: (value: unknown) => crc32(taken(value)),
    toString: (...values: unknown[]) => stringOf(together(values)),
    toUint8Array: (...values: unknown[]) => arrayOf(realm, together(values)),
    toArrayBuffer: (value: unknown) => bufferOf(realm, taken(value)),
    hwRand: () => random.uint32() | 0,
    getErrorFlags: () => {
      const flags = new realm.Array<string>();
      for (const flag of hardware.takeErrorFlags()) flags.push(flag);
      return flags;
    },
    on: (event: string, callback: (value: unknown) => void) => hardware.listen('E', event, callback),
    enableWatchdog: (timeoutS: unknown, isAutomatic: unknown) => {
      const seconds = Number(timeoutS);
      hardware.enableWatchdog(
        (seconds > 0 ? seconds : 1) * 1000,
        isAutomatic === undefined || Boolean(isAutomatic),
      );
    },
    kickWatchdog: () => hardware.kickWatchdog(),
    reboot: () => hardware.restart(),
    setConsole: (device: unknown, options?: { force?: boolean }) => {
      const isDevice = device === 'USB' || hardware.serials.has(String(device));
      if (device !== null && !isDevice) throw new realm.Error('Unknown device type');
      hardware.setConsole(device as string | null, Boolean(options?.force));
    },
    setPassword: () => {},
    lockConsole: () => {},
  };
}

function processGlobal(hardware: BoardHardware): Record<string, unknown> {
  const { profile } = hardware;
  return {
    version: '2v29',
    env: { VERSION: '2v29', BOARD: profile.boardId, SERIAL: '00000000-00000000-00000000' },
    memory: () => ({ ...hardware.memory }),
    on: (event: string, callback: (value: unknown) => void) => hardware.listen('process', event, callback),
  };
}

function requireGlobal(hardware: BoardHardware): (name: unknown) => unknown {
  const { profile, realm } = hardware;
  const libraries = new Map<unknown, unknown>();
  if (hardware.flash) libraries.set('Flash', guarded(hardware, flashLibrary(hardware, hardware.flash)));
  if (profile.nativeAes) {
    libraries.set(
      'crypto',
      guarded(
        hardware,
        nativeCrypto(realm, (line) => hardware.print(line)),
      ),
    );
  }
  return (name) => {
    const source = hardware.modules[String(name)];
    if (source !== undefined && !libraries.has(name))
      libraries.set(name, moduleFrom(realm, String(name), source));
    const library = libraries.get(name);
    if (!library) throw new realm.Error(`Module "${String(name)}" not found`);
    return library;
  };
}

/** A module file runs as Espruino's `require` runs it: with `exports` and `module`. */
function moduleFrom(realm: Realm, name: string, source: string): unknown {
  const module = { exports: {} };
  realm.compile(['exports', 'module'], source, `${name}.js`)(module.exports, module);
  return module.exports;
}

function flashLibrary(hardware: BoardHardware, chip: FlashChip): Record<string, unknown> {
  const { realm } = hardware;
  /** Runs one operation; a power cut goes through, a misuse becomes an error of the firmware. */
  const operate = <Result>(operation: () => Result): Result => {
    try {
      return operation();
    } catch (error) {
      // At once, and not when the error arrives: the program may catch it, and must not act any more.
      if (error instanceof PowerCut) hardware.powerFailed(error);
      if (error instanceof FlashFault) throw new realm.Error(error.message);
      throw error;
    } finally {
      hardware.flashStall();
    }
  };
  return {
    read: (byteCount: unknown, address: unknown) => {
      const count = Number(byteCount);
      if (!(count > 0)) return undefined;
      return operate(() => arrayOf(realm, chip.read(Number(address), count)));
    },
    write: (data: unknown, address: unknown) => {
      if (data === undefined) throw new realm.Error('Data is not defined');
      const bytes = bytesOf(data);
      if (bytes && bytes.length > 0) operate(() => chip.write(Number(address), bytes));
    },
    erasePage: (address: unknown) => {
      if (!Number.isInteger(address)) throw new realm.Error('Address should be an integer');
      operate(() => chip.erase(address as number));
    },
    getPage: (address: unknown) => {
      const sector = chip.sectorAt(Number(address));
      return sector && { addr: sector.address, length: sector.bytes };
    },
    getFree: () => chip.sectors.map((sector) => ({ addr: sector.address, length: sector.bytes })),
  };
}

/** A value as `print` shows it, near enough for a log. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  const message = (value as { message?: unknown }).message;
  return typeof message === 'string' ? `Error: ${message}` : JSON.stringify(value);
}
