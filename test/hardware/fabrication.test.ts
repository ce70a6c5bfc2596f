import { copperFaults, drillFaults, outlineFaults } from '../../hardware/check/fabrication';
import { readDrill, readGerber } from '../../hardware/check/gerber';
import { footprintFaults, symbolFaults } from '../../hardware/check/library-check';
import type { ReadBoard } from '../../hardware/check/read-board';
import { numberText } from '../../hardware/model/sexpr';
import { coinslotDesign, footprintsOf, symbolsOf } from '../../hardware/files';
import { board } from './board-files';

const design = coinslotDesign();

/** A Gerber layer as KiCad would write it for the board, from what was read: format 4.6, y upwards. */
function gerberOf(read: ReadBoard, layer: 'F.Cu' | 'B.Cu'): string[] {
  const xy = ({ x, y }: { x: number; y: number }): string =>
    `X${Math.round(x * 1e6)}Y${Math.round(-y * 1e6)}`;
  const lines = ['%FSLAX46Y46*%', '%MOMM*%', '%LPD*%', 'G01*'];
  const numbers = new Map<string, number>();
  const body: string[] = [];
  const use = (aperture: string): void => {
    if (!numbers.has(aperture)) {
      numbers.set(aperture, 10 + numbers.size);
      lines.push(`%ADD${numbers.get(aperture)}${aperture}*%`);
    }
    body.push(`D${numbers.get(aperture)}*`);
  };
  for (const pad of read.footprints.flatMap((footprint) => footprint.pads)) {
    if (!pad.isPlated || !pad.layers.includes(layer)) continue;
    use(`R,${numberText(pad.width)}X${numberText(pad.height)}`);
    body.push(`${xy(pad.at)}D03*`);
  }
  for (const via of read.vias) {
    use(`C,${via.size}`);
    body.push(`${xy(via.at)}D03*`);
  }
  for (const { kind, points, radius, layer: own } of read.shapes) {
    if (own !== layer) continue;
    if (kind === 'track') {
      use(`C,${numberText(2 * radius)}`);
      body.push(`${xy(points[0]!)}D02*`, `${xy(points[1]!)}D01*`);
    }
    if (kind === 'fill')
      body.push(
        'G36*',
        `${xy(points[0]!)}D02*`,
        ...points.slice(1).map((point) => `${xy(point)}D01*`),
        'G37*',
      );
  }
  return [...lines, ...body, 'M02*'];
}

/** Tracks are written before pours, so the first drawn line is a track. */
function withoutLine(lines: string[], isIt: (line: string) => boolean): string[] {
  const first = lines.findIndex(isIt);
  return lines.filter((_, index) => index !== first);
}

describe('files for the fab, read back', () => {
  const layers = ['F.Cu', 'B.Cu'] as const;

  it.each(layers)('%s: a faithful layer has no faults', (layer) => {
    expect(copperFaults(board, layer, readGerber(gerberOf(board, layer).join('\n')))).toEqual([]);
  });

  const spoilt: readonly [what: string, change: (lines: string[]) => string[]][] = [
    ['a flash missing', (lines) => withoutLine(lines, (line) => line.endsWith('D03*'))],
    [
      'a flash moved',
      (lines) => {
        const first = lines.findIndex((line) => line.endsWith('D03*'));
        return lines.map((line, index) => (index === first ? line.replace('X1', 'X2') : line));
      },
    ],
    ['an aperture too small', (lines) => lines.map((line) => line.replace('C,0.6*', 'C,0.5*'))],
    ['a track missing', (lines) => withoutLine(lines, (line) => line.endsWith('D01*'))],
    [
      'a pour missing',
      (lines) => [...lines.slice(0, lines.indexOf('G36*')), ...lines.slice(lines.indexOf('G37*') + 1)],
    ],
  ];
  it.each(spoilt)('%s is found', (_, change) => {
    const lines = gerberOf(board, 'F.Cu');
    expect(copperFaults(board, 'F.Cu', readGerber(change(lines).join('\n')))).not.toEqual([]);
  });

  it('refuses commands and apertures that it does not know', () => {
    expect(() => readGerber('%FSLAX46Y46*%\nG99*\n')).toThrow('G99');
    expect(() => readGerber('%ADD10P,1X6*%\n')).toThrow('aperture P');
    expect(() => readGerber('%FSLAX46Y46*%\nX1Y1D03*\n')).toThrow('no aperture');
    expect(() => readDrill('M48\nG85\n')).toThrow('G85');
  });

  it('reads rounded rectangles: corners are the middles of the rounding', () => {
    const layer = readGerber(
      '%FSLAX46Y46*%\n%ADD10RoundRect,0.2X-0.3X0.275X-0.3X-0.275X0.3X-0.275X0.3X0.275X0*%\nD10*\nX1000000Y-2000000D03*\n',
    );
    expect(layer.flashes).toHaveLength(1);
    expect(layer.flashes[0]!.at).toEqual({ x: 1, y: 2 });
    expect(layer.flashes[0]!.aperture.width).toBeCloseTo(1, 9);
    expect(layer.flashes[0]!.aperture.height).toBeCloseTo(0.95, 9);
  });

  it('compares holes, round ones and slots', () => {
    const header = 'M48\nFMAT,2\nMETRIC\nT1C0.65\n%\nG90\nG05\nT1\n';
    const pegs = board.footprints.flatMap((footprint) => footprint.pads).filter((pad) => !pad.isPlated);
    const hits = pegs.map(({ at }) => `X${at.x}Y${-at.y}`);
    expect(drillFaults(board, false, readDrill(`${header}${hits.join('\n')}\nM30\n`))).toEqual([]);
    expect(drillFaults(board, false, readDrill(`${header}${hits[0]}\nM30\n`))).not.toEqual([]);
    expect(readDrill('T1C0.6\nT1\nX1.0Y-2.0G85X1.0Y-3.0\n')).toEqual([
      {
        diameter: 0.6,
        ends: [
          { x: 1, y: 2 },
          { x: 1, y: 3 },
        ],
      },
    ]);
  });

  it('compares the outline', () => {
    const { x1, y1, x2, y2 } = board.outline;
    const lines = (dx: number): string =>
      `%FSLAX46Y46*%\n%ADD10C,0.1*%\nD10*\nX${x1 * 1e6}Y${-y1 * 1e6}D02*\nX${(x2 + dx) * 1e6}Y${-y2 * 1e6}D01*\n`;
    expect(outlineFaults(board, readGerber(lines(0)))).toEqual([]);
    expect(outlineFaults(board, readGerber(lines(1)))).not.toEqual([]);
  });
});

describe("comparison with KiCad's libraries", () => {
  const shifter = symbolsOf(design).find((symbol) => symbol.name === 'SN74LVC1T45')!;
  const library = (pins: readonly [number: string, name: string][]): string =>
    `(kicad_symbol_lib (symbol "SN74LVC1T45" ) (symbol "SN74LVC1T45DBV" (symbol "x_1_1" ${pins
      .map(([number, name]) => `(pin passive line (at 0 0 0) (name "${name}") (number "${number}"))`)
      .join(' ')})))`;
  const right: [string, string][] = [
    ['1', 'VCCA'],
    ['2', 'GND'],
    ['3', 'A'],
    ['4', 'B'],
    ['5', 'DIR'],
    ['6', 'VCCB'],
  ];

  it('accepts the same pins and finds swapped, missing and surplus ones', () => {
    expect(symbolFaults(shifter, library(right))).toEqual([]);
    const swapped = right.map(([number, name]): [string, string] => [
      number,
      name === 'A' ? 'B' : name === 'B' ? 'A' : name,
    ]);
    expect(symbolFaults(shifter, library(swapped))).toHaveLength(2);
    expect(symbolFaults(shifter, library(right.slice(1)))).toHaveLength(1);
    expect(symbolFaults(shifter, library([...right, ['7', 'NC']]))).toHaveLength(1);
  });

  it('finds pads that stand elsewhere or have another size', () => {
    const sot = footprintsOf(design).find((footprint) => footprint.name === 'SOT-23')!;
    const pad = (number: string, x: number, y: number, width = 1.475): string =>
      `(pad "${number}" smd roundrect (at ${x} ${y}) (size ${width} 0.6))`;
    const same = [pad('1', -0.9375, -0.95), pad('2', -0.9375, 0.95), pad('3', 0.9375, 0)];
    const faults = (pads: string[]): string[] => footprintFaults(sot, `(footprint "x" ${pads.join(' ')})`);
    expect(faults(same)).toEqual([]);
    expect(faults([pad('2', -0.9375, -0.95), pad('1', -0.9375, 0.95), same[2]!])).toHaveLength(2);
    expect(faults([...same.slice(0, 2), pad('3', 0.9375, 0, 0.8)])).toHaveLength(1);
    expect(faults([...same, pad('4', 2, 0)])).toHaveLength(1);
  });

  it('knows a counterpart for every chip that KiCad has', () => {
    const named = symbolsOf(design).filter((symbol) => symbol.kicad);
    expect(named.length).toBeGreaterThanOrEqual(16);
  });
});
