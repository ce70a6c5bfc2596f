/**
 * Why the processor was reset, as the chip's register tells it (RM0383, section 6.3.21: RCC_CSR). A board
 * without such a register (address 0) tells nothing.
 */

export type ResetReason = 'power' | 'brownout' | 'pin' | 'software' | 'watchdog';

/** Flags as the chip sets them: a power-on sets those of brown-out and pin too, every reset that of the pin. */
const FLAGS: Readonly<Record<ResetReason, number>> = {
  power: 0x0e000000,
  brownout: 0x06000000,
  pin: 0x04000000,
  software: 0x14000000,
  watchdog: 0x24000000,
};
const CLEAR = 0x01000000;

export class ResetFlags {
  reason: ResetReason = 'power';
  private flags = 0;

  constructor(private readonly address: number) {}

  /** A reset: its flags join those that nobody has cleared. */
  set(reason: ResetReason): void {
    this.reason = reason;
    this.flags = reason === 'power' ? FLAGS.power : this.flags | FLAGS[reason];
  }

  read(address: number): number {
    return address === this.address ? this.flags : 0;
  }

  write(address: number, value: number): void {
    if (address === this.address && (value & CLEAR) !== 0) this.flags = 0;
  }
}
