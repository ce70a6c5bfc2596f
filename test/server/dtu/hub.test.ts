/** Backends that wait at different processes: which of them stays does not hang on whose word arrives first. */
import { DtuHub, type HubWord } from '../../../server/dtu/hub';
import type { EndName, FarEnd } from '../../../server/dtu/far-end';
import { VirtualClock } from '../../../sim/time/clock';

const DEVICE = 'CS000001';
type Notice = readonly [HubWord, string, number];

class Waiter implements FarEnd {
  readonly tokenId = 1;
  ended: EndName | undefined;
  onBytes = (): void => undefined;
  onEnd = (): void => undefined;

  constructor(readonly label: string) {}

  write(_bytes: Buffer, done: () => void): void {
    done();
  }

  setReading(): void {}

  opened(): void {}

  end(reason: EndName): void {
    this.ended = reason;
  }
}

function process(clock: VirtualClock): { hub: DtuHub; said: Notice[] } {
  const said: Notice[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const hub = new DtuHub({
    tokens: { admit: async () => ({ ok: true, tokenId: 1, name: 'cloud' }) } as never,
    usage: {} as never,
    neighbours: {
      publish: async () => undefined,
      withdraw: async () => undefined,
      announce: (word, subject, atMs = 0) => said.push([word, subject, atMs]),
      cross: async () => undefined,
    },
    clock,
    log: log as never,
  });
  return { hub, said };
}

it.each(['in order', 'the newer one first'])('of two backends the newer one stays: words %s', (order) => {
  const clock = new VirtualClock();
  const [first, second] = [process(clock), process(clock)];
  const [older, newer] = [new Waiter('older'), new Waiter('newer')];
  first.hub.arrive(DEVICE, older);
  if (order === 'in order') second.hub.hear(...first.said[0]!);
  clock.advance(5);
  second.hub.arrive(DEVICE, newer);
  first.hub.hear(...second.said[0]!);
  if (order !== 'in order') second.hub.hear(...first.said[0]!);
  expect([older.ended, newer.ended]).toEqual(['REPLACED', undefined]);
  expect([first.hub.waitingCount, second.hub.waitingCount]).toEqual([0, 1]);
});
