/**
 * Values of parts, taken from the circuit itself, so that a calculation cannot be about another board. Accepts
 * the notation of circuit/: 4.7k, 100nF, 10uH 9A, 330uF 6.3V. Invariant: an unknown part or unit throws.
 */
import { coinslotCircuit } from '../circuit/circuit';

const FACTOR: Readonly<Record<string, number>> = {
  p: 1e-12,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  R: 1,
  k: 1e3,
  M: 1e6,
  '': 1,
};

export function valueOf(text: string): number {
  const match = /^([\d.]+)\s*([pnumRkM]?)(?:F|H|Hz|V|A)?(?:\s|$)/.exec(text);
  if (!match) throw new Error(`value ${text}`);
  return Number(match[1]) * FACTOR[match[2]!]!;
}

const circuit = coinslotCircuit();
const values = new Map(
  circuit.parts.filter((part) => part.isFitted).map((part) => [part.ref, part.item.value]),
);

/** Ohm, farad or henry of a part; one that is not fitted does not count. */
export function partValue(ref: string): number {
  const value = values.get(ref);
  if (value === undefined) throw new Error(`no part ${ref}, or it is not fitted`);
  return valueOf(value);
}
