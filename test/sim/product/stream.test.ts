/**
 * The data stream of the built module, host to far end and back, in both modes: every byte once and in order, never
 * more than was allowed, payments first, one clear end. Reasons are numbered as in docs/host-protocol.md.
 */
import { buildFirmware, type Firmware } from '../../../scripts/build/build';
import type { ServerConnection } from '../../../sim/network/internet';
import { HostType } from '../../../src/protocol/host';
import { StreamWorld } from './stream-bench';

const [
  BAD_PAYLOAD,
  BUSY,
  OFFLINE,
  NOT_PROVISIONED,
  NO_STREAM,
  NO_CREDIT,
  HOST_SILENT,
  UNREACHABLE,
  RATE_LIMIT,
] = [5, 12, 13, 16, 21, 22, 27, 29, 37];
const MAKER = '10.0.0.9';

let firmware: Firmware;
beforeAll(async () => {
  firmware = await buildFirmware('espruino-wifi');
});

/** Bytes of all values that tell where they belong. */
function bytesOf(count: number, seed: number): string {
  let text = '';
  for (let at = 0; at < count; at++) text += String.fromCharCode((at * 31 + (at >> 8) * 7 + seed) & 255);
  return text;
}

function sound(world: StreamWorld): void {
  expect(world.crashes).toEqual([]);
  expect(world.host.breaches).toEqual([]);
  expect(world.server.breaches).toEqual([]);
}

/** A server of the maker's own; what it gets and when its connection ends. */
class Maker {
  received = '';
  ends: string[] = [];
  connection!: ServerConnection;

  constructor(world: StreamWorld, isEcho = false) {
    world.network.internet.setName('data.test', MAKER);
    world.network.internet.listen(MAKER, 9000, (connection) => {
      this.connection = connection;
      connection.onData = (bytes) => {
        this.received += bytes.toString('latin1');
        if (isEcho) connection.write(bytes);
      };
      connection.onClose = (reason) => this.ends.push(reason);
    });
  }
}

describe('data stream through the platform', () => {
  it('carries bytes both ways, in order, within the credit of both sides', () => {
    const world = StreamWorld.linked(firmware);
    const { host, server } = world;
    server.opening = { window: 700 };
    host.refill = 300;
    expect(world.open()).toMatchObject({ mode: 1 });
    const up = bytesOf(12_000, 1);
    const down = bytesOf(9_000, 2);
    host.write(up);
    server.write(down);
    expect(
      world.until(() => server.received.length >= up.length && host.received.length >= down.length, 120),
    ).toBe(true);
    world.clock.advance(5000);
    expect(server.received === up).toBe(true);
    expect(host.received === down).toBe(true);
    // All credit has come back: what was taken was passed on.
    expect(host.credit).toBe(world.host.last(HostType.DtuOpened)!.credit);
    sound(world);
  });

  it('stops the backend when the host takes nothing, and the host when the backend takes nothing', () => {
    const world = StreamWorld.linked(firmware);
    const { host, server } = world;
    server.opening = { window: 100 };
    server.refill = false;
    const opened = world.open()!;
    server.write(bytesOf(5000, 3));
    host.write(bytesOf(5000, 4));
    world.clock.advance(60_000);
    expect(host.received).toBe('');
    expect(server.unsentBytes).toBe(5000);
    expect(server.received).toBe(bytesOf(100, 4));
    // The module holds what it gave credit for, less what the backend took.
    expect(host.unsentBytes).toBe(5000 - 100 - (opened.credit as number));
    host.give(10);
    expect(world.until(() => host.received.length === 10, 10)).toBe(true);
    world.clock.advance(20_000);
    expect(host.received).toBe(bytesOf(10, 3));
    expect(server.unsentBytes).toBe(5000 - 10);
    sound(world);
  });

  it('lets the messages of a payment pass bulk data', () => {
    const world = StreamWorld.linked(firmware);
    const { host, server } = world;
    host.refill = 1024;
    world.open();
    host.write(bytesOf(60_000, 5));
    server.write(bytesOf(60_000, 6));
    world.until(() => server.received.length > 5000, 60);
    const from = server.arrivals.length;
    host.ask(HostType.Pay, { amountFen: 100, channel: 1, ttlS: 0, reference: 'first', goods: '' });
    world.until(() => host.answerTo(HostType.Pay) === 0, 5);
    const atMs = world.clock.nowMs();
    expect(world.until(() => server.of('pay').length === 1, 30)).toBe(true);
    // Units that left after the order was taken: one at the most was given to the modem before it.
    const behind = server.arrivals
      .slice(from)
      .filter(({ what, atMs: cameMs }) => what === 'bytes' && cameMs > atMs + 2500);
    expect(behind.length).toBeLessThanOrEqual(1);
    expect(world.until(() => host.count(HostType.Qr) === 1, 30)).toBe(true);
    sound(world);
  });

  it('keeps one packet of data at most between an order and the modem, however busy the way is', () => {
    const world = StreamWorld.linked(firmware);
    const { host, server } = world;
    host.refill = 1024;
    world.open();
    host.write(bytesOf(400_000, 14));
    const ahead: number[] = [];
    for (let order = 1; order <= 4; order++) {
      // Long enough that the modem has all it may have unacknowledged, and at another moment each time.
      world.clock.advance(12_000 + order * 310);
      host.ask(HostType.Pay, { amountFen: 100, channel: 1, ttlS: 0, reference: `R${order}`, goods: '' });
      const isTaken = (): boolean =>
        host.answers.filter(({ type, reason }) => type === HostType.Pay && reason === 0).length === order;
      expect(world.until(isTaken, 5)).toBe(true);
      const sentBytes = world.sentBytes;
      expect(world.until(() => server.of('pay').length === order, 30)).toBe(true);
      const pay = server.arrivals.filter(({ what }) => what === 'pay').at(-1)!;
      ahead.push(
        server.arrivals.filter(
          ({ what, begin, end }) => what === 'bytes' && end > sentBytes && begin < pay.begin,
        ).length,
      );
    }
    expect(host.unsentBytes).toBeGreaterThan(0);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(1);
    sound(world);
  });

  it('ends with 0 when the host closes, and can be opened again at once', () => {
    const world = StreamWorld.linked(firmware);
    const { host, server } = world;
    for (let turn = 1; turn <= 3; turn++) {
      expect(world.open()).toBeDefined();
      host.write(`turn ${turn};`);
      expect(world.until(() => server.received.endsWith(`turn ${turn};`), 20)).toBe(true);
      host.ask(HostType.DtuClose, {});
      expect(world.closed()).toBe(0);
    }
    expect(world.until(() => server.of('shut').length === 3, 10)).toBe(true);
    expect(server.of('open')).toEqual([
      ['open', 0],
      ['open', 0],
      ['open', 0],
    ]);
    expect(server.of('shut')).toEqual([
      ['shut', 0],
      ['shut', 0],
      ['shut', 0],
    ]);
    sound(world);
  });

  it('opens the next stream only when the platform has answered the end of the last one', () => {
    const world = StreamWorld.linked(firmware);
    const { host, server } = world;
    world.open();
    server.send = (
      (send) =>
      (...message: unknown[]) => {
        // The platform takes its time.
        if (message[0] === 'shut') world.clock.setTimer(() => send.apply(server, message), 8000);
        else send.apply(server, message);
      }
    )(server.send);
    host.ask(HostType.DtuClose, {});
    world.until(() => server.of('shut').length === 1, 10);
    // Bytes that crossed the end concern nobody.
    server.sendBytes('late');
    host.ask(HostType.DtuOpen, { mode: 1, port: 0, address: '' });
    world.clock.advance(5000);
    expect(server.of('open')).toHaveLength(1);
    expect(world.until(() => host.count(HostType.DtuOpened) === 2, 20)).toBe(true);
    expect(host.received).toBe('');
    expect(server.sessions).toBe(1);
    sound(world);
  });

  it('hands over the last bytes before it says that the backend closed, and why', () => {
    const world = StreamWorld.linked(firmware);
    const { host, server } = world;
    world.open();
    host.give(900);
    world.clock.advance(3000);
    // More than one frame, so that the end comes while bytes wait for the host.
    server.write(bytesOf(900, 13));
    server.send('shut', RATE_LIMIT);
    expect(world.closed()).toBe(RATE_LIMIT);
    expect(host.received).toBe(bytesOf(900, 13));
    expect(world.until(() => server.of('shut').length > 0, 10)).toBe(true);
    expect(server.of('shut')).toEqual([['shut', 0]]);
    sound(world);
  });

  it.each([1000, 70_000])('keeps the last bytes for a slow host, %i ms after the stream opened', (ageMs) => {
    const world = StreamWorld.linked(firmware);
    const { host, server } = world;
    world.open();
    host.give(900);
    world.clock.advance(ageMs);
    // The first frame is still unanswered when the backend's end arrives.
    host.answerMs = 450;
    server.write(bytesOf(900, 15));
    server.send('shut', RATE_LIMIT);
    expect(world.closed()).toBe(RATE_LIMIT);
    expect(host.received).toBe(bytesOf(900, 15));
    sound(world);
  });

  it.each([
    ['the platform says that nobody is there', { shut: UNREACHABLE }],
    ['the platform says nothing', undefined],
  ])('tells UNREACHABLE within a minute when %s', (_what, opening) => {
    const world = StreamWorld.linked(firmware);
    world.server.opening = opening;
    expect(world.open()).toBeUndefined();
    expect(world.host.last(HostType.DtuClosed)).toEqual({ reason: UNREACHABLE });
    world.host.ask(HostType.DtuData, { data: 'x' });
    world.clock.advance(1000);
    expect(world.host.answerTo(HostType.DtuData)).toBe(NO_STREAM);
    sound(world);
  });

  it('ends with OFFLINE when the link is lost, and opens again when it is back', () => {
    const world = StreamWorld.linked(firmware);
    const { host, server } = world;
    host.refill = 200;
    world.open();
    host.write('before');
    world.until(() => server.received === 'before', 20);
    world.network.setCoverage(false);
    expect(world.closed(1200)).toBe(OFFLINE);
    host.ask(HostType.DtuOpen, { mode: 1, port: 0, address: '' });
    world.clock.advance(1000);
    expect(host.answerTo(HostType.DtuOpen)).toBe(OFFLINE);
    world.network.setCoverage(true);
    expect(world.until(() => world.isReady && server.isUp, 1200)).toBe(true);
    expect(world.open()).toMatchObject({ mode: 1 });
    host.write('after');
    expect(world.until(() => server.received === 'beforeafter', 30)).toBe(true);
    sound(world);
  });

  it('is gone after a power cut, without a word, and can be opened again', () => {
    const world = StreamWorld.linked(firmware);
    const { host, server } = world;
    world.open();
    host.write(bytesOf(400, 7));
    world.clock.advance(30);
    world.module.cutPower();
    world.clock.advance(500);
    world.module.powerOn();
    world.clock.advance(2000);
    host.ask(HostType.DtuCredit, { credit: 0 });
    world.clock.advance(3000);
    expect(host.answerTo(HostType.DtuCredit)).toBe(NO_STREAM);
    expect(host.count(HostType.DtuClosed)).toBe(0);
    expect(world.until(() => world.isReady && server.isUp, 180)).toBe(true);
    expect(world.open()).toBeDefined();
    sound(world);
  });

  it.each(['nak', 'silent'] as const)(
    'ends with HOST_SILENT when the host says %s to its bytes',
    (manner) => {
      const world = StreamWorld.linked(firmware);
      const { host, server } = world;
      world.open();
      host.give(100);
      world.clock.advance(3000);
      host.manner = manner;
      server.write('for nobody');
      expect(world.until(() => server.of('shut').length === 1, 30)).toBe(true);
      expect(server.of('shut')).toEqual([['shut', HOST_SILENT]]);
      world.clock.advance(3000);
      expect(host.last(HostType.DtuClosed)).toEqual({ reason: HOST_SILENT });
      sound(world);
    },
  );

  it.each<[string, (world: StreamWorld) => void]>([
    ['bytes beyond the credit', (world) => world.server.sendBytes('x')],
    ['a second open', (world) => world.server.send('open', 5)],
    ['more credit than there can be', (world) => world.server.send('credit', 16384)],
  ])('ends the session when the platform sends %s', (_what, mistake) => {
    const world = StreamWorld.linked(firmware);
    world.open();
    world.clock.advance(2000);
    mistake(world);
    expect(world.closed()).toBe(OFFLINE);
    expect(world.until(() => world.server.sessions === 2, 60)).toBe(true);
    expect(world.crashes).toEqual([]);
  });

  it('ends the session when bytes come and there is no stream at all', () => {
    const world = StreamWorld.linked(firmware);
    world.server.sendBytes('x');
    expect(world.until(() => world.server.sessions === 2, 60)).toBe(true);
    world.until(() => world.server.isUp, 60);
    world.server.send('shut', 0);
    world.clock.advance(20_000);
    expect(world.server.sessions).toBe(2);
    sound(world);
  });
});

describe('data stream to the maker’s own server', () => {
  it('carries bytes both ways beside the platform’s session', () => {
    const world = StreamWorld.linked(firmware);
    const { host } = world;
    const maker = new Maker(world, true);
    host.refill = 400;
    expect(world.open(2, 'data.test', 9000)).toMatchObject({ mode: 2 });
    const up = bytesOf(8000, 8);
    host.write(up);
    expect(world.until(() => host.received.length >= up.length, 120)).toBe(true);
    expect(maker.received === up && host.received === up).toBe(true);
    host.ask(HostType.DtuClose, {});
    expect(world.closed()).toBe(0);
    expect(world.until(() => maker.ends.length === 1, 30)).toBe(true);
    expect(world.server.sessions).toBe(1);
    expect(world.open(2, MAKER, 9000)).toBeDefined();
    sound(world);
  });

  it('leaves at the peer what the host does not take', () => {
    const world = StreamWorld.linked(firmware);
    const { host } = world;
    const maker = new Maker(world);
    world.open(2, MAKER, 9000);
    maker.connection.write(Buffer.from(bytesOf(20_000, 9), 'latin1'));
    world.clock.advance(30_000);
    expect(host.received).toBe('');
    host.give(700);
    expect(world.until(() => host.received.length === 700, 30)).toBe(true);
    world.clock.advance(20_000);
    expect(host.received).toBe(bytesOf(700, 9));
    sound(world);
  });

  it('hands over the last bytes before it says that the peer closed', () => {
    const world = StreamWorld.linked(firmware);
    const { host } = world;
    const maker = new Maker(world);
    host.refill = 100;
    world.open(2, MAKER, 9000);
    maker.connection.write(Buffer.from(bytesOf(600, 10), 'latin1'));
    maker.connection.close();
    expect(world.closed()).toBe(0);
    expect(host.received).toBe(bytesOf(600, 10));
    sound(world);
  });

  it.each([
    ['exactly', 900],
    ['not quite', 850],
  ])('tells the peer’s end when the credit is %s enough for its last bytes', (_what, credit) => {
    const world = StreamWorld.linked(firmware);
    const { host } = world;
    const maker = new Maker(world);
    world.open(2, MAKER, 9000);
    host.give(credit);
    world.clock.advance(1000);
    maker.connection.write(Buffer.from(bytesOf(900, 16), 'latin1'));
    maker.connection.close();
    if (credit < 900) {
      world.clock.advance(20_000);
      expect(host.received).toBe(bytesOf(900, 16).slice(0, credit));
      expect(host.count(HostType.DtuClosed)).toBe(0);
      host.give(100);
    }
    expect(world.closed()).toBe(0);
    expect(host.received).toBe(bytesOf(900, 16));
    sound(world);
  });

  it('tells UNREACHABLE when nobody listens, and OFFLINE when the bearer is lost', () => {
    const world = StreamWorld.linked(firmware);
    expect(world.open(2, '10.0.0.77', 9000)).toBeUndefined();
    expect(world.host.last(HostType.DtuClosed)).toEqual({ reason: UNREACHABLE });
    new Maker(world);
    expect(world.open(2, MAKER, 9000)).toBeDefined();
    world.strike('pdp-deact');
    expect(world.closed(300)).toBe(OFFLINE);
    expect(world.until(() => world.isReady, 300)).toBe(true);
    sound(world);
  });
});

describe('frames of the data stream', () => {
  it.each([
    [0, '', 0],
    [3, '', 0],
    [1, '', 7],
    [1, 'data.test', 0],
    [2, '', 9000],
    [2, 'data.test', 0],
    [2, 'da ta', 9000],
    [2, 'a"b', 9000],
    [2, 'x'.repeat(64), 9000],
  ])('DTU_OPEN mode %i, address "%s", port %i is BAD_PAYLOAD', (mode, address, port) => {
    const world = new StreamWorld(firmware);
    world.host.ask(HostType.DtuOpen, { mode, port, address });
    world.clock.advance(500);
    expect(world.host.answerTo(HostType.DtuOpen)).toBe(BAD_PAYLOAD);
  });

  it('are refused with the reason of the document, and what is refused changes nothing', () => {
    const bare = new StreamWorld(firmware);
    bare.host.ask(HostType.DtuOpen, { mode: 1, port: 0, address: '' });
    bare.clock.advance(500);
    expect(bare.host.answerTo(HostType.DtuOpen)).toBe(NOT_PROVISIONED);

    const world = StreamWorld.linked(firmware);
    const { host, server } = world;
    const ask = (type: number, fields: Record<string, string | number>): number | undefined => {
      host.ask(type, fields);
      world.clock.advance(500);
      return host.answerTo(type);
    };
    for (const [type, fields] of [
      [HostType.DtuData, { data: 'x' }],
      [HostType.DtuCredit, { credit: 0 }],
      [HostType.DtuClose, {}],
    ] as [number, Record<string, string | number>][]) {
      expect(ask(type, fields)).toBe(NO_STREAM);
    }
    const opened = world.open()!;
    expect(ask(HostType.DtuOpen, { mode: 1, port: 0, address: '' })).toBe(BUSY);
    expect(ask(HostType.DtuData, { data: '' })).toBe(BAD_PAYLOAD);
    expect(ask(HostType.DtuCredit, { credit: 0 })).toBe(0);
    expect(ask(HostType.DtuCredit, { credit: 65535 })).toBe(0);
    expect(ask(HostType.DtuCredit, { credit: 1 })).toBe(BAD_PAYLOAD);
    expect(opened.credit).toBeGreaterThanOrEqual(512);
    server.opening = undefined;
    host.write(bytesOf(opened.credit as number, 11));
    expect(world.until(() => server.received.length === (opened.credit as number), 30)).toBe(true);
    sound(world);
  });

  it('beyond the credit are refused whole', () => {
    const world = StreamWorld.linked(firmware);
    const { host, server } = world;
    server.opening = { window: 0 };
    const credit = world.open()!.credit as number;
    host.write(bytesOf(credit - 10, 12));
    world.clock.advance(3000);
    host.ask(HostType.DtuData, { data: 'y'.repeat(11) });
    world.clock.advance(1000);
    expect(host.answerTo(HostType.DtuData)).toBe(NO_CREDIT);
    host.ask(HostType.DtuData, { data: 'z'.repeat(10) });
    world.clock.advance(1000);
    expect(host.answerTo(HostType.DtuData)).toBe(0);
    server.allowed += 16384;
    server.send('credit', 16384);
    expect(world.until(() => server.received.length === credit, 30)).toBe(true);
    expect(server.received).toBe(bytesOf(credit - 10, 12) + 'z'.repeat(10));
    sound(world);
  });
});
