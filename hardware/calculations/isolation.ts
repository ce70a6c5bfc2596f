/**
 * Isolation distances: relay contacts (250 V, overvoltage category II, pollution degree 2, material group IIIa) to
 * everything a person can touch: reinforced, IEC 62368-1 tables 14 (clearance, 1500 V + transients: 3.0 mm
 * doubled for reinforced at 2500 V transients) and 17 (creepage 250 V: 2.5 mm basic, 5.0 mm reinforced). We take
 * 8 mm, what relay and terminals give with room for altitude and dust. The optocouplers' side is extra-low
 * voltage: 3 mm.
 */
import { BETWEEN_RELAYS, FIELD_TO_LOW_VOLTAGE, MAINS_TO_LOW_VOLTAGE, classOf } from '../layout/rules';
import { SOURCES, type Finding } from './finding';

/** Millimetres. */
export const REINFORCED_CREEPAGE = 5;
export const REINFORCED_CLEARANCE = 5;
export const BASIC_CREEPAGE = 2.5;
const FIELD_CREEPAGE = 1.2;
/** IEC 62368-1 table 16: clearances up to 3000 m. */
const ALTITUDE_FACTOR = 1.14;

export function isolationFindings(): Finding[] {
  const common = { topic: 'Isolation', sources: [SOURCES.iec62368] };
  return [
    {
      ...common,
      what: 'relay contacts to low voltage',
      value: MAINS_TO_LOW_VOLTAGE,
      unit: 'mm',
      least: Math.max(REINFORCED_CREEPAGE, REINFORCED_CLEARANCE * ALTITUDE_FACTOR),
    },
    {
      ...common,
      what: 'contacts of one relay to the other (two circuits)',
      value: BETWEEN_RELAYS,
      unit: 'mm',
      least: REINFORCED_CREEPAGE,
    },
    {
      ...common,
      what: 'contacts of one relay among each other',
      value: classOf('COM1').clearance,
      unit: 'mm',
      least: BASIC_CREEPAGE,
    },
    {
      ...common,
      what: 'machine circuits to low voltage',
      value: FIELD_TO_LOW_VOLTAGE,
      unit: 'mm',
      least: FIELD_CREEPAGE,
    },
  ];
}
