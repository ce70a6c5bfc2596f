/**
 * The wire between the module's terminal and its serial port, which faults can spoil: bit noise, lost bytes,
 * pieces with gaps, silence in either direction. Untouched bytes pass straight through.
 * Invariant: whatever is spoilt, order is kept.
 */
import type { Clock, Timer } from '../time/clock';
import type { Random } from '../time/random';

export type LineDirection = 'toHost' | 'fromHost';

/** Pieces of a dribbling line. */
const SMALLEST_PIECE = 1;
const LARGEST_PIECE = 7;

interface Spell {
  share: number;
  untilMs: number;
}

export class SpoiltLine {
  private noiseSpell: Partial<Record<LineDirection, Spell>> = {};
  private silentUntilMs: Partial<Record<LineDirection, number>> = {};
  private bytesToLose = 0;
  private gapMs = 0;
  private dribbleUntilMs = 0;
  private pieces: Buffer[] = [];
  private timer: Timer | undefined;
  /** Nothing was ever spoilt: the short way. */
  private isClean = true;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly write: (bytes: Buffer) => void,
  ) {}

  noise(direction: LineDirection, share: number, lengthMs: number): void {
    this.isClean = false;
    this.noiseSpell[direction] = { share, untilMs: this.clock.nowMs() + lengthMs };
  }

  silence(direction: LineDirection, lengthMs: number): void {
    this.isClean = false;
    this.silentUntilMs[direction] = this.clock.nowMs() + lengthMs;
  }

  loseBytes(times: number): void {
    this.isClean = false;
    this.bytesToLose += times;
  }

  dribble(gapMs: number, lengthMs: number): void {
    this.isClean = false;
    this.gapMs = gapMs;
    this.dribbleUntilMs = this.clock.nowMs() + lengthMs;
  }

  /** Power is gone: pieces that still wait are gone too. */
  reset(): void {
    this.clock.clearTimer(this.timer);
    this.timer = undefined;
    this.pieces = [];
  }

  /** Bytes for the host. */
  send(bytes: Buffer): void {
    if (this.isClean) {
      this.write(bytes);
      return;
    }
    const spoilt = this.spoil('toHost', this.lose(bytes));
    if (spoilt.length === 0) return;
    if (this.pieces.length === 0 && this.clock.nowMs() >= this.dribbleUntilMs) this.write(spoilt);
    else this.cut(spoilt);
  }

  /** Bytes from the host, as they arrive. */
  receive(bytes: Buffer): Buffer {
    return this.isClean ? bytes : this.spoil('fromHost', bytes);
  }

  private spoil(direction: LineDirection, bytes: Buffer): Buffer {
    const nowMs = this.clock.nowMs();
    if (nowMs < (this.silentUntilMs[direction] ?? 0)) return Buffer.alloc(0);
    const spell = this.noiseSpell[direction];
    if (!spell || nowMs >= spell.untilMs) return bytes;
    const noisy = Buffer.from(bytes);
    for (let at = 0; at < noisy.length; at++) {
      if (this.random.chance(spell.share)) noisy[at]! ^= 1 << this.random.between(0, 7);
    }
    return noisy;
  }

  private lose(bytes: Buffer): Buffer {
    if (this.bytesToLose === 0 || bytes.length === 0) return bytes;
    this.bytesToLose -= 1;
    const at = this.random.between(0, bytes.length - 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
  }

  private cut(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const end = at + this.random.between(SMALLEST_PIECE, LARGEST_PIECE);
      this.pieces.push(bytes.subarray(at, end));
      at = end;
    }
    if (!this.timer) this.pump();
  }

  private pump(): void {
    this.timer = this.clock.setTimer(() => {
      this.timer = undefined;
      const piece = this.pieces.shift();
      if (piece) this.write(piece);
      if (this.pieces.length > 0) this.pump();
    }, this.gapMs);
  }
}
