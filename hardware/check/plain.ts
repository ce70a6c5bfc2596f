/**
 * All checks that need no KiCad, on the written files: what `npm run hardware:check` runs first and the tests run
 * one by one. Invariant: an empty list means that files, circuit and rules agree.
 */
import { neededWidths } from '../calculations/tracks';
import { allFindings } from '../calculations/report';
import { holds } from '../calculations/finding';
import type { Circuit } from '../circuit/circuit';
import { edgeFaults, holeFaults, isolationFaults, keepoutFaults, netClearanceFaults } from './clearance';
import { decouplingFaults } from './decoupling';
import { netDifferences, plainNets, type NetList } from './nets';
import { powerWidthFaults } from './power-width';
import type { ReadBoard } from './read-board';
import type { ReadSchematic } from './read-schematic';
import { relayFaults } from './relay-safety';
import { antennaFaults } from './antenna';

/** A pin that is declared unused has a net of its own on the board. */
export function joinedNets(board: ReadBoard): NetList {
  return new Map([...board.nets].filter(([net]) => !net.startsWith('unconnected-')));
}

function circuitNets(circuit: Circuit): NetList {
  return new Map(
    [...circuit.nets].map(([net, nodes]) => [net, nodes.map(({ ref, pin }) => `${ref}.${pin}`).sort()]),
  );
}

export function netFaults(circuit: Circuit, schematic: ReadSchematic, board: ReadBoard): string[] {
  return [
    ...schematic.twoNames,
    ...netDifferences('schematic', schematic.nets, 'board', joinedNets(board)),
    ...netDifferences('circuit', circuitNets(circuit), 'schematic', plainNets(schematic.nets)),
  ];
}

/** Parts are the same in both files, and every pin is used or marked as unused. */
export function partFaults(schematic: ReadSchematic, board: ReadBoard): string[] {
  const drawn = new Set(schematic.symbols.map((symbol) => symbol.ref));
  const placed = new Set(board.footprints.map((footprint) => footprint.ref));
  const free = new Set(
    [...board.nets].filter(([net]) => net.startsWith('unconnected-')).flatMap(([, pins]) => pins),
  );
  return [
    ...[...drawn].filter((ref) => !placed.has(ref)).map((ref) => `${ref} is not on the board`),
    ...[...placed].filter((ref) => !drawn.has(ref)).map((ref) => `${ref} is not in the schematic`),
    ...schematic.dangling.map((pin) => `${pin} is neither joined nor marked as unused`),
    ...schematic.unused
      .filter((pin) => !free.has(pin))
      .map((pin) => `${pin} is unused, but not on the board`),
    ...[...free].filter((pin) => !schematic.unused.includes(pin)).map((pin) => `${pin} is free on the board`),
  ];
}

export function findingFaults(): string[] {
  return allFindings()
    .filter((finding) => !holds(finding))
    .map(
      ({ topic, what, value, unit, least, most }) =>
        `${topic}, ${what}: ${value} ${unit} is not within ${least ?? ''} .. ${most ?? ''}`,
    );
}

export interface Check {
  readonly title: string;
  readonly faults: readonly string[];
}

export function plainChecks(circuit: Circuit, schematic: ReadSchematic, board: ReadBoard): Check[] {
  return [
    { title: 'nets of circuit, schematic and board', faults: netFaults(circuit, schematic, board) },
    { title: 'parts and unused pins', faults: partFaults(schematic, board) },
    { title: 'clearances', faults: netClearanceFaults(board) },
    { title: 'isolation distances', faults: isolationFaults(board) },
    { title: 'holes and edge', faults: [...holeFaults(board), ...edgeFaults(board)] },
    { title: 'areas without copper', faults: [...keepoutFaults(board), ...antennaFaults(board)] },
    { title: 'width of the supplies', faults: powerWidthFaults(board, neededWidths()) },
    { title: 'capacitors at supply pins', faults: decouplingFaults(board, circuit) },
    { title: 'relays safe at reset', faults: relayFaults(schematic) },
    { title: 'calculations', faults: findingFaults() },
  ];
}
