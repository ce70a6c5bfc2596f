/** The C library, compiled with sanitizers, frame by frame against docs/host-vectors.json and the rules of the document. */
import { crc32 } from 'crc';
import { compileProgram, hostCompiler, SANITIZER_FLAGS } from '../../../maker/c/compile';
import { hexText, Lockstep, type StepResult } from '../../../maker/c/lockstep/lockstep';
import { frameAround } from '../../../maker/vectors/encode';
import { readVectors, unhex } from '../../../maker/vectors/read';

const vectors = readVectors();
const example = (name: string): Buffer => unhex(vectors.frames.find((frame) => frame.name === name)!.hex);
const payloadOf = (frame: Buffer): Buffer => frame.subarray(7, frame.length - 4);

/** A frame of the module with another seq than its example. */
const withSeq = (name: string, seq: number): Buffer => {
  const frame = example(name);
  return frameAround(payloadOf(frame), frame[4]!, seq, (frame[2]! & 1) === 1);
};
const ack = (seq: number, type: number, order = 0): Buffer =>
  frameAround(Buffer.from([seq, type, order & 255, order >> 8, 0, 0]), 0x7e, 0, false);
const nak = (seq: number, type: number, reason: number): Buffer =>
  frameAround(Buffer.from([seq, type, reason]), 0x7f, 0, false);

/** The frames that a step sent, as hex without blanks. */
const sent = (result: StepResult): string[] =>
  result.lines.filter((line) => line.startsWith('tx ')).map((line) => line.slice(3));
const told = (result: StepResult): string[] => result.lines.filter((line) => !line.startsWith('tx '));

const withCompiler = hostCompiler() ? describe : describe.skip;
if (!hostCompiler()) console.warn('skipped: no C compiler (gcc, clang or cc)');

withCompiler.each(['1', '4', '8'])('with a checksum of %s bits', (bits) => {
  let program: string;
  let host: Lockstep;
  let nowMs: number;

  beforeAll(() => {
    const flags = [
      ...SANITIZER_FLAGS,
      `-DCOINSLOT_CRC_BITS=${bits}`,
      '-DCOINSLOT_RX_PAYLOAD=512',
      '-DCOINSLOT_TX_PAYLOAD=512',
    ];
    program = compileProgram(`lockstep-${bits}`, ['lockstep/lockstep.c'], flags);
  });

  beforeEach(() => {
    host = new Lockstep(program);
    nowMs = 65000;
    host.start(nowMs);
  });

  afterEach(() => host.close());

  const poll = (bytes?: Buffer, afterMs = 1): StepResult => {
    nowMs += afterMs;
    return host.poll(nowMs, bytes);
  };
  /** Past HELLO and INFO; the next seq is 1. */
  const greet = (): void => {
    poll();
    poll(ack(0, 1));
    poll(example('INFO'));
  };

  const REQUESTS: { [name: string]: (string | number)[] } = {
    PAY: ['pay', 250, 1, 120, hexText('41.1'), hexText('可乐 330ml')],
    QUERY: ['query', 42, '-'],
    'QUERY by reference': ['query', 0, hexText('41.1')],
    CANCEL: ['cancel', 42],
    REFUND: ['refund', 42, hexText('warm')],
    RELAY: ['relay', 1, 3, 100, 400],
    SET_SETTINGS: ['set', hexText('{"mode":2,"fenPerPulse":100}')],
    GET_SETTINGS: ['get', 0x0a],
    GET_TIME: ['get', 0x0b],
    GET_SIGNAL: ['get', 0x0c],
    GET_LOG: ['log', 42, 20],
    'DTU_OPEN tunnel': ['open', 1, 0, '-'],
    'DTU_OPEN direct': ['open', 2, 8080, hexText('data.example.com')],
    DTU_CLOSE: ['close'],
  };

  test.each(Object.keys(REQUESTS))('sends %s as its example, but for the seq', (name) => {
    greet();
    const result = host.request(...REQUESTS[name]!);
    expect(result.code).toBe(0);
    expect(sent(result)).toEqual([withSeq(name, 1).toString('hex')]);
  });

  test('sends HELLO, DISPENSED, DTU_DATA and DTU_CREDIT as the document says', () => {
    const hello = frameAround(Buffer.from('\x01\x0alockstep 1', 'latin1'), 0x01, 0, true);
    expect(sent(poll())).toEqual([hello.toString('hex')]);
    poll(ack(0, 1));
    poll(example('INFO'));
    expect(host.request('dispensed', 42).code).toBe(0);
    expect(sent(poll())).toEqual([withSeq('DISPENSED', 1).toString('hex')]);
    poll(ack(1, 5, 42));
    poll(example('DTU_OPENED'));
    expect(sent(host.request('write', '68656c6c6f00a55aff'))).toEqual([
      withSeq('DTU_DATA', 2).toString('hex'),
    ]);
    poll(ack(2, 0x11));
    expect(sent(host.request('credit', 128))).toEqual([withSeq('DTU_CREDIT', 3).toString('hex')]);
  });

  test('gives what the examples of the module say', () => {
    poll();
    expect(told(poll(example('INFO')))).toEqual(['info 42 1 10 1 0 CS000001|1.0.0|CS1|868120000000001']);
    expect(told(poll(example('QR')))).toEqual(['qr 42 1 118 41.1 weixin://wxpay/bizpayurl?pr=Ab3dE6g']);
    expect(told(poll(example('STATUS')))).toEqual(['status 42 3 0 250 1 118 1 0 41.1']);
    expect(told(poll(example('STATUS repeated')))).toEqual([
      'status 42 6 0 250 1 0 0 0 41.1',
      'deliver 42 250',
    ]);
    expect(told(poll(example('STATUS refused')))).toEqual(['status 43 11 34 250 2 0 1 0 41.2']);
    for (const name of ['SETTINGS', 'TIME', 'SIGNAL', 'LOG']) {
      const frame = example(name);
      expect(told(poll(frame))).toEqual([`message ${frame[4]} ${payloadOf(frame).toString('hex')}`]);
    }
    expect(told(poll(example('DTU_OPENED')))).toEqual(['dtu 1 512 0 ']);
    poll(ack(1, 0x12)); // nothing waits: ignored
    host.request('credit', 128);
    expect(told(poll(example('DTU_RECEIVED')))).toEqual(['dtu 2 512 0 4f4b0d0a']);
    expect(told(poll(example('DTU_GRANTED')))).toEqual(['dtu 3 768 0 ']);
    expect(told(poll(example('DTU_CLOSED')))).toEqual(['dtu 4 768 13 ']);
  });

  /** STATUS of any order carries any stream's frames: here whole frames are counted by what the module would see. */
  test.each(vectors.streams)('reads a stream: $name', (vector) => {
    poll();
    const count = (): number[] => host.request('state').lines[0]!.split(' ').slice(1).map(Number);
    const wanted: string[] = [];
    const answered: string[] = [];
    for (const hex of vector.frames)
      if ((unhex(hex)[2]! & 1) === 1) wanted.push(unhex(hex).subarray(3, 5).toString('hex'));
    for (const item of vector.input) {
      const result = 'silenceMs' in item ? poll(undefined, item.silenceMs) : poll(unhex(item.hex));
      // Frames of the host's own types are unknown to the host: it says NAK BAD_TYPE with their seq and type.
      for (const frame of sent(result)) if (frame.substr(8, 2) === '7f') answered.push(frame.substr(14, 4));
    }
    expect(answered).toEqual(wanted);
    expect(count()[2]).toBe(vector.broken.length);
  });

  test('answers a frame that wants it, and no other', () => {
    poll();
    expect(sent(poll(example('STATUS')))).toEqual([
      frameAround(Buffer.from([202, 0x43, 0, 0, 0, 0]), 0x7e, 202, false).toString('hex'),
    ]);
    expect(sent(poll(example('STATUS repeated')))).toEqual([]);
  });

  test('answers a repeated frame again and does not do it again', () => {
    poll();
    expect(told(poll(example('QR')))).toHaveLength(1);
    const again = poll(example('QR'));
    expect(told(again)).toEqual([]);
    expect(sent(again)).toHaveLength(1);
    expect(told(poll(withSeq('QR', 9)))).toHaveLength(1);
  });

  test('refuses what it does not know or cannot read, and takes nothing from it', () => {
    poll();
    const refusal = (seq: number, type: number, reason: number): string =>
      frameAround(Buffer.from([seq, type, reason]), 0x7f, seq, false).toString('hex');
    expect(sent(poll(frameAround(Buffer.alloc(0), 0x60, 7, true)))).toEqual([refusal(7, 0x60, 3)]);
    const status = payloadOf(example('STATUS'));
    for (let length = 0; length < status.length; length++) {
      const result = poll(frameAround(status.subarray(0, length), 0x43, 8, true));
      expect([told(result), sent(result)]).toEqual([[], [refusal(8, 0x43, 5)]]);
    }
    const longer = Buffer.concat([status, Buffer.from([0])]);
    expect(sent(poll(frameAround(longer, 0x43, 8, true)))).toEqual([refusal(8, 0x43, 5)]);
    const info = payloadOf(example('INFO'));
    for (let length = 0; length < info.length; length++) {
      expect(told(poll(frameAround(info.subarray(0, length), 0x41, 8, false)))).toEqual([]);
    }
  });

  test('repeats the same frame after 300 ms, three times, and then says that nobody is there', () => {
    greet();
    const first = sent(host.request('cancel', 42));
    expect(poll(undefined, 299).lines).toEqual([]);
    expect(sent(poll(undefined, 1))).toEqual(first);
    expect(sent(poll(undefined, 300))).toEqual(first);
    expect(sent(poll(undefined, 300))).toEqual(first);
    expect(poll(undefined, 299).lines).toEqual([]);
    expect(told(poll(undefined, 1))).toEqual(['answer 4 -4 0 0']);
  });

  test('takes only the answer that fits seq and type, and leaves lost bytes to the time-out', () => {
    greet();
    host.request('cancel', 42);
    for (const reason of [1, 2, 19]) expect(told(poll(nak(1, 4, reason)))).toEqual([]);
    expect(told(poll(ack(0, 4)))).toEqual([]);
    expect(told(poll(ack(1, 5)))).toEqual([]);
    expect(told(poll(nak(1, 4, 15)))).toEqual(['answer 4 -5 15 0']);
    expect(told(poll(nak(1, 4, 15)))).toEqual([]);
  });

  test('says HELLO every second until INFO comes, and after 30 s of silence again', () => {
    expect(sent(poll())).toHaveLength(1);
    expect(sent(poll(undefined, 300))).toEqual([]);
    expect(sent(poll(undefined, 699))).toEqual([]);
    expect(sent(poll(undefined, 1))).toHaveLength(1);
    expect(told(poll(example('INFO')))).toHaveLength(1);
    for (let waitedMs = 0; waitedMs < 29_500; waitedMs += 500) expect(sent(poll(undefined, 500))).toEqual([]);
    expect(host.request('state').lines[0]).toMatch(/^state 1 /);
    expect(sent(poll(undefined, 500))).toHaveLength(1);
    for (let waitedMs = 0; waitedMs < 5000; waitedMs += 500) poll(undefined, 500);
    expect(host.request('state').lines[0]).toMatch(/^state 0 /);
    poll(example('STATUS repeated'));
    expect(host.request('state').lines[0]).toMatch(/^state 1 /);
  });

  test('a request goes before HELLO', () => {
    poll();
    expect(host.request('pay', 250, 1, 0, hexText('a'), '-').code).toBe(0);
    expect(host.request('cancel', 1).code).toBe(-2);
    expect(told(poll(ack(1, 2, 42)))).toEqual(['answer 2 0 0 42']);
  });

  const status = (order: number, state: number, seq: number): Buffer => {
    const payload = Buffer.from(payloadOf(example('STATUS')));
    payload.writeUInt32LE(order, 0);
    payload[4] = state;
    return frameAround(payload, 0x43, seq, seq !== 255);
  };
  const deliveries = (result: StepResult): string[] =>
    told(result).filter((line) => line.startsWith('deliver'));

  test('delivers once, however often DISPENSING is told', () => {
    greet();
    poll(status(42, 3, 1));
    expect(deliveries(poll(status(42, 6, 2)))).toEqual(['deliver 42 250']);
    for (let seq = 3; seq < 20; seq++) expect(deliveries(poll(status(42, 6, seq)))).toEqual([]);
    expect(sent(host.request('dispensed', 42)).concat(sent(poll()))).toHaveLength(1);
    poll(ack(1, 5, 42));
    expect(deliveries(poll(status(42, 6, 20)))).toEqual([]);
    for (let order = 43; order < 47; order++) poll(status(order, 3, order));
    expect(deliveries(poll(status(42, 6, 60)))).toEqual([]);
  });

  test('does not deliver what may have been delivered before it was switched on', () => {
    greet();
    const result = poll(status(42, 6, 1));
    expect(told(result)).toEqual(['status 42 6 0 250 1 118 1 1 41.1']);
    poll(status(43, 5, 2));
    expect(deliveries(poll(status(43, 6, 3)))).toEqual(['deliver 43 250']);
  });

  test('delivers an order whose PAY it made, though every STATUS before was lost', () => {
    greet();
    host.request('pay', 250, 1, 0, hexText('a'), '-');
    poll(ack(1, 2, 50));
    expect(deliveries(poll(status(50, 6, 1)))).toEqual(['deliver 50 250']);
  });

  test('repeats a report until the module has it', () => {
    greet();
    poll(status(42, 3, 1));
    poll(status(42, 6, 2));
    host.request('failed', 42);
    const report = frameAround(Buffer.from([42, 0, 0, 0, 0]), 0x06, 1, true).toString('hex');
    expect(sent(poll())).toEqual([report]);
    for (let count = 0; count < 4; count++) expect(told(poll(undefined, 300))).toEqual([]);
    // The line is dead: HELLO until INFO comes, then the report again.
    expect(sent(poll(undefined, 1000)).map((frame) => frame.substr(8, 2))).toEqual(['01']);
    poll(example('INFO'));
    const again = poll(undefined, 1000);
    expect(sent(again).map((frame) => frame.substr(8, 2))).toEqual(['06']);
    const seq = Number.parseInt(sent(again)[0]!.substr(6, 2), 16);
    expect(told(poll(nak(seq, 6, 18)))).toEqual([]); // STORAGE: later
    const third = sent(poll(undefined, 1000));
    expect(third.map((frame) => frame.substr(8, 2))).toEqual(['06']);
    expect(told(poll(ack(seq + 1, 6, 42)))).toEqual(['answer 6 0 0 42']);
    expect(sent(poll(undefined, 2000))).toEqual([]);
  });

  test('says FULL when every place is taken by deliveries', () => {
    greet();
    for (let order = 1; order <= 6; order++) {
      poll(status(order, 3, order));
      poll(status(order, 6, order + 20));
    }
    expect(host.request('pay', 250, 1, 0, hexText('a'), '-').code).toBe(-8);
    expect(host.request('dispensed', 9).code).toBe(-8);
    expect(host.request('dispensed', 3).code).toBe(0);
  });

  test('makes references that no later start makes again', () => {
    expect(host.request('reference').code).toBe(-4);
    greet();
    expect(host.request('reference').lines).toEqual(['reference 0000002a0001']);
    expect(host.request('reference').lines).toEqual(['reference 0000002a0002']);
  });

  test('closes the stream when the module has restarted', () => {
    greet();
    poll(example('DTU_OPENED'));
    expect(told(poll(withSeq('INFO', 3)))).toEqual(
      ['info 42 1 10 1 1 CS000001|1.0.0|CS1|868120000000001', 'dtu 4 512 21 '].map((line, index) =>
        index ? 'dtu 4 0 21 ' : line,
      ),
    );
    expect(host.request('write', '00').code).toBe(-7);
  });

  test('never sends more than its credit, nor lets more come than it has room for', () => {
    greet();
    poll(example('DTU_OPENED'));
    expect(host.request('credit', 513).code).toBe(-3);
    expect(host.request('credit', 500).code).toBe(0);
    poll(ack(1, 0x12));
    expect(host.request('credit', 13).code).toBe(-3);
    const result = host.request('write', 'ab'.repeat(600));
    expect([result.code, told(result)]).toEqual([0, ['taken 512']]);
    poll(ack(2, 0x11));
    expect(host.request('write', 'ab').code).toBe(-6);
    const tooMuch = frameAround(Buffer.alloc(501), 0x51, 9, true);
    const refused = poll(tooMuch);
    expect([told(refused), sent(refused)[0]!.substr(14, 6)]).toEqual([[], '095116']);
  });

  test('goes on when the milliseconds go around', () => {
    nowMs = 65400;
    greet();
    host.request('cancel', 42);
    expect(sent(poll(undefined, 300))).toHaveLength(1);
    expect(nowMs).toBeGreaterThan(65536);
    expect(told(poll(ack(1, 4, 42)))).toEqual(['answer 4 0 0 42']);
  });

  test('the checksum is that of the vectors', () => {
    expect(crc32('123456789')).toBe(0xcbf43926);
    expect(sent(poll())[0]!.slice(-8)).toBe(
      frameAround(Buffer.from('\x01\x0alockstep 1', 'latin1'), 1, 0, true).toString('hex').slice(-8),
    );
  });

  const WRONG: { [name: string]: (string | number)[] } = {
    'an amount of 0': ['pay', 0, 1, 0, hexText('a'), '-'],
    'channel 0': ['pay', 1, 0, 0, hexText('a'), '-'],
    'channel 3': ['pay', 1, 3, 0, hexText('a'), '-'],
    'payable for 29 s': ['pay', 1, 1, 29, hexText('a'), '-'],
    'payable for 7201 s': ['pay', 1, 1, 7201, hexText('a'), '-'],
    'no reference': ['pay', 1, 1, 0, '-', '-'],
    'an empty reference': ['pay', 1, 1, 0, hexText(''), '-'],
    'a reference with a space': ['pay', 1, 1, 0, hexText('a b'), '-'],
    'a reference of 33': ['pay', 1, 1, 0, hexText('x'.repeat(33)), '-'],
    'goods of 49': ['pay', 1, 1, 0, hexText('a'), hexText('x'.repeat(49))],
    'goods of 300': ['pay', 1, 1, 0, hexText('a'), hexText('x'.repeat(300))],
    'a query of nothing': ['query', 0, '-'],
    'a query of both': ['query', 1, hexText('a')],
    'cancelling order 0': ['cancel', 0],
    'order 0 delivered': ['dispensed', 0],
    'order 0 failed': ['failed', 0],
    'refunding order 0': ['refund', 0, '-'],
    'a refund text of 41': ['refund', 1, hexText('x'.repeat(41))],
    'relay 0': ['relay', 0, 1, 100, 100],
    'relay 3': ['relay', 3, 1, 100, 100],
    'a pulse of 19 ms': ['relay', 1, 1, 19, 100],
    'a pause of 60001 ms': ['relay', 1, 1, 100, 60001],
    'no settings': ['set', '-'],
    'getting something else': ['get', 2],
    'no log lines': ['log', 0, 0],
    '21 log lines': ['log', 0, 21],
    'stream mode 3': ['open', 3, 1, hexText('a')],
    'a tunnel with an address': ['open', 1, 0, hexText('a')],
    'a tunnel with a port': ['open', 1, 1, '-'],
    'a direct stream to nowhere': ['open', 2, 80, '-'],
    'a direct stream to port 0': ['open', 2, 0, hexText('a')],
    'an address of 64': ['open', 2, 80, hexText('x'.repeat(64))],
    'writing nothing': ['write', ''],
  };

  test.each(Object.keys(WRONG))('refuses %s, and sends nothing', (name) => {
    greet();
    const result = host.request(...WRONG[name]!);
    expect(result.code).toBe(-1);
    expect(sent(result).concat(sent(poll()))).toEqual([]);
  });
});
