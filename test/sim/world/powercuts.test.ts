/** A short slice of the power cuts: every second point of two scenarios, some pairs, and how a cut is named. */
import { buildFirmware, type Firmware } from '../../../scripts/build/build';
import { SCENARIOS } from '../../../scripts/powercuts/scenarios';
import { nameOf, playCuts, pointsOf, readPoints } from '../../../sim/world/cuts';

let firmware: Firmware;
beforeAll(async () => {
  firmware = await buildFirmware('espruino-wifi');
});

const OFF_MS = 800;
/** So many runs take seconds, and more on a busy machine. */
const LIMIT_MS = 240_000;

test('every scenario ends as it should without a cut', async () => {
  const ends: Record<string, unknown> = {};
  for (const [name, story] of Object.entries(SCENARIOS)) {
    const { result } = await playCuts(firmware, story, [], OFF_MS);
    expect(result.violations).toEqual([]);
    const { paid, dispensed, refunded } = result.totals;
    ends[name] = `${paid} paid, ${dispensed} dispensed, ${refunded} refunded`;
  }
  expect(ends).toEqual({
    success: '1 paid, 1 dispensed, 0 refunded',
    'success at Alipay': '1 paid, 1 dispensed, 0 refunded',
    refuse: '0 paid, 0 dispensed, 0 refunded',
    expire: '0 paid, 0 dispensed, 0 refunded',
    cancel: '0 paid, 0 dispensed, 0 refunded',
    'cancel racing payment': '1 paid, 1 dispensed, 0 refunded',
    'host dispenses': '1 paid, 1 dispensed, 0 refunded',
    'host fails, refund': '1 paid, 0 dispensed, 1 refunded',
    'goods stuck, refund': '1 paid, 0 dispensed, 1 refunded',
    'coin pulses': '1 paid, 1 dispensed, 0 refunded',
    'uncertain is refunded': '1 paid, 1 dispensed, 0 refunded',
    'ring turns, two open': '2 paid, 2 dispensed, 0 refunded',
    'journal nearly full': '1 paid, 1 dispensed, 0 refunded',
  });
});

test.each(['coin pulses', 'journal nearly full'])(
  'no law is broken by every second single cut: %s',
  async (name) => {
    const whole = await playCuts(firmware, SCENARIOS[name]!, [], OFF_MS);
    const points = pointsOf(whole.events);
    expect(points.length).toBeGreaterThan(100);
    const broken: string[] = [];
    for (const point of points.filter((_point, index) => index % 2 === 0)) {
      const { result, cuts } = await playCuts(firmware, SCENARIOS[name]!, [point], OFF_MS);
      expect(cuts).toBe(1);
      if (result.violations.length > 0) broken.push(nameOf([point]));
    }
    expect(broken).toEqual([]);
  },
  LIMIT_MS,
);

test(
  'no law is broken by pairs of cuts around the turn of the ring',
  async () => {
    const story = SCENARIOS['ring turns, two open']!;
    const whole = await playCuts(firmware, story, [], OFF_MS);
    const writes = whole.events.flatMap((event, number) => (event.kind === 'flash' ? [number] : []));
    const first = { event: writes[Math.floor(writes.length / 2)]!, phase: 'during' as const };
    const single = await playCuts(firmware, story, [first], OFF_MS);
    const broken: string[] = [];
    for (const second of pointsOf(single.events).filter((_point, index) => index % 6 === 0)) {
      const { result } = await playCuts(firmware, story, [first, second], OFF_MS);
      if (result.violations.length > 0) broken.push(nameOf([first, second]));
    }
    expect(broken).toEqual([]);
  },
  LIMIT_MS,
);

test('a cut is named so that it can be made again', () => {
  const points = [
    { event: 12, phase: 'during' as const },
    { event: 3, phase: 'after' as const },
  ];
  expect(nameOf(points)).toBe('12d+3a');
  expect(readPoints('12d+3a')).toEqual(points);
  expect(readPoints('12x')).toBeUndefined();
});
