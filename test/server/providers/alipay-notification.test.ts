import { createProvider, type Provider } from '../../../server/providers';
import * as fixture from './alipay-peer';

const peer = new fixture.AlipayPeer();
const logged: unknown[] = [];
const provider: Provider = createProvider(
  'alipay',
  {
    appId: fixture.APP_ID,
    sellerId: fixture.SELLER_ID,
    appPrivateKey: peer.app.privatePem,
    verification: 'publicKey',
    alipayPublicKey: peer.alipay.publicPem,
  },
  { clock: peer.clock, httpTimeoutMs: 30_000, log: { warn: (...entry) => void logged.push(entry) } },
);

const PAID: Record<string, string> = {
  notify_time: '2026-01-01 07:59:50',
  notify_type: 'trade_status_sync',
  notify_id: '2026010100222145000087140568430000',
  app_id: '2014072300007148',
  charset: 'utf-8',
  version: '1.0',
  trade_no: '2026010122001404721234567890',
  out_trade_no: 'CS000001_17',
  buyer_id: '2088102122524333',
  seller_id: '2088102146225135',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '1.50',
  receipt_amount: '1.50',
  subject: '可乐 + 100% & more=',
  gmt_create: '2026-01-01 07:59:30',
  gmt_payment: '2026-01-01 07:59:49',
  fund_bill_list: '[{"amount":"1.50","fundChannel":"ALIPAYACCOUNT"}]',
};

const read = (body: string): ReturnType<Provider['readNotification']> =>
  provider.readNotification({ headers: {}, body });
const without = (name: string): Record<string, string> => {
  const rest = { ...PAID };
  delete rest[name];
  return rest;
};

beforeEach(() => {
  logged.length = 0;
});

test('an authentic notification gives the trade, whatever its subject', async () => {
  expect(await read(peer.notification(PAID))).toEqual({
    kind: 'ok',
    value: {
      notificationId: '2026010100222145000087140568430000',
      trade: {
        outTradeNo: 'CS000001_17',
        state: 'PAID',
        providerState: 'TRADE_SUCCESS',
        transactionId: '2026010122001404721234567890',
        amountFen: 150,
        paidAtMs: Date.parse('2025-12-31T23:59:49Z'),
      },
    },
  });
  expect(logged).toEqual([]);
});

test.each([
  ['waiting', { trade_status: 'WAIT_BUYER_PAY', gmt_payment: undefined }, 'WAITING'],
  ['finished', { trade_status: 'TRADE_FINISHED' }, 'PAID'],
  ['closed unpaid', { trade_status: 'TRADE_CLOSED', gmt_payment: undefined, refund_fee: '0.00' }, 'CLOSED'],
  ['closed after a payment', { trade_status: 'TRADE_CLOSED' }, 'REFUNDED'],
])('a trade that is %s', async (_name, change, state) => {
  const fields = Object.fromEntries(
    Object.entries({ ...PAID, ...change }).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
  expect(await read(peer.notification(fields))).toMatchObject({ kind: 'ok', value: { trade: { state } } });
});

test('a partial refund gives both the trade, still paid, and the refund without an amount', async () => {
  const fields = {
    ...PAID,
    out_biz_no: 'CS000001_17_r1',
    refund_fee: '1.00',
    gmt_refund: '2026-01-01 07:59:55.123',
  };
  const outcome = await read(peer.notification(fields));
  expect(outcome).toMatchObject({ kind: 'ok', value: { trade: { state: 'PAID', amountFen: 150 } } });
  expect(outcome.kind === 'ok' && outcome.value.refund).toEqual({
    outTradeNo: 'CS000001_17',
    outRefundNo: 'CS000001_17_r1',
    state: 'SUCCESS',
    providerState: 'TRADE_SUCCESS',
  });
});

describe('what is not authentic is refused and logged', () => {
  const good = peer.notification(PAID);
  const rows: [string, () => string, string][] = [
    ['an empty body', () => '', 'NOTIFICATION_MALFORMED'],
    ['JSON', () => JSON.stringify(PAID), 'NOTIFICATION_MALFORMED'],
    ['a broken escape', () => `${good}&x=%E4%B8`, 'NOTIFICATION_MALFORMED'],
    ['a huge body', () => `${good}&x=${'y'.repeat(70_000)}`, 'NOTIFICATION_MALFORMED'],
    [
      'very many fields',
      () => Array.from({ length: 80 }, (_, at) => `f${at}=1`).join('&'),
      'NOTIFICATION_MALFORMED',
    ],
    ['a field twice', () => `${good}&total_amount=0.01`, 'NOTIFICATION_MALFORMED'],
    ['a field twice, in front', () => `total_amount=0.01&${good}`, 'NOTIFICATION_MALFORMED'],
    ['no signature', () => good.replace(/&sign=[^&]+/, ''), 'NOTIFICATION_UNSIGNED'],
    ['an empty signature', () => good.replace(/&sign=[^&]+/, '&sign='), 'NOTIFICATION_UNSIGNED'],
    ['no kind of signature', () => good.replace('&sign_type=RSA2', ''), 'NOTIFICATION_UNSIGNED'],
    [
      'a weaker kind of signature',
      () => good.replace('sign_type=RSA2', 'sign_type=RSA'),
      'NOTIFICATION_UNSIGNED',
    ],
    [
      'a kind of signature named like a property',
      () => good.replace('sign_type=RSA2', 'sign_type=constructor'),
      'NOTIFICATION_UNSIGNED',
    ],
    ['a stranger’s signature', () => peer.notification(PAID, peer.stranger), 'NOTIFICATION_SIGNATURE_WRONG'],
    [
      'the application’s own signature',
      () => peer.notification(PAID, peer.app),
      'NOTIFICATION_SIGNATURE_WRONG',
    ],
    [
      'another amount',
      () => good.replace('total_amount=1.50', 'total_amount=9.50'),
      'NOTIFICATION_SIGNATURE_WRONG',
    ],
    ['a field more', () => `${good}&refund_fee=1.00`, 'NOTIFICATION_SIGNATURE_WRONG'],
    ['a field less', () => good.replace('&version=1.0', ''), 'NOTIFICATION_SIGNATURE_WRONG'],
    [
      'another application',
      () => peer.notification({ ...PAID, app_id: '2014072300007149' }),
      'NOTIFICATION_FOREIGN',
    ],
    [
      'another seller',
      () => peer.notification({ ...PAID, seller_id: '2088102146225136' }),
      'NOTIFICATION_FOREIGN',
    ],
    ['no seller', () => peer.notification(without('seller_id')), 'NOTIFICATION_FOREIGN'],
    ['no time', () => peer.notification(without('notify_time')), 'NOTIFICATION_MALFORMED'],
    [
      'a replay after 26 hours',
      () => peer.notification({ ...PAID, notify_time: '2025-12-31 05:59:59' }),
      'NOTIFICATION_STALE',
    ],
    [
      'a time 301 s ahead',
      () => peer.notification({ ...PAID, notify_time: '2026-01-01 08:05:01' }),
      'NOTIFICATION_STALE',
    ],
    [
      'another kind',
      () => peer.notification({ ...PAID, notify_type: 'dut_user_sign' }),
      'NOTIFICATION_UNSUPPORTED',
    ],
    [
      'an unlisted state',
      () => peer.notification({ ...PAID, trade_status: 'valueOf' }),
      'NOTIFICATION_UNSUPPORTED',
    ],
    ['no order', () => peer.notification(without('out_trade_no')), 'NOTIFICATION_MALFORMED'],
    ['no amount', () => peer.notification(without('total_amount')), 'NOTIFICATION_MALFORMED'],
    [
      'a third of a fen',
      () => peer.notification({ ...PAID, total_amount: '1.503' }),
      'NOTIFICATION_MALFORMED',
    ],
  ];
  test.each(rows)('%s', async (_name, arrange, code) => {
    expect(await read(arrange())).toMatchObject({ kind: 'refused', code });
    expect(logged).toMatchObject([
      [{ channel: 'alipay', operation: 'notification', code }, expect.any(String)],
    ]);
  });
});

test('the last repetition, 24 h 24 min later, is still taken', async () => {
  const outcome = await read(peer.notification({ ...PAID, notify_time: '2025-12-31 07:35:00' }));
  expect(outcome.kind).toBe('ok');
});

test('replies in plain text as Alipay wants it', () => {
  expect(provider.notificationReply(true)).toEqual({
    status: 200,
    contentType: 'text/plain',
    body: 'success',
  });
  expect(provider.notificationReply(false).body).not.toBe('success');
});
