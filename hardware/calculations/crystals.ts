/**
 * Crystals: load capacitance and the gain margin of their oscillators (ST AN2867: margin = gm / gm_crit, gm_crit =
 * 4 ESR (2 pi f)^2 (C0 + CL)^2; five is wanted, for the 32 kHz oscillator of the F4 a critical gain below its limit).
 */
import { SOURCES, type Finding, type Source } from './finding';
import { partValue } from './values';

const an2867: Source = { document: 'ST AN2867', known: 'quoted' };
const STRAY_F = 3e-12;

function critical(esr: number, hertz: number, c0: number, load: number): number {
  return 4 * esr * (2 * Math.PI * hertz) ** 2 * (c0 + load) ** 2;
}

export function crystalFindings(): Finding[] {
  const high = critical(140, 8e6, 7e-12, 10e-12);
  const low = critical(60e3, 32768, 1.2e-12, 6e-12);
  const highLoad = partValue('C31') / 2 + STRAY_F;
  const lowLoad = partValue('C33') / 2 + STRAY_F;
  const common = { topic: 'Crystals', sources: [an2867, SOURCES.stm32] };
  return [
    { ...common, what: '8 MHz: gain margin (gm 5 mA/V)', value: 5e-3 / high, unit: 'times', least: 5 },
    {
      ...common,
      what: '8 MHz: load (crystal wants 10 pF)',
      value: highLoad * 1e12,
      unit: 'pF',
      least: 9,
      most: 11.5,
    },
    {
      ...common,
      what: '32 kHz: critical gain (F4 takes 0.56 uA/V)',
      value: low * 1e6,
      unit: 'uA/V',
      most: 0.56,
    },
    {
      ...common,
      what: '32 kHz: load (crystal wants 6 pF)',
      value: lowLoad * 1e12,
      unit: 'pF',
      least: 5.5,
      most: 7,
    },
  ];
}
