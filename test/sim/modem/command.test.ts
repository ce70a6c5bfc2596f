/** The words of `npm run modem`, its console, and the ways in for other programs. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as net from 'node:net';
import { resolve } from 'node:path';
import { runConsoleLine } from '../../../sim/modem/command/console';
import { openTcpPort } from '../../../sim/modem/command/host-ports';
import { readOptions } from '../../../sim/modem/command/options';
import { StreamSerial } from '../../../sim/modem/command/stream-serial';
import { ALL_FAULTS } from '../../../sim/modem/faults';
import { FaultInjector } from '../../../sim/modem/faults/injector';
import { Bench } from './bench';

const ROOT = resolve(__dirname, '../../..');

describe('options', () => {
  test.each([
    [['--pty'], { pty: true, seed: 1, timing: 'typical', dialect: 'field', fault: [], map: {} }],
    [['--pty', 'modem0'], { pty: 'modem0' }],
    [['--tcp', '5000'], { tcp: 5_000 }],
    [['--tcp', '0', '--fault', 'wedge@5s', '--fault', 'sag'], { fault: ['wedge@5s', 'sag'] }],
    [['--tcp', '0', '--card', 'missing'], { card: { isInserted: false } }],
    [['--tcp', '0', '--card', 'pin:0042'], { card: { pin: '0042' } }],
    [['--tcp', '0', '--card', 'busy:20'], { card: { busyMs: 20_000 } }],
    [
      ['--tcp', '0', '--map', 'a.example=127.0.0.1', '--map', 'b=127.0.0.2:99'],
      { map: { 'a.example': '127.0.0.1', b: '127.0.0.2:99' } },
    ],
    [['--tcp', '0', '--seed', '77', '--chaos', '5', '--speed', '20'], { seed: 77, chaos: 5, speed: 20 }],
    [['--list-faults'], { listFaults: true }],
  ])('%j', (words, expected) => {
    expect(readOptions(words)).toMatchObject(expected);
  });

  test.each([
    [[], 'say where the host shall connect: --pty or --tcp PORT'],
    [['--pty', '--tcp', '1'], '--pty and --tcp exclude each other'],
    [['--tcp', '65536'], 'expected a whole number from 0 to 65535'],
    [['--tcp', '1.5'], 'expected a whole number'],
    [['--tcp', ''], 'expected a whole number'],
    [['--pty', '--seed', 'x'], 'expected a whole number from 0 to 4294967295'],
    [['--pty', '--fault', 'nope'], "there is no fault 'nope'; --list-faults names them all"],
    [['--pty', '--fault', 'wedge@soon'], "'@soon' is no trigger"],
    [['--pty', '--timing', 'quick'], 'expected one of typical, fast, slow'],
    [['--pty', '--dialect', 'x'], 'expected one of field, printed, compact'],
    [['--pty', '--card', 'pin:1'], 'expected ready, missing, faulty, pin:1234 or busy:SECONDS'],
    [['--pty', '--map', 'x=8.8.8.8'], 'a loopback address'],
    [['--pty', '--map', 'x'], 'a loopback address'],
    [['--pty', '--speed', '0'], 'expected a number from 0.01'],
    [['--frob'], "unknown option '--frob'"],
    [['--pty', 'a', 'b'], 'too many arguments'],
  ])('%j is refused in one sentence', (words, why) => {
    expect(() => readOptions(words)).toThrow(why);
    try {
      readOptions(words);
    } catch (error) {
      expect((error as Error).message).not.toContain('\n');
    }
  });
});

describe('console', () => {
  function console(): { bench: Bench; type: (line: string) => string[]; injector: FaultInjector } {
    const bench = new Bench().start();
    const injector = new FaultInjector({
      clock: bench.clock,
      random: bench.random,
      network: bench.network,
      modem: bench.modem,
    });
    const type = (line: string): string[] => {
      const printed: string[] = [];
      runConsoleLine(line, {
        clock: bench.clock,
        modem: bench.modem,
        injector,
        print: (text) => printed.push(text),
        quit: () => printed.push('quit'),
      });
      return printed;
    };
    return { bench, type, injector };
  }

  test('key, reset and supply move the pins', () => {
    const { bench, type } = console();
    expect(type('key')).toEqual([]);
    bench.clock.advance(3_000);
    expect(bench.modem.status).toBe(0);
    type('key 1500');
    bench.clock.advance(6_000);
    expect(bench.modem.status).toBe(1);
    type('reset');
    bench.clock.advance(6_000);
    expect(bench.modem.counters.boots).toBe(3);
    type('supply 2900 100');
    expect(bench.modem.status).toBe(0);
    bench.clock.advance(200);
    expect(bench.modem.supplyMillivolts).toBe(4_000);
  });

  test('fault and status', () => {
    const { type, injector } = console();
    expect(type('fault echo-on@now')).toEqual([]);
    expect(injector.strikes).toEqual({ 'echo-on': 1 });
    expect(type('status')[0]).toBe('power on, STATUS 1, NETLIGHT registered, IP INITIAL');
    expect(type('quit')).toEqual(['quit']);
    expect(type('')).toEqual([]);
  });

  test.each([
    ['frob', "unknown order 'frob'"],
    ['key x', 'a time needs milliseconds'],
    ['supply', 'supply needs millivolts'],
    ['supply 9000', 'supply needs millivolts'],
    ['fault nope', "there is no fault 'nope'"],
    ['fault', 'is not a fault'],
  ])('%s is answered with one sentence', (line, why) => {
    const printed = console().type(line);
    expect(printed).toHaveLength(1);
    expect(printed[0]).toContain(why);
  });
});

describe('TCP port', () => {
  test('bytes cross both ways; a second client is turned away; after the first is gone another is let in', async () => {
    const serial = new StreamSerial();
    const port = await openTcpPort(serial, 0);
    const [host, number] = port.address.split(':');
    expect(host).toBe('127.0.0.1');
    const connect = (): net.Socket => net.connect(Number(number), host);
    const first = connect();
    const heard = new Promise<string>((done) => {
      serial.onData = (bytes) => done(bytes.toString());
    });
    first.write('AT\r');
    expect(await heard).toBe('AT\r');
    serial.write(Buffer.from('OK'));
    expect(String((await once(first, 'data'))[0])).toBe('OK');
    const second = connect();
    second.resume();
    await once(second, 'end');
    first.destroy();
    let third: net.Socket;
    let isIn = false;
    do {
      third = connect();
      third.resume();
      third.on('error', () => {});
      const answer = new Promise<boolean>((done) => {
        serial.onData = () => done(true);
        third.once('end', () => done(false));
      });
      third.write('AT\r');
      isIn = await answer;
    } while (!isIn);
    third.destroy();
    port.close();
  });

  test('a port in use is one sentence', async () => {
    const holder = net.createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as net.AddressInfo;
    await expect(openTcpPort(new StreamSerial(), port)).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port} (EADDRINUSE)`,
    );
    holder.close();
  });

  test('what is said while nobody is there is gone', () => {
    const serial = new StreamSerial();
    expect(() => serial.write(Buffer.from('RDY'))).not.toThrow();
  });
});

describe('the command itself', () => {
  function run(...words: string[]): { status: number | null; out: string; err: string } {
    const result = spawnSync(
      process.execPath,
      ['--require', 'tsx/cjs', 'sim/modem/command/cli.ts', ...words],
      {
        cwd: ROOT,
        encoding: 'utf8',
      },
    );
    return { status: result.status, out: result.stdout, err: result.stderr };
  }

  test('--list-faults names every fault on a line of its own', () => {
    const { status, out } = run('--list-faults');
    expect(status).toBe(0);
    const names = out
      .trim()
      .split('\n')
      .map((line) => /^[a-z-]+/.exec(line)![0]);
    expect(names.sort()).toEqual(Object.keys(ALL_FAULTS).sort());
  });

  test('a mistake: one line on standard error, exit code 2', () => {
    const { status, out, err } = run('--pty', '--fault', 'nope');
    expect([status, out]).toEqual([2, '']);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  test('--help explains and exits with 0', () => {
    const { status, out } = run('--help');
    expect(status).toBe(0);
    for (const option of ['--pty', '--tcp', '--fault', '--list-faults', '--seed', '--map'])
      expect(out).toContain(option);
  });
});
