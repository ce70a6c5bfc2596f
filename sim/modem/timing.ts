/**
 * How long the simulated module takes, as data. `TYPICAL` is what a good module on a good cell does,
 * `SLOW` leans on the manual's longest times, `FAST` is for tests and campaigns where only order matters.
 * Power and reset times are the hardware design guide's (SIM800A V1.02, sections 4.2.1 to 4.2.3).
 */

/** From and to, milliseconds; drawn evenly. */
export type SpanMs = readonly [number, number];

export interface TimingProfile {
  /** PWRKEY must be low so long to switch on. */
  powerKeyOnMs: number;
  /** PWRKEY low from here ... */
  powerKeyOffMs: number;
  /** ... to here switches off; longer powers on again. */
  powerKeyRestartMs: number;
  /** After NORMAL POWER DOWN, before PWRKEY works again. */
  powerDownMs: number;
  /** RESET low at least so long. */
  resetMs: number;
  /** From the moment that PWRKEY was low long enough until STATUS is high. */
  statusMs: number;
  /** From the end of RESET's pulse, or the module's own restart, until STATUS is high. */
  resetStatusMs: number;
  /** From STATUS high until the serial port answers. */
  uartMs: number;
  /** From the serial port until +CPIN; the card is busy until then. */
  cardMs: SpanMs;
  /** From the card until registered, Call Ready and SMS Ready. */
  registerMs: SpanMs;
  /** From registered until attached to GPRS. */
  attachMs: SpanMs;
  /** A simple command. */
  answerMs: SpanMs;
  attachCommandMs: SpanMs;
  /** AT+CIICR when it works, and when it does not. */
  activateMs: SpanMs;
  refuseMs: SpanMs;
  shutMs: SpanMs;
  closeMs: SpanMs;
  promptMs: SpanMs;
  /** CONNECT FAIL when nobody answers: one link, several links. */
  connectSingleMs: number;
  connectMultiMs: number;
  /** No acknowledgement for so long closes the connection. */
  sendMs: number;
  /** The PDP context outlives a loss of coverage so long. */
  contextHoldMs: number;
  /** An under-voltage warning is repeated so often. */
  warningMs: number;
  /** The supply must be out of range so long before the module switches itself off. */
  voltageCheckMs: number;
}

export const TYPICAL: TimingProfile = {
  powerKeyOnMs: 1_000,
  powerKeyOffMs: 1_000,
  powerKeyRestartMs: 33_000,
  powerDownMs: 800,
  resetMs: 105,
  statusMs: 2_200,
  resetStatusMs: 2_700,
  uartMs: 900,
  cardMs: [1_500, 3_000],
  registerMs: [2_000, 6_000],
  attachMs: [500, 2_000],
  answerMs: [4, 20],
  attachCommandMs: [500, 3_000],
  activateMs: [700, 2_500],
  refuseMs: [2_000, 8_000],
  shutMs: [150, 800],
  closeMs: [100, 500],
  promptMs: [5, 40],
  connectSingleMs: 160_000,
  connectMultiMs: 75_000,
  sendMs: 645_000,
  contextHoldMs: 120_000,
  warningMs: 5_000,
  voltageCheckMs: 300,
};

export const FAST: TimingProfile = {
  ...TYPICAL,
  cardMs: [50, 50],
  registerMs: [50, 50],
  attachMs: [10, 10],
  answerMs: [1, 1],
  attachCommandMs: [10, 10],
  activateMs: [10, 10],
  refuseMs: [20, 20],
  shutMs: [5, 5],
  closeMs: [5, 5],
  promptMs: [1, 1],
};

export const SLOW: TimingProfile = {
  ...TYPICAL,
  cardMs: [4_000, 9_000],
  registerMs: [15_000, 60_000],
  attachMs: [3_000, 20_000],
  answerMs: [20, 300],
  attachCommandMs: [10_000, 70_000],
  activateMs: [10_000, 80_000],
  refuseMs: [20_000, 84_000],
  shutMs: [1_000, 30_000],
  closeMs: [500, 5_000],
  promptMs: [30, 900],
};

export const TIMING_PROFILES: Readonly<Record<string, TimingProfile>> = {
  typical: TYPICAL,
  fast: FAST,
  slow: SLOW,
};
