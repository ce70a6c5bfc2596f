/** The PC library against the reference module in virtual time: wrong arguments, repeats, deliver once, the stream's limits. */
import { portPair } from '../../../maker/conform/pair';
import { ReferenceModule } from '../../../maker/conform/reference-module';
import { frameAround } from '../../../maker/vectors/encode';
import { DataStream, Host, HostError, type HostEvent, type HostPort, openPort } from '../../../maker/host';
import type { TraceEntry } from '../../../maker/host/exchange';
import { parseTcp } from '../../../maker/host/port';
import { VirtualClock } from '../../../sim/time/clock';
import { LinkState, OrderState, Reason } from '../../../src/protocol/codes';
import { HostType } from '../../../src/protocol/host';
import { drive } from '../support/drive';

let clock: VirtualClock;
let module_: ReferenceModule;
let host: Host;
let sent: TraceEntry[];
let events: HostEvent[];
/** Bytes on their way to the host or the module; undefined loses them. */
let line: (bytes: Buffer, towards: 'host' | 'module') => Buffer | undefined;

const run = <Result>(promise: Promise<Result>): Promise<Result> => drive(clock, promise);
const spoilt = (port: HostPort, towards: 'host' | 'module'): HostPort => {
  const write = port.write;
  port.write = (bytes) => {
    const rest = line(Buffer.from(bytes), towards);
    if (rest) write(rest);
  };
  return port;
};
const requests = (type: HostType): number =>
  sent.filter(({ direction, frame }) => direction === 'sent' && frame?.type === type).length;
const delivered = (): number[] => events.flatMap((event) => (event.kind === 'deliver' ? [event.order] : []));

beforeEach(async () => {
  clock = new VirtualClock();
  line = (bytes) => bytes;
  const [left, right] = portPair(clock);
  module_ = new ReferenceModule(spoilt(right, 'host'), { clock, hasEcho: true });
  sent = [];
  events = [];
  host = new Host(spoilt(left, 'module'), { clock, delivers: true, onTrace: (entry) => sent.push(entry) });
  host.listen((event) => events.push(event));
  await run(host.hello());
  sent.length = 0;
});
afterEach(() => {
  host.close();
  module_.close();
});

const good = { amountFen: 250, channel: 1, reference: 'a' };

describe('wrong arguments are refused by name, and nothing is sent', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['an amount of 0', () => host.pay({ ...good, amountFen: 0 })],
    ['an amount of 2.5', () => host.pay({ ...good, amountFen: 2.5 })],
    ['an amount of NaN', () => host.pay({ ...good, amountFen: NaN })],
    ['a million yuan and a fen', () => host.pay({ ...good, amountFen: 100_000_001 })],
    ['channel 0', () => host.pay({ ...good, channel: 0 })],
    ['channel 3', () => host.pay({ ...good, channel: 3 })],
    ['payable for 29 s', () => host.pay({ ...good, ttlS: 29 })],
    ['payable for 7201 s', () => host.pay({ ...good, ttlS: 7201 })],
    ['no reference', () => host.pay({ ...good, reference: '' })],
    ['a reference with a blank', () => host.pay({ ...good, reference: 'a b' })],
    ['a reference of 33', () => host.pay({ ...good, reference: 'x'.repeat(33) })],
    ['goods of 17 Chinese characters', () => host.pay({ ...good, goods: '可'.repeat(17) })],
    ['goods with a line feed', () => host.pay({ ...good, goods: 'a\nb' })],
    ['query of order 0', () => host.query(0)],
    ['query of nothing', () => host.query('')],
    ['cancel of order 0', () => host.cancel(0)],
    ['cancel of order 2^32', () => host.cancel(2 ** 32)],
    ['dispensed of order -1', () => host.dispensed(-1)],
    ['failed with a text of 65', () => host.failed(1, 'x'.repeat(65))],
    ['refund with a tab', () => host.refund(1, 'a\tb')],
    ['relay 3', () => host.relay(3, 1, 100, 100)],
    ['a pulse of 19 ms', () => host.relay(1, 1, 19, 100)],
    ['a pause of 60001 ms', () => host.relay(1, 1, 100, 60_001)],
    ['256 pulses', () => host.relay(1, 256, 100, 100)],
    ['settings of 201 bytes', () => host.setSettings({ ['x'.repeat(200)]: 1 })],
    ['0 log lines', () => host.log(1, 0)],
    ['21 log lines', () => host.log(1, 21)],
    [
      'a stream to port 0',
      () => DataStream.open(host, { address: 'a' }, { onData() {}, onDrain() {}, onClose() {} }),
    ],
    [
      'an address of 64',
      () =>
        DataStream.open(
          host,
          { address: 'x'.repeat(64), port: 1 },
          { onData() {}, onDrain() {}, onClose() {} },
        ),
    ],
    ['an address that is none', () => openPort('tcp:99999')],
  ])('%s', async (_what, act) => {
    const failure = await run(
      act().then(
        () => undefined,
        (error: Error) => error,
      ),
    );
    expect(failure).toBeInstanceOf(HostError);
    expect([(failure as HostError).code, sent]).toEqual(['argument', []]);
  });

  test('a reference before the first INFO', () => {
    const [left] = portPair(clock);
    expect(() => new Host(left, { clock }).newReference()).toThrow(
      expect.objectContaining({ code: 'argument' }),
    );
  });

  test.each(['tcp:', 'tcp:0', 'tcp:65536', 'tcp:a', 'tcp:h:', 'tcp::1'])('%s is no address', (address) => {
    expect(parseTcp(address)).toBeUndefined();
  });
});

test('a port that is closed ends what waits, by name', async () => {
  line = () => undefined;
  const waiting = host.pay(good);
  waiting.catch(() => {});
  host.close();
  await expect(waiting).rejects.toMatchObject({ code: 'closed' });
  await expect(host.cancel(1)).rejects.toMatchObject({ code: 'closed' });
});

test('more than 64 requests at once are refused, the others are not disturbed', async () => {
  const asked = Array.from({ length: 70 }, () =>
    host.signal().then(
      () => 'told',
      (error: HostError) => error.code,
    ),
  );
  const results = await run(Promise.all(asked));
  expect(results.filter((result) => result === 'argument')).toHaveLength(5);
  expect(results.filter((result) => result === 'told')).toHaveLength(65);
});

test('nobody there: the same frame four times, then no-answer', async () => {
  line = (bytes, towards) => (towards === 'module' ? undefined : bytes);
  await expect(run(host.pay(good))).rejects.toMatchObject({ code: 'no-answer' });
  expect(requests(HostType.Pay)).toBe(4);
  expect(new Set(sent.map(({ bytes }) => bytes.toString('hex'))).size).toBe(1);
  line = (bytes) => bytes;
  await expect(run(host.pay(good))).resolves.toBe(1);
});

test('only the answer that fits seq and type ends a request', async () => {
  const seqs: number[] = [];
  line = (bytes, towards) => {
    if (towards === 'module' && bytes[4] === HostType.Pay) seqs.push(bytes[3]!);
    return towards === 'host' && bytes[4] === HostType.Ack ? undefined : bytes;
  };
  let order: number | undefined;
  const asked = host.pay(good).then((number) => (order = number));
  clock.advance(50);
  const answer = (seq: number, type: number, number: number): void =>
    module_.writeRaw(frameAround(Buffer.from([seq, type, number, 0, 0, 0]), HostType.Ack, 0, false));
  line = (bytes) => bytes;
  answer(seqs[0]! + 1, HostType.Pay, 77);
  answer(seqs[0]!, HostType.Cancel, 78);
  clock.advance(50);
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toBeUndefined();
  answer(seqs[0]!, HostType.Pay, 79);
  expect(await run(asked)).toBe(79);
});

test('a refusal has its reason, by number', async () => {
  module_.setLink(LinkState.NoNetwork);
  await expect(run(host.pay(good))).rejects.toMatchObject({ code: 'refused', reason: Reason.Offline });
});

test('a report goes on until the module has it', async () => {
  module_.settings = { ...module_.settings, mode: 0 };
  const order = await run(host.pay(good));
  clock.advance(1000);
  module_.orders.pay(order);
  clock.advance(500);
  let lost = 0;
  line = (bytes, towards) =>
    towards === 'module' && bytes[4] === HostType.Dispensed && lost++ < 9 ? undefined : bytes;
  await run(host.dispensed(order));
  expect([lost, module_.orders.all[0]!.reports, delivered()]).toEqual([10, 1, [order]]);
});

describe('deliver once', () => {
  const dispensing = async (): Promise<number> => {
    module_.settings = { ...module_.settings, mode: 0, statusS: 1 };
    const order = await run(host.pay(good));
    clock.advance(1000);
    module_.orders.pay(order);
    clock.advance(5500);
    return order;
  };

  test('however often DISPENSING is told, and after a restart of the module', async () => {
    const order = await dispensing();
    module_.restart();
    clock.advance(3000);
    expect(delivered()).toEqual([order]);
    expect(events.some((event) => event.kind === 'info' && event.isRestart)).toBe(true);
  });

  test('not what may have been delivered before this program started', async () => {
    const order = await dispensing();
    host.close();
    const [left, right] = portPair(clock);
    const again = new ReferenceModule(right, { clock });
    again.settings = { ...module_.settings };
    again.orders.all.push(module_.orders.find(order)!);
    const fresh: HostEvent[] = [];
    const second = new Host(left, { clock, delivers: true });
    second.listen((event) => fresh.push(event));
    await run(second.hello());
    clock.advance(5000);
    const told = fresh.filter(
      (event) => event.kind === 'status' && event.status.state === OrderState.Dispensing,
    );
    expect(told.length).toBeGreaterThan(0);
    expect(told.every((event) => event.kind === 'status' && event.isEarlier)).toBe(true);
    expect(fresh.some((event) => event.kind === 'deliver')).toBe(false);
    second.close();
    again.close();
  });
});

test('references of one start are different, and another start makes others', async () => {
  const first = [host.newReference(), host.newReference()];
  await run(host.pay({ ...good, reference: first[0]! }));
  const [left, right] = portPair(clock);
  const again = new ReferenceModule(right, { clock });
  again.orders.lastOrder = module_.orders.lastOrder;
  const second = new Host(left, { clock });
  await run(second.hello());
  expect(new Set([...first, second.newReference(), second.newReference()]).size).toBe(4);
  second.close();
  again.close();
});

describe('the data stream', () => {
  test('carries every byte there and back over a line that loses frames', async () => {
    let count = 0;
    line = (bytes) => (++count % 5 === 0 ? undefined : bytes);
    const got: Buffer[] = [];
    let closed: number | undefined;
    const stream = await run(
      DataStream.open(
        host,
        {},
        {
          onData: (bytes) => got.push(bytes),
          onDrain: () => {},
          onClose: (reason) => (closed = reason),
        },
      ),
    );
    const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => index & 255));
    expect(stream.write(bytes)).toBe(false);
    clock.advance(60_000);
    for (let waited = 0; waited < 600 && Buffer.concat(got).length < bytes.length; waited++) {
      clock.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(Buffer.concat(got).equals(bytes)).toBe(true);
    line = (all) => all;
    await run(stream.close());
    expect(closed).toBe(0);
    expect(() => stream.write(bytes)).toThrow(expect.objectContaining({ code: 'closed' }));
  });

  test('that ends in the moment it opens is told', async () => {
    let closed: number | undefined;
    const opened = DataStream.open(
      host,
      {},
      { onData() {}, onDrain() {}, onClose: (reason) => (closed = reason) },
    );
    const begun = opened.catch(() => {});
    while (!module_.stream) {
      clock.advance(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    module_.endStream(Reason.Offline);
    await run(begun);
    clock.advance(100);
    expect(closed).toBe(Reason.Offline);
  });

  test('that cannot be opened fails with its reason', async () => {
    module_.setLink(LinkState.NoServer);
    const opened = DataStream.open(host, {}, { onData() {}, onDrain() {}, onClose() {} });
    await expect(run(opened)).rejects.toMatchObject({ code: 'refused', reason: Reason.Offline });
  });

  test('keeps at most 64 kB for a module that gives no credit', async () => {
    const stream = await run(DataStream.open(host, {}, { onData() {}, onDrain() {}, onClose() {} }));
    line = () => undefined;
    stream.write(Buffer.alloc(60_000));
    expect(() => stream.write(Buffer.alloc(6200))).toThrow(expect.objectContaining({ code: 'argument' }));
  });
});
