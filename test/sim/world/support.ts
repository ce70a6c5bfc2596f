/** Plans with one machine and no trouble, for tests that bring their own. */
import type { Plan, PurchaseStep, SitePlan } from '../../../sim/world/plan';

export const QUIET_SITE: SitePlan = {
  mode: 1,
  clockRate: 1,
  freeBytes: 9_000,
  isSynced: true,
  lastOrder: 0,
  unstableBits: false,
  enduranceErases: 10_000,
};

export const QUIET_PURCHASE: PurchaseStep = {
  kind: 'purchase',
  atMs: 0,
  site: 0,
  reference: 'P1',
  amountFen: 200,
  channel: 1,
  ttlS: 120,
  customer: 'pays',
  thinkMs: 500,
  cancelMs: 0,
  report: 'dispensed',
  reportMs: 100,
  refundMs: 0,
  merchantRefundMs: 0,
};

/** A plan of the given steps on one machine in an ideal cell. */
export function quietPlan(steps: Plan['steps'] = [QUIET_PURCHASE], change: Partial<Plan> = {}): Plan {
  return {
    seed: 1,
    cell: 'ideal',
    uncertain: 'person',
    sites: [QUIET_SITE],
    spanMs: 10_000,
    steps,
    ...change,
  };
}
