/** docs/orders-server.md against the code: the table of the machine, states, alarms, reasons and accounts. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { REASON_NAMES } from '../../../src/protocol/reasons';
import { EVENT_TYPES, STATES } from '../../../server/orders/model';
import { MACHINE } from '../../../server/orders/order';
import { outcomes } from '../support/outcomes';

const text = fs.readFileSync(path.resolve(__dirname, '../../../docs/orders-server.md'), 'utf8');

/** Cells of the rows of the table below a heading. */
function rows(heading: string): string[][] {
  const section = text.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return [...section.matchAll(/^\|(.*)\|$/gm)]
    .map((row) => row[1]!.split('|').map((cell) => cell.trim()))
    .slice(2);
}

/** Rules that the document leaves out: they change nothing, or are said once for all states. */
const UNLISTED_RULES = ['stay', 'answer', 'acknowledge'];

test('the table is the machine', () => {
  const documented = rows('The table')
    .flatMap(([state, events, rule, next]) =>
      events!.split(', ').map((event) => [state, event, rule, next].join(' | ')),
    )
    .sort();
  const coded = STATES.flatMap((state) =>
    EVENT_TYPES.filter((type) => !UNLISTED_RULES.includes(MACHINE[state][type].name)).map((type) => {
      const found = outcomes(state, type);
      const others = found.filter((next) => next !== state);
      const next =
        others.length === 0 ? '—' : others.join(', ') + (found.includes(state) ? ' or as it is' : '');
      return [state, type, MACHINE[state][type].name, next].join(' | ');
    }),
  ).sort();
  expect(documented).toEqual(coded);
});

test('what is left out changes nothing', () => {
  for (const state of STATES) {
    for (const type of EVENT_TYPES.filter((each) => UNLISTED_RULES.includes(MACHINE[state][each].name))) {
      expect(outcomes(state, type)).toEqual([state]);
    }
    expect(MACHINE[state].acknowledge.name).toBe('acknowledge');
  }
});

test('states and events are all there', () => {
  expect(
    rows('States')
      .map(([state]) => state)
      .sort(),
  ).toEqual([...STATES].sort());
  const words = rows('Events')
    .map(([, events]) => events)
    .join(' ');
  for (const type of EVENT_TYPES) expect(words).toContain(type);
});

test('reasons of the second verification are reasons', () => {
  const section = text.split('\n## Second verification\n')[1]!.split('\n## ')[0]!;
  const reasons = [...section.matchAll(/^\d\. ([A-Z_]+):/gm)].map((match) => match[1]!);
  expect(reasons.map((reason) => REASON_NAMES.indexOf(reason))).toEqual([32, 33, 34, 35, 36, 37, 38]);
});
