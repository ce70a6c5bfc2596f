import { neededWidths } from '../../hardware/calculations/tracks';
import { decouplingFaults, limitOf, supplyPins } from '../../hardware/check/decoupling';
import { plainNet } from '../../hardware/check/nets';
import { powerWidthFaults, SUPPLIES, type Supply } from '../../hardware/check/power-width';
import type { Shape } from '../../hardware/check/read-board';
import { board, boardWith, boardWithoutPart, circuit } from './board-files';

const supply = (net: string): Supply[] => SUPPLIES.filter((candidate) => candidate.net === net);

describe('width of the supplies', () => {
  it('carries the current of each from its source to every load', () => {
    expect(powerWidthFaults(board, neededWidths())).toEqual([]);
  });

  it('is asked of every net that a current was calculated for', () => {
    const asked = new Set(SUPPLIES.map(({ net }) => net));
    expect([...neededWidths().keys()].filter((net) => !asked.has(net))).toEqual([]);
    expect(neededWidths().get('VBAT')).toBeGreaterThanOrEqual(1);
    expect(neededWidths().get('COM1')).toBeGreaterThan(1.5);
  });

  /** Copper of a net made narrow, or taken away. */
  const narrowed = (net: string, kinds: readonly Shape['kind'][], radius: number) => (shape: Shape) => {
    if (plainNet(shape.net) !== net || !kinds.includes(shape.kind)) return shape;
    return shape.kind === 'fill' ? undefined : { ...shape, radius };
  };

  it.each(['VIN', 'VBAT', '+4V0', 'SW_4V'])('is missed when the pour of %s is gone', (net) => {
    expect(powerWidthFaults(boardWith(narrowed(net, ['fill'], 0)), neededWidths(), supply(net))).not.toEqual(
      [],
    );
  });

  it.each(['COM1', 'NO2'])('is missed when a contact track of %s is narrow', (net) => {
    const mutated = boardWith(narrowed(net, ['track'], 0.4));
    expect(powerWidthFaults(mutated, neededWidths(), supply(net))).not.toEqual([]);
  });

  it.each(['+5V', '+3V3', 'COIL1'])('is missed when %s is drawn with hair lines', (net) => {
    const mutated = boardWith(narrowed(net, ['track'], 0.04));
    expect(powerWidthFaults(mutated, neededWidths(), supply(net))).not.toEqual([]);
  });

  it('is missed when a track is cut', () => {
    const mutated = boardWith((shape) =>
      shape.kind === 'track' && plainNet(shape.net) === 'COIL2' ? undefined : shape,
    );
    expect(powerWidthFaults(mutated, neededWidths(), supply('COIL2'))).not.toEqual([]);
  });

  it('refuses a net that nobody calculated a current for', () => {
    expect(powerWidthFaults(board, new Map(), supply('VBAT'))).toEqual([
      'nobody says how much current VBAT carries',
    ]);
  });
});

describe('capacitors at supply pins', () => {
  it('are near every supply pin of every chip', () => {
    expect(decouplingFaults(board, circuit)).toEqual([]);
  });

  it('are asked of all supply pins of controller and modem', () => {
    const pins = supplyPins(circuit).map(({ pin }) => pin);
    expect(pins).toEqual(
      expect.arrayContaining(['U1.1', 'U1.9', 'U1.22', 'U1.24', 'U1.36', 'U1.48', 'U9.55', 'U7.8']),
    );
    expect(pins.length).toBeGreaterThan(15);
    for (const pin of pins) expect(limitOf(pin)).toBeLessThanOrEqual(5);
  });

  it.each(['C22', 'C24', 'C36', 'C52', 'C74', 'C75', 'C38', 'C28', 'C50'])(
    'are missed when %s is dropped',
    (ref) => {
      expect(decouplingFaults(boardWithoutPart(ref), circuit)).not.toEqual([]);
    },
  );

  it('are missed when one stands far away', () => {
    const footprints = board.footprints.map((footprint) =>
      footprint.ref === 'C36'
        ? {
            ...footprint,
            pads: footprint.pads.map((pad) => ({ ...pad, at: { x: pad.at.x + 8, y: pad.at.y } })),
          }
        : footprint,
    );
    expect(decouplingFaults({ ...board, footprints }, circuit)).not.toEqual([]);
  });
});
