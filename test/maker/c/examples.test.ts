/**
 * The examples of the C library compile without a warning, and sell: the Arduino sketch step by step in virtual time, the
 * POSIX program and the STM32's image (in QEMU) as they are, over TCP. The module's part is played by the reference module.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  C_FOLDER,
  compile,
  hostCompiler,
  isInstalled,
  OUT_FOLDER,
  SANITIZER_FLAGS,
  STRICT_FLAGS,
} from '../../../maker/c/compile';
import { Lockstep } from '../../../maker/c/lockstep/lockstep';
import { portPair } from '../../../maker/conform/pair';
import { ReferenceModule } from '../../../maker/conform/reference-module';
import { type HostPort, streamPort } from '../../../maker/host/port';
import { RealClock, VirtualClock } from '../../../sim/time/clock';
import { OrderState } from '../../../src/protocol/codes';

const EXAMPLES = join(C_FOLDER, 'examples');
const sketchPath = (name: string): string => join(EXAMPLES, 'arduino', name, `${name}.ino`);
const BOARD = join(__dirname, 'arduino');
const LIBRARY = join(C_FOLDER, 'coinslot.c');
const folder = join(OUT_FOLDER, 'examples');
mkdirSync(folder, { recursive: true });

/** A test that says why, when it cannot run. */
const testWith = (...commands: string[]): jest.It => {
  const missing = commands.filter((command) => !isInstalled(command));
  if (missing.length) console.warn(`skipped: no ${missing.join(', ')}`);
  return missing.length ? test.skip : test;
};

const CPP_FLAGS = ['-x', 'c++', '-std=gnu++11', '-Wall', '-Wextra', '-Wshadow', '-Werror'];
const SKETCH_FLAGS = [...CPP_FLAGS, '-I', BOARD, '-I', C_FOLDER, '-include', 'Arduino.h'];

testWith('avr-g++', 'avr-gcc').each(['coinslot_vending', 'coin_pulses'])(
  'the Arduino sketch %s compiles for an AVR',
  (name) => {
    const object = join(folder, `${name}.o`);
    compile('avr-g++', ['-mmcu=atmega2560', '-Os', ...SKETCH_FLAGS, '-c', sketchPath(name), '-o', object]);
  },
);

const STM32_IMAGE = join(folder, 'stm32.elf');
function buildStm32(): void {
  compile('arm-none-eabi-gcc', [
    ...['-mcpu=cortex-m3', '-mthumb', '-Os', '-nostartfiles', '--specs=nano.specs'],
    ...['-std=c99', '-Wall', '-Wextra', '-Wconversion', '-Wshadow', '-Werror', '-I', C_FOLDER],
    ...['-T', join(EXAMPLES, 'stm32/stm32f1.ld'), join(EXAMPLES, 'stm32/main.c'), LIBRARY],
    ...['-o', STM32_IMAGE],
  ]);
}

testWith('arm-none-eabi-gcc')('the STM32 example becomes a whole image', () => {
  buildStm32();
  const { stdout } = spawnSync('arm-none-eabi-size', [STM32_IMAGE], { encoding: 'utf8' });
  const [text, data, bss] = stdout.split('\n')[1]!.trim().split(/\s+/).map(Number);
  expect(text! + data!).toBeLessThan(8 * 1024);
  expect(data! + bss!).toBeLessThan(1024);
});

/** Commands that the head of each example gives, so that they stay true. */
test.each([
  ['posix/machine.c', '-I../.. machine.c ../../coinslot.c'],
  ['stm32/main.c', '-I../.. -nostartfiles --specs=nano.specs -T stm32f1.ld'],
])('the head of %s says how it is compiled', (file, words) => {
  expect(readFileSync(join(EXAMPLES, file), 'utf8')).toContain(words);
});

describe('the Arduino sketches', () => {
  const [BUTTON_DOWN, BUTTON_UP] = [0, 1];
  const MOTOR_ON = 'pin 3 1';
  let program: string;
  let eeprom: string;
  let clock: VirtualClock;
  let module: ReferenceModule;
  let board: Lockstep | undefined;
  let port: HostPort;
  let startedMs: number;
  let button: number;
  let log: string[];

  const withCompiler = testWith('g++');

  /** The sketch and the library as a program of this PC. */
  const build = (name: string): string => {
    const flags = [...SANITIZER_FLAGS, '-I', BOARD, '-I', C_FOLDER];
    const [library, sketch, main] = ['library.o', `${name}-pc.o`, 'board.o'].map((file) =>
      join(folder, file),
    );
    compile(hostCompiler()!, [...STRICT_FLAGS, ...flags, '-c', LIBRARY, '-o', library!]);
    compile('g++', [...SKETCH_FLAGS, ...SANITIZER_FLAGS, '-c', sketchPath(name), '-o', sketch!]);
    compile('g++', [...CPP_FLAGS, ...flags, '-c', join(BOARD, 'board.cpp'), '-o', main!]);
    const result = join(folder, `board-${name}`);
    compile('g++', [...SANITIZER_FLAGS, library!, sketch!, main!, '-o', result]);
    return result;
  };
  let vending: string;
  beforeAll(() => {
    if (isInstalled('g++')) vending = build('coinslot_vending');
  });

  const powerOn = (): void => {
    board = new Lockstep(program, [eeprom]);
    startedMs = clock.nowMs();
  };
  const powerOff = (): void => {
    board?.close();
    board = undefined;
  };
  const turn = (bytes?: Buffer): void => {
    if (!board) return;
    const { lines } = board.request(
      'step',
      Math.floor(clock.nowMs() - startedMs),
      button,
      bytes?.toString('hex') ?? '',
    );
    for (const line of lines) {
      if (line.startsWith('tx ')) port.write(Buffer.from(line.slice(3), 'hex'));
      else log.push(line);
    }
  };
  const run = (durationMs: number): void => {
    for (const endMs = clock.nowMs() + durationMs; clock.nowMs() < endMs;) {
      clock.advance(10);
      turn();
    }
  };
  const press = (): void => {
    button = BUTTON_DOWN;
    run(100);
    button = BUTTON_UP;
    run(100);
  };

  beforeEach(() => {
    if (!isInstalled('g++')) return;
    eeprom = join(mkdtempSync(join(tmpdir(), 'coinslot-')), 'eeprom');
    writeFileSync(eeprom, Buffer.alloc(16, 0xff));
    clock = new VirtualClock();
    const [left, right] = portPair(clock);
    port = left;
    port.onData = (bytes) => turn(bytes);
    module = new ReferenceModule(right, { clock });
    button = BUTTON_UP;
    log = [];
    program = vending;
    powerOn();
    run(2000);
  });
  afterEach(() => {
    powerOff();
    module?.close();
    if (eeprom) rmSync(join(eeprom, '..'), { recursive: true, force: true });
  });

  withCompiler('sells: code, payment, motor for a second, thanks', () => {
    expect(module.settings.mode).toBe(0);
    press();
    run(1000);
    const [order] = module.orders.all;
    expect(order).toMatchObject({ amountFen: 250, state: OrderState.AwaitingPayment, goods: 'cola' });
    expect(log).toContain(`say QR ${order!.url}`);
    expect(log).not.toContain(MOTOR_ON);
    module.orders.pay(order!.order);
    run(500);
    expect(log.filter((line) => line.startsWith('pin 3')).slice(1)).toEqual([MOTOR_ON]);
    expect(log.indexOf('eeprom 0')).toBeLessThan(log.indexOf(MOTOR_ON));
    run(3000);
    expect(log.filter((line) => line.startsWith('pin 3')).slice(1)).toEqual([MOTOR_ON, 'pin 3 0']);
    expect(order).toMatchObject({ state: OrderState.Done, deliveries: 1, reports: 1 });
    expect(log.at(-1)).toBe('say thank you');
    expect(module.orders.all).toHaveLength(1);
  });

  withCompiler('one press is one order, however long', () => {
    button = BUTTON_DOWN;
    run(2000);
    module.orders.pay(1);
    run(10_000);
    expect(module.orders.all).toMatchObject([{ state: OrderState.Done }]);
  });

  withCompiler('says that it is out of service when the module has no link for long', () => {
    module.orders.isOnline = false;
    press();
    run(40_000);
    expect(log.at(-1)).toBe('say out of service, reason 13');
    expect(module.orders.all).toEqual([]);
  });

  withCompiler('power cut while the motor turns: it does not turn again, and nobody is told a guess', () => {
    press();
    run(1000);
    module.orders.pay(1);
    run(500);
    powerOff();
    run(3000);
    powerOn();
    run(10_000);
    expect(log.filter((line) => line === MOTOR_ON)).toHaveLength(1);
    expect(module.orders.all[0]).toMatchObject({ state: OrderState.Dispensing, reports: 0 });
    run(120_000);
    expect(module.orders.all[0]).toMatchObject({ state: OrderState.Uncertain });
  });

  withCompiler('paid while the machine has no power: nothing was delivered, the money goes back', () => {
    press();
    run(1000);
    powerOff();
    module.orders.pay(1);
    run(3000);
    powerOn();
    run(10_000);
    expect(log).not.toContain(MOTOR_ON);
    expect(module.orders.all[0]).toMatchObject({ state: OrderState.Refunded });
  });

  withCompiler('the one for coin pulses sets the mode and leaves delivery to the relay', () => {
    powerOff();
    program = build('coin_pulses');
    powerOn();
    run(2000);
    expect(module.settings).toMatchObject({ mode: 2, fenPerPulse: 100, onMs: 50, offMs: 100 });
    press();
    run(1000);
    module.orders.pay(1);
    run(3000);
    expect(module.orders.all).toMatchObject([
      { amountFen: 500, state: OrderState.Done, deliveries: 1, reports: 0 },
    ]);
    expect(log.at(-1)).toBe('say thank you');
  });

  withCompiler('lost answers make no second order', () => {
    let lost = 0;
    const take = port.onData;
    port.onData = (bytes) => {
      if (bytes[4] === 0x7e && bytes[8] === 0x02 && lost++ < 5) return;
      take(bytes);
    };
    press();
    run(8000);
    expect(lost).toBeGreaterThanOrEqual(4);
    expect(module.orders.all).toHaveLength(1);
  });
});

/** The reference module at a TCP port, in real time: the other side is a program of its own. */
class TcpModule {
  readonly clock = new RealClock();
  module: ReferenceModule | undefined;
  private server!: Server;

  async listen(): Promise<number> {
    this.server = createServer((socket) => {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      const line = streamPort('program', 0, socket, () => socket.destroy());
      this.module = new ReferenceModule(line, { clock: this.clock });
      this.module.settings = { ...this.module.settings, mode: 0 };
    });
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.clock.setTimer(resolve, 10));
  }

  /** The customer pays the order that comes. */
  async pay(): Promise<void> {
    await this.until(() => this.module?.orders.all[0]?.state === OrderState.AwaitingPayment);
    this.module!.orders.pay(1);
  }

  async close(): Promise<void> {
    this.module?.close();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe('as programs of their own', () => {
  let tcp: TcpModule;
  let child: ChildProcess | undefined;
  beforeEach(() => {
    tcp = new TcpModule();
    child = undefined;
  });
  afterEach(async () => {
    child?.kill();
    await tcp.close();
  });

  const ended = (started: ChildProcess): Promise<number | null> =>
    new Promise((resolve) => started.on('exit', (code) => resolve(code)));

  testWith('cc')(
    'the POSIX program sells what is typed, delivers, and ends with 0',
    async () => {
      const program = join(folder, 'machine');
      const sources = [join(EXAMPLES, 'posix/machine.c'), LIBRARY];
      for (const compiler of ['gcc', 'clang'].filter(isInstalled)) {
        compile(compiler, [...STRICT_FLAGS, ...SANITIZER_FLAGS, '-I', C_FOLDER, ...sources, '-o', program]);
      }
      const memory = join(folder, 'memory');
      rmSync(memory, { force: true });
      const port = await tcp.listen();
      child = spawn(program, ['--deliver', '--memory', memory, `tcp:${port}`]);
      let out = '';
      child.stdout!.on('data', (text: Buffer) => (out += text.toString()));
      const exit = ended(child);
      child.stdin!.end('sell 300 alipay\n');
      await tcp.pay();
      expect([await exit, out]).toEqual([0, expect.stringContaining('order 1: the motor turns')]);
      expect(tcp.module!.orders.all).toMatchObject([
        { amountFen: 300, channel: 2, state: OrderState.Done, deliveries: 1, reports: 1 },
      ]);
      expect(readFileSync(memory, 'utf8')).toBe('1\n');
      expect(spawnSync(program, ['--nonsense'], { encoding: 'utf8' })).toMatchObject({ status: 2 });
      expect(spawnSync(program, ['/dev/nowhere'], { encoding: 'utf8' }).stderr).toContain('No such file');
    },
    60_000,
  );

  testWith('arm-none-eabi-gcc', 'qemu-system-arm')(
    'the STM32 example sells in an emulated STM32',
    async () => {
      buildStm32();
      const port = await tcp.listen();
      const texts = join(folder, 'stm32.txt');
      child = spawn(
        'qemu-system-arm',
        [
          ...['-M', 'stm32vldiscovery', '-display', 'none', '-monitor', 'none', '-kernel', STM32_IMAGE],
          ...['-serial', `tcp:127.0.0.1:${port}`, '-serial', `file:${texts}`],
        ],
        { stdio: 'ignore' },
      );
      // Its button reads as pressed, since QEMU has no pins there: one order, and no second one.
      await tcp.pay();
      await tcp.until(() => tcp.module!.orders.all[0]!.state === OrderState.Done);
      expect(tcp.module!.orders.all).toMatchObject([{ amountFen: 250, deliveries: 1, reports: 1 }]);
      expect(readFileSync(texts, 'utf8')).toContain('motor on\r\nmotor off\r\n');
    },
    60_000,
  );
});
