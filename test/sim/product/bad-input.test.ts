/**
 * Bad input on the serial port, against the built bundle on the virtual board, in virtual time: each gets its NAK
 * with a reason, and the next good frame works.
 */
import crc32 from 'crc/calculators/crc32';
import { buildFirmware, type Firmware } from '../../../scripts/build/build';
import { memoryStore } from '../../../sim/flash';
import { SimulatedNetwork } from '../../../sim/network/simulated-network';
import { Machine } from '../../../sim/product/machine';
import { journalBytes, VirtualModule } from '../../../sim/product/module';
import { VirtualClock } from '../../../sim/time/clock';
import { Random } from '../../../sim/time/random';
import { HostType } from '../../../src/protocol/host';

/** Message types and reasons as docs/host-protocol.md numbers them. */
const [PAY, QUERY, CANCEL, RELAY, SET_SETTINGS, GET_SIGNAL, PROVISION, SIGNAL, ACK, NAK] = [
  0x02, 0x03, 0x04, 0x08, 0x09, 0x0c, 0x0e, 0x48, 0x7e, 0x7f,
];
const IDENTITY = {
  id: 'CS000001',
  key: '0123456789abcdef0123456789abcdef',
  host: 'gw.test',
  port: 7001,
  apn: 'cmnet',
};

let firmware: Firmware;
beforeAll(async () => {
  firmware = await buildFirmware('espruino-wifi');
});

/** A module on the bench with raw bytes both ways. */
class Bench {
  readonly clock = new VirtualClock();
  readonly module: VirtualModule;
  readonly crashes: unknown[] = [];
  received = '';

  constructor(store = memoryStore(journalBytes(firmware))) {
    const random = new Random(1);
    this.module = new VirtualModule({
      firmware,
      clock: this.clock,
      random,
      store,
      network: new SimulatedNetwork({ clock: this.clock, random }),
      onCrash: (error) => this.crashes.push(error),
    });
    this.module.host.onData = (bytes) => (this.received += bytes.toString('latin1'));
    this.module.powerOn();
    // Start, and the erases of a new flash behind it: a calm module makes one each ten seconds.
    this.clock.advance(30_000);
    this.received = '';
  }

  /** Sends bytes and gives what comes back within `waitMs`, as [type, payload] rows. */
  send(bytes: string, waitMs = 290): [number, Buffer][] {
    this.received = '';
    this.module.host.write(Buffer.from(bytes, 'latin1'));
    this.clock.advance(waitMs);
    return frames(this.received).filter(([type]) => type === ACK || type === NAK || type === SIGNAL);
  }

  provision(): void {
    expect(this.send(frame(1, PROVISION, JSON.stringify(IDENTITY)))).toEqual([[ACK, expect.anything()]]);
    this.clock.advance(2000);
  }
}

/** A frame written after the document, not by our own encoder. */
function frame(seq: number, type: number, payload: string, flags = 0x11): string {
  const body = Buffer.concat([
    Buffer.from([flags, seq, type, payload.length & 255, payload.length >> 8]),
    Buffer.from(payload, 'latin1'),
  ]);
  const check = Buffer.alloc(4);
  check.writeUInt32LE(crc32(body) >>> 0);
  return '\xa5\x5a' + body.toString('latin1') + check.toString('latin1');
}

function frames(wire: string): [number, Buffer][] {
  const bytes = Buffer.from(wire, 'latin1');
  const found: [number, Buffer][] = [];
  for (
    let at = bytes.indexOf('\xa5\x5a', 0, 'latin1');
    at >= 0;
    at = bytes.indexOf('\xa5\x5a', at, 'latin1')
  ) {
    const count = bytes.readUInt16LE(at + 5);
    found.push([bytes[at + 4]!, bytes.subarray(at + 7, at + 7 + count)]);
    at += 11 + count;
  }
  return found;
}

function pay(
  change: { amountFen?: number; channel?: number; ttlS?: number; reference?: string; goods?: string } = {},
): string {
  const { amountFen = 150, channel = 1, ttlS = 0, reference = 'R1', goods = '' } = change;
  const head = Buffer.alloc(7);
  head.writeUInt32LE(amountFen, 0);
  head.writeUInt8(channel, 4);
  head.writeUInt16LE(ttlS, 5);
  const text = (value: string): string => String.fromCharCode(value.length) + value;
  return head.toString('latin1') + text(reference) + text(goods);
}

describe('a frame that is not good', () => {
  let bench: Bench;
  beforeAll(() => {
    bench = new Bench();
    bench.provision();
  });
  afterAll(() => expect(bench.crashes).toEqual([]));

  const good = frame(200, GET_SIGNAL, '');
  const flipped = (bytes: string, at: number): string =>
    bytes.slice(0, at) + String.fromCharCode(bytes.charCodeAt(at) ^ 1) + bytes.slice(at + 1);

  test.each([
    ['a wrong CRC', flipped(frame(10, PAY, pay()), 12), 1],
    ['a length over 512', '\xa5\x5a\x11\x0b\x02\xff\xff', 2],
    ['an unknown type', frame(12, 0x3f, ''), 3],
    ['an unknown type that the module itself sends', frame(12, 0x43, ''), 3],
    ['another version', frame(13, GET_SIGNAL, '', 0x21), 4],
    ['a payload too short', frame(14, PAY, pay().slice(0, -1)), 5],
    ['a payload too long', frame(15, PAY, pay() + 'x'), 5],
    ['a text longer than its frame', frame(16, PAY, pay().slice(0, 7) + '\xff'), 5],
    ['amount 0', frame(17, PAY, pay({ amountFen: 0 })), 6],
    ['an amount over the limit', frame(18, PAY, pay({ amountFen: 100_001 })), 7],
    ['the highest amount there is', frame(19, PAY, pay({ amountFen: 0xffffffff })), 7],
    ['channel 0', frame(20, PAY, pay({ channel: 0 })), 8],
    ['channel 3', frame(21, PAY, pay({ channel: 3 })), 8],
    ['a broken UTF-8 name', frame(22, PAY, pay({ goods: '\xe4\xb8' })), 9],
    ['an overlong UTF-8 name', frame(23, PAY, pay({ goods: '\xc0\xaf' })), 9],
    ['a control character in a name', frame(24, PAY, pay({ goods: 'a\nb' })), 9],
    ['a name of 49 bytes', frame(25, PAY, pay({ goods: 'x'.repeat(49) })), 9],
    ['an empty reference', frame(26, PAY, pay({ reference: '' })), 10],
    ['a reference of 33 bytes', frame(27, PAY, pay({ reference: 'x'.repeat(33) })), 10],
    ['a space in a reference', frame(28, PAY, pay({ reference: 'a b' })), 10],
    ['a time of 29 seconds', frame(29, PAY, pay({ ttlS: 29 })), 5],
    ['a PAY before the server was ever there', frame(30, PAY, pay()), 17],
    ['an order that nobody knows', frame(31, CANCEL, '\x07\0\0\0'), 14],
    ['a reference that nobody knows', frame(32, QUERY, '\0\0\0\0\x01x'), 14],
    ['a relay that is not there', frame(33, RELAY, '\x03\x01\x64\0\x64\0'), 5],
    ['settings that are no JSON', frame(34, SET_SETTINGS, '{"mode":'), 5],
    ['a setting out of range', frame(35, SET_SETTINGS, '{"mode":4}'), 5],
    ['a setting that is not there', frame(36, SET_SETTINGS, '{"constructor":1}'), 5],
    ['the server’s part of the settings', frame(37, SET_SETTINGS, '{"version":9}'), 5],
    ['an identity for a module that has one', frame(38, PROVISION, JSON.stringify(IDENTITY)), 20],
  ])('%s: NAK with the reason, and the next frame works', (_what, bytes, reason) => {
    const answers = bench.send(bytes).filter(([type]) => type !== SIGNAL);
    expect(answers.map(([type, payload]) => [type, payload[2]])).toEqual([[NAK, reason]]);
    if (reason !== 2) expect(answers[0]![1][0]).toBe(bytes.charCodeAt(3));
    expect(bench.send(good).map(([type]) => type)).toContain(SIGNAL);
  });

  test('a repeated question is answered in full again', () => {
    const first = bench.send(good).map(([type]) => type);
    expect(first).toEqual([ACK, SIGNAL]);
    expect(bench.send(good).map(([type]) => type)).toEqual(first);
  });

  test('half a frame: NAK INCOMPLETE after 200 ms of silence, and the next frame works', () => {
    expect(
      bench.send(frame(40, PAY, pay()).slice(0, 12)).map(([type, payload]) => [type, payload[2]]),
    ).toEqual([[NAK, 19]]);
    expect(bench.send(good).map(([type]) => type)).toContain(SIGNAL);
  });

  test('noise of any kind, then a frame: the frame is taken', () => {
    const noise = new Random(7);
    for (let round = 0; round < 30; round++) {
      bench.send(noise.bytes(noise.between(1, 900)).toString('latin1'), 1200);
      expect(bench.send(good).map(([type]) => type)).toContain(SIGNAL);
    }
  });

  test('a repeated frame is answered again and not done again', () => {
    const click = frame(50, RELAY, '\x01\x01\x64\0\x64\0');
    const first = bench.send(click);
    const again = bench.send(click);
    bench.clock.advance(1000);
    expect(again).toEqual(first);
    expect(bench.module.relayPulses[1]).toBe(1);
  });
});

describe('a module without an identity', () => {
  test('refuses PAY, and takes only a whole and well-formed identity', () => {
    const bench = new Bench();
    expect(bench.send(frame(1, PAY, pay())).map(([, payload]) => payload[2])).toEqual([16]);
    const wrong: object[] = [
      { ...IDENTITY, key: 'short' },
      { ...IDENTITY, key: IDENTITY.key.toUpperCase() },
      { ...IDENTITY, port: 0 },
      { ...IDENTITY, port: 70_000 },
      { ...IDENTITY, port: '7001' },
      { ...IDENTITY, apn: 'a"b' },
      { ...IDENTITY, more: 1 },
      { id: 'CS000001' },
      [],
    ];
    wrong.forEach((identity, index) => {
      const answers = bench.send(frame(index + 2, PROVISION, JSON.stringify(identity)));
      expect(answers.map(([type, payload]) => [type, payload[2]])).toEqual([[NAK, 5]]);
    });
    bench.provision();
    expect(bench.send(frame(60, PAY, pay())).map(([, payload]) => payload[2])).toEqual([17]);
    expect(bench.crashes).toEqual([]);
  });
});

test('a module without power does not answer, and the machine is told so', async () => {
  const bench = new Bench();
  const machine = new Machine(bench.module.host, bench.clock);
  bench.module.cutPower();
  const answer = machine.request(HostType.GetSignal);
  bench.clock.advance(2000);
  await expect(answer).rejects.toMatchObject({ code: 'no-answer' });
});
