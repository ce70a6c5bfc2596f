/** Times as the admin commands print them. */
import { printed } from '../../../server/admin/print';

const read = (value: unknown): unknown => JSON.parse(printed(value));

test('times are readable, wherever they stand; what has not happened is null; durations stay', () => {
  expect(
    read({
      createdAtMs: 1_795_616_769_035,
      grantDeadlineMs: 0,
      endedAtMs: null,
      refundWindowMs: 86_400_000,
      amountFen: 350,
      events: [{ atMs: 1_795_616_769_035, detail: { paidAtMs: 1_795_616_769_000 } }],
    }),
  ).toEqual({
    createdAt: '2026-11-25T14:26:09.035Z',
    grantDeadline: null,
    endedAt: null,
    refundWindowMs: 86_400_000,
    amountFen: 350,
    events: [{ at: '2026-11-25T14:26:09.035Z', detail: { paidAt: '2026-11-25T14:26:09.000Z' } }],
  });
});

test('what is no time is left alone', () => {
  expect(read({ formatMs: 5, latMs: 'x', text: 'createdAtMs', list: [1, null, 'a'], ok: true })).toEqual({
    formatMs: 5,
    latMs: 'x',
    text: 'createdAtMs',
    list: [1, null, 'a'],
    ok: true,
  });
});
