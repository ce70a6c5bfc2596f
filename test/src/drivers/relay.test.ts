/** The relay driver on virtual time, over pins that behave as Espruino's: a pulse runs by itself once begun. */
import { Relay, type RelayPins } from '../../../src/drivers/relay';
import { VirtualClock } from '../../../sim/time/clock';
import { Pins } from '../../../sim/board/pins';

const RELAYS = ['A0', 'A1'];

function makeRelay(): { relay: Relay; clock: VirtualClock; pins: Pins; edges: string[]; startMs: number } {
  const clock = new VirtualClock();
  const startMs = clock.nowMs();
  const edges: string[] = [];
  const pins = new Pins(clock, RELAYS, (pin, level, atMs) =>
    edges.push(`${pin} ${level ? 1 : 0} ${Math.round(atMs - startMs)}`),
  );
  const ports: RelayPins = {
    write: (pin, level) => pins.write(pin, level),
    pulse: (pin, level, durationMs) => pins.pulse(pin, level, [durationMs]),
  };
  const relay = new Relay(
    ports,
    {
      nowMs: () => clock.nowMs(),
      after: (delayMs, callback) => clock.setTimer(callback, delayMs),
      cancel: (timer) => clock.clearTimer(timer as never),
    },
    RELAYS,
  );
  return { relay, clock, pins, edges, startMs };
}

describe('relay', () => {
  it('releases all relays when it is made', () => {
    const { pins } = makeRelay();
    expect(RELAYS.map((pin) => [pins.mode(pin), pins.level(pin)])).toEqual([
      ['output', false],
      ['output', false],
    ]);
  });

  it('gives as many pulses as planned and then says so, once', () => {
    const { relay, clock, edges } = makeRelay();
    let done = 0;
    relay.run({ relay: 2, count: 3, onMs: 50, offMs: 100 }, () => (done += 1));
    expect(relay.isBusy()).toBe(true);
    clock.advance(449);
    expect(done).toBe(0);
    clock.advance(10_000);
    expect(done).toBe(1);
    expect(relay.isBusy()).toBe(false);
    expect(edges).toEqual(['A1 1 0', 'A1 0 50', 'A1 1 150', 'A1 0 200', 'A1 1 300', 'A1 0 350']);
  });

  it('begins no pulse before the last one has ended, also when its clock is 5 % fast', () => {
    const clock = new VirtualClock();
    const startMs = clock.nowMs();
    const edges: boolean[] = [];
    const pins = new Pins(clock, RELAYS, (_pin, level) => edges.push(level));
    const relay = new Relay(
      {
        write: (pin, level) => pins.write(pin, level),
        pulse: (pin, level, ms) => pins.pulse(pin, level, [ms]),
      },
      {
        nowMs: () => (clock.nowMs() - startMs) * 1.05,
        after: (delayMs, callback) => clock.setTimer(callback, delayMs / 1.05),
        cancel: (timer) => clock.clearTimer(timer as never),
      },
      RELAYS,
    );
    relay.run({ relay: 1, count: 2, onMs: 4000, offMs: 100 }, () => {});
    clock.advance(20_000);
    expect(edges).toEqual([true, false, true, false]);
  });

  it('gives every pulse of a row without pauses of its own', () => {
    const { relay, clock, edges } = makeRelay();
    relay.run({ relay: 1, count: 2, onMs: 50, offMs: 0 }, () => {});
    clock.advance(1000);
    expect(edges.filter((edge) => edge.startsWith('A0 1'))).toHaveLength(2);
    expect(edges.filter((edge) => edge.startsWith('A0 0'))).toHaveLength(2);
  });

  it('holds for longer than the hardware timer is trusted with', () => {
    const { relay, clock, edges } = makeRelay();
    let done = 0;
    relay.run({ relay: 1, count: 1, onMs: 600_000, offMs: 0 }, () => (done += 1));
    clock.advance(599_999);
    expect([edges, done]).toEqual([['A0 1 0'], 0]);
    clock.advance(10);
    expect([edges, done]).toEqual([['A0 1 0', 'A0 0 600000'], 1]);
  });

  it('moves nothing for no pulses, and still says that it is done', () => {
    const { relay, clock, edges } = makeRelay();
    let done = 0;
    relay.run({ relay: 1, count: 0, onMs: 50, offMs: 50 }, () => (done += 1));
    clock.advance(100);
    expect([edges, done]).toEqual([[], 1]);
  });

  it('refuses a second plan and a relay that is not there', () => {
    const { relay, clock } = makeRelay();
    expect(() => relay.run({ relay: 3, count: 1, onMs: 1, offMs: 1 }, () => {})).toThrow('RELAY');
    expect(relay.isBusy()).toBe(false);
    relay.run({ relay: 1, count: 1, onMs: 50, offMs: 0 }, () => {});
    expect(() => relay.run({ relay: 2, count: 1, onMs: 1, offMs: 1 }, () => {})).toThrow('RELAY_BUSY');
    clock.advance(100);
  });

  it('can begin the next plan from within the end of the last one', () => {
    const { relay, clock, edges } = makeRelay();
    relay.run({ relay: 1, count: 1, onMs: 50, offMs: 50 }, () =>
      relay.run({ relay: 2, count: 1, onMs: 50, offMs: 0 }, () => {}),
    );
    clock.advance(1000);
    expect(edges).toEqual(['A0 1 0', 'A0 0 50', 'A1 1 100', 'A1 0 150']);
  });

  it('is stopped at once, and never says that it is done', () => {
    const { relay, clock, edges } = makeRelay();
    let done = 0;
    relay.run({ relay: 1, count: 5, onMs: 200, offMs: 100 }, () => (done += 1));
    clock.advance(350);
    relay.stop();
    expect(relay.isBusy()).toBe(false);
    clock.advance(10_000);
    expect(done).toBe(0);
    expect(edges).toEqual(['A0 1 0', 'A0 0 200', 'A0 1 300', 'A0 0 350']);
  });

  it('waits for the hardware timer of a stopped pulse, or the next one would be swallowed', () => {
    const { relay, clock, edges } = makeRelay();
    relay.run({ relay: 1, count: 1, onMs: 1000, offMs: 0 }, () => {});
    clock.advance(300);
    relay.stop();
    relay.run({ relay: 1, count: 1, onMs: 100, offMs: 0 }, () => {});
    clock.advance(5000);
    expect(edges).toEqual(['A0 1 0', 'A0 0 300', 'A0 1 1065', 'A0 0 1165']);
  });
});
