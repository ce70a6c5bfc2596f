/**
 * The two step-down converters: frequency, output voltage with tolerances, ripple, turn-on and turn-off voltage,
 * shortest on-time, and the modem converter's loop (crossover and phase margin, with the modem's switch on and
 * off, over capacitor tolerances). Formulas: TPS54360 data sheet 7.3 and 8.2; LMR16006 data sheet 7.3.
 */
import { SOURCES, spread, type Finding } from './finding';
import { partValue } from './values';

/** TPS54360: data sheet, electrical characteristics. */
export const TPS54360 = {
  referenceV: 0.8,
  referenceTolerance: 0.01,
  enableV: 1.2,
  enablePullUpA: 1.2e-6,
  enableHysteresisA: 3.4e-6,
  errorAmplifierS: 350e-6,
  errorAmplifierA: 30e-6,
  openLoopGain: 10_000,
  powerStageS: 12,
  /** Guaranteed peak current. */
  currentLimitA: 4.5,
  shortestOnS: 135e-9,
} as const;

const LMR16006 = {
  referenceV: 0.765,
  referenceTolerance: 0.02,
  enableV: 1.25,
  hertz: 700e3,
  shortestOnS: 85e-9,
} as const;
const RESISTOR_TOLERANCE = 0.01;
const VIN = { low: 9, high: 36 } as const;

/** RT in kilo-ohms and the frequency in kilohertz: data sheet equation 8. */
export function modemConverterHertz(): number {
  return (92417 / (partValue('R4') / 1e3) ** 0.991) * 1e3;
}

function dividerVolts(reference: number, top: number, bottom: number): number {
  return reference * (1 + top / bottom);
}

/** Nominal, lowest and highest output of the modem converter. */
export function modemVolts(): { nominal: number; low: number; high: number } {
  const [top, bottom] = [partValue('R6'), partValue('R7')];
  const reference = spread(TPS54360.referenceV, TPS54360.referenceTolerance);
  const t = spread(top, RESISTOR_TOLERANCE);
  const b = spread(bottom, RESISTOR_TOLERANCE);
  return {
    nominal: dividerVolts(TPS54360.referenceV, top, bottom),
    low: dividerVolts(reference.low, t.low, b.high),
    high: dividerVolts(reference.high, t.high, b.low),
  };
}

/** Voltage at which EN starts and stops the modem converter: data sheet equations 4 and 5, solved for V. */
function modemConverterThresholds(): { start: number; stop: number } {
  const [top, bottom] = [partValue('R2'), partValue('R3')];
  const { enableV, enablePullUpA, enableHysteresisA } = TPS54360;
  const start = enableV + top * (enableV / bottom - enablePullUpA);
  return { start, stop: start - top * enableHysteresisA };
}

export interface LoopCorner {
  readonly name: string;
  readonly isSwitchOn: boolean;
  /** Share of the ceramic capacitors that is left under voltage, age and cold. */
  readonly ceramic: number;
  readonly polymer: number;
  readonly polymerEsr: number;
}

interface Complex {
  readonly re: number;
  readonly im: number;
}

const add = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
const multiply = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});
const inverse = (a: Complex): Complex => {
  const square = a.re * a.re + a.im * a.im;
  return { re: a.re / square, im: -a.im / square };
};
const parallel = (...branches: readonly Complex[]): Complex => inverse(branches.map(inverse).reduce(add));
const capacitor = (farad: number, w: number): Complex => ({ re: 0, im: -1 / (w * farad) });
const ohm = (value: number): Complex => ({ re: value, im: 0 });

/** Ohms between the converter's capacitors and the modem's: bead, switch, copper. */
export const PATH_OHM = 0.016 + 0.016 + 0.005;
export const CERAMIC_ESR_OHM = 0.003;
const LIGHT_LOAD_OHM = 100;

function outputImpedance(w: number, corner: LoopCorner): Complex {
  const ceramic = (partValue('C9') + partValue('C10')) * corner.ceramic;
  const bulk = partValue('C11') * corner.polymer;
  const modemBulk = (partValue('C55') + partValue('C56')) * corner.polymer;
  const branches = [
    add(capacitor(ceramic, w), ohm(CERAMIC_ESR_OHM)),
    add(capacitor(bulk, w), ohm(corner.polymerEsr)),
    ohm(LIGHT_LOAD_OHM),
  ];
  if (corner.isSwitchOn) branches.push(add(capacitor(modemBulk, w), ohm(corner.polymerEsr / 2 + PATH_OHM)));
  return parallel(...branches);
}

/** Gain round the loop: error amplifier with its network, power stage with the sampling pole, output, divider. */
function loopGain(hertz: number, corner: LoopCorner): Complex {
  const w = 2 * Math.PI * hertz;
  const series = add(ohm(partValue('R5')), capacitor(partValue('C6'), w));
  const amplifier = TPS54360.openLoopGain / TPS54360.errorAmplifierS;
  const network = parallel(series, capacitor(partValue('C7'), w), ohm(amplifier));
  const sampling = inverse({ re: 1, im: hertz / (modemConverterHertz() / 2) });
  const gain = TPS54360.errorAmplifierS * TPS54360.powerStageS * (TPS54360.referenceV / modemVolts().nominal);
  return multiply(multiply(multiply(network, outputImpedance(w, corner)), sampling), ohm(gain));
}

export interface Margin {
  readonly crossoverHertz: number;
  readonly phaseDegrees: number;
}

/** Where the gain falls to one, and how far the phase is from turning round there. */
export function loopMargin(corner: LoopCorner): Margin {
  for (let hertz = 200; hertz < 400e3; hertz *= 1.005) {
    const gain = loopGain(hertz, corner);
    if (Math.hypot(gain.re, gain.im) > 1) continue;
    const phase = (Math.atan2(gain.im, gain.re) * 180) / Math.PI;
    return { crossoverHertz: hertz, phaseDegrees: 180 + (phase > 0 ? phase - 360 : phase) };
  }
  throw new Error('the loop gain does not fall to one');
}

const CAPACITORS: readonly Omit<LoopCorner, 'isSwitchOn'>[] = [
  { name: 'nominal', ceramic: 0.7, polymer: 1, polymerEsr: 0.025 },
  { name: 'little capacitance', ceramic: 0.45, polymer: 0.8, polymerEsr: 0.006 },
  { name: 'much resistance', ceramic: 0.9, polymer: 1.2, polymerEsr: 0.04 },
];

export const LOOP_CORNERS: readonly LoopCorner[] = [true, false].flatMap((isSwitchOn) =>
  CAPACITORS.map((corner) => ({
    ...corner,
    isSwitchOn,
    name: `${corner.name}, switch ${isSwitchOn ? 'on' : 'off'}`,
  })),
);

function loopFindings(): Finding[] {
  const hertz = modemConverterHertz();
  return LOOP_CORNERS.flatMap((corner): Finding[] => {
    const margin = loopMargin(corner);
    const common = { topic: 'Modem converter', sources: [SOURCES.tps54360, SOURCES.design] };
    return [
      {
        ...common,
        what: `phase margin, ${corner.name}`,
        value: margin.phaseDegrees,
        unit: 'degrees',
        least: 50,
      },
      {
        ...common,
        what: `crossover, ${corner.name}`,
        value: margin.crossoverHertz / 1e3,
        unit: 'kHz',
        most: hertz / 5e3,
      },
    ];
  });
}

export function converterFindings(): Finding[] {
  const hertz = modemConverterHertz();
  const volts = modemVolts();
  const { start, stop } = modemConverterThresholds();
  const ripple = ((VIN.high - volts.nominal) / partValue('L1')) * (volts.nominal / (VIN.high * hertz));
  const fiveVolts = dividerVolts(LMR16006.referenceV, partValue('R12'), partValue('R13'));
  const fiveRipple = ((VIN.high - fiveVolts) / partValue('L2')) * (fiveVolts / (VIN.high * LMR16006.hertz));
  const fiveStart = LMR16006.enableV * (1 + partValue('R10') / partValue('R11'));
  const modem = { topic: 'Modem converter', sources: [SOURCES.tps54360, SOURCES.design] };
  const five = { topic: '5 V converter', sources: [SOURCES.lmr16006, SOURCES.design] };
  return [
    { ...modem, what: 'switching frequency', value: hertz / 1e3, unit: 'kHz', least: 380, most: 420 },
    { ...modem, what: 'output, nominal', value: volts.nominal, unit: 'V', least: 3.95, most: 4.05 },
    { ...modem, what: 'output, lowest', value: volts.low, unit: 'V', least: 3.8 },
    {
      ...modem,
      what: 'output, highest (over-voltage warning at 4.3 V)',
      value: volts.high,
      unit: 'V',
      most: 4.2,
    },
    { ...modem, what: 'ripple current at 36 V', value: ripple, unit: 'A', most: 1.2 },
    {
      ...modem,
      what: 'peak current in a 2 A burst',
      value: 2 + ripple / 2,
      unit: 'A',
      most: TPS54360.currentLimitA,
    },
    {
      ...modem,
      what: 'on-time at 36 V',
      value: (volts.nominal / VIN.high / hertz) * 1e9,
      unit: 'ns',
      least: TPS54360.shortestOnS * 1e9,
    },
    { ...modem, what: 'starts at', value: start, unit: 'V', most: VIN.low },
    { ...modem, what: 'stops at', value: stop, unit: 'V', least: 6, most: 8.5 },
    ...loopFindings(),
    { ...five, what: 'output before the diode', value: fiveVolts, unit: 'V', least: 5.2, most: 5.5 },
    { ...five, what: 'ripple current at 36 V', value: fiveRipple, unit: 'A', most: 0.36 },
    {
      ...five,
      what: 'on-time at 36 V',
      value: (fiveVolts / VIN.high / LMR16006.hertz) * 1e9,
      unit: 'ns',
      least: LMR16006.shortestOnS * 1e9,
    },
    { ...five, what: 'starts at', value: fiveStart, unit: 'V', most: VIN.low },
  ];
}
