/**
 * The first page of the schematic: a block diagram, one box a sheet, with what flows between them.
 * Invariant: it holds no part and no net of its own.
 */
import type { Sheet } from '../circuit/sheet';
import { uuidOf } from '../model/identity';
import { quoted, type Sexpr } from '../model/sexpr';
import { PROJECT, rootUuid, sheetUuid, titleBlock } from './sheet-writer';
import { SCHEMATIC_FORMAT, effects } from './symbol-writer';

interface Block {
  readonly sheet: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly string[];
}

/** Millimetres on an A4 page. */
const BLOCKS: readonly Block[] = [
  {
    sheet: 'Supply',
    x: 30,
    y: 40,
    width: 60,
    height: 34,
    lines: ['9 to 36 V in, fuse, surge', '4.0 V modem, 5 V, 3.3 V', 'switch of the modem supply'],
  },
  { sheet: 'Modem', x: 200, y: 40, width: 60, height: 34, lines: ['SIM800A, SIM, SMA', 'level translators'] },
  {
    sheet: 'Controller',
    x: 115,
    y: 85,
    width: 60,
    height: 34,
    lines: ['STM32F411, Espruino', 'FRAM, USB-C, SWD', 'supervisor, watchdog'],
  },
  { sheet: 'Host', x: 30, y: 130, width: 60, height: 34, lines: ['TTL, RS-232, RS-485', 'to the machine'] },
  {
    sheet: 'Machine',
    x: 200,
    y: 130,
    width: 60,
    height: 34,
    lines: ['two relays, 230 V~', 'isolated pulse and input'],
  },
];

interface Arrow {
  readonly points: readonly (readonly [number, number])[];
  readonly text: string;
  readonly at: readonly [number, number];
}

const ARROWS: readonly Arrow[] = [
  {
    points: [
      [90, 50],
      [200, 50],
    ],
    text: 'VBAT 4.0 V, 2 A bursts',
    at: [128, 48],
  },
  {
    points: [
      [60, 74],
      [60, 102],
      [115, 102],
    ],
    text: '3.3 V, 5 V',
    at: [66, 100],
  },
  {
    points: [
      [175, 95],
      [230, 95],
      [230, 74],
    ],
    text: 'UART2, PWRKEY, RESET, STATUS, cut',
    at: [177, 93],
  },
  {
    points: [
      [90, 147],
      [145, 147],
      [145, 119],
    ],
    text: 'UART1',
    at: [105, 145],
  },
  {
    points: [
      [175, 110],
      [230, 110],
      [230, 130],
    ],
    text: 'relays, pulse, input; NRST drops the coils',
    at: [177, 108],
  },
];

function text(content: string, x: number, y: number, size: number, name: string): Sexpr {
  return [
    'text',
    quoted(content),
    ['exclude_from_sim', 'no'],
    ['at', x, y, 0],
    effects(size, ['justify', 'left', 'bottom']),
    ['uuid', quoted(uuidOf(`root/${name}`))],
  ];
}

function sheetEntry(block: Block, page: number): Sexpr {
  return [
    'sheet',
    ['at', block.x, block.y],
    ['size', block.width, block.height],
    ['exclude_from_sim', 'no'],
    ['in_bom', 'yes'],
    ['on_board', 'yes'],
    ['dnp', 'no'],
    ['stroke', ['width', 0.1524], ['type', 'solid']],
    ['fill', ['color', 255, 255, 230, 1]],
    ['uuid', quoted(sheetUuid(block.sheet))],
    [
      'property',
      quoted('Sheetname'),
      quoted(block.sheet),
      ['at', block.x, block.y - 0.7, 0],
      effects(2, ['justify', 'left', 'bottom']),
    ],
    [
      'property',
      quoted('Sheetfile'),
      quoted(sheetFileName(block.sheet)),
      ['at', block.x, block.y + block.height + 0.6, 0],
      effects(1.27, ['justify', 'left', 'top'], ['hide', 'yes']),
    ],
    [
      'instances',
      ['project', quoted(PROJECT), ['path', quoted(`/${rootUuid()}`), ['page', quoted(String(page))]]],
    ],
  ];
}

export function sheetFileName(sheet: string): string {
  return `${sheet.toLowerCase()}.kicad_sch`;
}

function arrowEntries(arrow: Arrow, index: number): Sexpr[] {
  const [lastX, lastY] = arrow.points[arrow.points.length - 1]!;
  const [beforeX, beforeY] = arrow.points[arrow.points.length - 2]!;
  const dx = Math.sign(lastX - beforeX);
  const dy = Math.sign(lastY - beforeY);
  const head = [
    [lastX - 2 * dx - dy, lastY - 2 * dy - dx],
    [lastX, lastY],
    [lastX - 2 * dx + dy, lastY - 2 * dy + dx],
  ];
  const line = (points: readonly (readonly number[])[], name: string): Sexpr => [
    'polyline',
    ['pts', ...points.map(([x, y]): Sexpr => ['xy', x!, y!])],
    ['stroke', ['width', 0.4], ['type', 'default']],
    ['fill', ['type', 'none']],
    ['uuid', quoted(uuidOf(`root/${name}`))],
  ];
  return [
    line(arrow.points, `arrow/${index}`),
    line(head, `head/${index}`),
    text(arrow.text, arrow.at[0], arrow.at[1], 1.6, `arrow-text/${index}`),
  ];
}

/** The root file. Throws when a sheet has no block. */
export function rootFile(sheets: readonly Sheet[]): Sexpr {
  for (const sheet of sheets) {
    if (!BLOCKS.some((block) => block.sheet === sheet.name))
      throw new Error(`root page: no block for ${sheet.name}`);
  }
  const pages = new Map(sheets.map((sheet, index) => [sheet.name, index + 2]));
  return [
    'kicad_sch',
    ['version', SCHEMATIC_FORMAT],
    ['generator', quoted('coinslot')],
    ['generator_version', quoted('9.0')],
    ['uuid', quoted(rootUuid())],
    ['paper', quoted('A4')],
    titleBlock('Coinslot payment module: overview', 'overview'),
    ['lib_symbols'],
    ...ARROWS.flatMap(arrowEntries),
    ...BLOCKS.flatMap((block) =>
      block.lines.map((line, index) =>
        text(line, block.x + 3, block.y + 9 + 6 * index, 1.8, `${block.sheet}/${index}`),
      ),
    ),
    ...BLOCKS.map((block) => sheetEntry(block, pages.get(block.sheet)!)),
    ['sheet_instances', ['path', quoted('/'), ['page', quoted('1')]]],
    ['embedded_fonts', 'no'],
  ];
}
