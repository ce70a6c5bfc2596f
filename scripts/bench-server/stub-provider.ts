/**
 * A provider that answers at once, in the server's own process: the bench measures the server against its
 * PostgreSQL, not RSA and not a sandbox. A notification says what was paid; signatures are left out.
 */
import type {
  BillLine,
  Channel,
  CreateTrade,
  Notification,
  Outcome,
  Provider,
  RawNotification,
  Refund,
  RefundRequest,
  Trade,
} from '../../server/providers';

const NONE = { kind: 'refused', code: 'TRADE_NOT_FOUND', message: '' } as const;

export class StubProvider implements Provider {
  readonly channel: Channel = 'wechat';

  async create(trade: CreateTrade): Promise<Outcome<{ readonly codeUrl: string }>> {
    return { kind: 'ok', value: { codeUrl: `weixin://wxpay/bizpayurl?pr=${trade.outTradeNo}` } };
  }

  async query(outTradeNo: string): Promise<Outcome<Trade>> {
    return { kind: 'ok', value: { outTradeNo, state: 'WAITING', providerState: 'NOTPAY' } };
  }

  async close(): Promise<Outcome<void>> {
    return { kind: 'ok', value: undefined };
  }

  async refund({ outTradeNo, outRefundNo, refundFen }: RefundRequest): Promise<Outcome<Refund>> {
    return {
      kind: 'ok',
      value: { outTradeNo, outRefundNo, state: 'SUCCESS', providerState: 'SUCCESS', refundFen },
    };
  }

  async queryRefund(): Promise<Outcome<Refund>> {
    return NONE;
  }

  /** The body is `<out_trade_no> <fen>`. */
  async readNotification({ body }: RawNotification): Promise<Outcome<Notification>> {
    const [outTradeNo = '', fen = ''] = body.split(' ');
    const trade: Trade = {
      outTradeNo,
      state: 'PAID',
      providerState: 'SUCCESS',
      transactionId: `T${outTradeNo}`,
      amountFen: Number(fen),
    };
    return { kind: 'ok', value: { notificationId: outTradeNo, trade } };
  }

  notificationReply(accepted: boolean): { status: number; contentType: string; body: string } {
    return { status: accepted ? 200 : 500, contentType: 'text/plain', body: '' };
  }

  async bill(): Promise<Outcome<readonly BillLine[]>> {
    return { kind: 'ok', value: [] };
  }
}
