import { readFileSync } from 'node:fs';
import { step } from '../../../src/payment/order';

const STATES =
  'ACCEPTED REQUESTED AWAITING_PAYMENT CANCELLING PAID DISPENSING DISPENSED REFUNDING UNCERTAIN DONE REFUSED CLOSED REFUNDED'.split(
    ' ',
  );
const EVENTS =
  'Sent Lost Code Unknown Refuse Cancel Grant Start Lapse Acted HostDone HostFailed HostRefund PowerCut HostSilent FinDone FinClosed FinRefunded'.split(
    ' ',
  );
const EFFECTS = 'save stop got act request cancel report show tell'.split(' ');
const FINAL = new Set(['DONE', 'REFUSED', 'CLOSED', 'REFUNDED']);
const MONEY_TAKEN = new Set([
  'PAID',
  'DISPENSING',
  'DISPENSED',
  'REFUNDING',
  'UNCERTAIN',
  'DONE',
  'REFUNDED',
]);

interface Row {
  state: string;
  event: string;
  next: string;
  effects: string[];
}

const rows: Row[] = STATES.flatMap((state, s) =>
  EVENTS.flatMap((event, e) => {
    const cell = step(s + 1, e + 1);
    if (!cell) return [];
    return [
      { state, event, next: STATES[cell[0] - 1]!, effects: EFFECTS.filter((_, bit) => cell[1] & (1 << bit)) },
    ];
  }),
);

describe('the device’s order table', () => {
  test('is the one in docs/orders.md', () => {
    const documented = readFileSync('docs/orders.md', 'utf8')
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .filter((cells) => STATES.includes(cells[1]!) && EVENTS.includes(cells[2]!))
      .map(([, state, event, next, effects]) => ({
        state,
        event,
        next,
        effects: effects ? effects.split(', ') : [],
      }));
    expect(documented).toEqual(rows);
  });

  test('moves the relay on one pair only, and writes first', () => {
    expect(
      rows.filter((row) => row.effects.includes('act')).map((row) => `${row.state}+${row.event}`),
    ).toEqual(['PAID+Start']);
    for (const row of rows.filter(
      (candidate) => candidate.effects.includes('act') || candidate.effects.includes('got'),
    )) {
      if (row.next !== row.state) expect(row.effects[0]).toBe('save');
    }
  });

  test('writes every state that is acknowledged to anyone', () => {
    const kept = (state: string): boolean => !['REQUESTED', 'AWAITING_PAYMENT', 'ACCEPTED'].includes(state);
    for (const row of rows)
      if (row.next !== row.state && kept(row.next)) expect(row.effects).toContain('save');
  });

  test('never leads from money taken back to before it, nor out of a refund into delivery', () => {
    // But for a refund that was asked for an order of which the server never saw money.
    const isNeverPaid = (row: Row): boolean =>
      row.state === 'REFUNDING' && ['Unknown', 'FinClosed'].includes(row.event);
    const reached = (from: string): Set<string> => {
      const seen = new Set([from]);
      for (const state of seen) {
        for (const row of rows) if (row.state === state && !isNeverPaid(row)) seen.add(row.next);
      }
      return seen;
    };
    for (const state of MONEY_TAKEN)
      for (const next of reached(state)) expect(MONEY_TAKEN.has(next)).toBe(true);
    for (const state of ['DISPENSED', 'REFUNDING', 'UNCERTAIN', 'DONE']) {
      expect(reached(state).has('PAID')).toBe(false);
      expect(reached(state).has('DISPENSING')).toBe(false);
    }
    for (const state of ['REFUNDED', 'CLOSED', 'REFUSED']) expect([...reached(state)]).toEqual([state]);
  });

  test('leads from every open state to an end', () => {
    for (const state of STATES.filter((candidate) => !FINAL.has(candidate))) {
      const seen = new Set([state]);
      for (const from of seen) for (const row of rows) if (row.state === from) seen.add(row.next);
      expect([...seen].some((next) => FINAL.has(next))).toBe(true);
    }
  });
});
