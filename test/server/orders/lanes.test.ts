/** Lanes: one at a time within a lane, many side by side, a bound on all, and an end that waits for what runs. */
import { Lanes } from '../../../server/orders/lanes';

interface Gate {
  readonly promise: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('work of one lane is done in order, one at a time; other lanes go on', async () => {
  const lanes = new Lanes(4, 100, fail);
  const log: string[] = [];
  const hold = gate();
  lanes.add('a', async () => {
    log.push('a1 begins');
    await hold.promise;
    log.push('a1 ends');
  });
  lanes.add('a', async () => void log.push('a2'));
  lanes.add('b', async () => void log.push('b1'));
  await settle();
  expect(log).toEqual(['a1 begins', 'b1']);
  hold.open();
  await settle();
  expect(log).toEqual(['a1 begins', 'b1', 'a1 ends', 'a2']);
});

test('no more than the limit runs, no more than the bound waits', async () => {
  const lanes = new Lanes(2, 3, fail);
  const hold = gate();
  let running = 0;
  const taken = ['a', 'b', 'c', 'd'].map((lane) =>
    lanes.add(lane, async () => {
      running += 1;
      await hold.promise;
    }),
  );
  await settle();
  expect([running, taken]).toEqual([2, [true, true, true, false]]);
  hold.open();
  await settle();
  expect(running).toBe(3);
  expect(lanes.add('e', async () => undefined)).toBe(true);
});

test('failing work is reported and does not stop its lane', async () => {
  const errors: unknown[] = [];
  const lanes = new Lanes(1, 10, (error) => errors.push(error));
  const log: string[] = [];
  lanes.add('a', () => Promise.reject(new Error('first')));
  lanes.add('a', async () => void log.push('second'));
  await settle();
  expect([errors.length, log]).toEqual([1, ['second']]);
  await expect(lanes.run('a', () => Promise.reject(new Error('third')))).rejects.toThrow('third');
  expect(errors.length).toBe(1);
});

test('the end waits for what runs, drops what waits, and takes nothing more', async () => {
  const lanes = new Lanes(1, 10, fail);
  const hold = gate();
  const log: string[] = [];
  lanes.add('a', async () => {
    await hold.promise;
    log.push('a');
  });
  lanes.add('a', async () => void log.push('a again'));
  lanes.add('b', async () => void log.push('b'));
  const stopped = lanes.stop().then(() => log.push('stopped'));
  expect(lanes.add('c', async () => void log.push('c'))).toBe(false);
  hold.open();
  await stopped;
  await settle();
  expect(log).toEqual(['a', 'stopped']);
});

function fail(error: unknown): void {
  throw error;
}
