/**
 * The modem's bursts: 2 A for 577 us every 4.615 ms (guide 4.1, figure 8). How far VBAT drops, computed step by
 * step from the converter's average model (error amplifier with its limits, current-mode stage with its current
 * limit) and the capacitors on both sides of the switch; the same circuit is given to ngspice as a check
 * (burst-deck.ts). Limits: 350 mV drop, never below 3.4 V, never above 4.4 V.
 */
import { modemConverterHertz, modemVolts, PATH_OHM, TPS54360 } from './converter';
import { SOURCES, type Finding } from './finding';
import { partValue } from './values';

export const BURST = { ampere: 2, seconds: 577e-6, period: 4.615e-3, idleAmpere: 0.02 } as const;

export interface BurstCorner {
  readonly name: string;
  readonly ceramic: number;
  readonly polymer: number;
  readonly polymerEsr: number;
  /** Bead, switch and copper grow with temperature. */
  readonly path: number;
  readonly volts: 'nominal' | 'low' | 'high';
}

export const BURST_CORNERS: readonly BurstCorner[] = [
  { name: '25 C, nominal', ceramic: 0.7, polymer: 1, polymerEsr: 0.025, path: PATH_OHM, volts: 'nominal' },
  {
    name: '-40 C, least capacitance',
    ceramic: 0.45,
    polymer: 0.7,
    polymerEsr: 0.04,
    path: 0.8 * PATH_OHM,
    volts: 'low',
  },
  {
    name: '+85 C, most resistance',
    ceramic: 0.5,
    polymer: 0.8,
    polymerEsr: 0.03,
    path: 1.5 * PATH_OHM,
    volts: 'low',
  },
  {
    name: '+85 C, highest voltage',
    ceramic: 0.9,
    polymer: 1.2,
    polymerEsr: 0.015,
    path: 1.5 * PATH_OHM,
    volts: 'high',
  },
  {
    name: 'end of life, half the bulk',
    ceramic: 0.4,
    polymer: 0.5,
    polymerEsr: 0.05,
    path: 1.5 * PATH_OHM,
    volts: 'low',
  },
];

/** Component values of the model, also for the deck. */
export interface BurstModel {
  readonly target: number;
  readonly nearCeramic: number;
  readonly nearBulk: number;
  readonly nearEsr: number;
  readonly farCeramic: number;
  readonly farBulk: number;
  readonly farEsr: number;
  readonly path: number;
  readonly stageSeconds: number;
}

export function burstModel(corner: BurstCorner): BurstModel {
  return {
    target: modemVolts()[corner.volts],
    nearCeramic: (partValue('C9') + partValue('C10')) * corner.ceramic,
    nearBulk: partValue('C11') * corner.polymer,
    nearEsr: corner.polymerEsr,
    farCeramic: partValue('C57') * corner.ceramic,
    farBulk: (partValue('C55') + partValue('C56')) * corner.polymer,
    farEsr: corner.polymerEsr / 2,
    path: corner.path,
    stageSeconds: 1 / (2 * Math.PI * (modemConverterHertz() / 2)),
  };
}

export interface BurstResult {
  /** Before the last burst, lowest in it, highest after it; volts at VBAT. */
  readonly rest: number;
  readonly lowest: number;
  readonly highest: number;
}

const STEP_S = 20e-9;
const PERIODS = 2;
/** The model's control voltage is 0 at no current; the real one has an offset that changes nothing. */
const clamp = (value: number, least: number, most: number): number =>
  value < least ? least : value > most ? most : value;

/** Integrates the model over a few bursts; the last one counts. */
export function simulateBurst(corner: BurstCorner): BurstResult {
  const m = burstModel(corner);
  const [r, cSeries, cParallel] = [partValue('R5'), partValue('C6'), partValue('C7')];
  const control = BURST.idleAmpere / TPS54360.powerStageS;
  let [near, far, nearBulk, farBulk] = [m.target, m.target, m.target, m.target];
  let [current, vc, vSeries] = [BURST.idleAmpere, control, control];
  const divider = TPS54360.referenceV / m.target;
  const leak = TPS54360.errorAmplifierS / TPS54360.openLoopGain;
  let [rest, lowest, highest] = [far, Infinity, -Infinity];
  const lastStart = BURST.period * (PERIODS - 1) + 0.5e-3;
  for (let t = 0; t < BURST.period * PERIODS; t += STEP_S) {
    const phase = (t + BURST.period - 0.5e-3) % BURST.period;
    const load = phase < BURST.seconds ? BURST.ampere : BURST.idleAmpere;
    const error = clamp(
      TPS54360.errorAmplifierS * (TPS54360.referenceV - near * divider),
      -TPS54360.errorAmplifierA,
      TPS54360.errorAmplifierA,
    );
    const inSeries = (vc - vSeries) / r;
    vc = clamp(
      vc + ((error - inSeries - (vc - control) * leak) / cParallel) * STEP_S,
      0,
      TPS54360.currentLimitA / TPS54360.powerStageS,
    );
    vSeries += (inSeries / cSeries) * STEP_S;
    current +=
      ((clamp(vc * TPS54360.powerStageS, 0, TPS54360.currentLimitA) - current) / m.stageSeconds) * STEP_S;
    const toNearBulk = (near - nearBulk) / m.nearEsr;
    const toFarBulk = (far - farBulk) / m.farEsr;
    const across = (near - far) / m.path;
    near += ((current - toNearBulk - across) / m.nearCeramic) * STEP_S;
    far += ((across - toFarBulk - load) / m.farCeramic) * STEP_S;
    nearBulk += (toNearBulk / m.nearBulk) * STEP_S;
    farBulk += (toFarBulk / m.farBulk) * STEP_S;
    if (t < lastStart) rest = far;
    else {
      lowest = far < lowest ? far : lowest;
      highest = far > highest ? far : highest;
    }
  }
  return { rest, lowest, highest };
}

export function burstFindings(): Finding[] {
  return BURST_CORNERS.flatMap((corner): Finding[] => {
    const { rest, lowest, highest } = simulateBurst(corner);
    const common = {
      topic: 'Burst of the modem',
      sources: [SOURCES.guide, SOURCES.tps54360, SOURCES.design],
    };
    return [
      { ...common, what: `drop, ${corner.name}`, value: (rest - lowest) * 1e3, unit: 'mV', most: 350 },
      { ...common, what: `lowest VBAT, ${corner.name}`, value: lowest, unit: 'V', least: 3.4 },
      { ...common, what: `highest VBAT, ${corner.name}`, value: highest, unit: 'V', most: 4.4 },
    ];
  });
}
