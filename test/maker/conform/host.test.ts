/** The situations for hosts: passed by the C library in a small machine, failed by the same machine with a fault. */
import { compileProgram, hostCompiler, SANITIZER_FLAGS } from '../../../maker/c/compile';
import { hexText, Lockstep, type StepResult } from '../../../maker/c/lockstep/lockstep';
import { playSituation, type SituationResult } from '../../../maker/conform/checks';
import { HostContext } from '../../../maker/conform/host-context';
import { HOST_SITUATIONS } from '../../../maker/conform/host-situations';
import { portPair } from '../../../maker/conform/pair';
import type { HostPort } from '../../../maker/host';
import { VirtualClock } from '../../../sim/time/clock';
import { drive } from '../support/drive';

const testWithCompiler = hostCompiler() ? test : test.skip;
if (!hostCompiler()) console.warn('skipped: no C compiler (gcc, clang or cc)');

const POLL_MS = 10;

let program = '';
beforeAll(() => {
  if (hostCompiler()) program = compileProgram('lockstep-conform', ['lockstep/lockstep.c'], SANITIZER_FLAGS);
});

/** What a machine may get wrong: bytes of the host changed on their way out. */
type Spoil = (bytes: Buffer, write: (bytes: Buffer) => void) => void;

/** A machine with the C library: sells when told, delivers at once, restarts when told. */
class SmallMachine {
  private todo: string[][] = [];
  private readonly library: Lockstep;
  private startedMs: number;

  constructor(
    private readonly port: HostPort,
    private readonly clock: VirtualClock,
    private readonly spoil: Spoil,
    private readonly delivery: 'host' | 'relay',
  ) {
    this.library = new Lockstep(program);
    this.startedMs = clock.nowMs();
    this.run(this.library.start(0, delivery));
    port.onData = (bytes) => this.run(this.library.poll(this.ageMs(), bytes));
    this.pollLater();
  }

  sell(): void {
    const made = this.library.request('reference');
    const reference = made.lines[0]?.split(' ')[1];
    if (made.code !== 0 || !reference) this.clock.setTimer(() => this.sell(), 100);
    else this.todo.push(['pay', '100', '1', '30', hexText(reference), '-']);
  }

  restart(): void {
    this.todo = [];
    this.startedMs = this.clock.nowMs();
    this.run(this.library.start(0, this.delivery));
  }

  close(): void {
    this.library.close();
  }

  private ageMs(): number {
    return Math.floor(this.clock.nowMs() - this.startedMs);
  }

  private pollLater(): void {
    this.clock.setTimer(() => {
      this.run(this.library.poll(this.ageMs()));
      const next = this.todo[0];
      if (next && this.run(this.library.request(...next)).code === 0) this.todo.shift();
      this.pollLater();
    }, POLL_MS);
  }

  private run(result: StepResult): StepResult {
    for (const line of result.lines) {
      const [kind, first] = line.split(' ');
      if (kind === 'tx') this.spoil(Buffer.from(first!, 'hex'), (bytes) => this.port.write(bytes));
      if (kind === 'deliver') this.todo.push(['dispensed', first!]);
    }
    return result;
  }
}

interface Bench {
  readonly clock: VirtualClock;
  readonly context: HostContext;
  readonly machine: SmallMachine;
}

const benches: Bench[] = [];
afterEach(() => {
  for (const { machine, context } of benches.splice(0)) {
    machine.close();
    context.module.close();
  }
});

function bench(spoil: Spoil = (bytes, write) => write(bytes), delivery: 'host' | 'relay' = 'relay'): Bench {
  const clock = new VirtualClock();
  const [left, right] = portPair(clock);
  const machine: SmallMachine = new SmallMachine(left, clock, spoil, delivery);
  const context = new HostContext(right, clock, {
    sell: () => machine.sell(),
    restart: () => machine.restart(),
    canRestart: true,
    delivers: delivery === 'host',
  });
  benches.push({ clock, context, machine });
  return { clock, context, machine };
}

const play = (name: string, { clock, context }: Bench): Promise<SituationResult> =>
  drive(
    clock,
    playSituation(
      HOST_SITUATIONS.find((situation) => situation.name === name)!,
      context,
    ),
  );

const NEEDS_DELIVERY = 'deliver-once';

testWithCompiler.each(
  HOST_SITUATIONS.map((situation) => situation.name).filter((name) => name !== 'references'),
)('a machine with the C library passes: %s', async (name) => {
  const result = await play(name, bench(undefined, name === NEEDS_DELIVERY ? 'host' : 'relay'));
  expect(result.skipped).toBeUndefined();
  expect(result.checks.filter((check) => !check.isPassed)).toEqual([]);
  expect(result.checks.length).toBeGreaterThan(0);
});

testWithCompiler('all in a row, references last', async () => {
  const all = bench();
  for (const { name } of HOST_SITUATIONS) {
    const result = await play(name, all);
    expect([name, result.checks.filter((check) => !check.isPassed)]).toEqual([name, []]);
    expect(result.skipped === undefined).toBe(name !== NEEDS_DELIVERY);
  }
});

const typeOf = (bytes: Buffer): number => bytes[4]!;
const once = (type: number): Spoil => {
  const sent = new Set<string>();
  return (bytes, write) => {
    const hex = bytes.toString('hex');
    if (typeOf(bytes) === type && sent.has(hex)) return;
    sent.add(hex);
    write(bytes);
  };
};

describe('a host with a fault fails', () => {
  testWithCompiler.each<[string, string, Spoil, 'host' | 'relay']>([
    ['that never says HELLO', 'hello', (bytes, write) => typeOf(bytes) !== 0x01 && write(bytes), 'relay'],
    ['that never answers', 'paid', (bytes, write) => typeOf(bytes) !== 0x7e && write(bytes), 'relay'],
    ['that never repeats PAY', 'lost-answer', once(0x02), 'relay'],
    [
      'that takes a frame from the future',
      'unknown-type',
      (bytes, write) => typeOf(bytes) !== 0x7f && write(bytes),
      'relay',
    ],
    ['that never repeats its report', 'deliver-once', once(0x05), 'host'],
  ])('%s', async (_what, name, spoil, delivery) => {
    const { checks } = await play(name, bench(spoil, delivery));
    expect(checks.some((check) => !check.isPassed)).toBe(true);
  });
});
