/** One stream under virtual time: credit, back-pressure, fair use, ends; with seeds for its order of events. */
import fc from 'fast-check';
import { Bucket } from '../../../server/dtu/bucket';
import type { EndName, FarEnd } from '../../../server/dtu/far-end';
import { DeviceStream } from '../../../server/dtu/stream';
import type { Message } from '../../../src/protocol/messages';
import { VirtualClock } from '../../../sim/time/clock';
import { holds } from '../../support/random';

const WINDOW = 16_384;
const UNIT = 1_012;

class FakeFar implements FarEnd {
  readonly label = 'fake';
  readonly tokenId = 1;
  bytes = '';
  isOpen = false;
  isReading = false;
  ends: EndName[] = [];
  /** Calls of `done` that are held back while the backend does not read. */
  held: (() => void)[] | undefined;
  onBytes: (bytes: Buffer) => void = () => undefined;
  onEnd: () => void = () => undefined;

  write(bytes: Buffer, done: () => void): void {
    this.bytes += bytes.toString('latin1');
    if (this.held) this.held.push(done);
    else done();
  }

  setReading(isOn: boolean): void {
    this.isReading = isOn;
  }

  opened(): void {
    this.isOpen = true;
  }

  end(reason: EndName): void {
    this.ends.push(reason);
  }
}

class Bench {
  readonly clock = new VirtualClock();
  readonly far = new FakeFar();
  readonly sent: Message[] = [];
  bytes = '';
  cuts: number[] = [];
  breaches = 0;
  spent = 0;
  ends: EndName[] = [];
  stream: DeviceStream;

  constructor(
    window = 0,
    private readonly dayBytes = Infinity,
  ) {
    this.stream = new DeviceStream(
      {
        line: {
          send: (message) => this.sent.push(message),
          sendBytes: (bytes) => {
            this.bytes += bytes;
            this.cuts.push(bytes.length);
          },
          breach: () => (this.breaches += 1),
        },
        clock: this.clock,
        onEnd: (reason) => this.ends.push(reason),
      },
      window,
    );
  }

  open(bytesPerSecond = 1_000_000, burstBytes = 1_000_000): this {
    const bucket = (): Bucket => new Bucket(this.clock, bytesPerSecond, burstBytes);
    this.stream.attach(this.far, {
      up: bucket(),
      down: bucket(),
      spend: (up, down) => (this.spent += up + down) <= this.dayBytes,
    });
    return this;
  }

  credit(): number {
    return this.sent
      .filter(([type]) => type === 'credit')
      .reduce((sum, [, bytes]) => sum + (bytes as number), 0);
  }

  last(): Message | undefined {
    return this.sent[this.sent.length - 1];
  }
}

it('opens both sides', () => {
  const bench = new Bench().open();
  expect(bench.sent).toEqual([['open', WINDOW]]);
  expect([bench.far.isOpen, bench.far.isReading]).toEqual([true, true]);
});

it('gives no credit while the backend does not take the bytes, and never more than the window', () => {
  const bench = new Bench().open();
  bench.far.held = [];
  for (let sent = 0; sent < WINDOW; sent += 512) bench.stream.takeFromDevice('x'.repeat(512));
  expect([bench.breaches, bench.credit()]).toEqual([0, 0]);
  for (const done of bench.far.held.splice(0)) done();
  expect(bench.credit()).toBe(WINDOW);
  bench.far.held = undefined;
  bench.stream.takeFromDevice('x'.repeat(WINDOW));
  expect(bench.breaches).toBe(0);
  expect(bench.credit()).toBe(2 * WINDOW);
  bench.far.held = [];
  bench.stream.takeFromDevice('x'.repeat(WINDOW));
  bench.stream.takeFromDevice('x');
  expect(bench.breaches).toBe(1);
});

it('reads no more of the backend than it may hold', () => {
  const bench = new Bench().open();
  bench.far.onBytes(Buffer.alloc(WINDOW - 1));
  expect(bench.far.isReading).toBe(true);
  bench.far.onBytes(Buffer.alloc(1));
  expect(bench.far.isReading).toBe(false);
  expect(bench.bytes).toBe('');
  bench.stream.credit(UNIT);
  expect(bench.bytes.length).toBe(UNIT);
  expect(bench.far.isReading).toBe(true);
});

it('sends as fast as the rate allows, and gives credit no faster', () => {
  const bench = new Bench(WINDOW).open(2_000, 4_096);
  bench.far.onBytes(Buffer.alloc(10_000));
  expect(bench.bytes.length).toBeLessThanOrEqual(4_096);
  bench.clock.advance(1_000);
  expect(bench.bytes.length).toBeLessThanOrEqual(4_096 + 2_000);
  expect(bench.bytes.length).toBeGreaterThan(4_096);
  bench.clock.advance(3_000);
  expect(bench.bytes.length).toBe(10_000);
  for (let sent = 0; sent < 12_000; sent += 1_000) bench.stream.takeFromDevice('x'.repeat(1_000));
  expect(bench.credit()).toBeLessThanOrEqual(5_000);
  const before = bench.credit();
  bench.clock.advance(1_000);
  expect(bench.credit() - before).toBeLessThanOrEqual(5_000);
  // It comes back in the end, though nothing else happens.
  bench.clock.advance(20_000);
  expect(bench.credit()).toBeGreaterThan(8_000);
});

it('ends with RATE_LIMIT, both ways, when the day’s share is spent, and hands on what was taken', () => {
  const up = new Bench(0, 1_500).open();
  up.stream.takeFromDevice('a'.repeat(1_000));
  expect(up.far.ends).toEqual([]);
  up.stream.takeFromDevice('b'.repeat(1_000));
  expect(up.far.bytes.length).toBe(2_000);
  expect(up.far.ends).toEqual(['RATE_LIMIT']);
  expect(up.last()).toEqual(['shut', 37]);
  const down = new Bench(WINDOW, 1_500).open();
  down.far.onBytes(Buffer.alloc(5_000));
  expect(down.bytes.length).toBe(2 * UNIT);
  expect(down.far.ends).toEqual(['RATE_LIMIT']);
  expect(down.last()).toEqual(['shut', 37]);
});

it('after its own shut takes nothing, until the device’s has come', () => {
  const bench = new Bench(0).open();
  bench.far.onEnd();
  expect(bench.last()).toEqual(['shut', 0]);
  bench.stream.takeFromDevice('late');
  bench.stream.credit(10);
  expect([bench.far.bytes, bench.breaches, bench.stream.phase]).toEqual(['', 0, 'shut']);
  bench.stream.shut(0);
  expect([bench.stream.phase, bench.sent.length]).toEqual(['closed', 2]);
  bench.stream.shut(0);
  expect(bench.breaches).toBe(1);
});

it('tells the backend once when the session is lost', () => {
  const bench = new Bench(0).open();
  bench.stream.lost('OFFLINE');
  bench.stream.lost('UNAVAILABLE');
  expect([bench.far.ends, bench.ends, bench.stream.phase]).toEqual([['OFFLINE'], ['OFFLINE'], 'closed']);
});

it('leaves no timer behind when the last bytes are out', () => {
  const bench = new Bench(0).open();
  bench.far.onBytes(Buffer.from('left'));
  bench.far.onEnd();
  bench.stream.credit(10);
  expect([bench.bytes, bench.last()]).toEqual(['left', ['shut', 0]]);
  expect(bench.clock.nextDueMs()).toBeUndefined();
});

it('gives up a host that does not read what the backend left behind', () => {
  const bench = new Bench(0).open();
  bench.far.onBytes(Buffer.from('left'));
  bench.far.onEnd();
  bench.clock.advance(59_000);
  expect(bench.stream.phase).toBe('flushing');
  bench.clock.advance(2_000);
  expect(bench.last()).toEqual(['shut', 27]);
  expect(bench.clock.nextDueMs()).toBeUndefined();
});

it('whatever the order of events, bytes arrive once and in order, within credit and window', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('up' as const), count: fc.integer({ min: 1, max: UNIT }) }),
    fc.record({ kind: fc.constant('down' as const), count: fc.integer({ min: 1, max: 9_000 }) }),
    fc.record({ kind: fc.constant('credit' as const), count: fc.integer({ min: 0, max: 6_000 }) }),
    fc.record({ kind: fc.constant('hold' as const), count: fc.constant(0) }),
    fc.record({ kind: fc.constant('release' as const), count: fc.constant(0) }),
    fc.record({ kind: fc.constant('wait' as const), count: fc.integer({ min: 1, max: 3_000 }) }),
  );
  holds(
    fc.property(
      fc.array(step, { maxLength: 120 }),
      fc.integer({ min: 1_500, max: 20_000 }),
      (steps, rate) => {
        const bench = new Bench(0).open(rate, WINDOW);
        let counter = 0;
        const fresh = (count: number): string =>
          String.fromCharCode(...Array.from({ length: count }, () => (counter++ * 31) & 0xff));
        let up = '';
        let down = '';
        let given = 0;
        for (const { kind, count } of steps) {
          if (kind === 'up' && up.length + count <= WINDOW + bench.credit()) {
            const data = fresh(count);
            up += data;
            bench.stream.takeFromDevice(data);
          } else if (kind === 'down' && bench.far.isReading) {
            const data = fresh(count);
            down += data;
            bench.far.onBytes(Buffer.from(data, 'latin1'));
          } else if (kind === 'credit' && given - bench.bytes.length + count <= WINDOW) {
            given += count;
            bench.stream.credit(count);
          } else if (kind === 'hold') bench.far.held ??= [];
          else if (kind === 'release') {
            const held = bench.far.held ?? [];
            bench.far.held = undefined;
            for (const done of held) done();
          } else if (kind === 'wait') bench.clock.advance(count);
          expect(bench.bytes.length).toBeLessThanOrEqual(given);
          expect(down.length - bench.bytes.length).toBeLessThan(WINDOW + 9_000);
        }
        for (const done of bench.far.held ?? []) done();
        while (bench.bytes.length < down.length) {
          bench.stream.credit(Math.min(1_000, WINDOW - (given - bench.bytes.length)));
          given += Math.min(1_000, WINDOW - (given - bench.bytes.length));
          bench.clock.advance(1_000);
        }
        expect(bench.breaches).toBe(0);
        expect(bench.far.bytes === up).toBe(true);
        expect(bench.bytes === down).toBe(true);
      },
    ),
    150,
  );
});

describe('Bucket', () => {
  it('gives no more than the burst and what came in meanwhile', () => {
    const clock = new VirtualClock();
    const bucket = new Bucket(clock, 1_000, 5_000);
    expect(bucket.take(5_000)).toBe(true);
    expect(bucket.take(1)).toBe(false);
    expect(bucket.waitMs(2_000)).toBe(2_000);
    clock.advance(1_999);
    expect(bucket.take(2_000)).toBe(false);
    clock.advance(1);
    expect(bucket.take(2_000)).toBe(true);
    clock.advance(3_600_000);
    expect(bucket.take(5_001)).toBe(false);
    expect(bucket.take(5_000)).toBe(true);
  });
});
