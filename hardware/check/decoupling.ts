/**
 * Whether every supply pin of a chip has its capacitor near enough, on the board as it was read back. Which pins
 * are supplies is told by the schematic's pin types; distances go from the middle of the pin's pad to the middle
 * of the capacitor's. Limits: the makers say "as close as possible"; what is possible here was measured and
 * rounded up, so that a capacitor that moves away or goes missing is noticed.
 */
import type { Circuit } from '../circuit/circuit';
import { plainNet } from './nets';
import type { ReadBoard, ReadPad } from './read-board';

/** Millimetres, where no other limit is named. */
export const DEFAULT_LIMIT_MM = 5;

/** By part, or by pin where one is different. */
export const LIMITS_MM: Readonly<Record<string, number>> = {
  U1: 3.5,
  // Behind its ferrite bead, beside the crystal.
  'U1.9': 5,
  U2: 4,
  U5: 3.5,
  U9: 4,
  U10: 3.5,
  U11: 4,
  U14: 3,
};

/** Pins that need their capacitor although they take no supply: the controller's core, the modem's other VBAT and VRTC. */
const ALSO = ['U1.22', 'U9.26', 'U9.56', 'U9.57'];

export interface SupplyPin {
  readonly pin: string;
  readonly net: string;
}

/** Supply pins of all chips that are fitted, by the schematic's types. */
export function supplyPins(circuit: Circuit): SupplyPin[] {
  return circuit.parts
    .filter((part) => /^U\d/.test(part.ref) && part.isFitted)
    .flatMap((part) =>
      part.item.symbol.pins
        .map((pin) => ({ ...pin, id: `${part.ref}.${pin.number}` }))
        .filter(({ type, id }) => type === 'power_in' || ALSO.includes(id))
        .map(({ id, number }) => ({ pin: id, net: part.pins.get(number) ?? '' })),
    )
    .filter(({ net }) => net !== 'GND' && net !== '');
}

const gap = (a: ReadPad, b: ReadPad): number => Math.hypot(a.at.x - b.at.x, a.at.y - b.at.y);

/** Distance to the nearest capacitor between the pin's net and ground; Infinity when there is none. */
export function decouplingDistance(board: ReadBoard, { pin, net }: SupplyPin): number {
  const pads = board.footprints.flatMap((footprint) => footprint.pads);
  const own = pads.find((pad) => `${pad.ref}.${pad.number}` === pin);
  if (!own) return Infinity;
  const capacitors = board.footprints.filter(
    (footprint) => /^C\d/.test(footprint.ref) && footprint.pads.some((pad) => plainNet(pad.net) === 'GND'),
  );
  const near = capacitors.flatMap((footprint) => footprint.pads).filter((pad) => plainNet(pad.net) === net);
  return Math.min(Infinity, ...near.map((pad) => gap(own, pad)));
}

export function limitOf(pin: string): number {
  return LIMITS_MM[pin] ?? LIMITS_MM[pin.slice(0, pin.indexOf('.'))] ?? DEFAULT_LIMIT_MM;
}

export function decouplingFaults(board: ReadBoard, circuit: Circuit): string[] {
  return supplyPins(circuit).flatMap((supply) => {
    const distance = decouplingDistance(board, supply);
    const limit = limitOf(supply.pin);
    return distance <= limit
      ? []
      : [`${supply.pin} [${supply.net}]: nearest capacitor ${distance.toFixed(1)} mm away, ${limit} allowed`];
  });
}
