/**
 * A virtual board: runs a *built bundle* with exactly the API of its profile, on simulated flash, serial ports
 * and pins, in virtual or real time. Power can be cut between any two callbacks and at any flash operation;
 * afterwards nothing of the old program can act any more.
 * Leaves the language to realm.ts, the API to api.ts, time to processor.ts. The rules are the interpreter's
 * (2v29), held by test/conformance. Invariant: at most one program is alive, and only while `isOn`.
 */
import type { BoardProfile } from '../../scripts/build/profile';
import type { FlashChip, FlashStore, PowerCut } from '../flash';

import type { SerialPort } from '../serial/line';
import type { Clock, Timer } from '../time/clock';
import type { Random } from '../time/random';
import { boardGlobals, type BoardHardware } from './api';
import { Pins, type PinChange } from './pins';
import { Processor } from './processor';
import { sharedRealm } from './realm';
import { ResetFlags, type ResetReason } from './reset';
import { BoardSerial } from './serial';
import { SpiBus } from './spi';
import { JsTimers } from './timers';

export interface VirtualBoardOptions {
  /** The bundle, as buildFirmware gives it. */
  readonly code: string;
  readonly profile: BoardProfile;
  readonly clock: Clock;
  readonly random: Random;
  /** The chip's own flash, as far as the profile's journal uses it; may be left out with a FRAM. */
  readonly flash?: FlashChip;
  /** The FRAM of the profile, when it has one. */
  readonly fram?: FlashStore;
  /** Lines by number of the port: 1 is Serial1. */
  readonly serials: { readonly [port: number]: SerialPort };
  /** Module files in Storage, by name (aes-js where there is no native AES). */
  readonly modules?: Readonly<Record<string, string>>;
  /** From power to the first statement of the bundle. */
  readonly bootMs?: number;
  /** Milliseconds of the board's clock in one of the world (RTC without a crystal: 0.95 to 1.05). */
  readonly clockRate?: number;
  onPin?(pin: string, level: boolean, atMs: number): void;
  onConsole?(line: string): void;
  /** An exception that nobody caught; the program goes on, as on the interpreter. */
  onCrash?(error: unknown): void;
  /** Power failed at a flash operation. */
  onPowerCut?(cut: PowerCut): void;
}

/** Bootloader and interpreter, until the bundle begins. */
const BOOT_MS = 150;
/** After a reset by software or watchdog the bootloader is passed again. */
const RESTART_MS = 150;

/** Unwinds a program whose board was restarted or has lost power. */
class DeadBoard extends Error {}

export class VirtualBoard {
  /** What `process.memory()` tells; a test may make memory scarce. */
  readonly memory: { free: number; usage: number; total: number; history: number };

  private readonly processor: Processor;
  private readonly pins: Pins;
  private readonly serials = new Map<string, BoardSerial>();
  private readonly spi: SpiBus | undefined;
  private readonly resetFlags: ResetFlags;
  private timers: JsTimers | undefined;
  private isPowered = false;
  private bootTimer: Timer | undefined;
  private watchdogTimer: Timer | undefined;
  private watchdogMs = 0;
  private isWatchdogAutomatic = false;
  private errorFlags = new Set<string>();
  private listeners = new Map<string, ((value: unknown) => void)[]>();
  /** World time at which the board's clock (RTC) showed zero. */
  private zeroMs = 0;
  private startCount = 0;
  private isConsolePlaced = false;
  private consoleDevice: string | null = null;

  constructor(private readonly options: VirtualBoardOptions) {
    const { clock, profile } = options;
    const free = profile.jsVars;
    this.memory = { free, usage: 0, total: free, history: 0 };
    this.resetFlags = new ResetFlags(profile.resetFlagsAddress);
    this.processor = new Processor(clock, (work) => this.execute(work));
    this.pins = new Pins(clock, profile.pins, (pin, level, atMs) => options.onPin?.(pin, level, atMs));
    this.spi = options.fram && new SpiBus(options.fram, options.random.fork('fram'));
    for (const [number, port] of Object.entries(options.serials)) {
      const serial: BoardSerial = new BoardSerial(
        `Serial${number}`,
        port,
        (work) => this.processor.submit(work),
        () => this.errorFlags.add('BUFFER_FULL'),
        (bytes, byteMs) => this.withoutMissed(bytes, byteMs),
        (listeners, value) => this.callAll(listeners, value),
      );
      this.serials.set(serial.name, serial);
    }
  }

  /** Whether there is power. */
  get isOn(): boolean {
    return this.isPowered;
  }

  /** The device that has Espruino's console; null where none has. */
  get console(): string | null {
    return this.consoleDevice;
  }

  /** How often a program has been started. */
  get starts(): number {
    return this.startCount;
  }

  /** Why the present program was started. */
  get resetReason(): ResetReason {
    return this.resetFlags.reason;
  }

  /** The SPI FRAM's bus, for placing cuts at its writes. */
  get framBus(): SpiBus | undefined {
    return this.spi;
  }

  /** Timers that the program has pending. */
  get pendingTimers(): number {
    return this.timers?.count ?? 0;
  }

  /** Gives power; the bundle begins after the boot time. Does nothing when power is there. */
  powerOn(reason: ResetReason = 'power'): void {
    if (this.isPowered) return;
    this.zeroMs = this.options.clock.nowMs();
    this.start(reason, this.options.bootMs ?? BOOT_MS);
  }

  /** Takes the power away, at once. Called from outside the program or from a callback of the simulation. */
  cutPower(): void {
    if (!this.isPowered) return;
    this.isPowered = false;
    this.options.flash?.powerOff();
    this.stopProgram();
  }

  /** Restarts the processor without a loss of power; its clock goes on. */
  reboot(reason: ResetReason = 'software'): void {
    if (!this.isPowered) return;
    this.stopProgram();
    this.start(reason, RESTART_MS);
  }

  /** The program hangs in an endless loop: only the watchdog gets it out. */
  hang(): void {
    this.processor.hang();
  }

  /** The board's clock (RTC) jumps; timers that are pending stay as they are. */
  stepClock(bySeconds: number): void {
    this.zeroMs -= (bySeconds * 1000) / (this.options.clockRate ?? 1);
  }

  /** A pin's level and all its changes so far. */
  pin(name: string): { readonly level: boolean; readonly history: readonly PinChange[] } {
    return { level: this.pins.level(name), history: this.pins.history(name) };
  }

  /** Drives a pin from outside; undefined leaves it open. */
  setInput(name: string, level: boolean | undefined): void {
    this.pins.setInput(name, level);
  }

  /** Puts an error flag up (`LOW_MEMORY`, `UART_OVERFLOW`, …) and tells the program. */
  raiseErrorFlag(flag: string): void {
    this.errorFlags.add(flag);
    this.processor.submit(() => this.emit('E.errorFlag', [flag]));
  }

  private start(reason: ResetReason, bootMs: number): void {
    const { clock, flash } = this.options;
    this.isPowered = true;
    flash?.powerOn();
    this.resetFlags.set(reason);
    this.bootTimer = clock.setTimer(() => {
      this.bootTimer = undefined;
      this.startCount += 1;
      this.processor.submit(() => this.runBundle());
    }, bootMs);
  }

  private stopProgram(): void {
    const { clock } = this.options;
    this.processor.nextGeneration();
    clock.clearTimer(this.bootTimer);
    clock.clearTimer(this.watchdogTimer);
    this.bootTimer = undefined;
    this.watchdogTimer = undefined;
    this.timers?.reset();
    this.timers = undefined;
    this.listeners = new Map();
    this.errorFlags = new Set();
    this.watchdogMs = 0;
    this.isWatchdogAutomatic = false;
    this.isConsolePlaced = false;
    for (const serial of this.serials.values()) serial.reset();
    this.pins.reset();
  }

  private runBundle(): void {
    const { code, profile, clock } = this.options;
    const realm = sharedRealm();
    this.timers = new JsTimers(clock, realm, this.options.clockRate ?? 1, (work) =>
      this.processor.submit(work),
    );
    const globals = boardGlobals(this.hardware());
    const names = Object.keys(globals);
    const program = realm.compile(names, code, `${profile.name}.js`);
    // Until the program says where, Espruino holds the console back; then it falls to the default port.
    const generation = this.processor.generation;
    try {
      program(...names.map((name) => globals[name]));
    } finally {
      if (generation === this.processor.generation && !this.isConsolePlaced) {
        this.placeConsole(profile.defaultConsole);
      }
    }
  }

  /** Runs a callback of the program and deals with the ways in which it can end. */
  private execute(work: () => void): void {
    const generation = this.processor.generation;
    try {
      work();
    } catch (error) {
      // A program that is over may throw what it likes: the cut itself, or anything because of it.
      if (generation === this.processor.generation) this.uncaught(error);
    }
    if (this.isWatchdogAutomatic) this.kickWatchdog();
  }

  private uncaught(error: unknown): void {
    this.options.onCrash?.(error);
    const generation = this.processor.generation;
    if (this.listeners.has('process.uncaughtException')) {
      try {
        this.emit('process.uncaughtException', error);
      } catch (again) {
        // Nobody is told of what such a listener throws itself (jsiCheckErrors).
        if (generation === this.processor.generation) this.options.onCrash?.(again);
      }
    } else if (generation === this.processor.generation) {
      this.print(
        `Uncaught ${error instanceof Object && 'message' in error ? `Error: ${String(error.message)}` : String(error)}`,
      );
    }
  }

  private emit(event: string, value: unknown): void {
    this.callAll(this.listeners.get(event) ?? [], value);
  }

  /** Every listener hears an event, also behind one that throws; of what they throw the last is told. */
  private callAll(listeners: readonly ((value: unknown) => void)[], value: unknown): void {
    const generation = this.processor.generation;
    let failed: { readonly error: unknown } | undefined;
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        if (generation !== this.processor.generation) throw error;
        failed = { error };
      }
    }
    if (failed) throw failed.error;
  }

  private print(line: string): void {
    this.options.onConsole?.(line);
    for (const serial of this.serials.values()) {
      if (serial.isConsole) serial.writeText(`${line}\r\n`);
    }
  }

  private placeConsole(device: string | null): void {
    this.isConsolePlaced = true;
    this.consoleDevice = device;
    for (const serial of this.serials.values()) serial.isConsole = serial.name === device;
  }

  private kickWatchdog(): void {
    const { clock } = this.options;
    if (this.watchdogMs === 0 || !this.isPowered) return;
    clock.clearTimer(this.watchdogTimer);
    // Time that the CPU has stood still already, in this very callback, is over for the kick too.
    const leftMs = this.processor.nowMs() - clock.nowMs() + this.watchdogMs;
    this.watchdogTimer = clock.setTimer(() => this.reboot('watchdog'), leftMs);
  }

  /** Takes out of a chunk that has just arrived what came while the CPU stood still. */
  private withoutMissed(bytes: Buffer, byteMs: number): Buffer {
    const nowMs = this.options.clock.nowMs();
    if (!this.processor.hasStalledSince(nowMs - bytes.length * byteMs)) return bytes;
    const isMissed = (index: number): boolean =>
      this.processor.isStalledAt(nowMs - (bytes.length - 1 - index) * byteMs);
    const heard = bytes.filter((_byte, index) => !isMissed(index));
    if (heard.length === bytes.length) return bytes;
    this.errorFlags.add('UART_OVERFLOW');
    return Buffer.from(heard);
  }

  private hardware(): BoardHardware {
    const { profile, random, flash } = this.options;
    const generation = this.processor.generation;
    const rate = this.options.clockRate ?? 1;
    return {
      profile,
      realm: sharedRealm(),
      random,
      flash,
      pins: this.pins,
      timers: this.timers!,
      serials: this.serials,
      spi: this.spi,
      memory: this.memory,
      modules: this.options.modules ?? {},
      assertAlive: () => {
        if (generation !== this.processor.generation) throw new DeadBoard('this program is over');
      },
      submit: (work) => this.processor.submit(work),
      print: (line) => this.print(line),
      timeS: () => ((this.processor.nowMs() - this.zeroMs) * rate) / 1000,
      setTimeS: (seconds) => {
        this.zeroMs = this.processor.nowMs() - (seconds * 1000) / rate;
      },
      setConsole: (device, isForced) => this.moveConsole(device, isForced),
      takeErrorFlags: () => {
        const flags = [...this.errorFlags];
        this.errorFlags.clear();
        return flags;
      },
      listen: (source, event, callback) => {
        const key = `${source}.${event}`;
        this.listeners.set(key, [...(this.listeners.get(key) ?? []), callback]);
      },
      enableWatchdog: (timeoutMs, isAutomatic) => {
        this.watchdogMs = timeoutMs;
        this.isWatchdogAutomatic = isAutomatic;
        this.kickWatchdog();
      },
      kickWatchdog: () => this.kickWatchdog(),
      powerFailed: (cut) => {
        this.cutPower();
        this.options.onPowerCut?.(cut);
      },
      restart: () => {
        this.reboot('software');
        throw new DeadBoard('restarted');
      },
      readRegister: (address) => this.resetFlags.read(address),
      writeRegister: (address, value) => this.resetFlags.write(address, value),
      flashStall: () => this.processor.stall(flash?.takeStallMs() ?? 0),
    };
  }

  /** A console that is not forced falls back to the default port, because USB is not connected. */
  private moveConsole(device: string | null, isForced: boolean): void {
    const { defaultConsole } = this.options.profile;
    this.placeConsole(isForced || device === null ? device : defaultConsole);
  }
}
