/** docs/providers.md against the code: what becomes of differences. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { SETTLEMENTS } from '../../../server/reconciliation/settle';
import { KIND_TEXTS, SETTLEMENT_TEXTS } from '../../../server/reconciliation/texts';
import { daysBetween, lastReadyDay, readyAtMs } from '../../../server/reconciliation/days';

const text = fs.readFileSync(path.resolve(__dirname, '../../../docs/providers.md'), 'utf8');

test('every settlement is documented with its kind', () => {
  const section = text.split('\n## Daily reconciliation\n')[1]!.split('\n## ')[0]!;
  const rows = [...section.matchAll(/^\| `([A-Z_]+)` +\| (\w+) +\|/gm)].map((row) => [row[1], row[2]]);
  expect(Object.fromEntries(rows)).toEqual(SETTLEMENTS);
});

test('what differences and settlements mean is said in the same words', () => {
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` +\| (.+?) +\| (.+?) +\|$/gm)];
  const said = (column: number, of: object): Record<string, string> =>
    Object.fromEntries(rows.filter((row) => row[1]! in of).map((row) => [row[1]!, row[column]!]));
  expect(said(2, KIND_TEXTS)).toEqual(KIND_TEXTS);
  expect(said(3, SETTLEMENT_TEXTS)).toEqual(SETTLEMENT_TEXTS);
});

test.each([
  ['alipay', '2026-03-10T01:04:59Z', '2026-03-08'],
  ['alipay', '2026-03-10T01:05:00Z', '2026-03-09'],
  ['wechat', '2026-03-10T02:04:59Z', '2026-03-08'],
  ['wechat', '2026-03-10T02:05:00Z', '2026-03-09'],
  ['wechat', '2026-02-28T17:00:00Z', '2026-02-27'],
] as const)('%s at %s: the last bill is that of %s', (channel, at, day) => {
  expect(lastReadyDay(channel, Date.parse(at))).toBe(day);
  expect(readyAtMs(channel, day)).toBeLessThanOrEqual(Date.parse(at));
});

test('missed days are made up for across months, but not without end', () => {
  expect(daysBetween('2026-02-27', '2026-03-02', 60)).toEqual([
    '2026-02-27',
    '2026-02-28',
    '2026-03-01',
    '2026-03-02',
  ]);
  expect(daysBetween('2026-01-01', '2026-03-02', 2)).toEqual(['2026-03-01', '2026-03-02']);
  expect(daysBetween('2026-03-03', '2026-03-02', 60)).toEqual([]);
});
