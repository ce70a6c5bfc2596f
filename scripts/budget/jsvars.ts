/**
 * JsVars of the bundle on the real interpreter: idle, at the peak of one purchase while the link reconnects, and
 * for each open order; and where they go. What the tool itself puts into the interpreter is taken off.
 */
import { HostStream, pattern } from '../../sim/product/host-stream';
import { DIRECT, MeasuredSite } from './site';
import type { Interpreter } from '../../sim/interpreter/interpreter';
import type { Firmware } from '../build/build';
import { readGraph } from './graph';
import { divide, type Shares } from './shares';

export interface JsVarFigures {
  readonly idle: number;
  readonly peak: number;
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
    const peak = (await peakOf(site, troubles)) - added;
    const perOpenOrder = await openOrderOf(site);
    return { idle, peak, perOpenOrder, shares, troubles };
  } finally {
    await site.stop();
  }
}

/**
 * One purchase, in the midst of which the carrier drops the connection, while bytes go to the maker's own server and
 * back: a stream through the platform would end with the link.
 */
async function peakOf(site: MeasuredSite, troubles: string[]): Promise<number> {
  const sent = pattern(STREAM_BYTES, 1);
  const stream = new HostStream(site.machine, sent.length);
  await stream.open(DIRECT);
  await Promise.all([stream.write(sent), purchase(site)]);
  while (stream.received.length < sent.length && stream.reason === undefined) await stream.news();
  if (stream.received !== sent) troubles.push('the data stream gave back other bytes');
  if (stream.reason === undefined) await stream.close();
  return site.box.mostMemory();
}

async function purchase(site: MeasuredSite): Promise<void> {
  const order = await site.order();
  await site.reconnect();
  await site.pay(order);
}

async function openOrderOf(site: MeasuredSite): Promise<number> {
  await site.pause(SETTLE_MS);
  const before = await site.box.memory();
  for (let count = 0; count < OPEN_ORDERS; count++) await site.order();
  await site.pause(SETTLE_MS);
  return Math.round(((await site.box.memory()) - before) / OPEN_ORDERS);
}
