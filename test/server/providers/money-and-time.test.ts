import fc from 'fast-check';
import { fenToYuan, isPayableFen, yuanToFen } from '../../../server/providers/money';
import * as time from '../../../server/providers/shanghai-time';
import { holds } from '../../support/random';

describe('money', () => {
  const fen = fc.integer({ min: 0, max: 10_000_000_000 });

  test('every amount survives the way to yuan and back', () => {
    holds(
      fc.property(fen, (amountFen) => yuanToFen(fenToYuan(amountFen)) === amountFen),
      5000,
    );
  });

  test('yuan have exactly two decimals and the digits of the fen', () => {
    holds(
      fc.property(fen, (amountFen) => {
        const yuan = fenToYuan(amountFen);
        return /^(0|[1-9]\d*)\.\d{2}$/.test(yuan) && BigInt(yuan.replace('.', '')) === BigInt(amountFen);
      }),
    );
  });

  test('every amount that JSON wrote as a number is read exactly', () => {
    holds(
      fc.property(fen, (amountFen) => {
        const written = JSON.parse(fenToYuan(amountFen)) as number;
        return yuanToFen(String(written)) === amountFen;
      }),
      5000,
    );
  });

  test('any text gives either undefined or the amount that an exact reading gives', () => {
    const text = fc.oneof(
      fc.stringMatching(/^[-+]?[0-9]{0,12}[.,]?[0-9]{0,6}[e ]?[0-9]?$/),
      fc.stringMatching(/^-?(0|[1-9][0-9]{0,8})[.][0-9]{1,2}0{0,5}$/),
    );
    holds(
      fc.property(text, (yuan) => {
        const amountFen = yuanToFen(yuan);
        if (amountFen === undefined) return true;
        const [whole, decimals = ''] = yuan.replace('-', '').split('.');
        const exact = BigInt(whole + decimals.padEnd(8, '0'));
        return BigInt(Math.abs(amountFen)) * 1_000_000n === exact;
      }),
      5000,
    );
  });

  test.each([
    ['0', 0],
    ['0.00', 0],
    ['-0.00', 0],
    ['0.01', 1],
    ['-0.01', -1],
    ['1', 100],
    ['1.5', 150],
    ['1.15', 115],
    ['4.35', 435],
    ['0.07000', 7],
    ['100000000.00', 10_000_000_000],
  ])('%p yuan are %d fen', (yuan, amountFen) => {
    expect(yuanToFen(yuan)).toBe(amountFen);
  });

  test.each([
    '',
    ' ',
    '.',
    '1.',
    '.5',
    '01.00',
    '1,000.00',
    '1.005',
    '1e2',
    '+1',
    '--1',
    '0x10',
    '１.00',
    '1.50 ',
    'NaN',
    'Infinity',
    '100000000.01',
    '999999999999',
  ])('%p is no amount', (yuan) => {
    expect(yuanToFen(yuan)).toBeUndefined();
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 10_000_000_001, 2 ** 53])(
    '%d fen cannot be written',
    (amountFen) => {
      expect(() => fenToYuan(amountFen)).toThrow(RangeError);
      expect(isPayableFen(amountFen)).toBe(false);
    },
  );

  test('nothing is not payable, one fen is', () => {
    expect([isPayableFen(0), isPayableFen(1), isPayableFen(10_000_000_000)]).toEqual([false, true, true]);
  });
});

describe('time', () => {
  test('is written in Beijing time', () => {
    const timeMs = Date.parse('2025-12-31T16:30:05.999Z');
    expect(time.formatLocal(timeMs)).toBe('2026-01-01 00:30:05');
    expect(time.formatRfc3339(timeMs)).toBe('2026-01-01T00:30:05+08:00');
  });

  test('every second survives both ways of writing', () => {
    holds(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), (second) => {
        const timeMs = second * 1000;
        return (
          time.parseLocal(time.formatLocal(timeMs)) === timeMs &&
          time.parseRfc3339(time.formatRfc3339(timeMs)) === timeMs
        );
      }),
    );
  });

  test.each([
    '2026-02-29 00:00:00',
    '2026-13-01 00:00:00',
    '2026-01-01 24:00:00',
    '2026-01-01 23:60:00',
    '2026-1-1 00:00:00',
    '2026-01-01T00:00:00',
    '2026-01-01',
    '',
    'yesterday',
  ])('%p is no local time', (text) => {
    expect(time.parseLocal(text)).toBeUndefined();
  });

  test('fractions of a second are dropped from a local time', () => {
    expect(time.parseLocal('2026-01-01 08:00:00.536')).toBe(Date.parse('2026-01-01T00:00:00Z'));
  });

  test.each(['2026-01-01T08:00:00', '2026-01-01 08:00:00+08:00', '1767225600', '', '2026-13-01T00:00:00Z'])(
    '%p is no RFC 3339 time',
    (text) => {
      expect(time.parseRfc3339(text)).toBeUndefined();
    },
  );

  test('days exist or not', () => {
    expect(['2028-02-29', '2026-12-31'].every(time.isDay)).toBe(true);
    expect(['2026-02-29', '2026-00-10', '2026-1-01', '20260101', ''].some(time.isDay)).toBe(false);
  });
});
