/**
 * JsVars of the bundle on the real interpreter: idle, at the peak of one purchase while the link reconnects, and
 * for each open order; and where they go. What the tool itself puts into the interpreter is taken off.
 */
import { HostStream, pattern, type StreamWish, TUNNEL } from '../../sim/product/host-stream';
import { DIRECT, MeasuredSite } from './site';
import type { Interpreter } from '../../sim/interpreter/interpreter';
import type { Firmware } from '../build/build';
import { readGraph } from './graph';
import { divide, type Shares } from './shares';

export interface JsVarFigures {
  readonly idle: number;
  readonly peak: number;
  /** Of those, at the peak of a purchase while a stream goes through the platform, and of the link's end with it. */
  readonly tunnelPeak: number;
  /** Of one open order, shown and not yet paid. */
  readonly perOpenOrder: number;
  readonly shares: Shares;
  /** What went wrong meanwhile: the figures are not to be trusted then. */
  readonly troubles: readonly string[];
}

/** Until timers of the start have gone. */
const SETTLE_MS = 3000;
/** As many as a module may have open. */
const OPEN_ORDERS = 6;
/** Of the data stream, each way. */
const STREAM_BYTES = 12_000;

/** Measures; takes about twenty seconds. */
export async function measureJsVars(interpreter: Interpreter, firmware: Firmware): Promise<JsVarFigures> {
  const troubles: string[] = [];
  const site = await MeasuredSite.start(interpreter, firmware, (text) => troubles.push(text));
  try {
    await site.pause(SETTLE_MS);
    const shares = divide(readGraph(await site.box.memoryGraph()), firmware.names);
    const idle = (await site.box.memory()) - shares.shim;
    const added = (await site.box.watchMemory()) - idle;
    // What is seen counts from here on: the second figure holds the first.
    const tunnelPeak = (await peakOf(site, TUNNEL, troubles)) - added;
    const peak = (await peakOf(site, DIRECT, troubles)) - added;
    const perOpenOrder = await openOrderOf(site);
    return { idle, peak, tunnelPeak, perOpenOrder, shares, troubles };
  } finally {
    await site.stop();
  }
}

/**
 * One purchase while bytes go to the far end and back, and a connection that the carrier drops: in the midst of it, or,
 * for a stream through the platform, which ends with the link, once all bytes are there.
 */
async function peakOf(site: MeasuredSite, wish: StreamWish, troubles: string[]): Promise<number> {
  const sent = pattern(STREAM_BYTES, 1);
  const isTunnel = wish === TUNNEL;
  // Credit for more than comes: the stream must not be at rest when the link goes.
  const stream = new HostStream(site.machine, isTunnel ? Infinity : sent.length);
  await stream.open(wish);
  await Promise.all([stream.write(sent), purchase(site, !isTunnel)]);
  while (stream.received.length < sent.length && stream.reason === undefined) await stream.news();
  if (!sent.startsWith(stream.received)) troubles.push('the data stream gave back other bytes');
  else if (stream.received.length < sent.length) {
    troubles.push(
      `the data stream ended with reason ${stream.reason} after ${stream.received.length} of ${sent.length} bytes`,
    );
  }
  if (isTunnel) await site.reconnect();
  else if (stream.reason === undefined) await stream.close();
  return site.box.mostMemory();
}

async function purchase(site: MeasuredSite, isLinkLost: boolean): Promise<void> {
  const order = await site.order();
  if (isLinkLost) await site.reconnect();
  await site.pay(order);
}

async function openOrderOf(site: MeasuredSite): Promise<number> {
  await site.pause(SETTLE_MS);
  const before = await site.box.memory();
  for (let count = 0; count < OPEN_ORDERS; count++) await site.order();
  await site.pause(SETTLE_MS);
  return Math.round(((await site.box.memory()) - before) / OPEN_ORDERS);
}
