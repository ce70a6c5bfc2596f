/** docs/sandbox.md against the code: codes, faults, settings, options. */

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DOCUMENTED_SETTINGS } from '../../../sim/providers';
import { ALIPAY_ERROR_CODES } from '../../../sim/providers/alipay/errors';
import { FAULT_KINDS } from '../../../sim/providers/core/faults';
import { WECHAT_ERROR_CODES } from '../../../sim/providers/wechat/errors';

const ROOT = resolve(__dirname, '../../..');
const text = readFileSync(join(ROOT, 'docs/sandbox.md'), 'utf8');

/** The rows of the table under a heading: trimmed cells, without head and rule. */
function rows(heading: string): string[][] {
  const section = text.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

it('lists every error code of WeChat Pay with its HTTP status', () => {
  expect(rows('WeChat Pay').map(([code, status]) => [code, Number(status)])).toEqual(WECHAT_ERROR_CODES);
});

it('lists every sub_code of Alipay with its code', () => {
  expect(rows('Alipay').map(([subCode, code]) => [subCode, code])).toEqual(ALIPAY_ERROR_CODES);
});

it('lists every kind of fault', () => {
  const listed = rows('Faults').flatMap(([kinds]) =>
    [...kinds!.matchAll(/`(\w+)`/g)].map((match) => match[1]),
  );
  expect(listed.sort()).toEqual([...FAULT_KINDS].sort());
});

it('gives the settings’ defaults', () => {
  const defaults = Object.fromEntries(
    rows('Settings').map(([name, value]) => [name!.replaceAll('`', ''), value]),
  );
  const { callsPerSecond, alipayNoticeStates, ...plain } = DOCUMENTED_SETTINGS;
  expect(defaults).toEqual({
    ...Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, String(value)])),
    alipayNoticeStates: alipayNoticeStates.join(', '),
    callsPerSecond: Object.entries(callsPerSecond)
      .map((pair) => pair.join(' '))
      .join(', '),
  });
});

it('lists every option of the command', () => {
  const source = readFileSync(join(ROOT, 'sim/providers/cli.ts'), 'utf8');
  const options = [...source.matchAll(/\.option\(\s*'([^']+)'/g)].map((match) => match[1]);
  expect(options).toHaveLength(6);
  expect(rows('Start').map(([option]) => option!.replaceAll('`', ''))).toEqual(options);
});
