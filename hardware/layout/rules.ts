/**
 * What the board must keep to: a named fab's limits, and our own, stricter ones by net class. Written into the
 * KiCad project (its DRC reads them there), used by the router and by the checks.
 * Fab: JLCPCB, two layers, 1.6 mm FR-4, 35 um copper ("PCB Manufacturing & Assembly Capabilities", 2025).
 * Isolation: IEC 62368-1 tables G.4 and G.5 as worked out in calculations/isolation.ts.
 * Invariant: ours are never laxer than the fab's (asserted below).
 */

/** Millimetres. */
export const FAB = {
  name: 'JLCPCB 2 layers',
  minTrack: 0.127,
  minClearance: 0.127,
  minViaDrill: 0.3,
  minViaDiameter: 0.5,
  minAnnularRing: 0.1,
  minHoleToHole: 0.25,
  minCopperToEdge: 0.2,
  minCopperToHole: 0.2,
  minSilkWidth: 0.15,
  minSilkHeight: 0.8,
} as const;

/** Millimetres; what we draw with. */
export const OURS = {
  clearance: 0.15,
  track: 0.2,
  viaDiameter: 0.6,
  viaDrill: 0.3,
  copperToEdge: 0.4,
  copperToHole: 0.25,
  holeToHole: 0.3,
  zoneClearance: 0.25,
  thermalGap: 0.25,
  thermalSpoke: 0.4,
  zoneMinWidth: 0.25,
} as const;

export interface NetClass {
  readonly name: string;
  readonly track: number;
  readonly clearance: number;
  readonly nets: readonly string[];
}

/** Contacts of the relays: mains. */
export const MAINS_NETS = [1, 2].flatMap((index) => [`COM${index}`, `NC${index}`, `NO${index}`]);
/** Behind the optocouplers: the machine's own circuits. */
export const FIELD_NETS = ['PULSE_C', 'PULSE_E', 'IN_P', 'IN_N', 'IN_A'] as const;

/** Everything else is in the class Default. */
export const NET_CLASSES: readonly NetClass[] = [
  { name: 'Default', track: OURS.track, clearance: OURS.clearance, nets: [] },
  {
    name: 'Power',
    track: 0.5,
    clearance: OURS.clearance,
    nets: [
      'VIN_RAW',
      'VIN_FUSED',
      'VIN',
      '+4V0',
      'MODEM_IN',
      'VBAT',
      '+5V',
      'V_BUCK',
      'VBUS',
      '+5V_COIL',
      'SW_4V',
      'SW_5V',
    ],
  },
  {
    name: 'Supply',
    track: 0.4,
    clearance: OURS.clearance,
    nets: ['+3V3', 'VDDA', 'VDD_EXT', 'COIL1', 'COIL2'],
  },
  { name: 'Antenna', track: 1.4, clearance: 0.2, nets: ['ANT_MODEM', 'ANT'] },
  { name: 'Mains', track: 2, clearance: 2.5, nets: MAINS_NETS },
  { name: 'Field', track: 0.4, clearance: OURS.clearance, nets: [...FIELD_NETS] },
];

/** Millimetres between copper of both sides. */
export const MAINS_TO_LOW_VOLTAGE = 8;
export const BETWEEN_RELAYS = 6;
export const FIELD_TO_LOW_VOLTAGE = 3;

export function classOf(net: string): NetClass {
  return NET_CLASSES.find((netClass) => netClass.nets.includes(net)) ?? NET_CLASSES[0]!;
}

/** Which relay's contact a net is, or undefined. */
export function relayOf(net: string): number | undefined {
  return MAINS_NETS.includes(net) ? Number(net.slice(-1)) : undefined;
}

const isField = (net: string): boolean => (FIELD_NETS as readonly string[]).includes(net);

/** Least distance of the copper of two nets, in millimetres. */
export function clearanceOf(a: string, b: string): number {
  const relayA = relayOf(a);
  const relayB = relayOf(b);
  if (relayA !== undefined || relayB !== undefined) {
    if (relayA === undefined || relayB === undefined) return MAINS_TO_LOW_VOLTAGE;
    return relayA === relayB ? classOf(a).clearance : BETWEEN_RELAYS;
  }
  if (isField(a) !== isField(b)) return FIELD_TO_LOW_VOLTAGE;
  return Math.max(classOf(a).clearance, classOf(b).clearance);
}

for (const { name, track, clearance } of NET_CLASSES) {
  if (track < FAB.minTrack || clearance < FAB.minClearance)
    throw new Error(`class ${name} is finer than the fab`);
}
if (OURS.viaDrill < FAB.minViaDrill || OURS.viaDiameter < FAB.minViaDiameter)
  throw new Error('vias are finer than the fab');
