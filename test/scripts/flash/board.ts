/**
 * A board on a cable: the real interpreter whose console is a pseudo-terminal, as a board's USB port. A restart of the
 * program ends the process on Linux; it comes back as on a board. The cable can be pulled after so many bytes.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findInterpreter } from '../../../sim/interpreter/interpreter';
import { openPty, type Pty } from '../../../sim/interpreter/pty';
import { RealClock } from '../../../sim/time/clock';

export const interpreter = findInterpreter();
const RUN = path.join(__dirname, '..', '..', '..', 'scripts', 'run.mjs');

/** A full-speed port moves a packet in each frame at least. */
const PACKET_BYTES = 32;
const PACKET_MS = 2;

export interface Said {
  readonly status: number | null;
  readonly text: string;
}

export class CabledBoard {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'coinslot-cable-'));
  /** Bytes that the cable carries to the board before it is pulled. */
  bytesLeft = Infinity;
  /** How often the interpreter has ended itself: on a busy machine its input queue may overrun all the same. */
  crashes = 0;
  private pty: Pty | undefined;
  private child: ChildProcess | undefined;
  private isOn = true;
  private packets: Buffer[] = [];
  private isCarrying = false;
  private readonly clock = new RealClock();

  /** Plugs a cable in; gives the port. */
  async plugIn(): Promise<string> {
    this.pty?.close();
    const pty = await openPty();
    this.pty = pty;
    pty.onData = (bytes) => {
      this.bytesLeft -= bytes.length;
      if (this.bytesLeft > 0) this.carry(bytes);
      else pty.close();
    };
    if (!this.child) this.start();
    return pty.path;
  }

  /** Power away and back. */
  restart(): void {
    this.child?.kill('SIGKILL');
  }

  close(): void {
    if (!this.isOn) return;
    this.isOn = false;
    this.child?.kill('SIGKILL');
    this.pty?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** As packets of USB, one after the other: a burst overruns the queue of the Linux interpreter, which then ends itself. */
  private carry(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += PACKET_BYTES) {
      this.packets.push(bytes.subarray(at, at + PACKET_BYTES));
    }
    if (this.isCarrying) return;
    this.isCarrying = true;
    this.carryNext();
  }

  private carryNext(): void {
    const packet = this.packets.shift();
    this.isCarrying = packet !== undefined;
    if (!packet) return;
    this.child?.stdin!.write(packet);
    this.clock.setTimer(() => this.carryNext(), PACKET_MS);
  }

  private start(): void {
    this.packets = [];
    const child = spawn(interpreter!.binary, [], { cwd: this.folder, stdio: ['pipe', 'pipe', 'ignore'] });
    this.child = child;
    child.stdin.on('error', () => {});
    child.stdout.on('data', (bytes: Buffer) => {
      if (bytes.includes('ASSERT')) this.crashes += 1;
      this.pty?.write(bytes);
    });
    child.on('exit', () => {
      if (this.isOn) this.start();
    });
  }
}

/** Runs a command of the project to its end. */
export function command(file: string, ...options: string[]): Promise<Said> {
  const child = spawn(process.execPath, [RUN, file, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (text += bytes.toString()));
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, text })));
}
