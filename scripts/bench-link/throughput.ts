/**
 * DTU throughput over the platform link as a share of the simulated air rate, with orders on the same link, and
 * the delay that the data adds to an order: the same orders, with and without data. Means over several sites.
 * What a SIM800 buffers for sending is in no manual, and nobody can have more than that on the way: the figures
 * are taken with the simulator's own size, and the share upwards is given for a smaller and a larger one beside it.
 */
import { SEND_BUFFER_BYTES } from '../../sim/modem/link';
import { GPRS_CLASS_10 } from '../../sim/network/profile';
import { Site } from './site';

export interface Throughput {
  /** Bytes that the modem takes before the peer has acknowledged them. */
  readonly sendBufferBytes: number;
  readonly upShare: number;
  readonly downShare: number;
  /** Upwards, by other sizes of the modem's send buffer. */
  readonly upShareByBuffer: Readonly<Record<string, number>>;
  readonly orderAloneS: number;
  readonly orderWithDataS: number;
  readonly addedDelayS: number;
  /** What one full packet takes from the host's serial port through the air. */
  readonly packetS: number;
}

const SITES = 24;
const SPAN_MS = 180_000;
const WARM_UP_MS = 20_000;
const OTHER_BUFFERS = [2_920, 11_680];
/** With what the record adds it is one send of the driver. */
const CHUNK_BYTES = 804;
const PACKET_BYTES = 1_460;
/** IP and TCP headers, on the air only. */
const HEADER_BYTES = 40;
const UART_BYTES_PER_SECOND = 11_520;
/** Bytes that the server keeps on the way to a device. */
const SERVER_WINDOW_BYTES = 16_000;
const SERVER_TURN_MS = 100;

type Traffic = 'none' | 'up' | 'down';

interface Run {
  bytesPerSecond: number;
  /** Median time from an order's sending to its acknowledgement. */
  orderS: number;
}

export function measureThroughput(seed: number, sites = SITES): Throughput {
  const upRate = GPRS_CLASS_10.upBitsPerSecond / 8;
  const downRate = GPRS_CLASS_10.downBitsPerSecond / 8;
  const measure = (traffic: Traffic, sendBufferBytes = SEND_BUFFER_BYTES): Run => {
    const runs = Array.from({ length: sites }, (_, site) =>
      runSite(seed * 1_000 + site, traffic, sendBufferBytes),
    );
    return {
      bytesPerSecond: mean(runs.map((run) => run.bytesPerSecond)),
      orderS: mean(runs.map((run) => run.orderS)),
    };
  };
  const alone = measure('none');
  const up = measure('up');
  const byBuffer = OTHER_BUFFERS.map((bytes) => [
    String(bytes),
    round(measure('up', bytes).bytesPerSecond / upRate),
  ]);
  return {
    sendBufferBytes: SEND_BUFFER_BYTES,
    upShare: round(up.bytesPerSecond / upRate),
    downShare: round(measure('down').bytesPerSecond / downRate),
    upShareByBuffer: Object.fromEntries(byBuffer) as Record<string, number>,
    orderAloneS: round(alone.orderS),
    orderWithDataS: round(up.orderS),
    addedDelayS: round(up.orderS - alone.orderS),
    packetS: round(PACKET_BYTES / UART_BYTES_PER_SECOND + (PACKET_BYTES + HEADER_BYTES) / upRate),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function runSite(seed: number, traffic: Traffic, sendBufferBytes: number): Run {
  const site = new Site(seed, { modem: { sendBufferBytes } });
  site.bringUp();
  const chunk = 'd'.repeat(CHUNK_BYTES);
  // One chunk at a time: what waits in the driver's buffer would delay an order.
  const pump = (): void => {
    if (traffic === 'up') site.say(`D ${chunk}`);
  };
  const refill = (): void => {
    if (traffic === 'down') site.server.pushUpTo(SERVER_WINDOW_BYTES, `S ${chunk}`);
    site.time.setTimer(refill, SERVER_TURN_MS);
  };
  site.onDrain = pump;
  pump();
  refill();
  site.time.advance(WARM_UP_MS);
  const before = site.server.streamBytes + site.streamBytes;
  site.latencies.length = 0;
  site.time.advance(SPAN_MS);
  const sorted = [...site.latencies].sort((left, right) => left - right);
  return {
    bytesPerSecond: (site.server.streamBytes + site.streamBytes - before) / (SPAN_MS / 1000),
    orderS: (sorted[Math.floor(sorted.length / 2)] ?? NaN) / 1000,
  };
}
