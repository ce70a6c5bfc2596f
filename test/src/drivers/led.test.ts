/** The LED patterns as docs/module.md tells them in both languages, seen on virtual time. */
import { readFileSync } from 'node:fs';
import { Leds, LedState } from '../../../src/drivers/led';
import { VirtualClock } from '../../../sim/time/clock';

const STEP_MS = 125;

class Panel {
  readonly clock = new VirtualClock();
  private readyLevel = false;
  private faultLevel = false;
  readonly leds = new Leds(
    { after: (delayMs, callback) => this.clock.setTimer(callback, delayMs) },
    (pin, level) => {
      if (pin === 'ready') this.readyLevel = level;
      else this.faultLevel = level;
    },
    'ready',
    'fault',
  );

  /** What is lit now: `r`, `f`, both or nothing. */
  get lit(): string {
    return (this.readyLevel ? 'r' : '') + (this.faultLevel ? 'f' : '');
  }
}

function show(state: LedState, steps: number): { ready: string; fault: string; panel: Panel } {
  const panel = new Panel();
  panel.leds.show(state);
  let ready = '';
  let fault = '';
  for (let step = 0; step < steps; step++) {
    panel.clock.advance(step === 0 ? STEP_MS / 2 : STEP_MS);
    ready += panel.lit.includes('r') ? '1' : '0';
    fault += panel.lit.includes('f') ? '1' : '0';
  }
  return { ready, fault, panel };
}

describe('LEDs', () => {
  it.each([
    [LedState.Fault, '000000000000', '111111111111'],
    [LedState.NoModem, '000000000000', '100000000000'],
    [LedState.NoSim, '000000000000', '101000000000'],
    [LedState.NoNetwork, '000000000000', '101010000000'],
    [LedState.NoServer, '000000000000', '101010100000'],
    [LedState.NotProvisioned, '101010101010', '010101010101'],
    [LedState.OrderOpen, '110011001100', '000000000000'],
    [LedState.Ready, '111111111111', '000000000000'],
  ])('state %i shows its pattern, repeated', (state, ready, fault) => {
    const shown = show(state, 24);
    expect([shown.ready, shown.fault]).toEqual([ready + ready, fault + fault]);
  });

  it('change at once with the state', () => {
    const { panel } = show(LedState.NoServer, 3);
    panel.leds.show(LedState.Ready);
    expect(panel.lit).toBe('r');
    panel.leds.show(LedState.Fault);
    expect(panel.lit).toBe('f');
  });

  it('keep no timer while nothing blinks, and one while something does', () => {
    const { clock: steady } = show(LedState.Ready, 4).panel;
    expect(steady.nextDueMs()).toBeUndefined();
    const { panel } = show(LedState.OrderOpen, 4);
    panel.leds.show(LedState.NoSim);
    panel.leds.show(LedState.NoSim);
    let fired = 0;
    const endMs = panel.clock.nowMs() + 10 * STEP_MS;
    while (panel.clock.nextDueMs()! <= endMs) {
      panel.clock.runNext();
      fired += 1;
    }
    expect(fired).toBe(10);
  });
});

describe('the table of lights', () => {
  /** Words of the table, as twelve steps of 125 ms. */
  const WORDS: Record<string, string> = {
    off: '000000000000',
    on: '111111111111',
    '1 blink': '100000000000',
    '2 blinks': '101000000000',
    '3 blinks': '101010000000',
    '4 blinks': '101010100000',
    'slow blink': '110011001100',
  };
  /** In the order of urgency, which is that of their numbers. */
  const STATES = [
    'Fault',
    'NoModem',
    'NoSim',
    'NoNetwork',
    'NoServer',
    'NotProvisioned',
    'OrderOpen',
    'Ready',
  ];

  it.each(['docs/module.md', 'docs/module.zh.md'])('in %s is what the LEDs show', (file) => {
    const rows = readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .filter((cells) => STATES.includes(cells[3]!));
    expect(rows.map((cells) => cells[3])).toEqual(STATES);
    rows.forEach(([, ready, fault], state) => {
      const shown = show(state as LedState, 12);
      const isTurn = ready === 'alternating';
      expect([state, shown.ready, shown.fault]).toEqual([
        state,
        isTurn ? '101010101010' : WORDS[ready!],
        isTurn ? '010101010101' : WORDS[fault!],
      ]);
    });
  });
});
