/**
 * How a simulated cellular path behaves, as data: rates, latency, loss, NAT. Presets for the campaigns.
 * Rates are those of GPRS multislot class 10 with CS-4 (two slots up, four down, 21.4 kbit/s each); round
 * trips and NAT times are the ranges of the project's link facts.
 */
export interface NetworkProfile {
  /** Bits per second from the device; 0 = no limit. */
  upBitsPerSecond: number;
  /** Bits per second to the device; 0 = no limit. */
  downBitsPerSecond: number;
  /** One-way time through air and core network. */
  latencyMs: number;
  /** Added to each one-way time, evenly spread from 0. */
  jitterMs: number;
  /** Share of segments lost on the air; each costs retransmission time, never data. */
  lossShare: number;
  /** First retransmission time; doubles with each further loss of the same segment. */
  retransmissionMs: number;
  /** The carrier forgets an idle connection after this; 0 = never. */
  natIdleMs: number;
  /** What a forgotten connection's next segment meets: nothing at all, or a reset. */
  natAnswer: 'silence' | 'reset';
  /** Time of one name look-up besides the round trip. */
  lookupMs: number;
}

export const IDEAL: NetworkProfile = {
  upBitsPerSecond: 0,
  downBitsPerSecond: 0,
  latencyMs: 1,
  jitterMs: 0,
  lossShare: 0,
  retransmissionMs: 1_000,
  natIdleMs: 0,
  natAnswer: 'silence',
  lookupMs: 1,
};

export const GPRS_CLASS_10: NetworkProfile = {
  upBitsPerSecond: 42_800,
  downBitsPerSecond: 85_600,
  latencyMs: 250,
  jitterMs: 250,
  lossShare: 0.01,
  retransmissionMs: 1_500,
  natIdleMs: 300_000,
  natAnswer: 'silence',
  lookupMs: 300,
};

/** The edge of a cell: slow, lossy, and a NAT with little patience. */
export const POOR_CELL: NetworkProfile = {
  ...GPRS_CLASS_10,
  upBitsPerSecond: 9_050,
  downBitsPerSecond: 18_100,
  latencyMs: 400,
  jitterMs: 700,
  lossShare: 0.08,
  natIdleMs: 120_000,
};

export const NETWORK_PROFILES: Readonly<Record<string, NetworkProfile>> = {
  ideal: IDEAL,
  gprs: GPRS_CLASS_10,
  poor: POOR_CELL,
};
