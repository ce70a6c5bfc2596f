/**
 * Whether the relays are off whenever the controller does not say otherwise, as the schematic files tell it: each
 * coil hangs between a supply that NRST must let through and a transistor whose gate a resistor pulls down. A
 * floating pin (reset, no firmware) and a held reset (supervisor, watchdog, low voltage) thus both drop the coils.
 * The firmware's side of the same rule is tested in test/hardware/firmware.test.ts.
 * Invariant: an empty list means that the rule holds for every relay of the schematic.
 */
import { valueOf } from '../calculations/values';
import { bridging, netOfPin, plainNets, type NetList } from './nets';
import type { ReadSchematic } from './read-schematic';

/** Largest resistor that surely holds a gate against the leakage of a pin (1 uA) below 0.1 V. */
const MOST_PULL_OHM = 100e3;
const CONTROLLER = 'U1';
const RESET_PIN = 'U1.7';
const SUPERVISOR_PIN = 'U6.1';

interface Reading {
  readonly nets: NetList;
  readonly value: (ref: string) => string;
}

function resistorsBetween({ nets, value }: Reading, a: string, b: string): string[] {
  return bridging(nets, a, b, 'R').filter((ref) => valueOf(value(ref)) <= MOST_PULL_OHM);
}

/** The transistor whose drain and source lie on two nets; SOT-23: 1 gate, 2 source, 3 drain. */
function transistorBetween(nets: NetList, drain: string, source: string): string | undefined {
  return bridging(nets, drain, source, 'Q').find(
    (ref) => netOfPin(nets, `${ref}.3`) === drain && netOfPin(nets, `${ref}.2`) === source,
  );
}

function coilFaults(reading: Reading, relay: string): string[] {
  const { nets } = reading;
  const [supply, coil] = [netOfPin(nets, `${relay}.A1`), netOfPin(nets, `${relay}.A2`)];
  if (!supply || !coil) return [`${relay}: the coil is not connected`];
  const transistor = transistorBetween(nets, coil, 'GND');
  if (!transistor) return [`${relay}: no transistor from the coil to ground`];
  const gate = netOfPin(nets, `${transistor}.1`);
  if (!gate) return [`${relay}: the gate of ${transistor} is not connected`];
  const faults: string[] = [];
  if (resistorsBetween(reading, gate, 'GND').length === 0)
    faults.push(`${relay}: nothing holds the gate of ${transistor} (${gate}) down`);
  if (!nets.get(gate)!.some((pin) => pin.startsWith(`${CONTROLLER}.`)))
    faults.push(`${relay}: ${gate} does not come from the controller`);
  if (!bridging(nets, supply, coil, 'D').some((ref) => netOfPin(nets, `${ref}.1`) === supply))
    faults.push(`${relay}: no diode across the coil`);
  return [...faults, ...coilSupplyFaults(reading, relay, supply)];
}

/** The coils' supply comes through a P transistor that an N transistor opens, and NRST opens that one. */
function coilSupplyFaults(reading: Reading, relay: string, supply: string): string[] {
  const { nets } = reading;
  const high = transistorBetween(nets, supply, '+5V');
  if (!high) return [`${relay}: ${supply} does not come through a transistor`];
  const gate = netOfPin(nets, `${high}.1`) ?? '';
  const faults: string[] = [];
  if (resistorsBetween(reading, gate, '+5V').length === 0) faults.push(`${relay}: nothing holds ${high} off`);
  const low = transistorBetween(nets, gate, 'GND');
  const enable = low ? netOfPin(nets, `${low}.1`) : undefined;
  const reset = netOfPin(nets, RESET_PIN);
  if (!enable || !reset || resistorsBetween(reading, enable, reset).length === 0)
    faults.push(`${relay}: reset does not cut the coils' supply`);
  if (reset !== netOfPin(nets, SUPERVISOR_PIN)) faults.push(`${relay}: the supervisor does not hold reset`);
  return faults;
}

export function relayFaults(schematic: ReadSchematic): string[] {
  const values = new Map(schematic.symbols.map((symbol) => [symbol.ref, symbol.value]));
  const fitted = new Set(schematic.symbols.filter((symbol) => symbol.isFitted).map((symbol) => symbol.ref));
  const nets: NetList = new Map(
    [...plainNets(schematic.nets)].map(([net, pins]) => [
      net,
      pins.filter((pin) => fitted.has(pin.slice(0, pin.indexOf('.')))),
    ]),
  );
  const relays = [...fitted].filter((ref) => /^K\d/.test(ref)).sort();
  if (relays.length === 0) return ['there are no relays'];
  const reading: Reading = { nets, value: (ref) => values.get(ref)! };
  return relays.flatMap((relay) => coilFaults(reading, relay));
}
