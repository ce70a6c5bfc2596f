/**
 * DTU throughput over the platform link as a share of the simulated air rate, with orders on the same link, and
 * the delay that the data adds to an order: the same orders, with and without data.
 */
import { GPRS_CLASS_10 } from '../../sim/network/profile';
import { Site } from './site';

export interface Throughput {
  readonly upShare: number;
  readonly downShare: number;
  readonly orderAloneS: number;
  readonly orderWithDataS: number;
  readonly addedDelayS: number;
  /** Time of one full packet on the air, upwards. */
  readonly packetS: number;
}

const SPAN_MS = 180_000;
const CHUNK_BYTES = 1_018;
const PACKET_BYTES = 1_460;
/** Bytes that the server keeps on the way to a device. */
const SERVER_WINDOW_BYTES = 16_000;
const SERVER_TURN_MS = 100;

export function measureThroughput(seed: number): Throughput {
  const alone = runOnce(seed, 'none');
  const up = runOnce(seed, 'up');
  const down = runOnce(seed, 'down');
  const upRate = GPRS_CLASS_10.upBitsPerSecond / 8;
  const downRate = GPRS_CLASS_10.downBitsPerSecond / 8;
  const spanS = SPAN_MS / 1000;
  return {
    upShare: share(up.upBytes / spanS / upRate),
    downShare: share(down.downBytes / spanS / downRate),
    orderAloneS: share(alone.orderS),
    orderWithDataS: share(up.orderS),
    addedDelayS: share(up.orderS - alone.orderS),
    packetS: share(PACKET_BYTES / upRate),
  };
}

function share(value: number): number {
  return Math.round(value * 1000) / 1000;
}

interface Once {
  upBytes: number;
  downBytes: number;
  orderS: number;
}

function runOnce(seed: number, traffic: 'none' | 'up' | 'down'): Once {
  const site = new Site(seed);
  site.bringUp();
  const chunk = 'd'.repeat(CHUNK_BYTES);
  const pump = (): void => {
    // One chunk at a time: what waits in the driver's buffer would delay an order.
    if (traffic === 'up') site.say(`D ${chunk}`);
  };
  site.onDrain = pump;
  const refill = (): void => {
    if (traffic === 'down') site.server.pushUpTo(SERVER_WINDOW_BYTES, `S ${chunk}`);
    site.time.setTimer(refill, SERVER_TURN_MS);
  };
  site.time.advance(5_000);
  pump();
  refill();
  site.time.advance(15_000);
  const before = { up: site.server.streamBytes, down: site.streamBytes };
  site.latencies.length = 0;
  site.time.advance(SPAN_MS);
  const sorted = [...site.latencies].sort((left, right) => left - right);
  return {
    upBytes: site.server.streamBytes - before.up,
    downBytes: site.streamBytes - before.down,
    orderS: (sorted[Math.floor(sorted.length / 2)] ?? NaN) / 1000,
  };
}
