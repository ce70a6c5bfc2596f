import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { billFile, billOf, costPerBoard, placementFile } from '../../hardware/bill';
import { coinslotDesign, generatedFiles } from '../../hardware/files';
import { BOARD } from '../../hardware/layout/board';
import { placeParts } from '../../hardware/layout/placed';
import { differences, writeFiles } from '../../hardware/make';
import { overlaps } from '../../hardware/model/geometry';
import { shownHash } from '../../hardware/pictures';
import { isolationGap } from '../../hardware/check/clearance';
import { board, circuit, GENERATED } from './board-files';

const files = generatedFiles();

describe('generated files', () => {
  it('are what is committed, byte by byte, and nothing else', () => {
    expect(differences(files)).toEqual({ changed: [], foreign: [] });
  });

  it('are found changed, missing and foreign, and put right', () => {
    const folder = mkdtempSync(join(tmpdir(), 'coinslot-hardware-'));
    const few = new Map([
      ['a/one.txt', '1'],
      ['two.txt', '2'],
    ]);
    try {
      writeFiles(few, differences(few, folder), folder);
      expect(differences(few, folder)).toEqual({ changed: [], foreign: [] });
      writeFileSync(join(folder, 'two.txt'), '3');
      writeFileSync(join(folder, 'three.txt'), '3');
      expect(differences(few, folder)).toEqual({ changed: ['two.txt'], foreign: ['three.txt'] });
      writeFiles(few, differences(few, folder), folder);
      expect(differences(few, folder)).toEqual({ changed: [], foreign: [] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are the same whenever they are made', () => {
    const again = generatedFiles(coinslotDesign());
    expect([...again].filter(([name, text]) => files.get(name) !== text).map(([name]) => name)).toEqual([]);
  });

  it('hold no path of a machine, no host and no date', () => {
    for (const [name, text] of files)
      expect([name, /\/work\/|\/opt\/|\/home\/|\/tmp\/|20\d\d-\d\d-\d\dT/.test(text)]).toEqual([name, false]);
  });
});

describe('pictures', () => {
  it('are of this board and schematic', () => {
    const made = JSON.parse(readFileSync(join(GENERATED, 'pictures', 'made-from.json'), 'utf8')) as {
      shown: string;
    };
    expect(made.shown).toBe(shownHash(files));
    for (const name of ['top.png', 'bottom.png', 'board.jpg', 'schematic.pdf'])
      expect([name, statSync(join(GENERATED, 'pictures', name)).size > 10_000]).toEqual([name, true]);
  });
});

describe('bill of materials', () => {
  const rows = billFile(circuit).trim().split('\n').slice(1);

  it('has every part that is bought, once', () => {
    const bought = circuit.parts.filter((part) => part.isInBom).map((part) => part.ref);
    const listed = billOf(circuit).flatMap((line) => line.refs);
    expect([...listed].sort()).toEqual([...bought].sort());
    expect(rows).toHaveLength(billOf(circuit).length);
  });

  it('names a manufacturer, an orderable number and prices for each', () => {
    for (const { item } of billOf(circuit).filter((line) => line.isFitted)) {
      expect([item.mpn, item.manufacturer.length > 1, item.mpn.length > 2]).toEqual([item.mpn, true, true]);
      expect(item.priceAt1000).toBeGreaterThan(0);
      expect(item.priceAt10).toBeGreaterThanOrEqual(item.priceAt1000);
    }
  });

  it('leaves out of the quantity what is not fitted', () => {
    const open = rows.filter((row) => row.endsWith('not fitted'));
    expect(open.length).toBeGreaterThan(0);
    for (const row of open) expect(row.startsWith('0,')).toBe(true);
  });

  it('costs what the documents say, and the other figures there are true', () => {
    const cost = [costPerBoard(circuit, 10), costPerBoard(circuit, 1000)].map((usd) => usd.toFixed(2));
    const figures = [
      ...cost,
      `${BOARD.width} × ${BOARD.height} mm`,
      String(circuit.parts.length),
      String(circuit.nets.size),
      `${isolationGap(board).toFixed(1)} mm`,
    ];
    for (const name of ['README.md', 'README.zh.md']) {
      const text = readFileSync(join(GENERATED, '..', name), 'utf8');
      for (const figure of figures) expect(text).toContain(figure);
    }
  });

  it('shows pictures and documents that exist', () => {
    for (const name of ['README.md', 'README.zh.md']) {
      const text = readFileSync(join(GENERATED, '..', name), 'utf8');
      const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1]!);
      expect(links.length).toBeGreaterThan(6);
      for (const link of links) expect([link, existsSync(join(GENERATED, '..', link))]).toEqual([link, true]);
    }
  });
});

describe('placement', () => {
  it('puts every part on the board, without overlapping another', () => {
    const placed = placeParts(circuit);
    for (let i = 0; i < placed.length; i++) {
      const { part, body, courtyard } = placed[i]!;
      const isOnEdge = ['J2', 'J4', 'J5'].includes(part.ref);
      const isInside = body.x1 >= 0 && body.y1 >= 0 && body.x2 <= BOARD.width && body.y2 <= BOARD.height;
      expect([part.ref, isInside || isOnEdge]).toEqual([part.ref, true]);
      for (const other of placed.slice(i + 1))
        expect([part.ref, other.part.ref, overlaps(courtyard, other.courtyard)]).toEqual([
          part.ref,
          other.part.ref,
          false,
        ]);
    }
  });

  it('turns connectors outwards: their mouths are at an edge', () => {
    const mouths = new Map(placeParts(circuit).map(({ part, body }) => [part.ref, body]));
    const gaps = {
      J1: mouths.get('J1')!.y1,
      J2: mouths.get('J2')!.x1,
      J4: mouths.get('J4')!.y1,
      J5: mouths.get('J5')!.x1,
      J6: BOARD.height - mouths.get('J6')!.y2,
      J7: BOARD.height - mouths.get('J7')!.y2,
      J8: BOARD.height - mouths.get('J8')!.y2,
      J9: BOARD.height - mouths.get('J9')!.y2,
    };
    for (const [ref, gap] of Object.entries(gaps)) expect([ref, gap < 1.5]).toEqual([ref, true]);
  });

  it('lists fitted parts only, with y upwards from the lower left corner', () => {
    const lines = placementFile(circuit).trim().split('\n');
    expect(lines.find((line) => line.startsWith('U8,'))).toBeUndefined();
    expect(lines.find((line) => line.startsWith('U1,'))).toBe(
      'U1,STM32F411CEU6,UFQFPN-48_7x7,58.000,39.000,180,top,surface',
    );
  });
});
