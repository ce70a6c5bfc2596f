/**
 * The payment module with the real interpreter in it: the same box outside as sim/product/module.ts (host port,
 * relays, plug), inside a process of Espruino on its own flash file and a simulated SIM800A, joined by
 * pseudo-terminals. Real time only.
 * Invariant: while the plug is out no process runs and nothing that was sent meanwhile is heard later.
 */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { Firmware } from '../../scripts/build/build';
import { Sim800 } from '../modem/sim800';
import type { TimingProfile } from '../modem/timing';
import type { Network } from '../network/network';
import { serialPair, type SerialPort } from '../serial/line';
import type { Clock } from '../time/clock';
import type { Random } from '../time/random';
import { makeImage, Running, type Interpreter } from './interpreter';
import { openPty, type Pty } from './pty';
import { GRAPH_END, PIN_SHIM, PINS_PTY } from './shim';

export interface BoxOptions {
  readonly interpreter: Interpreter;
  /** Built for the profile `linux`. */
  readonly firmware: Firmware;
  /** Where espruino.flash lives; emptied. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly timing?: TimingProfile;
  readonly onConsole?: (line: string) => void;
  /** Run behind the pins' boot file and in front of the bundle; for tools that measure. */
  readonly bootCode?: string;
}

const SUPPLY_MILLIVOLTS = 4000;
/** A restart of the program takes a board so long; the process is started again after it. */
const RESTART_MS = 150;
/** Under valgrind everything takes fifty times as long. */
const ANSWER_LIMIT_MS = 30_000;

/** A JsVar: reference, size, flags, then its name or value and its links. */
const GRAPH_LINE = /^\d+,\d+,\d+,/;

export class InterpreterBox {
  /** The host's end of the module's serial port. */
  readonly host: SerialPort;
  readonly modem: Sim800;
  /** How often each relay has closed since the box was made; relay 1 is at index 1. */
  readonly relayPulses: number[] = [0, 0, 0];
  /** Times the program was started. */
  starts = 0;
  /** When the program last started, and the first byte it said to the host after that. */
  startedAtMs = 0;
  firstByteAtMs: number | undefined;

  private running: Running | undefined;
  private isPlugged = false;
  private pinLines = '';
  private onAnswer: ((value: number) => void) | undefined;
  private graphLines: string[] = [];

  private constructor(
    private readonly options: BoxOptions,
    private readonly ptys: { readonly host: Pty; readonly modem: Pty; readonly pins: Pty },
  ) {
    const { clock, random, firmware } = options;
    const [host, hostSide] = serialPair(clock, random.fork('host line'), firmware.profile.host.baud);
    const [modemHost, modemSide] = serialPair(clock, random.fork('modem line'), firmware.profile.modem.baud);
    this.host = host;
    this.join(hostSide, ptys.host);
    this.join(modemHost, ptys.modem);
    ptys.pins.onData = (bytes) => this.takePins(bytes.toString('latin1'));
    this.modem = new Sim800({
      clock,
      random: random.fork('modem'),
      serial: modemSide,
      network: options.network,
      hostBaud: () => modemHost.baud,
      ...(options.timing && { timing: options.timing }),
    });
    this.modem.onStatus = (level) => this.setInput(firmware.profile.modemPins.status, level === 1);
  }

  /** Makes the flash image and the pseudo-terminals; the plug is out. */
  static async make(options: BoxOptions): Promise<InterpreterBox> {
    const { folder, firmware, interpreter } = options;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await makeImage(interpreter, folder, {
      '.boot0': PIN_SHIM + (options.bootCode ?? ''),
      '.bootcde': firmware.image,
    });
    const [host, modem, pins] = await Promise.all([openPty(), openPty(), openPty()]);
    symlinkSync(host.path, path.join(folder, firmware.profile.host.path!));
    symlinkSync(modem.path, path.join(folder, firmware.profile.modem.path!));
    symlinkSync(pins.path, path.join(folder, PINS_PTY));
    return new InterpreterBox(options, { host, modem, pins });
  }

  /** Process id of the interpreter, while it runs. */
  get pid(): number | undefined {
    return this.running?.pid;
  }

  /** Puts the plug in. */
  powerOn(): void {
    if (this.isPlugged) return;
    this.isPlugged = true;
    this.modem.setSupplyMillivolts(SUPPLY_MILLIVOLTS);
    this.start();
  }

  /** Pulls the plug: SIGKILL. */
  async cutPower(): Promise<void> {
    this.isPlugged = false;
    const { running } = this;
    this.running = undefined;
    this.modem.setSupplyMillivolts(0);
    await running?.kill();
  }

  /** JsVars in use, after a garbage collection. */
  memory(): Promise<number> {
    return this.ask('memory');
  }

  /** From now on the JsVars in use are looked at deep inside all work; once in a start. Gives JsVars in use. */
  watchMemory(): Promise<number> {
    return this.ask('watch');
  }

  /** The most JsVars in use that were seen since `watchMemory`, what waits to be collected among them. */
  mostMemory(): Promise<number> {
    return this.ask('most');
  }

  /** Every JsVar in use and its links, line by line as `E.dumpVariables` prints them. */
  async memoryGraph(): Promise<string[]> {
    this.graphLines = [];
    await this.ask('graph');
    return this.graphLines;
  }

  /** Sends text to a port of the running program that is not the host's, as somebody with a cable would. */
  typeAt(port: 'usb' | 'modem', text: string): void {
    if (port === 'usb') this.running?.type(text);
    else this.ptys.modem.write(Buffer.from(text, 'latin1'));
  }

  /** A mistake of the program that throws out of a callback, or memory that is nearly used up until the next start. */
  trouble(kind: 'throw' | 'hog'): void {
    this.ptys.pins.write(Buffer.from(`${kind}\n`));
  }

  /** Ends all processes. */
  async close(): Promise<void> {
    await this.cutPower();
    for (const pty of Object.values(this.ptys)) pty.close();
  }

  /** Says a line to the boot code, and waits for its `m` line. */
  ask(question: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const limit = this.options.clock.setTimer(
        () => reject(new Error('the interpreter does not answer')),
        ANSWER_LIMIT_MS,
      );
      this.onAnswer = (value) => {
        this.options.clock.clearTimer(limit);
        resolve(value);
      };
      this.ptys.pins.write(Buffer.from(`${question}\n`));
    });
  }

  private start(): void {
    for (const pty of Object.values(this.ptys)) pty.drain();
    this.pinLines = '';
    this.starts += 1;
    this.startedAtMs = this.options.clock.nowMs();
    this.firstByteAtMs = undefined;
    const running = new Running(this.options.interpreter, this.options.folder);
    running.onLine = (line) => {
      if (GRAPH_LINE.test(line)) this.graphLines.push(line);
      else if (line === GRAPH_END) this.onAnswer?.(this.graphLines.length);
      else this.options.onConsole?.(line);
    };
    // E.reboot() ends the process on Linux: the power is still there, so it comes back.
    running.onExit = () => {
      if (this.running !== running) return;
      this.running = undefined;
      this.options.clock.setTimer(() => {
        if (this.isPlugged && !this.running) this.start();
      }, RESTART_MS);
    };
    this.running = running;
  }

  private join(port: SerialPort, pty: Pty): void {
    port.onData = (bytes) => {
      if (this.running) pty.write(bytes);
    };
    pty.onData = (bytes) => {
      if (!this.running) return;
      if (pty === this.ptys.host) this.firstByteAtMs ??= this.options.clock.nowMs();
      port.write(bytes);
    };
  }

  private setInput(pin: string, level: boolean): void {
    if (this.running) this.ptys.pins.write(Buffer.from(`${pin}=${level ? 1 : 0}\n`));
  }

  private takePins(text: string): void {
    const lines = (this.pinLines + text).split('\n');
    this.pinLines = lines.pop()!;
    for (const line of lines) this.takePinLine(line.trim().split(' '));
  }

  private takePinLine([kind, pin, level, durationMs]: string[]): void {
    const { profile } = this.options.firmware;
    if (kind === 'e') this.options.onConsole?.([pin, level, durationMs].join(' '));
    if (kind === 'm') this.onAnswer?.(Number(pin));
    if (kind === 'boot') this.setInput(profile.modemPins.status, this.modem.status === 1);
    if (kind === 'w') this.setPin(pin!, level === '1');
    if (kind === 'p') {
      this.setPin(pin!, level === '1');
      this.options.clock.setTimer(() => this.setPin(pin!, level !== '1'), Number(durationMs));
    }
  }

  private setPin(pin: string, level: boolean): void {
    const { modemPins, relays } = this.options.firmware.profile;
    if (pin === modemPins.pwrkey) this.modem.setPowerKey(level ? 0 : 1);
    if (pin === modemPins.reset) this.modem.setReset(level ? 0 : 1);
    if (pin === modemPins.supply) this.modem.setSupplyMillivolts(level ? 0 : SUPPLY_MILLIVOLTS);
    const relay = relays.indexOf(pin) + 1;
    if (relay > 0 && level) this.relayPulses[relay]! += 1;
  }
}
