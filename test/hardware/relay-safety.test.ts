import { relayFaults } from '../../hardware/check/relay-safety';
import type { ReadSchematic } from '../../hardware/check/read-schematic';
import { schematic } from './board-files';

/** The schematic with a part not fitted, another value, or a pin on another net. */
const without = (ref: string): ReadSchematic => ({
  ...schematic,
  symbols: schematic.symbols.map((symbol) => (symbol.ref === ref ? { ...symbol, isFitted: false } : symbol)),
});
const valued = (ref: string, value: string): ReadSchematic => ({
  ...schematic,
  symbols: schematic.symbols.map((symbol) => (symbol.ref === ref ? { ...symbol, value } : symbol)),
});
const rewired = (pin: string, net: string): ReadSchematic => {
  const nets = new Map(
    [...schematic.nets].map(([name, pins]) => [name, pins.filter((other) => other !== pin)]),
  );
  nets.set(net, [...(nets.get(net) ?? []), pin]);
  return { ...schematic, nets };
};

describe('relays in the circuit', () => {
  it('are off while pins float and while reset is held', () => {
    expect(schematic.symbols.filter(({ ref }) => /^K\d/.test(ref))).toHaveLength(2);
    expect(relayFaults(schematic)).toEqual([]);
  });

  const mutations: readonly [what: string, mutated: ReadSchematic][] = [
    ['the pull-down of relay 1 missing', without('R83')],
    ['the pull-down of relay 2 missing', without('R93')],
    ['a pull-down too weak to hold', valued('R83', '1M')],
    ['the coil transistor missing', without('Q8')],
    ['the diode missing', without('D20')],
    ['the coil supply not switched', rewired('Q6.2', '+5V_COIL')],
    ['the coil supply switched by something else than reset', rewired('R81.1', '+3V3')],
    ['the pull-up of the coil supply missing', without('R80')],
    ['the supervisor not on reset', rewired('U6.1', 'WDI')],
    ['the gate driven by nobody', rewired('U1.10', 'WATCHDOG')],
    ['a coil on the other transistor', rewired('K1.A2', 'COIL2')],
  ];
  it.each(mutations)('are not safe with %s', (_, mutated) => {
    expect(relayFaults(mutated)).not.toEqual([]);
  });
});
