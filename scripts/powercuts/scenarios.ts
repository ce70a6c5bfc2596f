/**
 * The stories of purchases that are cut at every point: one machine, an ideal cell, no other trouble. Each is a
 * plan (sim/world/plan.ts), so host and customer behave as in the torture: they ask again after a cut.
 */
import type { Plan, PurchaseStep, SitePlan } from '../../sim/world/plan';

const SITE: SitePlan = {
  mode: 1,
  clockRate: 1,
  freeBytes: 12_000,
  isSynced: true,
  lastOrder: 0,
  unstableBits: true,
  enduranceErases: 10_000,
};

const PURCHASE: PurchaseStep = {
  kind: 'purchase',
  atMs: 0,
  site: 0,
  reference: 'P1',
  amountFen: 200,
  channel: 1,
  ttlS: 60,
  customer: 'pays',
  thinkMs: 300,
  cancelMs: 0,
  report: 'dispensed',
  reportMs: 100,
  refundMs: 0,
  merchantRefundMs: 0,
};

function story(site: Partial<SitePlan>, ...purchases: Partial<PurchaseStep>[]): Plan {
  return {
    seed: 1,
    cell: 'ideal',
    uncertain: 'person',
    sites: [{ ...SITE, ...site }],
    spanMs: 1_000,
    steps: purchases.map((purchase, index) => ({ ...PURCHASE, reference: `P${index + 1}`, ...purchase })),
  };
}

/** More than any merchant of the world takes. */
const TOO_MUCH_FEN = 60_000;

export const SCENARIOS: Readonly<Record<string, Plan>> = {
  success: story({}, {}),
  'success at Alipay': story({}, { channel: 2 }),
  refuse: story({}, { amountFen: TOO_MUCH_FEN }),
  expire: story({}, { customer: 'ignores', ttlS: 30 }),
  cancel: story({}, { customer: 'ignores', cancelMs: 700 }),
  'cancel racing payment': story({}, { thinkMs: 400, cancelMs: 560 }),
  'host dispenses': story({ mode: 0 }, {}),
  'host fails, refund': story({ mode: 0 }, { report: 'failed' }),
  'goods stuck, refund': story({}, { report: 'failed' }),
  'coin pulses': story({ mode: 2 }, { amountFen: 300 }),
  'uncertain is refunded': { ...story({}, { report: 'silent' }), uncertain: 'refund' },
  'ring turns, two open': story({ freeBytes: 330 }, { ttlS: 120, thinkMs: 900 }, { channel: 2, atMs: 100 }),
  'journal nearly full': story({ freeBytes: 24, lastOrder: 9 }, {}),
};
