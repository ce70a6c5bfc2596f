/** The situations for modules: passed by the reference module and by the built firmware, failed by modules with a fault. */
import {
  pauseOf,
  playSituation,
  resultTable,
  type SituationResult,
  summaryOf,
} from '../../../maker/conform/checks';
import type { Hands, ModuleContext } from '../../../maker/conform/module-context';
import { LINE_SITUATIONS } from '../../../maker/conform/module-line';
import { ORDER_SITUATIONS } from '../../../maker/conform/module-orders';
import { portPair } from '../../../maker/conform/pair';
import { Probe } from '../../../maker/conform/probe';
import { ReferenceModule } from '../../../maker/conform/reference-module';
import type { HostPort } from '../../../maker/host';
import { VirtualClock } from '../../../sim/time/clock';
import { LinkState } from '../../../src/protocol/codes';
import { drive } from '../support/drive';

const ALL = [...LINE_SITUATIONS, ...ORDER_SITUATIONS];

interface Bench {
  readonly clock: VirtualClock;
  readonly module: ReferenceModule;
  readonly context: ModuleContext;
}

/** `spoil` may change or swallow what the module sends. */
function bench(spoil: (bytes: Buffer) => Buffer | undefined = (bytes) => bytes): Bench {
  const clock = new VirtualClock();
  const [left, right] = portPair(clock);
  const write = right.write;
  const spoilt: HostPort = {
    ...right,
    write: (bytes) => {
      const rest = spoil(Buffer.from(bytes));
      if (rest) write(rest);
    },
  };
  right.onData = (bytes) => spoilt.onData(bytes);
  const module = new ReferenceModule(spoilt, { clock, hasEcho: true });
  const hands: Hands = {
    pay: (url) => {
      const order = module.orders.all.find((candidate) => candidate.url === url)!;
      module.orders.pay(order.order);
      return Promise.resolve();
    },
    cutPower: () => Promise.resolve(module.restart()),
    setNetwork: (isThere) => Promise.resolve(module.setLink(isThere ? LinkState.Ready : LinkState.NoNetwork)),
    hasEcho: true,
  };
  return { clock, module, context: { probe: new Probe(left, clock), clock, hands, pause: pauseOf(clock) } };
}

async function play(name: string, { clock, context }: Bench): Promise<SituationResult> {
  return drive(
    clock,
    playSituation(
      ALL.find((situation) => situation.name === name)!,
      context,
    ),
  );
}

test.each(ALL.map((situation) => situation.name))('the reference module passes: %s', async (name) => {
  const result = await play(name, bench());
  expect(result.skipped).toBeUndefined();
  expect(result.checks.filter((check) => !check.isPassed)).toEqual([]);
  expect(result.checks.length).toBeGreaterThan(0);
});

test('all in a row, as the command plays them', async () => {
  const all = bench();
  const results: SituationResult[] = [];
  for (const situation of ALL) results.push(await play(situation.name, all));
  expect(summaryOf(results)).toEqual({ passed: ALL.length, failed: 0, skipped: 0 });
  expect(resultTable(results)).toMatch(/^hello +passed +\d+\/\d+$/m);
});

test('what needs hands that nobody has is skipped, not passed', async () => {
  const whole = bench();
  const without: Bench = { ...whole, context: { ...whole.context, hands: {} } };
  for (const name of ['paid', 'module-restarted', 'link-lost']) {
    expect((await play(name, without)).skipped).toContain('nobody');
  }
});

const typeOf = (bytes: Buffer): number => bytes[4]!;

describe('a module with a fault fails', () => {
  test.each<[string, string, (bytes: Buffer) => Buffer | undefined]>([
    ['that says nothing', 'hello', () => undefined],
    ['that never sends INFO', 'hello', (bytes) => (typeOf(bytes) === 0x41 ? undefined : bytes)],
    [
      'that keeps silent about broken frames',
      'broken-input',
      (bytes) => (typeOf(bytes) === 0x7f ? undefined : bytes),
    ],
    ['that takes what it must refuse', 'refusals', (bytes) => (typeOf(bytes) === 0x7f ? undefined : bytes)],
    ['that never shows a code', 'paid', (bytes) => (typeOf(bytes) === 0x42 ? undefined : bytes)],
    ['that never tells of a change', 'cancelled', (bytes) => (typeOf(bytes) === 0x43 ? undefined : bytes)],
    [
      'that loses a piece of the stream',
      'dtu',
      ((): ((bytes: Buffer) => Buffer | undefined) => {
        let lost: string | undefined;
        return (bytes) => {
          if (typeOf(bytes) !== 0x51) return bytes;
          lost ??= bytes.toString('hex');
          return bytes.toString('hex') === lost ? undefined : bytes;
        };
      })(),
    ],
    ['that never gives credit back', 'dtu', (bytes) => (typeOf(bytes) === 0x52 ? undefined : bytes)],
    [
      'that never repeats',
      'patience',
      ((): ((bytes: Buffer) => Buffer | undefined) => {
        const sent = new Set<string>();
        return (bytes) => {
          const hex = bytes.toString('hex');
          if (typeOf(bytes) < 0x7e && sent.has(hex)) return undefined;
          sent.add(hex);
          return bytes;
        };
      })(),
    ],
  ])('%s', async (_what, name, spoil) => {
    const { checks } = await play(name, bench(spoil));
    expect(checks.some((check) => !check.isPassed)).toBe(true);
  });

  test.each<[string, string, (module: ReferenceModule) => void]>([
    [
      'that opens a second order for a repeated reference',
      'repeats',
      (module) => {
        module.orders.findReference = () => undefined;
      },
    ],
    [
      'that takes settings by halves',
      'settings',
      (module) => {
        Object.defineProperty(module, 'settings', {
          get: () => ({ mode: 1, relay: 1, onMs: 600, maxFen: 100000, fenPerPulse: 100, statusS: 5 }),
          set: () => {},
        });
      },
    ],
    [
      'that forgets orders when it restarts',
      'module-restarted',
      (module) => {
        const restart = module.orders.restart.bind(module.orders);
        module.orders.restart = () => {
          module.orders.all.length = 0;
          restart();
        };
      },
    ],
  ])('%s', async (_what, name, break_) => {
    const broken = bench();
    break_(broken.module);
    const { checks } = await play(name, broken);
    expect(checks.some((check) => !check.isPassed)).toBe(true);
  });
});
