/**
 * The gateway under honest, clumsy and hostile devices, on real sockets. Law L5: what is forged, replayed,
 * reordered, cut short or meant for another session changes nothing.
 */
import * as net from 'node:net';
import { encodeUnit, UnitKind } from '../../../src/protocol/link';
import type { Message } from '../../../src/protocol/messages';
import { base64, TestDevice } from '../support/device';
import { GatewayBench, KEY } from '../support/gateway';
import { until } from '../support/until';
import { DEVICE } from '../support/world';

let bench: GatewayBench;

async function useBench(limits: ConstructorParameters<typeof GatewayBench>[0] = {}): Promise<void> {
  bench = await new GatewayBench(limits).start();
}

afterEach(async () => {
  await bench.stop();
  const log = bench.logged.join('\n');
  for (const form of ['hex', 'base64', 'latin1'] as const) expect(log).not.toContain(KEY.toString(form));
  expect(log).not.toContain('weixin');
});

/** Connects and sends bytes as they are, after the challenge; resolves when the server ends the connection. */
async function rawExchange(bytes: string): Promise<string> {
  const socket = net.connect(bench.port, '127.0.0.1').setEncoding('latin1');
  let heard = '';
  socket.on('error', () => undefined);
  socket.once('data', () => socket.write(bytes, 'latin1'));
  socket.on('data', (data) => (heard += data as unknown as string));
  await new Promise((resolve) => socket.on('close', resolve));
  return heard;
}

const CHALLENGE_BYTES = 3 + 10 + 16;

describe('the exchange', () => {
  test('opens the link for a device that knows its key', async () => {
    await useBench();
    const device = await bench.greeted();
    expect(device.isClosed).toBe(false);
    expect(bench.gateway.sessionCount).toBe(1);
    expect(bench.devices.facts.get(DEVICE)).toMatchObject({ firmware: '1.0.0', imei: '860000000000001' });
    expect([...bench.devices.online]).toEqual([DEVICE]);
  });

  test('ends alike for a wrong key, an unknown device and one that is switched off', async () => {
    await useBench();
    const heard: (number | undefined)[] = [];
    heard.push((await bench.connect(DEVICE, Buffer.alloc(16, 1))).goodbye);
    heard.push((await bench.connect('CS999999')).goodbye);
    bench.world.store.devices.get(DEVICE)!.isEnabled = false;
    heard.push((await bench.connect()).goodbye);
    expect(heard).toEqual([32, 32, 32]);
    expect(bench.ends).toEqual(['bad handshake', 'bad handshake', 'bad handshake']);
    expect(bench.world.store.devices.get(DEVICE)!.session).toBe(0);
  });

  test.each([
    ['a response that is too short', encodeUnit(UnitKind.Response, 'x'.repeat(20))],
    ['a device id that is too long', encodeUnit(UnitKind.Response, 'x'.repeat(32) + 'A'.repeat(13))],
    ['a device id with other characters', encodeUnit(UnitKind.Response, `${'x'.repeat(32)}cs00000'`)],
  ])('ends with a goodbye for %s', async (_what, bytes) => {
    await useBench();
    const heard = await rawExchange(bytes);
    expect(heard.slice(CHALLENGE_BYTES)).toBe('\x04\x01\x00\x20');
  });

  test.each([
    ['a message', encodeUnit(UnitKind.Message, 'x'.repeat(40))],
    ['data', encodeUnit(UnitKind.Data, 'x'.repeat(40))],
    ['a proof', encodeUnit(UnitKind.Proof, 'x'.repeat(16))],
    ['an unknown unit', encodeUnit(99 as UnitKind, '')],
    ['a unit of 1025 bytes', encodeUnit(UnitKind.Response, 'x'.repeat(1025))],
    ['a unit of 65535 bytes', '\x02\xff\xff'],
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('ends for %s', async (_what, bytes) => {
    await useBench();
    const heard = await rawExchange(bytes);
    expect(heard.slice(CHALLENGE_BYTES).length).toBeLessThanOrEqual(4);
    expect(bench.ends).toEqual(['bad unit']);
    expect(bench.gateway.unknownCount).toBe(0);
  });

  test('with the challenge of another connection fails: a recorded response is worth nothing', async () => {
    await useBench();
    const device = await bench.greeted();
    const recorded = device.responded;
    await device.close();
    const heard = await rawExchange(recorded);
    expect(heard.slice(CHALLENGE_BYTES)).toBe('\x04\x01\x00\x20');
  });

  test('under the key that stands in for unknown devices fails, even if somebody knew it', async () => {
    await useBench();
    const key = Buffer.from(bench.gateway.nobodysKey, 'latin1');
    // Even if the directory were to let anybody in.
    const begun = jest.spyOn(bench.devices, 'beginSession').mockResolvedValue(1);
    const device = await bench.connect('CS999999', key);
    expect(device.goodbye).toBe(32);
    expect(begun).not.toHaveBeenCalled();
    expect(bench.gateway.sessionCount).toBe(0);
  });

  test('must be over within 20 s', async () => {
    await useBench();
    const sockets = [1, 2].map(() => net.connect(bench.port, '127.0.0.1').on('error', () => undefined));
    const closed = sockets.map((socket) => new Promise((resolve) => socket.on('close', resolve)));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('data', resolve))));
    sockets[0]!.write('\x02');
    bench.world.clock.advance(19_000);
    expect(bench.gateway.unknownCount).toBe(2);
    bench.world.clock.advance(2_000);
    await Promise.all(closed);
    expect(bench.ends).toEqual(['handshake timeout', 'handshake timeout']);
  });

  test('of too many that are not known is refused, and makes room again', async () => {
    await useBench({ maxUnknownPerAddress: 3 });
    const idle = [1, 2, 3].map(() => net.connect(bench.port, '127.0.0.1'));
    await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('data', resolve))));
    const refused = net.connect(bench.port, '127.0.0.1');
    refused.on('error', () => undefined);
    refused.on('data', () => {
      throw new Error('the fourth was taken');
    });
    await new Promise((resolve) => refused.on('close', resolve));
    const gone = new Promise((resolve) => idle[0]!.on('close', resolve));
    idle[0]!.destroy();
    await gone;
    await until(() => bench.gateway.unknownCount <= 2);
    const device = await bench.greeted();
    expect(device.isClosed).toBe(false);
    expect(bench.gateway.unknownCount).toBe(2);
    idle.forEach((socket) => socket.destroy());
  });
});

describe('a flood of connections that say nothing', () => {
  const heard = (socket: net.Socket): Promise<unknown> =>
    new Promise((resolve) => socket.once('data', resolve));
  const ended = (socket: net.Socket): Promise<unknown> =>
    new Promise((resolve) => socket.once('close', resolve));
  const silent = async (count: number): Promise<net.Socket[]> => {
    const sockets = Array.from({ length: count }, () => net.connect(bench.port, '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => undefined);
    await Promise.all(sockets.map(heard));
    return sockets;
  };

  test.each([
    ['from one address', { maxUnknownPerAddress: 3 }],
    ['from many', { maxUnknown: 3 }],
  ])('%s does not keep a device out: the oldest makes room once it had its time', async (_what, limits) => {
    await useBench(limits);
    const [oldest] = await silent(1);
    bench.world.clock.advance(3_000);
    const later = await silent(2);
    const refused = net.connect(bench.port, '127.0.0.1').on('error', () => undefined);
    await ended(refused);
    expect(bench.ends).toEqual([]);
    bench.world.clock.advance(2_000);
    const gone = ended(oldest!);
    const device = await bench.greeted();
    await gone;
    expect(device.isClosed).toBe(false);
    expect(bench.ends).toEqual(['crowded out']);
    expect(bench.gateway.unknownCount).toBe(2);
    // The next one finds nobody who had his time.
    const [third] = await silent(1);
    const turned = net.connect(bench.port, '127.0.0.1').on('error', () => undefined);
    await ended(turned);
    expect(bench.ends).toEqual(['crowded out']);
    for (const socket of [...later, third!]) socket.destroy();
  });

  test('fills no log: what is beyond twenty lines a second becomes one', async () => {
    await useBench();
    const ended = (): string[] => bench.logged.filter((line) => line.includes('connection ended'));
    for (let count = 0; count < 50; count++) {
      const line = new net.Socket();
      bench.gateway.accept(line, '10.0.0.1');
      line.destroy();
    }
    await until(() => bench.ends.length === 50);
    expect(ended()).toHaveLength(20);
    // What is known is always told, and a second later strangers are again.
    const device = await bench.greeted();
    await device.close();
    await until(() => ended().length === 21);
    bench.world.clock.advance(1_000);
    bench.gateway.accept(new net.Socket().destroy(), '10.0.0.1');
    await until(() => bench.ends.length === 52);
    expect(bench.logged.filter((line) => line.startsWith('{"more":30}'))).toHaveLength(1);
    expect(ended().filter((line) => !line.includes('more'))).toHaveLength(22);
  });

  test('beyond all that one process takes is refused, and counted', async () => {
    await useBench({ maxConnections: 1 });
    const device = await bench.greeted();
    const refused = net.connect(bench.port, '127.0.0.1').on('error', () => undefined);
    await ended(refused);
    expect([device.isClosed, bench.refused]).toEqual([false, 1]);
  });

  test('at one address costs no other address its place', async () => {
    await useBench({ maxUnknownPerAddress: 1 });
    const lines = ['10.0.0.1', '10.0.0.2'].map((address) => {
      const line = new net.Socket();
      bench.gateway.accept(line, address);
      return line;
    });
    bench.world.clock.advance(6_000);
    bench.gateway.accept(new net.Socket(), '10.0.0.2');
    expect(lines.map((line) => line.destroyed)).toEqual([false, true]);
  });
});

test('who said that he is a device of ours and is not stands in the log', async () => {
  await useBench();
  await bench.connect(DEVICE, Buffer.alloc(16, 9));
  await bench.connect('CS999999', KEY);
  const logged = bench.logged.filter((line) => line.includes('bad handshake'));
  expect(
    logged.map((line) => (JSON.parse(line.split('} ')[0]! + '}') as { claimedId: string }).claimedId),
  ).toEqual([DEVICE, 'CS999999']);
});

describe('records', () => {
  /** Sends one unit as bytes, and says whether the link survived it and an honest message after it. */
  async function survives(device: TestDevice, bytes: string): Promise<boolean> {
    device.socket.write(bytes, 'latin1');
    device.send(['ping', 5, 20, 1]);
    return Promise.race([device.hear('pong', 5).then(() => true), device.closed.then(() => false)]).catch(
      () => false,
    );
  }

  test('with any bit changed end the link and change nothing', async () => {
    await useBench();
    const length = (await bench.greeted()).seal(['pay', 1, 150, 1, 300, 'r1', base64('tea')]).length;
    for (let at = 0; at < length; at += 7) {
      const device = await bench.greeted();
      const unit = device.seal(['pay', 1, 150, 1, 300, 'r1', base64('tea')]);
      const broken = String.fromCharCode(unit.charCodeAt(at) ^ (1 << (at % 8)));
      const alive = await survives(device, unit.slice(0, at) + broken + unit.slice(at + 1));
      expect(alive).toBe(false);
    }
    expect(await bench.world.store.find(`${DEVICE}_1`)).toBeUndefined();
  });

  test('again, out of order, with one left out, or of another session end the link', async () => {
    await useBench();
    const attacks: ((device: TestDevice) => Promise<string>)[] = [
      async (device) => device.seal(['ping', 1, 1, 1]).repeat(2),
      async (device) => {
        const first = device.seal(['ping', 1, 1, 1]);
        return device.seal(['ping', 2, 1, 1]) + first;
      },
      async (device) => {
        device.seal(['ping', 1, 1, 1]);
        return device.seal(['ping', 2, 1, 1]);
      },
      async (device) => {
        const other = await bench.connect();
        const stolen = other.seal(['pay', 9, 150, 1, 300, 'r9', '']);
        void device;
        return stolen;
      },
    ];
    for (const attack of attacks) {
      const device = await bench.greeted();
      const bytes = await attack(device);
      const victim = device.isClosed ? await bench.greeted() : device;
      expect(await survives(victim, bytes)).toBe(false);
    }
    expect(await bench.world.store.find(`${DEVICE}_9`)).toBeUndefined();
  });

  test('of the kind data are not messages', async () => {
    await useBench();
    const device = await bench.greeted();
    const unit = device.seal(['ping', 1, 1, 1]);
    expect(await survives(device, String.fromCharCode(UnitKind.Data) + unit.slice(1))).toBe(false);
  });

  test('may come in pieces of one byte', async () => {
    await useBench();
    const device = await bench.greeted();
    for (const byte of device.seal(['ping', 77, 1, 1])) {
      await new Promise<void>((resolve) => device.socket.write(byte, 'latin1', () => resolve()));
    }
    expect((await device.hear('pong'))[1]).toBe(77);
  });
});

describe('messages', () => {
  const hi: Message = ['hi', 1, 'f', 'b', 'i', 'c', 0, 1, 0, 0, []];

  test('begin with hi, which comes once', async () => {
    await useBench();
    const early = await bench.connect();
    early.send(['ping', 1, 1, 1]);
    await early.closed;
    const twice = await bench.greeted();
    twice.send(hi);
    await twice.closed;
    expect(bench.ends).toEqual(['bad message', 'bad message']);
  });

  const bad: [string, Message][] = [
    ['an unknown type', ['nothing', 1] as Message],
    ['a name of JavaScript’s own', ['__proto__', 1] as Message],
    ['another name of JavaScript’s own', ['constructor', 1] as Message],
    ['a message of the server', ['pong', 1, 1]],
    ['a field too many', ['ask', 1, 2]],
    ['a field too few', ['end', 1, 7, 0]],
    ['a negative number', ['ask', -1]],
    ['a fraction', ['ask', 1.5]],
    ['a number as text', ['ask', '1']],
    ['an order number 0', ['pay', 0, 150, 1, 300, 'r', '']],
    ['an order number of 2^32', ['pay', 4_294_967_296, 150, 1, 300, 'r', '']],
    ['an unknown channel', ['pay', 1, 150, 3, 300, 'r', '']],
    ['goods that are not base64', ['pay', 1, 150, 1, 300, 'r', '<tea>']],
    ['goods that are not UTF-8', ['pay', 1, 150, 1, 300, 'r', Buffer.from([0xc3, 0x28]).toString('base64')]],
    ['goods with a line feed', ['pay', 1, 150, 1, 300, 'r', base64('tea\nfake log line')]],
    ['a reference beyond ASCII', ['pay', 1, 150, 1, 300, 'r\u00e9', '']],
    ['an end that is none', ['end', 1, 10, 0, '']],
    ['a reason beyond a byte', ['end', 1, 7, 256, '']],
    ['a null', ['back', 1, null, ''] as Message],
  ];
  test.each(bad)('with %s end the link and change nothing', async (_what, message) => {
    await useBench();
    const device = await bench.greeted();
    device.send(message);
    await device.closed;
    expect(bench.ends).toEqual(['bad message']);
    expect(bench.world.store.all()).toEqual([]);
  });

  test.each([
    ['no list of pairs', [1]],
    ['a pair of three', [[1, 2, 3]]],
    ['a final state', [[1, 10]]],
    [
      'a number twice',
      [
        [1, 3],
        [1, 4],
      ],
    ],
    ['text', [['1', 3]]],
  ])('hi with %s ends the link', async (_what, open) => {
    await useBench();
    const device = await bench.connect();
    device.send(['hi', 1, 'f', 'b', 'i', 'c', 0, 1, 0, 0, open]);
    await device.closed;
    expect(bench.ends).toEqual(['bad message']);
  });

  test('that are no JSON, or JSON that is no message, end the link', async () => {
    await useBench();
    for (const text of ['', '{', '[]', '{}', 'null', '"hi"', '[1]', `[["hi"]]`, '['.repeat(900)]) {
      const device = await bench.greeted();
      device.sendText(text);
      await device.closed;
    }
    expect(new Set(bench.ends)).toEqual(new Set(['bad message']));
  });

  test('of one device are handled in their order', async () => {
    await useBench();
    const device = await bench.greeted();
    for (let number = 0; number < 500; number++) device.send(['ping', number, 1, 1]);
    for (let number = 0; number < 500; number++) expect((await device.hear('pong'))[1]).toBe(number);
  });
});

describe('sessions', () => {
  test('a newer one replaces the older, and words go to it alone', async () => {
    await useBench();
    const first = await bench.greeted();
    const second = await bench.greeted();
    await first.closed;
    expect(bench.gateway.sessionCount).toBe(1);
    second.pay(1, 150);
    expect(await second.hear('code', 1)).toEqual(['code', 1, `https://pay.example/${DEVICE}_1`, 300]);
    expect(first.heard).toEqual([]);
    expect([...bench.devices.online]).toEqual([DEVICE]);
  });

  test('many at once leave exactly one, the newest', async () => {
    await useBench();
    const devices = await Promise.all(Array.from({ length: 10 }, () => bench.connect()));
    const alive = devices.filter((device) => !device.isClosed && device.sealer);
    const results = await Promise.all(
      alive.map((device) =>
        device.greet().then(
          () => true,
          () => false,
        ),
      ),
    );
    expect(results.filter(Boolean).length).toBe(1);
    expect(bench.gateway.sessionCount).toBe(1);
    expect(bench.world.store.devices.get(DEVICE)!.session).toBe(10);
  });

  test('a device that is silent for 40 minutes is let go', async () => {
    await useBench();
    const device = await bench.greeted();
    bench.world.clock.advance(40 * 60_000 + 31_000);
    await device.closed;
    expect(bench.ends).toEqual(['idle']);
    expect([...bench.devices.online]).toEqual([]);
  });

  test('a device that does not read is let go, before its words fill our memory', async () => {
    await useBench();
    const device = await bench.greeted();
    device.socket.pause();
    const settings = { filler: 'x'.repeat(900) };
    for (let count = 0; count < 20_000 && bench.ends.length === 0; count++) {
      bench.gateway.send(DEVICE, ['set', 1, settings]);
      if (count % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(bench.ends).toEqual(['slow reader']);
  });

  test('drain: ends only when the ends are noted, all in one statement', async () => {
    await useBench();
    const device = await bench.greeted();
    let noted: ReadonlyMap<string, unknown> | undefined;
    let release = (): void => undefined;
    bench.devices.endSessions = async (ends) => {
      await new Promise<void>((resolve) => (release = resolve));
      noted = ends;
    };
    let isDrained = false;
    const drained = bench.gateway.drain().then(() => (isDrained = true));
    await device.closed;
    await new Promise((resolve) => setImmediate(resolve));
    expect(isDrained).toBe(false);
    release();
    await drained;
    expect([...noted!.keys()]).toEqual([DEVICE]);
  });

  test('drain: what is being handled is answered, then all are let go, and nobody new is taken', async () => {
    await useBench();
    const device = await bench.greeted();
    let release = (): void => undefined;
    const find = bench.world.store.find.bind(bench.world.store);
    bench.world.store.find = async (outTradeNo) => {
      await new Promise<void>((resolve) => (release = resolve));
      return find(outTradeNo);
    };
    device.send(['ask', 1]);
    await until(() => bench.looks.length > 0);
    const drained = bench.gateway.drain();
    release();
    expect(await device.hear('no', 1)).toEqual(['no', 1, 14, base64('UNKNOWN_ORDER')]);
    await device.closed;
    await drained;
    await expect(
      new Promise((resolve, reject) =>
        net.connect(bench.port, '127.0.0.1').on('connect', resolve).on('error', reject),
      ),
    ).rejects.toThrow('ECONNREFUSED');
  });
});
