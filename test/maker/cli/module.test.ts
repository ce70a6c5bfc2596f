/** The commands about the module itself: info, settings, log, relay, monitor, dtu, doctor. */
import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { LinkState, OrderState, Reason } from '../../../src/protocol/codes';
import { HostError, type HostPort } from '../../../maker/host';
import { linkText } from '../../../maker/host/names';
import { frameAround } from '../../../maker/vectors/encode';
import { Bench } from '../support/bench';

let bench: Bench;
beforeEach(async () => {
  bench = new Bench();
  await bench.start();
});
afterEach(() => bench.stop());

test('ports lists what there is', async () => {
  expect(await bench.run('ports')).toMatchObject({ exit: 0, out: '/dev/ttyTEST  test\n' });
});

test('info tells module, modem, link and time', async () => {
  const { exit, out } = await bench.run('info');
  expect(exit).toBe(0);
  expect(out).toContain('CS000001, firmware reference, board REF');
  expect(out).toContain('READY: PAY works');
  expect(out).toContain('2026-01-01T00:00:0');
  const { events } = await bench.run('info --json');
  expect(events[0]).toMatchObject({
    event: 'info',
    deviceId: 'CS000001',
    linkName: 'READY',
    csq: 21,
    errorMs: 250,
  });
});

describe('settings', () => {
  test('shows and changes them', async () => {
    expect((await bench.run('settings --json')).events[0]).toMatchObject({
      event: 'settings',
      mode: 1,
      baud: 115200,
    });
    const { exit, out } = await bench.run('settings mode=2 fenPerPulse=50');
    expect([exit, out]).toEqual([0, expect.stringMatching(/mode {10}2[^]*fenPerPulse {3}50/)]);
    expect(bench.module.settings).toMatchObject({ mode: 2, fenPerPulse: 50, onMs: 500 });
  });

  test('takes all or nothing', async () => {
    const { exit, err } = await bench.run('settings onMs=600 mode=9');
    expect([exit, err]).toEqual([3, expect.stringContaining('BAD_PAYLOAD')]);
    expect(bench.module.settings).toMatchObject({ mode: 1, onMs: 500 });
  });

  test('says which baud rate to use from then on', async () => {
    expect(await bench.run('settings baud=9600')).toMatchObject({
      exit: 0,
      out: expect.stringContaining('--baud 9600'),
    });
  });
});

test('log shows the newest lines, of one order or of all', async () => {
  bench.payAfter(500);
  await bench.run('pay 1');
  await bench.run('pay 2 --no-wait');
  const all = await bench.run('log --json');
  expect(all.events.map((event) => `${event.order} ${event.state}`)).toEqual([
    '1 AWAITING_PAYMENT',
    '1 PAID',
    '1 DISPENSING',
    '1 DISPENSED',
    '1 DONE',
  ]);
  bench.clock.advance(1000);
  const one = await bench.run('log 2 --count 1');
  expect(one.out).toMatch(/^2026-01-01T[^ ]+ {2}order 2 {2}AWAITING_PAYMENT\n$/);
});

test('relay moves a relay by hand', async () => {
  expect((await bench.run('relay 2 3 --on 100 --off 200')).exit).toBe(0);
  expect((await bench.run('relay 1 0')).exit).toBe(0);
  expect(bench.module.relayMoves).toEqual([
    { relay: 2, count: 3, onMs: 100, offMs: 200 },
    { relay: 1, count: 0, onMs: 500, offMs: 500 },
  ]);
});

describe('monitor', () => {
  test('shows each frame both ways, with names', async () => {
    bench.clock.setTimer(() => bench.module.setLink(LinkState.NoNetwork), 2000);
    const { exit, out } = await bench.run('monitor --for 5 --bytes');
    expect(exit).toBe(0);
    expect(out).toMatch(/00:00:0\d\.\d{3} → HELLO! seq 1: version 1, name "coinslot-monitor"/);
    expect(out).toContain('← ACK seq 1: of seq 1, HELLO');
    expect(out).toContain('← SIGNAL seq 2: NO_NETWORK, csq 21, registration 2');
    expect(out).toContain('A5 5A 11 01 01'.toLowerCase());
  });

  test('with --passive says nothing itself', async () => {
    bench.clock.setTimer(() => bench.module.announce(), 1000);
    const { out, events } = await bench.run('monitor --passive --for 3 --json');
    expect(events.map((event) => event.type)).toEqual(['INFO']);
    expect(out).not.toContain('HELLO');
  });

  test('never shows the key of a module', async () => {
    const json = '{"id":"CS000001","key":"000102030405060708090a0b0c0d0e0f"}';
    bench.clock.setTimer(() => bench.module.writeRaw(frameAround(Buffer.from(json), 0x0e, 1, false)), 1000);
    for (const words of ['monitor --passive --for 3 --json', 'monitor --passive --for 3 --bytes']) {
      const { out } = await bench.run(words);
      expect(out).not.toContain('0001020304');
      expect(out).not.toContain(Buffer.from('0001020304').toString('hex'));
    }
  });

  test('ends when the cable is pulled', async () => {
    bench.clock.setTimer(() => bench.hangUp(), 1000);
    expect(await bench.run('monitor')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('the port is gone'),
    });
  });
});

describe('dtu', () => {
  test('pipes standard input to the far end, and back, within the credit', async () => {
    const stdin = new PassThrough();
    const sent = Buffer.from(Array.from({ length: 5000 }, (_none, index) => index & 255));
    const pending = bench.begin('dtu', { stdin });
    stdin.write(sent);
    bench.when(
      () => bench.module.streamBytes.reduce((sum, bytes) => sum + bytes.length, 0) === sent.length,
      () => {
        expect(bench.module.sendStream(Buffer.from('pong'))).toBe(4);
        bench.clock.setTimer(() => stdin.end(), 1000);
      },
    );
    const { exit, out, err } = await bench.drive(pending);
    expect([exit, out]).toEqual([0, 'pong']);
    expect(err).toContain('the stream is open');
    expect(Buffer.concat(bench.module.streamBytes).equals(sent)).toBe(true);
    expect(Math.max(...bench.module.streamBytes.map((bytes) => bytes.length))).toBeLessThanOrEqual(512);
    expect(bench.module.stream).toBeUndefined();
  });

  test('still takes what the far end says to the last bytes of the input', async () => {
    const stdin = new PassThrough();
    const pending = bench.begin('dtu', { stdin });
    stdin.end('ping');
    bench.when(
      () => Buffer.concat(bench.module.streamBytes).toString() === 'ping',
      () => bench.clock.setTimer(() => bench.module.sendStream(Buffer.from('late')), 2000),
    );
    const { exit, out } = await bench.drive(pending);
    expect([exit, out]).toEqual([0, 'late']);
    expect(bench.module.stream).toBeUndefined();
  });

  test('tells why the far end closed it', async () => {
    bench.when(
      () => bench.module.stream !== undefined,
      () => bench.clock.setTimer(() => bench.module.endStream(Reason.Offline), 500),
    );
    expect(await bench.run('dtu')).toMatchObject({ exit: 3, err: expect.stringContaining('OFFLINE') });
  });

  test('ends when the module restarts', async () => {
    bench.when(
      () => bench.module.stream !== undefined,
      () => bench.clock.setTimer(() => bench.module.restart(), 500),
    );
    expect(await bench.run('dtu')).toMatchObject({ exit: 3, err: expect.stringContaining('NO_STREAM') });
  });

  test('with --listen a program on this machine is at the other end', async () => {
    const pending = bench.begin('dtu --listen 0');
    let received = '';
    // The port is told on standard error, which only the end of the run gives: look at the operating system instead.
    bench.onNote = (text) => {
      const port = /127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      if (!port) return;
      const client = connect(Number(port), '127.0.0.1', () => client.write('ping'));
      client.on('data', (bytes) => {
        received += bytes.toString();
        client.end();
      });
    };
    bench.when(
      () => Buffer.concat(bench.module.streamBytes).toString() === 'ping',
      () => bench.module.sendStream(Buffer.from('pong')),
    );
    expect(await bench.drive(pending)).toMatchObject({ exit: 0 });
    expect(received).toBe('pong');
  });
});

describe('doctor', () => {
  const findings = async (
    words = 'doctor --json',
    options: { openPort?: (address: string, baud: number) => Promise<HostPort> } = {},
  ): Promise<{ exit: number; [check: string]: unknown }> => {
    const { exit, events } = await bench.run(words, options);
    const byCheck = Object.fromEntries(
      events
        .filter((event) => event.event === 'finding')
        .map((event) => [event.check, `${event.result}: ${event.message}`]),
    );
    const advice = Object.fromEntries(
      events.filter((event) => event.advice).map((event) => [`${event.check} advice`, event.advice]),
    );
    return { exit, ...byCheck, ...advice };
  };

  test('finds nothing wrong with a module that works, and leaves no order open', async () => {
    const found = await findings();
    expect(found).toMatchObject({
      exit: 0,
      answer: 'ok: the module answers: CS000001, protocol 1',
      line: 'ok: 10 questions, 10 answers at once',
      link: 'ok: READY: SIM, network and server are fine',
      signal: 'ok: 21 of 31',
      wechat: expect.stringContaining('ok: a payment code came'),
      alipay: expect.stringContaining('ok: a payment code came'),
    });
    expect(bench.module.orders.all.map((order) => order.state)).toEqual([
      OrderState.Closed,
      OrderState.Closed,
    ]);
    expect((await bench.run('doctor')).out).toMatch(/✓ port[^]*all is well\n$/);
  });

  const silentPort =
    (behave: (port: HostPort, bytes: Buffer, baud: number) => void) => (name: string, baud: number) => {
      const port: HostPort = {
        name,
        baud,
        onData: () => {},
        onClose: () => {},
        write: (bytes) => bench.clock.setTimer(() => behave(port, bytes, baud), 1) && undefined,
        close: () => {},
      };
      return Promise.resolve(port);
    };
  const info = (seq: number): Buffer =>
    frameAround(Buffer.from('0101000000000000' + '00000000', 'hex'), 0x41, seq, false);

  test.each([
    ['silence', () => {}, 'nothing arrives at any baud rate', 'supply of the module, TX and RX swapped'],
    [
      'its own echo',
      (port: HostPort, bytes: Buffer) => port.onData(bytes),
      'our own frames come back',
      'TX and RX are joined',
    ],
    [
      'garbage',
      (port: HostPort) => port.onData(Buffer.from([0, 255, 0])),
      'but no frame at any baud rate',
      'TTL, not RS-232',
    ],
    [
      'damaged frames',
      (port: HostPort) => port.onData(Buffer.from('a55a1001410000deadbeef', 'hex')),
      'all of them damaged',
      'ground wire',
    ],
  ])('%s', async (_name, behave, message, advice) => {
    const found = await findings('doctor --json --port /dev/ttyUSB0', { openPort: silentPort(behave) });
    expect(found).toMatchObject({
      exit: 7,
      answer: expect.stringContaining(message),
      'answer advice': expect.stringContaining(advice),
    });
  });

  test('a module that talks but does not hear', async () => {
    const frame = frameAround(Buffer.from([10, 21, 1]), 0x48, 5, false);
    const found = await findings('doctor --json --port /dev/ttyUSB0', {
      openPort: silentPort((port) => port.onData(frame)),
    });
    expect(found).toMatchObject({ exit: 7, answer: expect.stringContaining('does not hear us') });
  });

  test('a module at another baud rate', async () => {
    const answers = silentPort((port, bytes, baud) => {
      if (baud !== 9600 || bytes[4] !== 0x01) return;
      port.onData(frameAround(Buffer.from([bytes[3]!, 1, 0, 0, 0, 0]), 0x7e, 1, false));
      port.onData(info(2));
    });
    const found = await findings('doctor --json --port /dev/ttyUSB0', { openPort: answers });
    expect(found).toMatchObject({
      answer: expect.stringContaining('at 9600 baud'),
      'answer advice': 'use --baud 9600',
    });
  });

  test.each([
    ['Error: No such file or directory, cannot open /dev/x', 'is the adapter plugged in?'],
    ['Error: Permission denied, cannot open /dev/x', 'dialout'],
    ['Error Resource temporarily unavailable Cannot lock port', 'another program has it'],
    ['cannot connect to tcp:1 (ECONNREFUSED)', 'npm run module'],
  ])('a port that cannot be opened: %s', async (message, advice) => {
    const refuse = (): Promise<HostPort> => Promise.reject(new HostError('closed', message));
    expect(await findings('doctor --json', { openPort: refuse })).toMatchObject({
      exit: 7,
      'port advice': expect.stringContaining(advice),
    });
  });

  test.each([
    LinkState.SimMissing,
    LinkState.SimLocked,
    LinkState.NoNetwork,
    LinkState.AttachRefused,
    LinkState.ApnRefused,
    LinkState.NoServer,
    LinkState.KeyRefused,
    LinkState.ModemSilent,
  ])('link state %d is named, with what to do', async (link) => {
    bench.module.setLink(link);
    const found = await findings('doctor --json --wait 4');
    const { meaning, advice } = linkText(link);
    expect(found).toMatchObject({ exit: 7, link: expect.stringContaining(meaning), 'link advice': advice });
    expect(found.wechat).toBeUndefined();
  });

  test('waits for a link that is on its way', async () => {
    bench.module.setLink(LinkState.Connecting);
    bench.clock.setTimer(() => bench.module.setLink(LinkState.Ready), 15_000);
    expect(await findings()).toMatchObject({ exit: 0, link: expect.stringContaining('READY') });
  });

  test('weak signal, missing identity, refused channel, uncertain order', async () => {
    bench.module.csq = 4;
    bench.module.orders.refusals.push(Reason.ProviderRefused);
    expect(await findings()).toMatchObject({
      exit: 7,
      signal: 'warning: 4 of 31 is weak',
      wechat: expect.stringContaining('fault: PROVIDER_REFUSED'),
      'wechat advice': expect.stringContaining('payment parameters'),
      alipay: expect.stringContaining('ok'),
    });
    bench.module.isProvisioned = false;
    expect(await findings()).toMatchObject({ exit: 7, identity: 'fault: the module has no identity' });
    bench.module.isProvisioned = true;
    bench.module.settings.mode = 0;
    bench.module.settings.hostReportS = 5;
    bench.payAfter(100);
    bench.when(
      () => bench.module.orders.open().some((order) => order.state === OrderState.Uncertain),
      () => bench.hangUp(),
    );
    await bench.run('pay 1 --deliver ignore');
    expect(await findings('doctor --json --no-trial')).toMatchObject({
      exit: 0,
      orders: expect.stringContaining('is UNCERTAIN'),
      'orders advice': expect.stringContaining('coinslot report'),
    });
  });

  test('a noisy line is seen', async () => {
    let count = 0;
    bench.spoil = (bytes, towards) => {
      if (towards === 'host' && bytes[4] === 0x7e && ++count % 5 === 0) bytes[8]! ^= 1;
      return bytes;
    };
    expect(await findings('doctor --json --no-trial')).toMatchObject({
      exit: 0,
      line: expect.stringMatching(/^warning: 10 questions: \d+ broken frames, \d+ repeats/),
    });
  });
});
