/**
 * JsVars of the bundle on the real interpreter: idle, at the peak of one purchase while the link reconnects, and
 * for each open order; and where they go. What the tool itself puts into the interpreter is taken off.
 */
import { MeasuredSite } from './site';
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
  /** Whether data flowed beside the purchase. */
  readonly isDtuIn: boolean;
  /** What went wrong meanwhile: the figures are not to be trusted then. */
  readonly troubles: readonly string[];
}

/** Until timers of the start have gone. */
const SETTLE_MS = 3000;
/** As many as a module may have open. */
const OPEN_ORDERS = 6;

/** Measures; takes about twenty seconds. */
export async function measureJsVars(interpreter: Interpreter, firmware: Firmware): Promise<JsVarFigures> {
  const troubles: string[] = [];
  const site = await MeasuredSite.start(interpreter, firmware, (text) => troubles.push(text));
  try {
    await site.pause(SETTLE_MS);
    const shares = divide(readGraph(await site.box.memoryGraph()), firmware.names);
    const idle = (await site.box.memory()) - shares.shim;
    const added = (await site.box.watchMemory()) - idle;
    const peak = (await peakOf(site)) - added;
    const perOpenOrder = await openOrderOf(site);
    return { idle, peak, perOpenOrder, shares, isDtuIn: false, troubles };
  } finally {
    await site.stop();
  }
}

/** One purchase, in the midst of which the carrier drops the connection. */
async function peakOf(site: MeasuredSite): Promise<number> {
  const order = await site.order();
  await site.reconnect();
  await site.pay(order);
  return site.box.mostMemory();
}

async function openOrderOf(site: MeasuredSite): Promise<number> {
  await site.pause(SETTLE_MS);
  const before = await site.box.memory();
  for (let count = 0; count < OPEN_ORDERS; count++) await site.order();
  await site.pause(SETTLE_MS);
  return Math.round(((await site.box.memory()) - before) / OPEN_ORDERS);
}
