/** Warnings that strangers cause: so many a second, and how many more. */
import { limitedLog, LineLimit } from '../../server/log-limit';
import { VirtualClock } from '../../sim/time/clock';

test('what is beyond the limit becomes a number, told with the next warning', () => {
  const clock = new VirtualClock();
  const lines: unknown[] = [];
  const log = limitedLog({ warn: (...line) => void lines.push(line) }, new LineLimit(clock, 3));
  for (let n = 1; n <= 10; n++) log.warn({ n }, 'refused');
  expect(lines).toEqual([1, 2, 3].map((n) => [{ n }, 'refused']));
  clock.advance(999);
  log.warn({ n: 11 }, 'refused');
  expect(lines).toHaveLength(3);
  clock.advance(1);
  log.warn({ n: 12 }, 'refused');
  expect(lines.slice(3)).toEqual([
    [{ more: 8 }, 'refused: and more, not logged'],
    [{ n: 12 }, 'refused'],
  ]);
  clock.advance(5_000);
  log.warn({ n: 13 }, 'refused');
  expect(lines).toHaveLength(6);
});
