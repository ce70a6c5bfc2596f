/** How a person writes a fault, and when it strikes. */
import { Random } from '../../../sim/time/random';
import { ALL_FAULTS } from '../../../sim/modem/faults';
import { FaultInjector, randomPlan } from '../../../sim/modem/faults/injector';
import { planFault } from '../../../sim/modem/faults/plan';
import { Bench, PORT, SERVER } from './bench';

function injected(bench: Bench, ...faults: string[]): FaultInjector {
  const injector = new FaultInjector({
    clock: bench.clock,
    random: bench.random.fork('faults'),
    network: bench.network,
    modem: bench.modem,
  });
  for (const fault of faults) injector.add(fault);
  return injector;
}

describe('writing a fault', () => {
  test.each([
    ['pdp-deact@30s', { kind: 'time', delayMs: 30_000, everyMs: 0 }, 0],
    ['pdp-deact@1.5m', { kind: 'time', delayMs: 90_000, everyMs: 0 }, 0],
    ['pdp-deact@now', { kind: 'time', delayMs: 0, everyMs: 0 }, 0],
    ['outage:90@every:10m', { kind: 'time', delayMs: 600_000, everyMs: 600_000 }, 90],
    ['outage:90s@2h', { kind: 'time', delayMs: 7_200_000, everyMs: 0 }, 90],
    ['brown-out:150ms@250ms', { kind: 'time', delayMs: 250, everyMs: 0 }, 150],
    ['send-fail@prompt#3', { kind: 'event', event: 'prompt', occurrence: 3, delayMs: 0 }, 0],
    ['remote-close@connect+5s', { kind: 'event', event: 'connect', occurrence: 1, delayMs: 5_000 }, 0],
    ['remote-close@connect#2+1m', { kind: 'event', event: 'connect', occurrence: 2, delayMs: 60_000 }, 0],
    ['late-answer:40@+cipstart#2', { kind: 'command', command: '+CIPSTART', occurrence: 2, delayMs: 0 }, 40],
    ['bit-noise:0.25', { kind: 'time', delayMs: 10_000, everyMs: 0 }, 0.25],
  ])('%s', (text, trigger, value) => {
    const planned = planFault(text);
    expect(planned.trigger).toEqual(trigger);
    expect(planned.value).toBe(value);
  });

  test.each([
    ['nope', "there is no fault 'nope'"],
    ['PDP-DEACT', 'is not a fault'],
    ['', 'is not a fault'],
    ['pdp-deact:5', 'takes no parameter'],
    ['pdp-deact@', 'is not a fault'],
    ['pdp-deact@whenever', 'is no trigger'],
    ['pdp-deact@30', 'is no trigger'],
    ['pdp-deact@connect#0', 'is no trigger'],
    ['pdp-deact@every:0s', 'is no trigger'],
    ['pdp-deact@every:x', 'is no trigger'],
    ['outage:-1', 'must be a number from 0 to 86400'],
    ['outage:', 'must be a number'],
    ['outage:x', 'must be a number'],
    ['bit-noise:1.5', 'must be a number from 0 to 1'],
  ])('%j is refused', (text, why) => {
    expect(() => planFault(text)).toThrow(why);
  });

  test.each(Object.keys(ALL_FAULTS))(
    '%s stands in the list with one sentence, a usual moment and a parameter that fits',
    (name) => {
      const planned = planFault(name);
      expect(planned.fault.description).toMatch(/^.{15,110}$/);
      expect(planned.fault.description).not.toMatch(/\.$/);
      expect(planned.trigger.kind).toMatch(/time|event|command/);
    },
  );
});

describe('when a fault strikes', () => {
  test('at its time, once', () => {
    const bench = new Bench().online();
    const injector = injected(bench, 'pdp-deact@5s');
    expect(bench.wait(4_900)).toBe('');
    expect(bench.wait(200)).toBe('\r\n+PDP: DEACT\r\n');
    bench.clock.advance(60_000);
    expect(injector.strikes).toEqual({ 'pdp-deact': 1 });
  });

  test('again and again', () => {
    const bench = new Bench().start();
    const injector = injected(bench, 'echo-on@every:10s');
    bench.clock.advance(35_000);
    expect(injector.strikes).toEqual({ 'echo-on': 3 });
  });

  test('at the third occasion of an event, and some time after', () => {
    const bench = new Bench().online();
    const injector = injected(bench, 'echo-on@connect#3+2s');
    for (let round = 0; round < 3; round++) {
      bench.ask(`AT+CIPSTART="TCP","${SERVER}",${PORT}`);
      bench.ask('AT+CIPCLOSE');
    }
    expect(injector.strikes).toEqual({});
    bench.clock.advance(2_000);
    expect(injector.strikes).toEqual({ 'echo-on': 1 });
  });

  test('for the command that it names, the second time', () => {
    const bench = new Bench().start();
    injected(bench, 'error@+CSQ#2');
    expect(bench.lines('AT+CSQ')).toEqual(['+CSQ: 20,0', 'OK']);
    expect(bench.lines('AT+CFUN?')).toEqual(['+CFUN: 1', 'OK']);
    expect(bench.lines('AT+CSQ')).toEqual(['ERROR']);
    expect(bench.lines('AT+CSQ')).toEqual(['+CSQ: 20,0', 'OK']);
  });

  test('one whose moment comes while the module is off waits for the next boot', () => {
    const bench = new Bench();
    const injector = injected(bench, 'echo-on@now', 'echo-on@1s');
    bench.clock.advance(10_000);
    expect(injector.strikes).toEqual({});
    bench.powerOn();
    expect(injector.strikes).toEqual({ 'echo-on': 2 });
  });

  test('several at once', () => {
    const bench = new Bench().start();
    const injector = injected(bench, 'error@+CSQ', 'echo-on@+CSQ');
    expect(bench.ask('AT+CSQ')).toBe('\r\nERROR\r\n');
    expect(injector.strikes).toEqual({ error: 1, 'echo-on': 1 });
  });

  test('a random plan follows from its seed, and each of its lines can be carried out', () => {
    const plan = randomPlan(new Random(3), 200, 60_000);
    expect(plan).toEqual(randomPlan(new Random(3), 200, 60_000));
    expect(plan).not.toEqual(randomPlan(new Random(4), 200, 60_000));
    for (const line of plan) expect(() => planFault(line)).not.toThrow();
    expect(new Set(plan.map((line) => line.split('@')[0])).size).toBeGreaterThan(30);
  });
});
