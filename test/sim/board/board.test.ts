/** The virtual board as a machine: power, resets, stalls, pins, ports, and what a dead program can still do. */
import { loadProfile } from '../../../scripts/build/profile';
import { VirtualBoard } from '../../../sim/board';
import { memoryStore, PowerCut } from '../../../sim/flash';
import { serialPair } from '../../../sim/serial/line';
import { RealClock } from '../../../sim/time/clock';
import { Random } from '../../../sim/time/random';
import { AREA, bench, OPEN_HOST, running } from './bench';

describe('power', () => {
  it('starts the program after the boot time, once', () => {
    const { board, clock, lines } = bench('print("up");');
    board.powerOn();
    board.powerOn();
    clock.advance(99);
    expect(lines).toEqual([]);
    clock.advance(1);
    expect(lines).toEqual(['up']);
    expect(board.starts).toBe(1);
  });

  it('ends the program at once: no timer, no byte, no pin moves any more', () => {
    const { board, clock, host, lines, heard } = running(
      `${OPEN_HOST} digitalWrite("A0", 1); Serial1.on("data", function (d) { print(d); Serial1.write(d); });
       setInterval(function () { print("tick"); }, 100);`,
    );
    expect(board.pin('A0').level).toBe(true);
    lines.length = 0;
    board.cutPower();
    expect(board.pin('A0').level).toBe(false);
    host.write(Buffer.from('x'));
    clock.advance(10_000);
    expect(lines).toEqual([]);
    expect(heard()).toBe('');
    expect(board.pendingTimers).toBe(0);
  });

  it('forgets RAM and keeps flash', () => {
    const code = `var f = require("Flash"), n = f.read(1, ${AREA})[0]; var ram; print(n + " " + ram); ram = 1; f.write("\\x7f\\xff\\xff\\xff", ${AREA});`;
    const { board, clock, lines } = running(code);
    board.cutPower();
    board.powerOn();
    clock.advance(1000);
    expect(lines).toEqual(['255 undefined', '127 undefined']);
  });

  it('cuts off what was being sent', () => {
    const { board, clock, heard } = bench(`${OPEN_HOST} Serial1.write("0123456789".repeat(20));`);
    board.powerOn();
    clock.advance(105);
    board.cutPower();
    clock.advance(1000);
    expect(heard().length).toBeLessThan(100);
  });

  it('lets no function of an old program act, not even from a callback that it left behind', () => {
    const made = running(`var api = { digitalWrite, flash: require("Flash"), port: Serial1 };
      E.on("keep", function (give) { give(api); });`);
    interface Api {
      digitalWrite(pin: string, level: number): void;
      readonly flash: { erasePage(address: number): void };
      readonly port: { write(text: string): void };
    }
    let api: Api | undefined;
    // The program hands its API out, as a callback that something else has kept would have it.
    const inside = made.board as unknown as { emit(event: string, give: (given: Api) => void): void };
    inside.emit('E.keep', (given) => (api = given));
    made.board.cutPower();
    made.board.powerOn();
    made.clock.advance(1000);
    expect(() => api!.digitalWrite('A0', 1)).toThrow(/over/);
    expect(() => api!.flash.erasePage(AREA)).toThrow(/over/);
    expect(() => api!.port.write('x')).toThrow(/over/);
    expect(made.board.pin('A0').level).toBe(false);
    expect(made.flash.operations).toBe(0);
  });
});

describe('power cut at a flash operation', () => {
  const CODE = `var f = require("Flash"); try { f.write("\\0\\0\\0\\0", ${AREA}); } catch (e) {}
    print("on"); digitalWrite("A0", 1); Serial1.write("x");`;

  it.each(['before', 'during', 'after'] as const)(
    '%s it ends the program there, whatever it catches',
    (phase) => {
      const cuts: PowerCut[] = [];
      const { board, clock, flash, lines, crashes } = bench(CODE, { onPowerCut: (cut) => cuts.push(cut) });
      flash.onOperation = ({ number }) => (number === 1 ? phase : undefined);
      board.powerOn();
      clock.advance(1000);
      expect(board.isOn).toBe(false);
      expect(lines).toEqual([]);
      expect(crashes).toEqual([]);
      expect(board.pin('A0').history).toEqual([]);
      board.powerOn();
      clock.advance(1000);
      expect(lines).toEqual(['on']);
    },
  );

  it('tells which operation it was', () => {
    const cuts: PowerCut[] = [];
    const { board, clock, flash } = bench(`require("Flash").erasePage(${AREA + 20});`, {
      onPowerCut: (cut) => cuts.push(cut),
    });
    flash.onOperation = () => 'before';
    board.powerOn();
    clock.advance(1000);
    expect(cuts.map(({ phase, operation }) => [phase, operation.kind, operation.address])).toEqual([
      ['before', 'erase', AREA],
    ]);
  });
});

describe('resets', () => {
  it('by software restart the program and tell so in the reset flags', () => {
    const code = `var flags = peek32(0x40023874); poke32(0x40023874, 0x01000000); print(flags); print(peek32(0x40023874));
      if (flags & 0x08000000) setTimeout(function () { E.reboot(); print("never"); }, 50);`;
    const { board, lines } = running(code);
    expect(lines).toEqual([String(0x0e000000), '0', String(0x14000000), '0']);
    expect(board.starts).toBe(2);
    expect(board.resetReason).toBe('software');
  });

  it('keep the clock that a power cut sets to zero', () => {
    const { board, clock, lines } = running('print(Math.floor(getTime())); setTime(5000);');
    clock.advance(10_000);
    board.reboot();
    clock.advance(1000);
    board.cutPower();
    board.powerOn();
    clock.advance(1000);
    expect(lines).toEqual(['0', '5011', '0']);
  });

  it('come from the watchdog when nobody kicks it any more', () => {
    const code = `E.enableWatchdog(2, false); var n = 0; print("start");
      setInterval(function () { n++; if (n < 5) E.kickWatchdog(); }, 1000);`;
    const { board, clock, lines } = running(code);
    clock.advance(4900);
    expect(lines).toEqual(['start']);
    clock.advance(1000);
    expect(lines).toEqual(['start', 'start']);
    expect(board.resetReason).toBe('watchdog');
  });

  it('come from the watchdog when the program hangs, also when it is kicked automatically', () => {
    const { board, clock, lines } = running(
      'E.enableWatchdog(2); print("start"); setInterval(function () {}, 500);',
    );
    clock.advance(20_000);
    expect(board.starts).toBe(1);
    board.hang();
    clock.advance(3000);
    expect(board.starts).toBe(2);
    expect(lines).toEqual(['start', 'start']);
  });
});

describe('stalls', () => {
  it('of an erase hold back timers and move the time that the program sees', () => {
    const code = `${OPEN_HOST} setTimeout(function () { print("timer " + Math.round(getTime() * 1000)); }, 50);
      var a = getTime(); require("Flash").erasePage(${AREA}); print("erase " + Math.round((getTime() - a) * 1000));`;
    expect(running(code).lines).toEqual(['erase 400', 'timer 500']);
  });

  it('of an erase lose what arrives meanwhile, and say so', () => {
    const code = `${OPEN_HOST} var got = ""; Serial1.on("data", function (d) { got += d; });
      setTimeout(function () { require("Flash").erasePage(${AREA}); }, 100);
      setTimeout(function () { print(got); print(E.getErrorFlags()); }, 800);`;
    const { board, clock, host, lines } = bench(code);
    board.powerOn();
    clock.advance(150);
    host.write(Buffer.from('early '));
    clock.advance(100);
    host.write(Buffer.from('lost '));
    clock.advance(500);
    host.write(Buffer.from('late'));
    clock.advance(1000);
    expect(lines).toEqual(['early late', '["UART_OVERFLOW"]']);
  });

  it('of a write lose nothing', () => {
    const code = `${OPEN_HOST} Serial1.on("data", function (d) { require("Flash").write("\\0\\0\\0\\0", ${AREA}); Serial1.write(d); });`;
    const { clock, host, heard } = running(code);
    const text = 'abcdefghij'.repeat(30);
    host.write(Buffer.from(text));
    clock.advance(1000);
    expect(heard()).toBe(text);
  });
});

describe('pins', () => {
  it('record every change with its time', () => {
    const { board } = running(
      'digitalWrite("A0", 1); setTimeout(function () { digitalWrite("A0", 0); digitalWrite("A0", 0); }, 30);',
    );
    const changes = board.pin('A0').history;
    expect(changes.map(({ level }) => level)).toEqual([true, false]);
    expect(changes[1]!.atMs - changes[0]!.atMs).toBeCloseTo(30, 6);
  });

  it('are pulsed by hardware: also while the CPU stalls', () => {
    const { board } = running(`digitalPulse("A0", 1, 50); require("Flash").erasePage(${AREA});`);
    const [on, off] = board.pin('A0').history;
    expect(off!.atMs - on!.atMs).toBeCloseTo(50, 6);
  });

  it('put a pulse behind one that still runs, without setting the pin again', () => {
    const { board } = running('digitalPulse("A0", 1, 50); digitalPulse("A0", 1, 50);');
    expect(board.pin('A0').history.map(({ level }) => level)).toEqual([true, false]);
  });

  it('take a row of pulses', () => {
    const { board } = running('digitalPulse("A0", 1, [10, 20, 30]);');
    const changes = board.pin('A0').history;
    const startMs = changes[0]!.atMs;
    expect(changes.map(({ level, atMs }) => [level, Math.round(atMs - startMs)])).toEqual([
      [true, 0],
      [false, 10],
      [true, 30],
      [false, 60],
    ]);
  });

  it('that the board does not have are refused', () => {
    const { crashes } = running('digitalWrite("A9", 1);');
    expect(String(crashes[0])).toMatch(/Invalid pin/);
  });

  it('can be watched', () => {
    const { board, clock, lines } = running(
      'setWatch(function (e) { print(e.state); }, "B10", { repeat: true, edge: "rising" }); pinMode("B10", "input");',
    );
    for (const level of [true, false, true]) {
      board.setInput('B10', level);
      clock.advance(10);
    }
    expect(lines).toEqual(['true', 'true']);
  });

  it('do not run a callback inside another one, even when the world answers at once', () => {
    const made = bench(
      `setWatch(function () { print("watch"); }, "B10", { repeat: true }); print("before"); digitalWrite("A0", 1); print("after");`,
      { onPin: (pin) => pin === 'A0' && made.board.setInput('B10', true) },
    );
    made.board.powerOn();
    made.clock.advance(1000);
    expect(made.lines).toEqual(['before', 'after', 'watch']);
  });
});

describe('console', () => {
  const ECHO =
    'Serial1.setup(115200, {}); Serial1.on("data", function (d) { Serial1.write("<" + d + ">"); });';

  it('sits on the host port until it is moved: bytes there never reach the program', () => {
    const { clock, host, heard } = running(`${ECHO} setTimeout(function () { print("hi"); }, 10);`);
    host.write(Buffer.from('x'));
    clock.advance(100);
    expect(heard()).toBe('hi\r\n');
  });

  it('falls back to the host port when it is moved to USB without force', () => {
    const { clock, host, heard } = running(`E.setConsole("USB"); ${ECHO}`);
    host.write(Buffer.from('x'));
    clock.advance(100);
    expect(heard()).toBe('');
  });

  it.each(['"USB"', 'null'])('leaves the host port when it is forced to %s', (device) => {
    const { clock, host, heard } = running(`E.setConsole(${device}, { force: true }); ${ECHO}`);
    host.write(Buffer.from('x'));
    clock.advance(100);
    expect(heard()).toBe('<x>');
  });
});

describe('serial ports', () => {
  it('are paced by their baud rate', () => {
    const { board, clock, heard } = bench(`${OPEN_HOST} Serial1.write("x".repeat(1152));`);
    board.powerOn();
    clock.advance(100 + 50);
    expect(heard().length).toBeGreaterThan(500);
    expect(heard().length).toBeLessThan(600);
    clock.advance(51);
    expect(heard().length).toBe(1152);
  });

  it('hear garbage at another rate', () => {
    const { clock, host, lines } = running(
      'E.setConsole(null, { force: true }); Serial1.setup(9600, {}); Serial1.on("data", function (d) { print(d === "hello"); });',
    );
    host.write(Buffer.from('hello'));
    clock.advance(100);
    expect(lines).toContain('false');
    expect(lines).not.toContain('true');
  });

  it('keep 512 bytes for a listener that comes later, and flag what is more', () => {
    const code = `${OPEN_HOST} setTimeout(function () { var n = 0; Serial1.on("data", function (d) { n += d.length; });
      setTimeout(function () { print(n); print(E.getErrorFlags()); }, 10); }, 500);`;
    const { board, clock, host, lines } = bench(code);
    board.powerOn();
    clock.advance(110);
    host.write(Buffer.alloc(600, 65));
    clock.advance(1000);
    expect(lines).toEqual(['512', '["BUFFER_FULL"]']);
  });
});

describe('program', () => {
  it('that throws at boot is told, and its timers run on', () => {
    const { crashes, lines } = running(
      'setTimeout(function () { print("on"); }, 10); throw new Error("boot");',
    );
    expect(String(crashes[0])).toMatch(/boot/);
    expect(lines).toEqual(['Uncaught Error: boot', 'on']);
  });

  it.each(['Map', 'Promise', 'Date', 'setImmediate', 'fetch', 'Buffer', 'eval', 'globalThis'])(
    'has no %s',
    (name) => {
      expect(String(running(`${name};`).crashes[0])).toMatch(new RegExp(`${name} is not defined`));
    },
  );

  it('cannot make code of text', () => {
    expect(running('(function () {}).constructor("return 1")();').crashes).toHaveLength(1);
  });

  it('has only the globals of its board', () => {
    expect(running('print(LED1);').lines).toEqual(['B2']);
    const linux = running('print(typeof LED1); print(typeof SPI1);', { profile: loadProfile('linux') });
    expect(linux.lines).toEqual(['undefined', 'undefined']);
  });

  it('leaves nothing behind for the next board of the process', () => {
    running('Array.prototype.mine = 1; String.mine = 2;');
    expect(running('print(typeof [].mine); ').lines).toEqual(['undefined']);
  });

  it('hears of error flags and of scarce memory', () => {
    const { board, clock, lines } = running(
      'E.on("errorFlag", function (flags) { print(flags[0]); print(process.memory().free); });',
    );
    board.memory.free = 90;
    board.raiseErrorFlag('LOW_MEMORY');
    clock.advance(10);
    expect(lines).toEqual(['LOW_MEMORY', '90']);
  });

  it('has a clock that may run slow against the world', () => {
    const { clock, lines } = running('setTimeout(function () { print(Math.round(getTime())); }, 10000);', {
      clockRate: 0.95,
    });
    clock.advance(9400);
    expect(lines).toEqual([]);
    clock.advance(300);
    expect(lines).toEqual(['10']);
  });
});

describe('virtual board', () => {
  it('runs in real time too', async () => {
    const clock = new RealClock(50);
    const random = new Random(1);
    const lines: string[] = [];
    const done = new Promise<void>((resolve) => {
      const board: VirtualBoard = new VirtualBoard({
        code: 'var n = 0; setInterval(function () { n++; print(n); }, 100);',
        profile: loadProfile('linux'),
        clock,
        random,
        fram: memoryStore(64),
        serials: { 1: serialPair(clock, random)[0], 2: serialPair(clock, random)[0] },
        onConsole: (line) => {
          lines.push(line);
          if (lines.length === 3) {
            board.cutPower();
            resolve();
          }
        },
      });
      board.powerOn();
    });
    await done;
    expect(lines).toEqual(['1', '2', '3']);
  });

  it('reboots thousands of times in a moment, and always the same', () => {
    const { board, clock, lines } = running('var n = 0; setTimeout(function () { n++; print(n); }, 10);');
    for (let times = 0; times < 2000; times++) {
      board.cutPower();
      board.powerOn();
      clock.advance(200);
    }
    expect(lines).toHaveLength(2001);
    expect(new Set(lines)).toEqual(new Set(['1']));
  });
});
