/**
 * The watchdogs and the reason of the last start (RM0383, section 6.3.21: RCC_CSR). The chip's own one is kicked by
 * the module's tick, so a loop that hangs or a tick that is lost ends in a restart. One outside the chip, which also
 * drops the relays, is kicked by a timer of its own: it sees an interpreter that has stopped, or a chip whose own
 * watchdog has. What is done with the reason (journal, INFO) is left to main.ts.
 */

/** Why the module started; kept in the journal, so numbers never change their meaning. */
export const enum StartCause {
  Unknown = 0,
  Power = 1,
  BrownOut = 2,
  Pin = 3,
  Software = 4,
  Watchdog = 5,
}

/** Longer than the longest stall (an erase: 2 s on 128 kB sectors) and any burst of work. */
export const WATCHDOG_TIMEOUT_S = 8;
/** With the longest stall (an erase of a 16 kB sector: 0.5 s) less than the least that a TPS3828 waits (0.9 s). */
export const OUTER_KICK_MS = 300;

const FLAG_BROWN_OUT = 0x02000000;
const FLAG_PIN = 0x04000000;
const FLAG_POWER = 0x08000000;
const FLAG_SOFTWARE = 0x10000000;
const FLAG_WATCHDOGS = 0x60000000;
/** RMVF: writing it clears the flags, so that the next start shows its own cause only. */
const CLEAR_FLAGS = 0x01000000;

/** The cause behind the flags of RCC_CSR: a power-on sets the pin and brown-out flags too, so it is asked first. */
export function startCause(resetFlags: number): StartCause {
  if (resetFlags & FLAG_WATCHDOGS) return StartCause.Watchdog;
  if (resetFlags & FLAG_SOFTWARE) return StartCause.Software;
  if (resetFlags & FLAG_POWER) return StartCause.Power;
  if (resetFlags & FLAG_BROWN_OUT) return StartCause.BrownOut;
  if (resetFlags & FLAG_PIN) return StartCause.Pin;
  return StartCause.Unknown;
}

/** Reads the cause of this start and clears the flags; `address` 0 means that the chip has none. */
export function readStartCause(
  address: number,
  peek32: (address: number) => number,
  poke32: (address: number, value: number) => void,
): StartCause {
  if (address === 0) return StartCause.Unknown;
  const cause = startCause(peek32(address));
  poke32(address, CLEAR_FLAGS);
  return cause;
}
