import fc from 'fast-check';
import { splitAnswer } from '../../../server/providers/alipay/signed-answer';
import { holds } from '../../support/random';

const KEY = 'alipay_trade_query_response';
const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

test('finds exactly the payload’s bytes, whatever is in it and around it', () => {
  const payload = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value));
  const members = fc.record({
    payload,
    sign: fc.string({ minLength: 1 }),
    serial: fc.option(fc.string({ minLength: 1 })),
  });
  holds(
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
    1000,
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
  const object = fc.constantFrom('{"a":1}', '{}', '{"a":{"sign":"}"}}', '1', '"{"', '[{}]');
  const string = fc.constantFrom('"x"', '"\\""', '""', '1', '{}');
  const member = fc.oneof(
    fc.tuple(fc.constantFrom(`"${KEY}"`, '"error_response"'), fc.constant(':'), object),
    fc.tuple(fc.constantFrom('"sign"', '"alipay_cert_sn"'), fc.constant(':'), string),
  );
  /** Often an answer, with a piece changed, put in or left out here and there. */
  const framed = fc
    .tuple(
      fc.array(member, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(20), fc.nat(1), fc.array(pieces, { maxLength: 1 })), { maxLength: 2 }),
    )
    .map(([members, changes]) => {
      const all = ['{', ...members.flatMap((one, index) => (index ? [',', ...one] : one)), '}'];
      for (const [at, count, put] of changes) all.splice(at, count, ...put);
      return all.join('');
    });
  holds(
    fc.property(framed, (candidate) => {
      const found = splitAnswer(candidate, KEY);
      if (!found) return true;
      const read = JSON.parse(candidate) as Record<string, unknown>;
      const payload = read[KEY] ?? read.error_response;
      return JSON.stringify(JSON.parse(found.payload)) === JSON.stringify(payload);
    }),
    5000,
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
