/** docs/host-protocol.md, in both languages, says what the code does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { linkText, typeName } from '../../../maker/host/names';
import { reasonText } from '../../../maker/host/reasons';
import { withExamples } from '../../../maker/vectors/document';
import { readVectors } from '../../../maker/vectors/read';
import { MAX_ENDED_ORDERS, MAX_OPEN_ORDERS } from '../../../src/payment/book';
import { OrderEvent, step } from '../../../src/payment/order';
import { MAX_QUEUED_FRAMES, MAX_SENDS, REPLY_TIMEOUT_MS } from '../../../src/payment/outbox';
import { checkSettings } from '../../../src/payment/settings-check';
import { CHANNEL_NAMES, LINK_STATE_NAMES, ORDER_STATE_NAMES, ResetReason } from '../../../src/protocol/codes';
import { REASON_NAMES } from '../../../src/protocol/reasons';
import { FRAME_TIMEOUT_MS, MAX_PAYLOAD_BYTES } from '../../../src/protocol/frame';
import { HOST_LAYOUTS } from '../../../src/protocol/host';

const read = (name: string): string => readFileSync(join(__dirname, '../../../docs', name), 'utf8');
const english = read('host-protocol.md');
const chinese = read('host-protocol.zh.md');
const vectors = readVectors();

/** The cells of every table row outside code blocks. */
function rows(document: string): string[][] {
  return document
    .replace(/```[^`]*```/g, '')
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|\s*-+\s*\|/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** Rows of the table whose first header cells are these. */
function table(document: string, ...header: string[]): string[][] {
  const all = rows(document);
  const at = all.findIndex((row) => header.every((cell, index) => row[index] === cell));
  if (at < 0) throw new Error(`no table ${header.join(' | ')}`);
  const width = all[at]!.length;
  const body: string[][] = [];
  for (const row of all.slice(at + 1)) {
    if (row.length !== width || /^(type|code|state|name|field|what|offset|)$/.test(row[0]!)) break;
    body.push(row);
  }
  return body;
}

describe.each([
  ['English', english],
  ['Chinese', chinese],
])('%s', (_language, document) => {
  test('every example has the bytes of its vector', () => {
    expect(withExamples(document, vectors)).toBe(document);
  });

  test('every vector is shown, under the heading of its message', () => {
    for (const vector of vectors.frames) {
      const type = vector.name.split(' ')[0]!;
      const section = document.split(/^### /m).find((text) => text.startsWith(`${type}\n`))!;
      expect(section).toContain(`\`\`\`hex ${vector.name}\n`);
    }
  });
});

test('the tables of messages have every type with its layout, and no other', () => {
  const documented = rows(english).filter((row) => /^0x[0-9A-F]{2}$/.test(row[0]!));
  const layouts = Object.fromEntries(documented.map((row) => [String(Number(row[0])), row[2]]));
  expect(layouts).toEqual(HOST_LAYOUTS);
  for (const vector of vectors.frames) {
    const row = documented.find((candidate) => Number(candidate[0]) === vector.type)!;
    expect(row[1]).toBe(vector.name.split(' ')[0]);
    expect(typeName(vector.type)).toBe(row[1]);
  }
});

test('the table of reasons is that of the code, with what to do', () => {
  const documented = table(english, 'code', 'name', 'meaning', 'what to do').filter((row) =>
    REASON_NAMES.includes(row[1]!),
  );
  const expected = REASON_NAMES.map((name, code) => {
    const { meaning, advice } = reasonText(code);
    return [String(code), name, meaning, advice];
  }).filter((row) => row[1] !== '');
  expect(documented).toEqual(expected);
});

test('every reason has a text of its own', () => {
  REASON_NAMES.forEach((name, code) => {
    if (name) expect(reasonText(code).meaning).not.toContain('this program');
  });
  expect(reasonText(200).meaning).toContain('this program');
});

test('states, links and channels have the names and numbers of the code', () => {
  const states = table(english, 'state', 'name').map((row) => [Number(row[0]), row[1]]);
  expect(states).toEqual(ORDER_STATE_NAMES.map((name, code) => [code, name]).slice(1));
  const links = rows(english).filter((row) => LINK_STATE_NAMES.includes(row[1]!) && row.length === 4);
  expect(links.map((row) => [Number(row[0]), row[1]])).toEqual(
    LINK_STATE_NAMES.map((name, code) => [code, name]),
  );
  for (const [code, , meaning, advice] of links) expect({ meaning, advice }).toEqual(linkText(Number(code)));
  expect(english).toContain('**Reset** in INFO: 0 UNKNOWN, 1 POWER');
  expect([ResetReason.Unknown, ResetReason.Power, ResetReason.BrownOut]).toEqual([0, 1, 2]);
  expect([ResetReason.Pin, ResetReason.Software, ResetReason.Watchdog]).toEqual([3, 4, 5]);
  expect(english).toContain(`**Channel**: 1 ${CHANNEL_NAMES[1]}, 2 ${CHANNEL_NAMES[2]}.`);
});

test('what the host may say in which state is what the order table does', () => {
  const commands: { [name: string]: OrderEvent } = {
    CANCEL: OrderEvent.Cancel,
    DISPENSED: OrderEvent.HostDone,
    FAILED: OrderEvent.HostFailed,
    REFUND: OrderEvent.HostRefund,
  };
  for (const [name, event] of Object.entries(commands)) {
    const row = rows(english).find((cells) => cells[0] === name && cells.length === 14)!;
    const allowed = row.slice(1).map((cell) => cell === '✓');
    expect([name, allowed]).toEqual([
      name,
      allowed.map((_cell, index) => step(index + 1, event) !== undefined),
    ]);
  }
});

test('ranges and defaults of the settings hold', () => {
  const defaults = checkSettings(undefined, {})!;
  const documented = table(english, 'name', 'range', 'default');
  expect(documented.map((row) => row[0]).sort()).toEqual(
    Object.keys(defaults)
      .filter((name) => name !== 'version')
      .sort(),
  );
  for (const [name, range, first] of documented) {
    const [low, high] = range!.split(/ to | or /).map(Number) as [number, number];
    expect([name, defaults[name!]]).toEqual([name, Number(first)]);
    for (const [value, isGood] of [
      [low, true],
      [high, true],
      [low - 1, false],
      [high + 1, false],
    ] as const) {
      expect([name, value, checkSettings(defaults, { [name!]: value }) !== undefined]).toEqual([
        name,
        value,
        isGood,
      ]);
    }
  }
});

test('times and limits are those of the code', () => {
  const documented = Object.fromEntries(table(english, 'what', 'value').map((row) => [row[0], row[1]]));
  expect(documented).toMatchObject({
    'longest payload, whole frame': `${MAX_PAYLOAD_BYTES}, ${MAX_PAYLOAD_BYTES + 11} bytes`,
    'pause inside a frame': `${FRAME_TIMEOUT_MS} ms`,
    'module waits for an answer, repeats': `${REPLY_TIMEOUT_MS} ms, ${MAX_SENDS - 1} times`,
    'open orders; ended ones remembered': `${MAX_OPEN_ORDERS}; ${MAX_ENDED_ORDERS}`,
    'frames of the module that wait for an answer': expect.stringMatching(
      new RegExp(`^${MAX_QUEUED_FRAMES};`),
    ),
  });
});

test('both languages have the same sections, tables, examples and pictures', () => {
  const shape = (document: string): object => ({
    levels: document.match(/^#+ /gm),
    messages: document.match(/^### [A-Z_]+$/gm),
    blocks: document.match(/```[^`]*```/g),
    tables: rows(document).map((row) => [row.length, /^[0-9A-Za-z_+]*$/.test(row[0]!) ? row[0] : '']),
    numbers: rows(document).map((row) => (row.join(' ').match(/\d+/g) ?? []).sort()),
  });
  const englishShape = shape(english) as { tables: [number, string][] };
  const chineseShape = shape(chinese) as { tables: [number, string][] };
  expect({ ...chineseShape, tables: [] }).toEqual({ ...englishShape, tables: [] });
  expect(chineseShape.tables.map((row) => row[0])).toEqual(englishShape.tables.map((row) => row[0]));
});
