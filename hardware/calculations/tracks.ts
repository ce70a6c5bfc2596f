/**
 * Width of copper per ampere (IPC-2221, outer layers: I = 0.048 dT^0.44 A^0.725, A in square mils), for the checks
 * of the board and the mains contacts.
 */
import { SOURCES, type Finding } from './finding';
import { netAmperes } from './supply';

const K_OUTER = 0.048;
const MIL_MM = 0.0254;
const COPPER_MM = 0.035;
const RISE_K = 20;

/** Millimetres of width that a current needs on an outer layer. */
export function widthFor(ampere: number, riseK = RISE_K): number {
  const squareMils = (ampere / (K_OUTER * riseK ** 0.44)) ** (1 / 0.725);
  return (squareMils * MIL_MM * MIL_MM) / COPPER_MM;
}

/**
 * Wider than heat asks for: the way of the bursts for its resistance (burst.ts reckons with 5 mOhm of copper, 40 mm
 * of it at 0.5 mOhm a square are 4 mm wide on average), the input for what a short circuit does before the fuse.
 */
const LEAST_WIDTHS: Readonly<Record<string, number>> = {
  SW_4V: 1.2,
  '+4V0': 1.2,
  MODEM_IN: 1.2,
  VBAT: 1.2,
  VIN_RAW: 1,
  VIN_FUSED: 1,
  VIN: 1,
};

/** Millimetres that each current-carrying net needs. */
export function neededWidths(): ReadonlyMap<string, number> {
  return new Map(
    [...netAmperes()].map(([net, ampere]) => [net, Math.max(widthFor(ampere), LEAST_WIDTHS[net] ?? 0)]),
  );
}

export const CONTACT_WIDTH_MM = 2;

export function trackFindings(): Finding[] {
  const common = { topic: 'Copper per ampere', sources: [SOURCES.ipc2221] };
  return [
    { ...common, what: 'width for 5 A, 20 K', value: widthFor(5), unit: 'mm', most: 2 * CONTACT_WIDTH_MM },
    {
      ...common,
      what: 'mains contacts, 2 mm on both layers: share used',
      value: widthFor(5) / (2 * CONTACT_WIDTH_MM),
      unit: '',
      most: 0.9,
    },
    { ...common, what: 'width for 2 A, 20 K', value: widthFor(2), unit: 'mm', most: 1 },
    { ...common, what: 'width for 0.3 A, 20 K', value: widthFor(0.3), unit: 'mm', most: 0.2 },
  ];
}
