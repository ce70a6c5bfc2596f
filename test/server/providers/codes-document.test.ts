import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROVIDER_CODES, RULES } from '../../../server/providers';
import { meaningOf as alipayMeaning } from '../../../server/providers/alipay/error-codes';
import { refused, unknown } from '../../../server/providers/outcome';
import { meaningOf as wechatMeaning } from '../../../server/providers/wechat/error-codes';

const document = readFileSync(join(__dirname, '../../../docs/providers.md'), 'utf8');
const rowsBelow = (heading: string): string[][] =>
  document
    .slice(document.indexOf(heading))
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));

test('the document lists every code with its kind and text, and no other', () => {
  const listed = rowsBelow('## Codes').map(([, code, kind, text]) => [code, kind, text]);
  const coded = Object.entries(PROVIDER_CODES).map(([code, entry]) => [
    `\`${code}\``,
    `${entry.kind}${'retry' in entry ? ', retry' : ''}`,
    entry.text,
  ]);
  expect(listed).toEqual(coded);
});

test('the document lists every rule of the reconciliation, and no other', () => {
  const section = document.slice(document.indexOf('## Bills'), document.indexOf('## Daily reconciliation'));
  const listed = section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => /^\| `(\w+)` +\| [^|]+\| `(\w+)`/.exec(line)!.slice(1));
  expect(Object.fromEntries(listed)).toEqual(RULES);
});

test('only refusals that may pass later say so', () => {
  expect(refused('RATE_LIMITED').retry).toBe(true);
  expect('retry' in refused('ORDERPAID')).toBe(false);
  expect('retry' in unknown('TIMEOUT')).toBe(false);
});

test.each(['a b', '', 'x'.repeat(65), 'a\nb', '签名', 7, null, undefined, {}])(
  'what is no code (%p) is not kept as one',
  (word) => {
    expect('providerCode' in unknown('CODE_UNLISTED', word)).toBe(false);
  },
);

describe('the tables of provider codes', () => {
  test('system errors are never refusals, for any operation', () => {
    for (const operation of ['create', 'query', 'close', 'refund', 'queryRefund', 'bill'] as const) {
      expect(wechatMeaning(operation, 'SYSTEM_ERROR')).toBe('PROVIDER_FAILED');
      expect(alipayMeaning(operation, '40004', 'ACQ.SYSTEM_ERROR')).toBe('PROVIDER_FAILED');
      expect(alipayMeaning(operation, '20000', 'isp.unknow-error')).toBe('PROVIDER_FAILED');
      expect(wechatMeaning(operation, 'NEVER_HEARD_OF')).toBe('CODE_UNLISTED');
      expect(alipayMeaning(operation, '40004', 'ACQ.NEVER_HEARD_OF')).toBe('CODE_UNLISTED');
    }
  });
});
