/** What the server says and counts of bills and differences: once, and as a warning where a person is needed. */
import pino from 'pino';
import { Metrics } from '../../server/metrics';
import type { KeptDifference } from '../../server/reconciliation/book';
import type { Settlement } from '../../server/reconciliation/settle';
import { systemClock } from '../../server/time';
import { watchBills } from '../../server/watchers';

const DIFFERENCE: KeptDifference = {
  id: 7,
  merchantId: 1,
  channel: 'wechat',
  day: '2026-01-31',
  kind: 'PAYMENT_ONLY_IN_LEDGER',
  rule: 'queryAgain',
  outTradeNo: 'CS000001_1',
  outRefundNo: '',
  transactionId: 'T1',
  billFen: null,
  ledgerFen: 150,
  foundAtMs: 1,
  isOpen: true,
  outcome: '',
  note: '',
  endedAtMs: null,
  endedBy: '',
};

let lines: Record<string, unknown>[] = [];
const metrics = new Metrics(systemClock);
const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
const watcher = watchBills(metrics, pino({ base: undefined, timestamp: false }, { write }));
const [INFO, WARN] = [30, 40];

beforeEach(() => void (lines = []));

test.each<[Settlement, string, number, string]>([
  ['CONFIRMED', '', INFO, 'bill and ledger differ: settled'],
  ['PROVIDER_SILENT', '', WARN, 'bill and ledger differ: asked again'],
  ['NOT_PAID', 'PROVIDER_SILENT', WARN, 'bill and ledger differ: a person is needed'],
  ['PERSON', 'PERSON', WARN, 'bill and ledger differ: a person is needed'],
])('%s after “%s”', (settlement, outcome, level, msg) => {
  watcher.settled({ ...DIFFERENCE, outcome }, settlement);
  expect(lines).toEqual([
    expect.objectContaining({
      level,
      msg,
      settlement,
      difference: 7,
      outTradeNo: 'CS000001_1',
      ledgerFen: 150,
    }),
  ]);
});

test('what stays as it is is counted, and not said again', async () => {
  watcher.settled({ ...DIFFERENCE, outcome: 'NO_REFUND' }, 'NO_REFUND');
  expect(lines).toEqual([]);
  expect(await metrics.registry.metrics()).toContain(
    'coinslot_bill_differences_total{kind="PAYMENT_ONLY_IN_LEDGER",outcome="NO_REFUND"} 1',
  );
});

test.each([
  ['DONE', INFO, 'bill compared'],
  ['WAITING', INFO, 'bill not to be had yet'],
  ['EMPTY', INFO, 'no bill, and nothing to bill'],
  ['MISSING', WARN, 'bill missing: a person is needed'],
] as const)('a bill that is %s', async (state, level, msg) => {
  const totals = { billLines: 3, paidFen: 450, refundedFen: 0, open: 1, settled: {} };
  watcher.looked({ merchantId: 1, channel: 'alipay', day: '2026-01-31', state, code: '', ...totals });
  expect(lines).toEqual([expect.objectContaining({ level, msg, state, day: '2026-01-31', paidFen: 450 })]);
  expect(await metrics.registry.metrics()).toContain(
    `coinslot_bills_total{channel="alipay",state="${state}"} 1`,
  );
});

test('a figure that cannot be read just now stays as it was', async () => {
  let value: number | undefined = 5;
  metrics.gauge('coinslot_test', 'x', async () => value);
  expect(await metrics.registry.metrics()).toContain('coinslot_test 5');
  value = undefined;
  expect(await metrics.registry.metrics()).toContain('coinslot_test 5');
});
