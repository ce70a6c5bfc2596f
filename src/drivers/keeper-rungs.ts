/**
 * What is known of faults and remedies between two uses of the ladder (keeper-ladder.ts), which stands in flash.
 */
export const enum Rung {
  Socket = 0,
  Bearer = 1,
  Attach = 2,
  Radio = 3,
  Reset = 4,
  PowerKey = 5,
  Supply = 6,
}

export const enum Fault {
  /** A socket did not open, failed or was closed. */
  Socket = 0,
  /** The server does not answer. */
  Silent = 1,
  /** The bearer fell or does not come up. */
  Bearer = 2,
  /** No registration, or attachment refused. */
  Network = 3,
  /** No SIM, or one that cannot be used. */
  Sim = 4,
  /** The modem does not answer. */
  Modem = 5,
  /** The modem is off. */
  Off = 6,
  /** The server answered and will not talk to us: only time helps. */
  Refused = 7,
  /** The modem has restarted by itself: it is brought up again, without a rung. */
  Restart = 8,
}

/** The ladder's memory. Lists by rung or fault are empty where nothing has happened yet. */
export interface LadderMemory {
  /** The rung to use now, and after how long. */
  rung: Rung;
  delayMs: number;
  /** Uses of each rung since the start, for INFO. */
  readonly uses: number[];
  isClimbing: boolean;
  tries: number;
  failures: number;
  firstFault: Fault;
  /** Uses that count against the limits. */
  lastUsedMs: (number | undefined)[];
  doublings: number[];
  /** Which rung helped against a fault, and until when that is believed. */
  readonly helped: Rung[];
  readonly helpedUntilMs: number[];
}

export function newLadderMemory(): LadderMemory {
  return {
    rung: Rung.Socket,
    delayMs: 0,
    uses: [0, 0, 0, 0, 0, 0, 0],
    isClimbing: false,
    tries: 0,
    failures: 0,
    firstFault: Fault.Socket,
    lastUsedMs: [],
    doublings: [],
    helped: [],
    helpedUntilMs: [],
  };
}
