/**
 * Two ports joined in memory, for both sides in one process: bytes arrive a moment later, by the clock.
 * Invariant: bytes keep their order; after `close` of either end nothing arrives any more.
 */
import type { Clock } from '../../sim/time/clock';
import type { HostPort } from '../host/port';

const DELAY_MS = 1;

export function portPair(clock: Clock): [HostPort, HostPort] {
  let isClosed = false;
  const end = (name: string): HostPort => ({
    name,
    baud: 0,
    onData: () => {},
    onClose: () => {},
    write: () => {},
    close: () => {
      isClosed = true;
    },
  });
  const ends: [HostPort, HostPort] = [end('left'), end('right')];
  ends.forEach((from, index) => {
    const to = ends[1 - index]!;
    from.write = (bytes) => {
      const copy = Buffer.from(bytes);
      clock.setTimer(() => {
        if (!isClosed) to.onData(copy);
      }, DELAY_MS);
    };
  });
  return ends;
}
