/**
 * Antenna line: impedance of a coplanar line over ground (Wadell, "Transmission Line Design Handbook", 3.4.1) for
 * the fab's stack-up, its tolerance, and how little its length matters.
 */
import { ANTENNA_GAP, ANTENNA_WIDTH } from '../layout/board';
import type { Finding, Source } from './finding';

const wadell: Source = { document: 'Wadell 1991, 3.4.1', known: 'memory' };
const stackup: Source = { document: 'JLCPCB 2 layers 1.6 mm: core 1.53 mm, er 4.5', known: 'memory' };
const CORE_MM = 1.53;
const LINE_MM = 8;
const LIGHT_MM_HZ = 2.998e11;

/** Complete elliptic integral of the first kind, by the arithmetic-geometric mean. */
function elliptic(modulus: number): number {
  let [a, b] = [1, Math.sqrt(1 - modulus * modulus)];
  for (let i = 0; i < 20; i++) [a, b] = [(a + b) / 2, Math.sqrt(a * b)];
  return Math.PI / (2 * a);
}

/** Ohms, and the dielectric constant that the wave sees. Millimetres. */
export function coplanar(
  width: number,
  gap: number,
  height: number,
  dielectric: number,
): { ohm: number; effective: number } {
  const k = width / (width + 2 * gap);
  const k3 =
    Math.tanh((Math.PI * width) / (4 * height)) / Math.tanh((Math.PI * (width + 2 * gap)) / (4 * height));
  const air = elliptic(k) / elliptic(Math.sqrt(1 - k * k));
  const ground = elliptic(k3) / elliptic(Math.sqrt(1 - k3 * k3));
  const effective = (1 + (dielectric * ground) / air) / (1 + ground / air);
  return { ohm: (60 * Math.PI) / Math.sqrt(effective) / (air + ground), effective };
}

export function antennaFindings(): Finding[] {
  const common = { topic: 'Antenna line', sources: [wadell, stackup] };
  const nominal = coplanar(ANTENNA_WIDTH, ANTENNA_GAP, CORE_MM, 4.5);
  const corners = [4.2, 4.8].flatMap((er) =>
    [-0.03, 0.03].map((d) => coplanar(ANTENNA_WIDTH + d, ANTENNA_GAP - d, CORE_MM, er).ohm),
  );
  const wave = LIGHT_MM_HZ / 1.88e9 / Math.sqrt(nominal.effective);
  return [
    { ...common, what: 'impedance, nominal', value: nominal.ohm, unit: 'Ohm', least: 48, most: 52 },
    { ...common, what: 'impedance, lowest corner', value: Math.min(...corners), unit: 'Ohm', least: 45 },
    { ...common, what: 'impedance, highest corner', value: Math.max(...corners), unit: 'Ohm', most: 55 },
    { ...common, what: 'length in wavelengths at 1880 MHz', value: LINE_MM / wave, unit: '', most: 0.1 },
  ];
}
