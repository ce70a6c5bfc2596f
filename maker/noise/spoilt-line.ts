/**
 * Noise on a serial line: bytes that pass get bits flipped, are dropped, doubled, or have others put between them; now and
 * then a burst hits many in a row. Counts what it did. The same seed does the same.
 */
import type { Random } from '../../sim/time/random';

export interface NoiseLevel {
  /** Share of bytes that something happens to. */
  readonly share: number;
  /** Share of bytes at which a burst begins, and how many bytes it lasts at most. */
  readonly burstShare: number;
  readonly burstBytes: number;
}

/** One error in 500 bytes (a frame of 60 bytes survives with 88 %), and a burst now and then. */
export const ROUGH: NoiseLevel = { share: 0.002, burstShare: 0.0001, burstBytes: 80 };

export class SpoiltLine {
  /** Bytes that something happened to. */
  errors = 0;
  private burstLeft = 0;

  constructor(
    private readonly random: Random,
    private readonly level: NoiseLevel,
  ) {}

  /** What arrives of these bytes. */
  pass(bytes: Buffer): Buffer {
    const arrived: number[] = [];
    for (const byte of bytes) {
      if (this.random.chance(this.level.burstShare))
        this.burstLeft = this.random.between(1, this.level.burstBytes);
      const isHit = this.burstLeft > 0 ? this.random.chance(0.5) : this.random.chance(this.level.share);
      this.burstLeft = Math.max(0, this.burstLeft - 1);
      if (isHit) {
        this.errors += 1;
        this.spoil(byte, arrived);
      } else arrived.push(byte);
    }
    return Buffer.from(arrived);
  }

  private spoil(byte: number, arrived: number[]): void {
    const kind = this.random.between(0, 3);
    if (kind === 0) arrived.push(byte ^ (1 << this.random.between(0, 7)));
    if (kind === 1) arrived.push(byte, byte);
    if (kind === 2) arrived.push(byte, this.random.between(0, 255));
    // Kind 3: it is gone.
  }
}
