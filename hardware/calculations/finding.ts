/**
 * What a calculation finds: a figure, the limit it must keep, and where both come from. The same list is tested
 * (test/hardware/calculations.test.ts) and printed (calculations/report.ts).
 * Invariant: a finding without a source does not exist; what was not read in the document itself says so.
 */

/** How a figure is known: read in the document, seen in public designs that quote it, or from memory. */
export type Known = 'read' | 'quoted' | 'memory' | 'design';

export interface Source {
  readonly document: string;
  readonly known: Known;
}

export interface Finding {
  readonly topic: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Bounds that the value must keep; undefined where there is none on that side. */
  readonly least?: number;
  readonly most?: number;
  readonly sources: readonly Source[];
}

export function holds(finding: Finding): boolean {
  const isEnough = finding.least === undefined || finding.value >= finding.least;
  return isEnough && (finding.most === undefined || finding.value <= finding.most);
}

/** Lowest and highest of a nominal value with a relative tolerance. */
export function spread(nominal: number, tolerance: number): { readonly low: number; readonly high: number } {
  return { low: nominal * (1 - tolerance), high: nominal * (1 + tolerance) };
}

/** Documents that are used more than once. */
export const SOURCES = {
  guide: { document: 'SIM800A Hardware Design V1.02', known: 'read' },
  tps54360: { document: 'TI SLVSBB4 TPS54360', known: 'memory' },
  lmr16006: { document: 'TI SNVSA24 LMR16006', known: 'memory' },
  tps22965: { document: 'TI SLVSBJ0 TPS22965', known: 'quoted' },
  tps3828: { document: 'TI SLVS165 TPS3828', known: 'quoted' },
  stm32: { document: 'ST DS10314 STM32F411', known: 'memory' },
  relay: { document: 'Hongfa HF115F', known: 'memory' },
  ipc2221: { document: 'IPC-2221B 6.2 (external conductors)', known: 'memory' },
  iec62368: { document: 'IEC 62368-1 5.4.2, 5.4.3', known: 'memory' },
  design: { document: 'circuit/', known: 'design' },
} as const satisfies Record<string, Source>;
