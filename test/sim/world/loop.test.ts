/** The main loop of a world: what the server's promises set off is over before time goes on. */
import { Loop } from '../../../sim/world/loop';

test('every promise job that an event set off, and all that follow from it, run before the next event', async () => {
  const loop = new Loop();
  const clock = loop.touchingClock();
  const said: string[] = [];
  const chain = async (): Promise<void> => {
    for (let step = 0; step < 500; step++) await Promise.resolve();
    await Promise.all([Promise.resolve(), (async () => undefined)()]);
    said.push(`over at ${loop.nowMs() - startMs}`);
  };
  const startMs = loop.nowMs();
  clock.setTimer(() => void chain(), 10);
  loop.clock.setTimer(() => said.push('next event'), 10);
  await loop.run(20);
  expect(said).toEqual(['over at 10', 'next event']);
  expect(loop.nowMs() - startMs).toBe(20);
});

test('a job that asks for time gets it, and the loop stops where it is told to', async () => {
  const loop = new Loop();
  const clock = loop.touchingClock();
  const startMs = loop.nowMs();
  let isDone = false;
  clock.setTimer(() => {
    void (async () => {
      await new Promise<void>((resolve) => clock.setTimer(resolve, 30));
      isDone = true;
    })();
  }, 5);
  expect(await loop.run(20, () => isDone)).toBe(false);
  expect(await loop.run(100, () => isDone)).toBe(true);
  expect(loop.nowMs() - startMs).toBe(35);
});
