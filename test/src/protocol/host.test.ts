import fc from 'fast-check';
import { decodeHost, encodeHost, HOST_LAYOUTS, isText } from '../../../src/protocol/host';
import { hex, unhex } from '../ports/ports';
import { holds } from '../../support/random';
import { bytesOf, messageOf } from './any-message';

const anyMessage = messageOf(Object.keys(HOST_LAYOUTS).map(Number));

/** Bytes by chance, and messages with a few bytes of theirs changed. */
const anyPayload = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 255 }), bytesOf(80)),
  fc
    .tuple(anyMessage, fc.array(fc.tuple(fc.nat(20), bytesOf(1)), { maxLength: 2 }))
    .map(([{ type, fields }, changes]): [number, string] => {
      let payload = encodeHost(type, fields);
      for (const [at, put] of changes) payload = payload.slice(0, at) + put + payload.slice(at + 1);
      return [type, payload];
    }),
);

describe('host messages', () => {
  test('a PAY stands on the wire as the document says', () => {
    const fields = { amountFen: 150, channel: 1, ttlS: 300, reference: 'R1', goods: '' };
    const wire = '96000000' + '01' + '2c01' + '025231' + '00';
    expect(hex(encodeHost(2, fields))).toBe(wire);
    expect(decodeHost(2, unhex(wire))).toEqual(fields);
  });

  test('what was encoded decodes to the same', () => {
    holds(
      fc.property(anyMessage, ({ type, fields }) => {
        expect(decodeHost(type, encodeHost(type, fields))).toEqual(fields);
      }),
    );
  });

  test('a byte too few or too many is refused', () => {
    holds(
      fc.property(anyMessage, ({ type, fields }) => {
        const payload = encodeHost(type, fields);
        if (HOST_LAYOUTS[type]!.endsWith(':r')) return;
        expect(decodeHost(type, payload + '\0')).toBeUndefined();
        if (payload) expect(decodeHost(type, payload.slice(0, -1))).toBeUndefined();
      }),
    );
  });

  test('any bytes at all never throw', () => {
    holds(
      fc.property(anyPayload, ([type, payload]) => {
        const fields = decodeHost(type, payload);
        if (fields) expect(encodeHost(type, fields)).toBe(payload);
      }),
    );
  });
});

describe('text', () => {
  test('is what a strict UTF-8 decoder takes, without control characters', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    holds(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text, 'utf8')),
          fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
          fc
            .array(fc.constantFrom(0x41, 0x80, 0xbf, 0xc2, 0xe0, 0xa0, 0xed, 0x9f, 0xf0, 0x90, 0xf4, 0x8f), {
              maxLength: 5,
            })
            .map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          let isGood = true;
          try {
            isGood = ![...strict.decode(bytes)].some((char) => char < ' ' || char === '\x7f');
          } catch {
            isGood = false;
          }
          expect(isText(bytes.toString('latin1'))).toBe(isGood);
        },
      ),
      2000,
    );
  });
});
