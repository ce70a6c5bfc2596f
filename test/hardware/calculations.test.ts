import { coplanar } from '../../hardware/calculations/antenna';
import { BURST_CORNERS, simulateBurst } from '../../hardware/calculations/burst';
import { hasNgspice, runBurstDeck } from '../../hardware/calculations/burst-deck';
import { LOOP_CORNERS, loopMargin, modemVolts } from '../../hardware/calculations/converter';
import { holds } from '../../hardware/calculations/finding';
import { allFindings, calculationsDocument } from '../../hardware/calculations/report';
import { widthFor } from '../../hardware/calculations/tracks';
import { partValue, valueOf } from '../../hardware/calculations/values';

const findings = allFindings();

describe('calculations', () => {
  it.each(findings.map((finding) => [finding.topic, finding.what, finding] as const))(
    '%s: %s',
    (_topic, _what, finding) => {
      expect(Number.isFinite(finding.value)).toBe(true);
      expect(finding.sources.length).toBeGreaterThan(0);
      expect([finding.value, holds(finding)]).toEqual([finding.value, true]);
    },
  );

  it('cover what the issue asks for', () => {
    const topics = new Set(findings.map(({ topic }) => topic));
    for (const topic of [
      'Supply budget',
      'Burst of the modem',
      'Relay drive',
      'Levels controller to modem',
      'Isolation',
      'Heat at 60 C ambient',
      'Antenna line',
      'Copper per ampere',
    ])
      expect(topics).toContain(topic);
  });

  it('bound every value on at least one side, and every finding can fail', () => {
    for (const finding of findings) {
      expect(finding.least ?? finding.most).toBeDefined();
      const worse = { ...finding, value: finding.most === undefined ? finding.least! - 1 : finding.most + 1 };
      expect(holds(worse)).toBe(false);
    }
  });

  it('are all in the document', () => {
    const text = calculationsDocument();
    for (const { what } of findings) expect(text).toContain(what);
    expect(text).not.toContain('FAILS');
  });
});

describe('formulas against known figures', () => {
  it('width of copper: 1 A at 10 K needs 0.3 mm (IPC-2221 chart)', () => {
    expect(widthFor(1, 10)).toBeCloseTo(0.3, 1);
    expect(widthFor(5, 20)).toBeGreaterThan(widthFor(2, 20));
  });

  it('coplanar line: wider is lower, a wider gap is higher', () => {
    const here = coplanar(1.4, 0.25, 1.53, 4.5).ohm;
    expect(coplanar(1.8, 0.25, 1.53, 4.5).ohm).toBeLessThan(here);
    expect(coplanar(1.4, 0.4, 1.53, 4.5).ohm).toBeGreaterThan(here);
    expect(here).toBeGreaterThan(45);
    expect(here).toBeLessThan(55);
  });

  it('values of parts', () => {
    expect(valueOf('4.7k')).toBe(4700);
    expect(valueOf('22R')).toBe(22);
    expect(valueOf('330uF 6.3V')).toBeCloseTo(330e-6, 12);
    expect(valueOf('10uH 9A')).toBeCloseTo(10e-6, 12);
    expect(() => valueOf('many')).toThrow();
    expect(() => partValue('R999')).toThrow();
    expect(() => partValue('C61')).toThrow('not fitted');
  });

  it('the converter gives 4.0 V within a tenth', () => {
    expect(Math.abs(modemVolts().nominal - 4)).toBeLessThan(0.05);
    expect(modemVolts().high).toBeLessThan(4.2);
  });

  it('a loop with hardly any capacitor is not stable: the margin can fail', () => {
    const margin = loopMargin({ ...LOOP_CORNERS[0]!, ceramic: 0.02, polymer: 0.02, polymerEsr: 0.2 });
    expect(margin.crossoverHertz).toBeGreaterThan(80e3);
  });
});

describe('burst of the modem', () => {
  it('would break the limit of 350 mV over a thin wire and with few capacitors', () => {
    const starved = { ...BURST_CORNERS[1]!, polymer: 0.05, polymerEsr: 0.3, path: 0.3 };
    const { rest, lowest } = simulateBurst(starved);
    expect(rest - lowest).toBeGreaterThan(0.35);
  });

  const deck = hasNgspice() ? it : it.skip;
  deck.each(BURST_CORNERS.map((corner) => [corner.name, corner] as const))(
    'is the same in ngspice: %s (skipped where ngspice is not installed)',
    (_, corner) => {
      const [own, spice] = [simulateBurst(corner), runBurstDeck(corner)];
      expect(spice.lowest).toBeGreaterThan(3.4);
      expect(spice.highest).toBeLessThan(4.4);
      expect(spice.rest - spice.lowest).toBeLessThan(0.35);
      expect(Math.abs(own.lowest - spice.lowest)).toBeLessThan(0.02);
      expect(Math.abs(own.highest - spice.highest)).toBeLessThan(0.02);
    },
  );
});
