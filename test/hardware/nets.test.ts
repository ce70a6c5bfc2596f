import { netDifferences, plainNets } from '../../hardware/check/nets';
import { netFaults, partFaults } from '../../hardware/check/plain';
import { readBoard } from '../../hardware/check/read-board';
import { readSchematic } from '../../hardware/check/read-schematic';
import { board, changed, circuit, file, schematic, schematicWith } from './board-files';

describe('nets of the written files', () => {
  it('are the same in circuit, schematic and board', () => {
    expect(netFaults(circuit, schematic, board)).toEqual([]);
  });

  it('join every pin or mark it as unused, and every part is in both files', () => {
    expect(partFaults(schematic, board)).toEqual([]);
  });

  it('are all there: sanity of the reading itself', () => {
    const nets = plainNets(schematic.nets);
    expect(schematic.symbols.length).toBe(circuit.parts.length);
    expect(nets.size).toBe(circuit.nets.size);
    expect(nets.get('VBAT')).toEqual(expect.arrayContaining(['U9.55', 'U9.56', 'U9.57', 'U5.7']));
    expect(nets.get('SWCLK')).toEqual(['J3.3', 'U1.37']);
    expect(schematic.unused).toEqual(expect.arrayContaining(['U1.31', 'U9.53', 'U14.7']));
  });
});

describe('a mistake in a schematic file is found', () => {
  const swap =
    (a: string, b: string) =>
    (text: string): string =>
      text
        .replaceAll(`global_label "${a}"`, 'global_label "~"')
        .replaceAll(`global_label "${b}"`, `global_label "${a}"`)
        .replaceAll('global_label "~"', `global_label "${b}"`);
  const mutations: readonly [what: string, sheet: string, change: (text: string) => string][] = [
    ['two pins of the controller swapped', 'Controller', swap('SPI_MISO', 'SPI_MOSI')],
    ['relay pins swapped', 'Machine', swap('RELAY1', 'RELAY2')],
    ['a label misspelt', 'Host', (text) => text.replace('global_label "HOST_RX"', 'global_label "HOST_RXD"')],
    ['a wire missing', 'Supply', (text) => text.replace(/\(wire[\s\S]*?\(uuid "[^"]*"\)\s*\)/, '')],
    [
      'an unused pin not marked',
      'Modem',
      (text) => text.replace(/\(no_connect[\s\S]*?\(uuid "[^"]*"\)\s*\)/, ''),
    ],
    ['a rail renamed', 'Machine', (text) => text.replaceAll('"Value" "+5V"', '"Value" "+3V3"')],
    [
      'a part turned round',
      'Supply',
      (text) => text.replace(/(lib_id "coinslot:D_Zener"\)\s*\(at \S+ \S+ )0/, '$1180'),
    ],
  ];

  it.each(mutations)('%s', (_, sheet, change) => {
    const read = schematicWith(sheet, change);
    expect([...netFaults(circuit, read, board), ...partFaults(read, board)]).not.toEqual([]);
  });

  it('two nets drawn into each other', () => {
    const read = schematicWith('Machine', (text) => {
      const label = /\(global_label "RELAY1"[\s\S]*?\(at ([^)]*)\)/.exec(text)!;
      return text.replace(label[0], `${label[0].replace('RELAY1', 'RELAY2')}`).replace(/$/, '');
    });
    expect(netFaults(circuit, read, board)).not.toEqual([]);
  });
});

describe('a mistake in the board file is found', () => {
  /** Replaces the net at a pad; the first place that names a net is the list of nets. */
  const atPad =
    (net: string, entry: string) =>
    (text: string): string => {
      const found = `"${net}")`;
      const place = text.indexOf(found, text.indexOf(found) + 1);
      return text.slice(0, text.lastIndexOf('(net', place)) + entry + text.slice(place + found.length);
    };
  const mutations: readonly [what: string, change: (text: string) => string][] = [
    ['a pad on another net', atPad('/Machine/COIL1', '(net 1 "/Machine/COIL2")')],
    ['a pad without a net', atPad('NRST', '')],
    ['a part missing', (text) => text.replace(/"Reference" "C22"/, '"Reference" "C99"')],
  ];

  it.each(mutations)('%s', (_, change) => {
    const read = readBoard(changed(file('coinslot.kicad_pcb'), change));
    expect([...netFaults(circuit, schematic, read), ...partFaults(schematic, read)]).not.toEqual([]);
  });
});

describe('the reader of schematic files', () => {
  const pin = (number: string, x: number): string =>
    `(pin passive line (at ${x} 0 0) (length 1) (name "~") (number "${number}"))`;
  const part = (ref: string, x: number, y: number, angle = 0, mirror = ''): string =>
    `(symbol (lib_id "l:R") (at ${x} ${y} ${angle}) ${mirror} (dnp no)
      (property "Reference" "${ref}") (property "Value" "1k") (property "Footprint" ""))`;
  const sheet = (...items: string[]): string =>
    `(kicad_sch (lib_symbols (symbol "l:R" (symbol "R_1_1" ${pin('1', -5)} ${pin('2', 5)}))) ${items.join(' ')})`;
  const wire = (x1: number, y1: number, x2: number, y2: number): string =>
    `(wire (pts (xy ${x1} ${y1}) (xy ${x2} ${y2})))`;
  const netsOf = (...items: string[]): string[][] =>
    [...readSchematic([['S', sheet(...items)]]).nets.values()].map((pins) => [...pins]);

  it('joins pins by a wire between them', () => {
    expect(netsOf(part('R1', 0, 0), part('R2', 20, 0), wire(5, 0, 15, 0))).toEqual([['R1.2', 'R2.1']]);
  });

  it('does not join wires that cross without a junction', () => {
    const crossing = [part('R1', 0, 0), part('R2', 20, 0), part('R3', 10, -5, 90), part('R4', 10, 15, 90)];
    const wires = [wire(5, 0, 15, 0), wire(10, 0, 10, 10)];
    expect(netsOf(...crossing, wire(5, 0, 15, 0), wire(10, -10, 10, 10))).toContainEqual(['R1.2', 'R2.1']);
    expect(netsOf(...crossing, ...wires, '(junction (at 10 0))')).toContainEqual([
      'R1.2',
      'R2.1',
      'R3.1',
      'R4.2',
    ]);
  });

  it('turns counter-clockwise and mirrors after turning', () => {
    const upright = part('R1', 0, 0, 90);
    expect(netsOf(upright, part('R2', 5, -5), wire(0, -5, 0, -5))).toEqual([['R1.2', 'R2.1']]);
    const mirrored = part('R1', 0, 0, 0, '(mirror y)');
    expect(netsOf(mirrored, part('R2', -10, 0))).toEqual([['R1.2', 'R2.2']]);
  });

  it('joins by label wherever the label stands on a wire, and reports two names', () => {
    const labels = '(global_label "A" (at 10 0 0)) (global_label "B" (at 12 0 0))';
    const read = readSchematic([
      ['S', sheet(part('R1', 0, 0), part('R2', 20, 0), wire(5, 0, 15, 0), labels)],
    ]);
    expect(read.twoNames).toHaveLength(1);
    expect(read.dangling).toEqual(['R1.1', 'R2.2']);
  });
});

describe('the comparison of net lists', () => {
  it('names what is on one side only', () => {
    const left = new Map([['A', ['R1.1', 'R2.1']]]);
    const right = new Map([
      ['A', ['R1.1', 'R3.1']],
      ['B', ['R4.1', 'R5.1']],
    ]);
    expect(netDifferences('left', left, 'right', right)).toEqual([
      'net A: R2.1 in the left only',
      'net A: R3.1 in the right only',
      'net B is in the right only',
    ]);
  });
});
