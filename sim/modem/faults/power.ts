/**
 * Faults of supply and of the module itself: sags, brown-outs, restarts, and the two kinds of wedge.
 */
import { seconds, type FaultContext, type FaultTable } from './fault';

/** Moves the supply to `millivolts` and back after `lengthMs`. */
function dip({ modem, clock }: FaultContext, millivolts: number, lengthMs: number): void {
  const before = modem.supplyMillivolts;
  modem.setSupplyMillivolts(millivolts);
  clock.setTimer(() => modem.setSupplyMillivolts(before), lengthMs);
}

export const POWER_FAULTS: FaultTable = {
  'brown-out': {
    description: 'the supply falls to 2.9 V: the module dies without a word and stays off until PWRKEY',
    parameter: { name: 'length', unit: 'ms', fallback: 200, low: 1, high: 600_000 },
    trigger: '30s',
    strike: (context, value) => dip(context, 2_900, value),
  },
  'under-voltage': {
    description:
      'the supply falls to 3.3 V: the module switches itself off, with a text only after AT+CBATCHK=1',
    parameter: seconds('length', 5),
    trigger: '30s',
    strike: (context, value) => dip(context, 3_300, value * 1_000),
  },
  sag: {
    description: 'the supply stays at 3.45 V for a while: warnings, if AT+CBATCHK=1',
    parameter: seconds('length', 30),
    trigger: '30s',
    strike: (context, value) => dip(context, 3_450, value * 1_000),
  },
  'self-reset': {
    description: 'the module restarts itself in mid-session',
    trigger: '30s',
    strike: ({ modem }) => modem.crash(),
  },
  'self-off': {
    description: 'the module says NORMAL POWER DOWN and is off until PWRKEY',
    trigger: '30s',
    strike: ({ session }) => session.host.switchOff(false),
  },
  'profile-lost': {
    description: 'flash goes back to factory values (autobaud, echo) and the module restarts',
    trigger: '30s',
    strike: ({ modem }) => modem.loseProfile(),
  },
  'wrong-baud': {
    description: "the module's serial port jumps to another rate until it restarts or is told AT+IPR",
    parameter: { name: 'rate', unit: 'number', fallback: 9_600, low: 1_200, high: 460_800 },
    trigger: '30s',
    strike: ({ session }, value) => session.host.setBaud(value),
  },
  wedge: {
    description: 'the module hangs with STATUS high; PWRKEY does nothing, only RESET or a supply cut helps',
    trigger: '30s',
    strike: ({ modem }) => modem.wedge('key'),
  },
  'wedge-hard': {
    description: 'the module hangs with STATUS high; PWRKEY and RESET do nothing, only a supply cut helps',
    trigger: '30s',
    strike: ({ modem }) => modem.wedge('all'),
  },
};
