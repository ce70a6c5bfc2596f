/** Lines of the log from records of this firmware and of older ones, retyped from docs/journal.md. */
import type { Journal } from '../../../src/payment/journal';
import { logLines } from '../../../src/payment/log';
import { OrderEvent } from '../../../src/payment/order';

type Row = readonly [kind: number, record: unknown];

function lines(rows: readonly Row[], n = 0, count = 20): string[] {
  const journal = {
    sectorCount: () => 1,
    history(_age: number, _bytes: number, take: (kind: number, value: unknown) => void): void {
      for (const [kind, record] of rows) take(kind, record);
    },
    find(_age: number, prefix: string, take: (kind: number, value: unknown) => void): void {
      for (const [index, [kind, record]] of rows.entries()) {
        if (index === 0 || JSON.stringify(record).startsWith(prefix)) take(kind, record);
      }
    },
  };
  return logLines(journal as unknown as Journal, n, count);
}

const ORDER = [7, 1, 0, 1, 200, 60, 'P1', '', 0, 0] as const;

test('time and cause of what this firmware writes; what is carried over is no entry', () => {
  expect(
    lines([
      [1, [6, 3, 1]],
      [2, ORDER],
      [5, [1, 0]],
      [2, [...ORDER, -4, 0]],
      [3, [7, 5, 0, 99, 1_767_225_601, 7]],
      [3, [7, 6, 0, 0, 1_767_225_602, 8]],
      [5, [5, 2]],
      [3, [7, 9, 26, 0, -1, 14]],
      [6, ['FAULT', 'x_y', -9]],
      [3, [7, 13, 43, 0, 1_767_225_700, 18]],
    ]),
  ).toEqual([
    '0 START POWER >0',
    '7 ACCEPTED NONE >0+4 HOST_PAY',
    '7 PAID NONE 1767225601 SERVER_GRANT',
    '7 DISPENSING NONE 1767225602 RELAY_FREE',
    '0 START WATCHDOG >1767225602 2',
    '7 UNCERTAIN POWER_CUT >1767225602+1 RESTART',
    '0 FAULT x_y >1767225602+9',
    '7 REFUNDED 43 1767225700 SERVER_REFUNDED',
  ]);
});

test('a journal of older firmware is read: no cause, and a time of 0 is not shown as one', () => {
  expect(
    lines([
      [2, [6, 10, 0, 1, 200, 60, 'P0', '', 0, 0, 0]],
      [2, [...ORDER, 0]],
      [3, [7, 5, 0, 99, 1_767_225_601]],
      [5, [1]],
      [3, [7, 9, 26, 0, 0]],
      [6, ['RESTART', 'MEMORY', 0]],
    ]),
  ).toEqual([
    '7 ACCEPTED NONE >0',
    '7 PAID NONE 1767225601',
    '0 START POWER >1767225601',
    '7 UNCERTAIN POWER_CUT >1767225601',
    '0 RESTART MEMORY >1767225601',
  ]);
});

test('the last lines of one order only; the time before them is known all the same', () => {
  const rows: Row[] = [
    [3, [6, 10, 0, 0, 1_767_225_600, 16]],
    [2, [...ORDER, -2, 0]],
    [3, [7, 5, 0, 99, -3, 7]],
  ];
  expect(lines(rows, 7)).toEqual([
    '7 ACCEPTED NONE >1767225600+2 HOST_PAY',
    '7 PAID NONE >1767225600+3 SERVER_GRANT',
  ]);
  expect(lines(rows, 7, 1)).toEqual(['7 PAID NONE >1767225600+3 SERVER_GRANT']);
});

test('every event that is written has a name of its own', () => {
  const names = Array.from({ length: OrderEvent.FinRefunded + 1 }, (_, event) => {
    return lines([[3, [7, 5, 0, 0, 1, event]]])[0]!.split(' ')[4];
  });
  // Sent, Lost and Code are not written.
  const written = names.filter((_name, event) => event < 1 || event > 3);
  expect(new Set(written).size).toBe(written.length);
  for (const name of written) expect(name).toMatch(/^[A-Z_]+$/);
});
