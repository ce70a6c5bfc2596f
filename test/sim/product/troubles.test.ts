/**
 * Trouble inside the module, on the built bundle: exceptions, a loop that hangs, memory that runs short. The module goes
 * on or starts anew, and host and server can read why. Causes are numbered as in docs/host-protocol.md (Reset).
 */
import { buildFirmware, type Firmware } from '../../../scripts/build/build';
import { HostType } from '../../../src/protocol/host';
import { StreamWorld } from './stream-bench';

const [POWER, SOFTWARE, WATCHDOG] = [1, 4, 5];
const BUSY = 12;
const PAY = { amountFen: 100, channel: 1, ttlS: 0, goods: '' };
const RESET_AT = 6;

let firmware: Firmware;
beforeAll(async () => {
  firmware = await buildFirmware('espruino-wifi');
});

/** Every look at memory throws, as a mistake of ours in a timer would. */
function throwing(world: StreamWorld, message: string): () => void {
  let isThrowing = true;
  const { memory } = world.module.board;
  Object.defineProperty(memory, 'free', {
    enumerable: true,
    configurable: true,
    get: () => {
      if (isThrowing) throw new Error(message);
      return 5000;
    },
  });
  return () => (isThrowing = false);
}

test('an exception stands in the log, and the module goes on', () => {
  const world = StreamWorld.linked(firmware);
  const stop = throwing(world, 'a mistake of "ours"');
  world.until(() => world.crashes.length > 0, 60);
  stop();
  expect(world.log().at(-1)).toMatch(/^0 FAULT a_mistake_of_"ours" 17672\d+$/);
  const starts = world.module.board.starts;
  world.host.ask(HostType.Pay, { ...PAY, reference: 'after' });
  expect(world.until(() => world.host.count(HostType.Qr) === 1, 30)).toBe(true);
  world.clock.advance(600_000);
  expect(world.module.board.starts).toBe(starts);
  expect(world.crashes).toHaveLength(1);
});

test('exceptions without end lead to a new start, and the log tells why', () => {
  const world = StreamWorld.linked(firmware);
  const starts = world.module.board.starts;
  const stop = throwing(world, 'again');
  expect(world.until(() => world.module.board.starts > starts, 300)).toBe(true);
  stop();
  expect(world.until(() => world.resets.at(-1) === SOFTWARE && world.server.sessions >= 2, 180)).toBe(true);
  const lines = world.log();
  // One is forgotten each minute.
  expect(lines.filter((line) => line.startsWith('0 FAULT again')).length).toBeGreaterThanOrEqual(5);
  expect(lines.at(-2)).toMatch(/^0 RESTART FAULTS /);
  expect(lines.at(-1)).toMatch(/^0 START SOFTWARE >17672\d+$/);
  // The server hears the cause in the greeting.
  expect(world.server.of('hi').at(-1)![RESET_AT]).toBe(SOFTWARE);
});

test('a loop that hangs is ended by the watchdog, and host and server hear of it', () => {
  const world = StreamWorld.linked(firmware);
  const fromMs = world.clock.nowMs();
  const starts = world.module.board.starts;
  world.module.board.hang();
  expect(world.until(() => world.module.board.starts > starts, 60)).toBe(true);
  expect(world.clock.nowMs() - fromMs).toBeLessThanOrEqual(9000);
  expect(world.until(() => world.server.sessions === 2, 180)).toBe(true);
  expect(world.resets.at(-1)).toBe(WATCHDOG);
  expect(world.server.of('hi').at(-1)![RESET_AT]).toBe(WATCHDOG);
  expect(world.log().at(-1)).toMatch(/^0 START WATCHDOG >\d+$/);
});

test('the watchdog is not set before the journal was read, which may take longer than it waits', () => {
  const { profile } = firmware;
  if (profile.journal.kind !== 'flash') throw new Error('this board keeps its journal in flash');
  const [first, ...others] = profile.journal.sectors;
  const sectors = [{ ...first!, eraseMs: 9_000 }, ...others];
  const world = new StreamWorld({
    ...firmware,
    profile: { ...profile, journal: { kind: 'flash', sectors } },
  });
  world.clock.advance(60_000);
  expect(world.module.board.starts).toBe(1);
  expect(world.module.board.resetReason).toBe('power');
});

test('memory that runs short: BUSY to new orders, the open one is finished, then a new start', () => {
  const world = StreamWorld.linked(firmware);
  const { host, server } = world;
  host.ask(HostType.Pay, { ...PAY, reference: 'open' });
  expect(world.until(() => host.count(HostType.Qr) === 1, 30)).toBe(true);
  const starts = world.module.board.starts;
  Object.assign(world.module.board.memory, { free: 100 });
  world.clock.advance(20_000);
  host.ask(HostType.Pay, { ...PAY, reference: 'new' });
  world.clock.advance(1000);
  expect(host.answerTo(HostType.Pay)).toBe(BUSY);
  world.clock.advance(120_000);
  expect(world.module.board.starts).toBe(starts);
  server.send('no', server.of('pay')[0]![1], 41, '');
  expect(world.until(() => world.module.board.starts > starts, 60)).toBe(true);
  Object.assign(world.module.board.memory, { free: 5000 });
  expect(world.until(() => server.sessions === 2, 180)).toBe(true);
  expect(world.log().slice(-2)).toEqual([
    expect.stringMatching(/^0 RESTART MEMORY 17672\d+$/),
    expect.stringMatching(/^0 START SOFTWARE >17672\d+$/),
  ]);
  world.clock.advance(60_000);
  expect(world.module.board.starts).toBe(starts + 1);
  expect(world.crashes).toEqual([]);
});

test('the log of an order tells nothing of the module, and a first start is by power', () => {
  const world = StreamWorld.linked(firmware);
  const lines = world.log();
  expect(lines[0]).toBe('0 START POWER >0');
  expect(lines).toContainEqual(expect.stringMatching(/^0 RESTART PROVISION >0\+\d+$/));
  expect(world.resets[0]).toBe(POWER);
  world.host.ask(HostType.GetLog, { order: 1, count: 20 });
  world.clock.advance(1000);
  expect(world.host.last(HostType.Log)).toEqual({ left: 0, text: '' });
});

describe('Espruino’s console', () => {
  const PROMPTS = [
    '\x03',
    '\x03\x03print("broken in")\r\n',
    '\x10E.setConsole("Serial1",{force:1})\n',
    '\r\n\r\n',
  ];

  it.each(['before', 'after'])('is out of reach of the host %s the module has an identity', (when) => {
    const world = when === 'after' ? StreamWorld.linked(firmware) : new StreamWorld(firmware);
    let heard = '';
    world.module.host.onData = (bytes) => (heard += Buffer.from(bytes).toString('latin1'));
    for (const text of PROMPTS) {
      world.module.host.write(Buffer.from(text, 'latin1'));
      world.clock.advance(1000);
    }
    expect(heard).not.toMatch(/broken in|>|=undefined/);
    expect(world.module.board.console).toBe(when === 'after' ? null : 'USB');
    expect(world.crashes).toEqual([]);
  });

  it('is closed by the first statement of every bundle', async () => {
    const { code } = await buildFirmware('pico');
    const names = /^var [^;]*;/.exec(code)![0];
    // Names for built-ins only, then the console.
    expect(names).toMatch(/^var [\w$]+=[\w.]+(,[\w$]+(=[\w.]+)?)*;$/);
    expect(code.slice(names.length)).toMatch(/^E\.setConsole\(null,\{force:1\}\)/);
  });
});
