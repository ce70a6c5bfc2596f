import fc from 'fast-check';
import { splitAnswer } from '../../../server/providers/alipay/signed-answer';

const KEY = 'alipay_trade_query_response';
const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

test('finds exactly the payload’s bytes, whatever is in it and around it', () => {
  const payload = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value));
  const members = fc.record({
    payload,
    sign: fc.string({ minLength: 1 }),
    serial: fc.option(fc.string({ minLength: 1 })),
  });
  fc.assert(
    fc.property(members, fc.integer({ min: 0, max: 5 }), space, (parts, order, gap) => {
      const all = [
        `"${KEY}"${gap}:${gap}${parts.payload}`,
        `"sign"${gap}:${gap}${JSON.stringify(parts.sign)}`,
        ...(parts.serial === null ? [] : [`"alipay_cert_sn":${JSON.stringify(parts.serial)}`]),
      ];
      const rotated = [...all.slice(order % all.length), ...all.slice(0, order % all.length)];
      const found = splitAnswer(`${gap}{${gap}${rotated.join(`${gap},${gap}`)}${gap}}${gap}`, KEY);
      return (
        found?.payload === parts.payload &&
        found.sign === parts.sign &&
        found.certificateSerial === (parts.serial ?? undefined)
      );
    }),
    { numRuns: 1000 },
  );
});

test('never throws and never finds a payload that JSON would read differently', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    `"${KEY}"`,
    '"sign"',
    '"error_response"',
    '{"a":1}',
    '"x"',
    '1',
    ' ',
    '\\',
    '"',
  );
  const text = fc.array(pieces, { maxLength: 14 }).map((all) => all.join(''));
  const framed = fc
    .tuple(text, fc.boolean())
    .map(([inner, whole]) => (whole ? `{"${KEY}":{"a":1},${inner}}` : inner));
  fc.assert(
    fc.property(framed, (candidate) => {
      const found = splitAnswer(candidate, KEY);
      if (!found) return true;
      const read = JSON.parse(candidate) as Record<string, unknown>;
      const payload = read[KEY] ?? read.error_response;
      return JSON.stringify(JSON.parse(found.payload)) === JSON.stringify(payload);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ['a payload twice', `{"${KEY}":{"a":1},"sign":"s","${KEY}":{"a":2}}`],
  [
    'a payload twice, once with escapes',
    `{"${KEY}":{"a":1},"sign":"s","\\u0061lipay_trade_query_response":{"a":2}}`,
  ],
  ['payload and error', `{"${KEY}":{"a":1},"error_response":{"a":2},"sign":"s"}`],
  ['two signatures', `{"${KEY}":{"a":1},"sign":"s","sign":"t"}`],
  ['a stranger', `{"${KEY}":{"a":1},"sign":"s","note":{"a":2}}`],
  ['a prototype', `{"${KEY}":{"a":1},"sign":"s","__proto__":{"a":2}}`],
  ['no payload', '{"sign":"s"}'],
  ['a payload in an array', `{"${KEY}":[{"a":1}],"sign":"s"}`],
  ['a payload that is null', `{"${KEY}":null,"sign":"s"}`],
  ['an array', `[{"${KEY}":{"a":1},"sign":"s"}]`],
  ['something behind', `{"${KEY}":{"a":1},"sign":"s"}{}`],
  ['half', `{"${KEY}":{"a":1},"sign":"s`],
])('refuses an answer with %s', (_name, text) => {
  expect(splitAnswer(text, KEY)).toBeUndefined();
});
