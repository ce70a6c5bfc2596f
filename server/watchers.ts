/**
 * What the server says in its log, and counts, of orders and bills as they go: what needs a person is a warning.
 * Invariant: nothing here throws or holds up what it watches; no free text of a customer or device is logged.
 */
import type { Logger } from 'pino';
import type { Metrics } from './metrics';
import type { Observer } from './orders/service';
import type { ReconciliationWatcher } from './reconciliation/reconciler';
import { SETTLEMENTS } from './reconciliation/settle';

export function watchOrders(metrics: Metrics, log: Logger): Observer {
  return {
    changed: (before, change) => {
      metrics.changed(before, change);
      const { outTradeNo, deviceId, merchantId, state, alarm } = change.order;
      if (alarm !== '' && before?.alarm !== alarm) {
        log.warn({ outTradeNo, deviceId, merchantId, state, alarm }, 'order needs a person');
      }
    },
  };
}

export function watchBills(metrics: Metrics, log: Logger): ReconciliationWatcher {
  return {
    settled: (difference, settlement) => {
      const { id, merchantId, channel, day, kind, outTradeNo, outRefundNo, billFen, ledgerFen } = difference;
      metrics.settled(kind, settlement);
      const fields = {
        difference: id,
        merchantId,
        channel,
        day,
        kind,
        outTradeNo,
        outRefundNo,
        billFen,
        ledgerFen,
      };
      const text = 'bill and ledger differ';
      if (SETTLEMENTS[settlement] === 'ended') log.info({ ...fields, settlement }, `${text}: settled`);
      // Said when it comes to that, not again with every later bill.
      else if (settlement === 'PERSON' || settlement !== difference.outcome) {
        const isOpen = SETTLEMENTS[settlement] === 'open';
        log.warn({ ...fields, settlement }, isOpen ? `${text}: a person is needed` : `${text}: asked again`);
      }
    },
    looked: (report) => {
      metrics.looked(report.channel, report.state);
      if (report.state === 'DONE') log.info(report, 'bill compared');
      else if (report.state === 'MISSING') log.warn(report, 'bill missing: a person is needed');
      else
        log.info(
          report,
          report.state === 'EMPTY' ? 'no bill, and nothing to bill' : 'bill not to be had yet',
        );
    },
  };
}
