/**
 * Supply budget and heat: what each rail gives, what the fuse and the converters carry, how warm the regulators
 * and the input transistor become at 60 C in the box. Average current of the modem: guide, table 39 (GPRS, four
 * slots sending: 408 mA); peaks are the capacitors' business (burst.ts).
 */
import { modemVolts } from './converter';
import { SOURCES, type Finding, type Source } from './finding';

const AMBIENT_C = 60;
const VIN_LOW = 9;
const COIL_A = 0.08;
const COILS = 2;
const MODEM_AVERAGE_A = 0.408;
const EFFICIENCY = 0.82;
const DIODE_V = 0.36;

/** Amperes on 3.3 V: controller 100 MHz 25 mA, lights, transceiver, memories, level shifters. */
const LOAD_3V3 = [
  ['controller at 100 MHz', 0.03],
  ['five lights', 0.01],
  ['RS-232 transceiver', 0.01],
  ['memories, translators, supervisor', 0.01],
] as const;
/** RS-485 driving a terminated line. */
const RS485_A = 0.045;

const sum = (items: readonly (readonly [string, number])[]): number =>
  items.reduce((total, [, ampere]) => total + ampere, 0);

export function loads(): { threeVolts: number; fiveVolts: number; inputAverage: number } {
  const threeVolts = sum(LOAD_3V3);
  const fiveVolts = threeVolts + COILS * COIL_A + RS485_A;
  const watts = (modemVolts().nominal * MODEM_AVERAGE_A + 5.39 * fiveVolts) / EFFICIENCY;
  return { threeVolts, fiveVolts, inputAverage: watts / VIN_LOW };
}

/** Amperes that a net carries at most: for the widths of its copper (tracks.ts). */
export function netAmperes(): ReadonlyMap<string, number> {
  const { threeVolts, fiveVolts } = loads();
  const inputPeak = (modemVolts().nominal * 2 + 5.39 * fiveVolts) / EFFICIENCY / VIN_LOW;
  return new Map([
    ['VIN_RAW', inputPeak],
    ['VIN_FUSED', inputPeak],
    ['VIN', inputPeak],
    ['SW_4V', 2],
    ['+4V0', 2],
    ['MODEM_IN', 2],
    ['VBAT', 2],
    ['SW_5V', fiveVolts],
    ['V_BUCK', fiveVolts],
    ['+5V', fiveVolts],
    ['VBUS', 0.5],
    ['+5V_COIL', COILS * COIL_A],
    ['+3V3', threeVolts],
    ['COIL1', COIL_A],
    ['COIL2', COIL_A],
    ...[1, 2].flatMap((relay) => ['COM', 'NC', 'NO'].map((name): [string, number] => [`${name}${relay}`, 5])),
  ]);
}

interface Heat {
  readonly part: string;
  readonly watts: number;
  /** Kelvin per watt, junction to air, on copper as ours. */
  readonly resistance: number;
  readonly most: number;
  readonly source: Source;
}

function heats(): Heat[] {
  const { threeVolts, fiveVolts, inputAverage } = loads();
  const duty = modemVolts().nominal / VIN_LOW;
  const average = MODEM_AVERAGE_A;
  return [
    {
      part: 'U2 converter: switch 0.19 Ohm hot, switching, own',
      watts: average ** 2 * 0.19 * duty + 0.15,
      resistance: 42,
      most: 125,
      source: SOURCES.tps54360,
    },
    {
      part: 'D3 catch diode at 36 V',
      watts: 0.5 * average * (1 - modemVolts().nominal / 36),
      resistance: 50,
      most: 125,
      source: { document: 'Diodes B560C', known: 'memory' },
    },
    {
      part: 'U3 converter: 0.9 Ohm, switching',
      watts: fiveVolts ** 2 * 0.9 * (5.39 / VIN_LOW) + 0.08,
      resistance: 102,
      most: 125,
      source: SOURCES.lmr16006,
    },
    {
      part: 'D5 diode',
      watts: DIODE_V * fiveVolts,
      resistance: 250,
      most: 125,
      source: { document: 'Diodes B5819W', known: 'memory' },
    },
    {
      part: 'U4 regulator',
      watts: (5.1 - 3.3) * threeVolts,
      resistance: 187,
      most: 125,
      source: { document: 'Diodes AP2112', known: 'memory' },
    },
    {
      part: 'Q1 input transistor, 0.3 Ohm hot',
      watts: inputAverage ** 2 * 0.3,
      resistance: 80,
      most: 125,
      source: { document: 'Diodes DS37841 DMP10H400SE', known: 'quoted' },
    },
    {
      part: 'U5 switch, 24 mOhm hot',
      watts: average ** 2 * 0.024,
      resistance: 72,
      most: 105,
      source: SOURCES.tps22965,
    },
  ];
}

export function supplyFindings(): Finding[] {
  const { threeVolts, fiveVolts, inputAverage } = loads();
  const budget = { topic: 'Supply budget', sources: [SOURCES.guide, SOURCES.design] };
  return [
    { ...budget, what: '3.3 V load (regulator gives 0.6 A)', value: threeVolts * 1e3, unit: 'mA', most: 300 },
    { ...budget, what: '5 V load (converter gives 0.6 A)', value: fiveVolts * 1e3, unit: 'mA', most: 500 },
    {
      ...budget,
      what: '5 V rail, lowest: 0.97 x 5.39 V less the diode (RS-485 wants 4.75 V)',
      value: 0.97 * 5.39 - DIODE_V - 0.05,
      unit: 'V',
      least: 4.75,
    },
    {
      ...budget,
      what: 'input at 9 V, average (fuse 2 A, at 60 C 0.75 of it)',
      value: inputAverage,
      unit: 'A',
      most: 1.5,
    },
    {
      ...budget,
      what: 'clamping voltage of the suppressor against 60 V parts',
      value: 58.1,
      unit: 'V',
      most: 60,
    },
    {
      ...budget,
      what: 'inrush of the modem side: 700 uF in 7.4 ms',
      value: (700e-6 * 4) / 7.4e-3,
      unit: 'A',
      most: 1,
    },
    ...heats().map((heat): Finding => ({
      topic: 'Heat at 60 C ambient',
      what: heat.part,
      value: AMBIENT_C + heat.watts * heat.resistance,
      unit: 'C',
      most: heat.most,
      sources: [heat.source],
    })),
  ];
}
