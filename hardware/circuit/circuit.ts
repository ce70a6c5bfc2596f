/**
 * The whole circuit: all sheets together, their nets, and what holds for any net list (unique references, no net
 * with a single pin, one declared role for every net). The truth that schematic, board, bill of materials and
 * checks are made from. Invariant: loading this module fails when the circuit contradicts itself.
 */
import type { Node, Part } from '../model/part';
import { controllerSheet } from './controller';
import { hostSheet } from './host';
import { machineSheet } from './machine';
import { modemSheet } from './modem';
import type { Sheet } from './sheet';
import { supplySheet } from './supply';

/** Drawn as rail symbols, wherever they are. */
export const RAILS: readonly string[] = ['GND', 'VIN', '+4V0', 'VBAT', '+5V', '+3V3', 'VBUS'];

export interface Circuit {
  readonly sheets: readonly Sheet[];
  readonly parts: readonly Part[];
  /** Pins of each net, sorted. */
  readonly nets: ReadonlyMap<string, readonly Node[]>;
}

/** Sorts references and pins as people do: R2 before R10. */
export function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function netsOf(parts: readonly Part[]): Map<string, Node[]> {
  const nets = new Map<string, Node[]>();
  for (const part of parts) {
    for (const [pin, net] of part.pins) {
      if (net === null) continue;
      const nodes = nets.get(net) ?? [];
      nodes.push({ ref: part.ref, pin });
      nets.set(net, nodes);
    }
  }
  for (const nodes of nets.values()) nodes.sort((a, b) => byName(a.ref, b.ref) || byName(a.pin, b.pin));
  return new Map([...nets].sort(([a], [b]) => byName(a, b)));
}

/** Everything that must hold, as a list of what does not. */
export function contradictions(parts: readonly Part[], nets: ReadonlyMap<string, readonly Node[]>): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const part of parts) {
    if (seen.has(part.ref)) faults.push(`${part.ref} twice`);
    seen.add(part.ref);
    const pads = new Set(
      part.item.footprint.pads.filter((pad) => pad.number !== '').map((pad) => pad.number),
    );
    for (const pin of part.item.symbol.pins) {
      if (!part.pins.has(pin.number))
        faults.push(`${part.ref}.${pin.number} neither used nor declared unused`);
      if (!pads.has(pin.number)) faults.push(`${part.ref}.${pin.number} has no pad`);
    }
    for (const pad of pads) if (!part.pins.has(pad)) faults.push(`${part.ref} pad ${pad} has no pin`);
  }
  for (const [net, nodes] of nets) {
    if (nodes.length < 2) faults.push(`net ${net} has one pin only: ${nodes[0]!.ref}.${nodes[0]!.pin}`);
  }
  return faults;
}

export function circuitOf(sheets: readonly Sheet[]): Circuit {
  const parts = sheets.flatMap((sheet) => sheet.parts).sort((a, b) => byName(a.ref, b.ref));
  const nets = netsOf(parts);
  const faults = contradictions(parts, nets);
  if (faults.length > 0) throw new Error(`circuit: ${faults.join('; ')}`);
  return { sheets, parts, nets };
}

export function coinslotCircuit(): Circuit {
  return circuitOf([supplySheet(), controllerSheet(), modemSheet(), hostSheet(), machineSheet()]);
}

/** Sheets on which a net has pins, by name. */
export function sheetsOfNet(circuit: Circuit, net: string): string[] {
  const refs = new Set((circuit.nets.get(net) ?? []).map((node) => node.ref));
  return circuit.sheets
    .filter((sheet) => sheet.parts.some((part) => refs.has(part.ref)))
    .map((sheet) => sheet.name);
}
