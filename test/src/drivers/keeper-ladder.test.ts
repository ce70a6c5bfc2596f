/** The ladder alone: how often its dearest rungs come when nothing helps for good. */
import { ladder } from '../../../src/drivers/keeper-ladder';
import { Fault, newLadderMemory, Rung } from '../../../src/drivers/keeper-rungs';

const chance = { bytes: (count: number): string => '\x80'.repeat(count) };
/** What a rung of the pins takes, and the start-up after it. */
const STEP_MS = 15_000;

it('a modem that wedges at once after each supply cut is cut ever less often, but each six minutes at least', () => {
  const memory = newLadderMemory();
  const rungs = ladder(memory);
  const hasAllPins = Array.from({ length: 7 }, () => true);
  let nowMs = 1_000_000;
  let cutMs = nowMs;
  const pausesS: number[] = [];
  while (pausesS.length < 10) {
    rungs.next(Fault.Modem, nowMs, chance, hasAllPins);
    nowMs += memory.delayMs;
    rungs.used(nowMs);
    if (memory.rung === Rung.Supply) {
      pausesS.push(Math.round((nowMs - cutMs) / 1000));
      cutMs = nowMs;
      rungs.worked(nowMs);
    }
    nowMs += STEP_MS;
  }
  expect(Math.min(...pausesS.slice(1))).toBeGreaterThanOrEqual(60);
  expect(Math.max(...pausesS)).toBeLessThanOrEqual(360);
});
