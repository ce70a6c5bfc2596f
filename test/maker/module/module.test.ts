/** The parts of `npm run module`: options, the customer who pays by himself, faults of the box, the wire, the backend. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { crcOf } from '../../../maker/host/exchange';
import { Backend } from '../../../maker/module/backend';
import { Customer } from '../../../maker/module/customer';
import { checkFault, planOwnFault } from '../../../maker/module/faults';
import { readOptions } from '../../../maker/module/options';
import { Wire } from '../../../maker/module/wire';
import { SpoiltLine } from '../../../maker/noise/spoilt-line';
import { readVectors, unhex } from '../../../maker/vectors/read';
import { type SerialPort, serialPair } from '../../../sim/serial/line';
import { VirtualClock } from '../../../sim/time/clock';
import { Random } from '../../../sim/time/random';
import { encodeFrame, type Frame, FrameReader } from '../../../src/protocol/frame';
import { HostType } from '../../../src/protocol/host';

const example = (name: string): Buffer =>
  unhex(readVectors().frames.find((frame) => frame.name === name)!.hex);
const frameOf = (bytes: Buffer): Frame => {
  const frames: Frame[] = [];
  const reader = new FrameReader(crcOf, { onFrame: (frame) => frames.push(frame), onBadFrame: () => {} });
  reader.push(bytes.toString('latin1'));
  return frames[0]!;
};

describe('options', () => {
  test('as the help says', () => {
    expect(readOptions(['--tcp', '7002', '--pay', 'after:3s', '--dtu', 'echo'])).toMatchObject({
      tcp: 7002,
      pay: 3000,
      dtu: 'echo',
    });
    expect(readOptions(['--pty', '/tmp/x', '--fault', 'outage:20@30s'])).toMatchObject({
      pty: '/tmp/x',
      fault: ['outage:20@30s'],
    });
    expect(readOptions(['--dtu', '9000']).dtu).toBe(9000);
  });

  test.each([
    ['--tcp', '70000'],
    ['--tcp', 'x'],
    ['--pay', '3s'],
    ['--pay', 'after:3'],
    ['--fault', 'no-such-fault'],
    ['--fault', 'power-cut:-1'],
    ['--fault', 'line-noise:0.5'],
    ['--dtu', 'what'],
    ['--dtu', '0'],
    ['--seed', '-1'],
    ['--nonsense', ''],
    ['--tcp 1 --pty', ''],
    ['--bare --pay', 'after:3s'],
    ['--bare --dtu', 'echo'],
  ])('%s %s is refused', (option, value) => {
    const quiet = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(() => readOptions([...option.split(' '), value].filter((word) => word !== ''))).toThrow();
    quiet.mockRestore();
  });
});

test('faults of the box: names, values, triggers', () => {
  expect(planOwnFault('power-cut')).toEqual({ name: 'power-cut', value: 2, delayMs: 0, isRepeated: false });
  expect(planOwnFault('power-cut:5@every:60s')).toEqual({
    name: 'power-cut',
    value: 5,
    delayMs: 60_000,
    isRepeated: true,
  });
  expect(planOwnFault('line-noise:0.01@500ms')).toMatchObject({ value: 0.01, delayMs: 500 });
  expect(planOwnFault('outage:20')).toBeUndefined();
  expect(() => checkFault('power-cut:5@sometimes')).toThrow('no trigger');
  expect(() => checkFault('power-cut@every:0s')).toThrow('too often');
});

test('the customer pays each link once, after the time, and says when it cannot', async () => {
  const clock = new VirtualClock();
  const paid: string[] = [];
  const said: string[] = [];
  const payLink = (url: string): Promise<void> => {
    paid.push(url);
    return paid.length > 1 ? Promise.reject(new Error('closed')) : Promise.resolve();
  };
  const customer = new Customer(clock, 3000, payLink, (text) => said.push(text));
  const qr = frameOf(example('QR'));
  customer.see(qr);
  customer.see(qr);
  customer.see(frameOf(example('STATUS')));
  clock.advance(2999);
  expect(paid).toEqual([]);
  clock.advance(1);
  await new Promise((resolve) => setImmediate(resolve));
  expect([paid, said]).toEqual([
    ['weixin://wxpay/bizpayurl?pr=Ab3dE6g'],
    [expect.stringContaining('paid order 42')],
  ]);
  const other = encodeFrame(crcOf, 1, 9, HostType.Qr, qr.payload.replace('Ab3dE6g', 'another'));
  customer.see(frameOf(Buffer.from(other, 'latin1')));
  clock.advance(3000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(said[1]).toContain('could not pay order 42');
});

describe('the wire', () => {
  const BAUD_CHANGE = '{"baud":9600}';
  const setUp = (): {
    clock: VirtualClock;
    wire: Wire;
    host: SerialPort;
    module: SerialPort;
    toHost: Buffer[];
  } => {
    const clock = new VirtualClock();
    const [host, module] = serialPair(clock, new Random(1));
    const wire = new Wire(host, clock);
    const toHost: Buffer[] = [];
    wire.onBytes = (bytes) => toHost.push(bytes);
    return { clock, wire, host, module, toHost };
  };

  test('passes every byte, shows every frame, and follows a change of the rate', () => {
    const { clock, wire, host, module, toHost } = setUp();
    const seen: number[] = [];
    wire.onHostFrame = (frame) => seen.push(frame.type);
    wire.onModuleFrame = (frame) => seen.push(frame.type);
    const got: Buffer[] = [];
    module.onData = (bytes) => got.push(bytes);
    const request = Buffer.from(encodeFrame(crcOf, 1, 5, HostType.SetSettings, BAUD_CHANGE), 'latin1');
    wire.send(request);
    clock.advance(50);
    expect(Buffer.concat(got).equals(request)).toBe(true);
    const ack = Buffer.from(encodeFrame(crcOf, 0, 5, HostType.Ack, '\x05\x09\0\0\0\0'), 'latin1');
    module.write(ack);
    clock.advance(50);
    expect(Buffer.concat(toHost).equals(ack)).toBe(true);
    expect([seen, wire.baud]).toEqual([[HostType.SetSettings, HostType.Ack], 115_200]);
    clock.advance(200);
    expect([wire.baud, host.baud]).toEqual([9600, 9600]);
  });

  test('an answer to something else changes no rate, noise spoils both ways', () => {
    const { clock, wire, module, toHost } = setUp();
    wire.send(Buffer.from(encodeFrame(crcOf, 1, 5, HostType.SetSettings, BAUD_CHANGE), 'latin1'));
    module.write(Buffer.from(encodeFrame(crcOf, 0, 4, HostType.Ack, '\x04\x09\0\0\0\0'), 'latin1'));
    clock.advance(1000);
    expect(wire.baud).toBe(115_200);
    wire.noise = new SpoiltLine(new Random(2), { share: 0.1, burstShare: 0, burstBytes: 1 });
    const sent = Buffer.alloc(200, 0x55);
    toHost.length = 0;
    module.write(sent);
    clock.advance(100);
    expect(Buffer.concat(toHost).equals(sent)).toBe(false);
  });
});

describe('the backend', () => {
  /** The platform's port, as docs/dtu.md has it. */
  const platform = async (): Promise<{
    port: number;
    next: () => Promise<{ socket: Socket; line: string }>;
    close: () => void;
  }> => {
    const waiting: ((got: { socket: Socket; line: string }) => void)[] = [];
    const ready: { socket: Socket; line: string }[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes: Buffer) => {
        const got = { socket, line: bytes.toString() };
        const taker = waiting.shift();
        if (taker) taker(got);
        else ready.push(got);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      port: (server.address() as AddressInfo).port,
      next: () =>
        new Promise((resolve) => {
          const got = ready.shift();
          if (got) resolve(got);
          else waiting.push(resolve);
        }),
      close: () => server.close(),
    };
  };
  const dataOf = (socket: Socket): Promise<string> =>
    new Promise((resolve) => socket.once('data', (bytes: Buffer) => resolve(bytes.toString())));

  test('says who it is, sends back what comes, and waits for the next stream', async () => {
    const clock = new VirtualClock();
    const { port, next, close } = await platform();
    const said: string[] = [];
    const options = { clock, platformPort: port, deviceId: 'CS000001', token: 'secret' };
    const backend = new Backend({ ...options, say: (text) => said.push(text) });
    const first = await next();
    expect(first.line).toBe('DTU/1 CS000001 secret\n');
    first.socket.write('WAIT NONE\nOPEN\nhel');
    expect(await dataOf(first.socket)).toBe('hel');
    first.socket.write('lo');
    expect(await dataOf(first.socket)).toBe('lo');
    const gone = new Promise((resolve) => first.socket.once('close', resolve));
    first.socket.end();
    await gone;
    while (!clock.runNext()) await new Promise((resolve) => setImmediate(resolve));
    const second = await next();
    expect([second.line, said]).toEqual([
      'DTU/1 CS000001 secret\n',
      ['data stream: open', 'data stream: closed'],
    ]);
    backend.close();
    close();
  });

  test('joins a stream with a program of the maker', async () => {
    const clock = new VirtualClock();
    const { port, next, close } = await platform();
    const program = await platform();
    const options = { clock, platformPort: port, deviceId: 'CS000001', token: 't', targetPort: program.port };
    const backend = new Backend({ ...options, say: () => {} });
    const { socket } = await next();
    socket.write('OPEN\nping');
    const got = await program.next();
    expect(got.line).toBe('ping');
    got.socket.write('pong');
    expect(await dataOf(socket)).toBe('pong');
    backend.close();
    close();
    program.close();
  });
});
