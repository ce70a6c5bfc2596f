import {
  alipayAdapter,
  ProviderModel,
  wechatAdapter,
  type Delivery,
  type FaultOptions,
  type ModelSettings,
} from '../../../../sim/providers';
import { Book } from '../../../../sim/providers/core/book';
import { Random } from '../../../../sim/time/random';
import { VirtualClock } from '../../../../sim/time/clock';

type Channel = 'wechat' | 'alipay';

const MCH = '1600000001';
const APP = '2021000000000009';
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** The whole sandbox without HTTP: what a campaign uses. */
class Rig {
  readonly sent: (Delivery & { atMs: number })[] = [];
  isAccepting = false;
  /** When set, answers are held back here. */
  pending: (() => void)[] | undefined;
  readonly model: ProviderModel;

  constructor(
    readonly clock = new VirtualClock(0),
    readonly book = new Book(),
    settings: Partial<ModelSettings> = {},
  ) {
    this.model = new ProviderModel({
      clock,
      random: new Random(11),
      book,
      settings,
      adapters: { wechat: wechatAdapter, alipay: alipayAdapter },
      deliver: (delivery, done) => {
        this.sent.push({ ...delivery, atMs: clock.nowMs() });
        const { isAccepting } = this;
        const answer = (): void => done({ isAccepted: isAccepting, detail: isAccepting ? 'ok' : 'no' });
        if (this.pending) this.pending.push(answer);
        else answer();
      },
    });
    this.model.addMerchant({ channel: 'wechat', merchantId: MCH, appId: 'wx1', sellerId: MCH, name: 'W' });
    this.model.addMerchant({ channel: 'alipay', merchantId: APP, appId: APP, sellerId: '2088', name: 'A' });
  }

  pay(channel: Channel, outTradeNo: string): void {
    const outcome =
      channel === 'wechat'
        ? this.model.handle({
            channel,
            operation: 'native',
            merchantId: MCH,
            input: {
              appid: 'wx1',
              mchid: MCH,
              description: 'x',
              out_trade_no: outTradeNo,
              notify_url: 'http://127.0.0.1/n',
              amount: { total: 100 },
            },
          })
        : this.model.handle({
            channel,
            operation: 'alipay.trade.precreate',
            merchantId: APP,
            input: {
              out_trade_no: outTradeNo,
              total_amount: '1.00',
              subject: 'x',
              notify_url: 'http://127.0.0.1/n',
            },
          });
    if (outcome.kind !== 'answer') throw new Error('no answer');
    const body = outcome.answer.body as Record<string, unknown>;
    const result = this.model.wallet.pay(String(body['code_url'] ?? body['qr_code']));
    if (!result.ok) throw new Error(result.reason);
  }

  states(): string[] {
    return [...this.book.all('notices')].map((notice) => notice.state);
  }

  gaps(): number[] {
    return this.sent.slice(1).map((one, index) => one.atMs - this.sent[index]!.atMs);
  }
}

/** Retyped from "支付成功回调通知" and "异步通知说明". */
const PLANS: [Channel, number[]][] = [
  ['wechat', [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600]],
  ['alipay', [240, 600, 600, 3600, 7200, 21600, 54000]],
];

describe('an unaccepted notice', () => {
  it.each(PLANS)('of %s is repeated by the documented plan, then given up', (channel, seconds) => {
    const rig = new Rig();
    rig.pay(channel, 'CS000001_1');
    rig.clock.advance(14 * 24 * HOUR_MS);
    expect(rig.gaps()).toEqual(seconds.map((wait) => wait * SECOND_MS));
    expect(new Set(rig.sent.map((one) => one.noticeId)).size).toBe(1);
    expect(rig.states()).toEqual(['GIVEN_UP']);
  });

  it('is repeated faster by the scale', () => {
    const rig = new Rig(undefined, undefined, { retryScale: 0.01 });
    rig.pay('wechat', 'CS000001_1');
    rig.clock.advance(HOUR_MS);
    expect(rig.gaps().slice(0, 4)).toEqual([150, 150, 300, 1800]);
  });

  it('ends with the first acceptance', () => {
    const rig = new Rig();
    rig.pay('wechat', 'CS000001_1');
    rig.clock.advance(20 * SECOND_MS);
    rig.isAccepting = true;
    rig.clock.advance(24 * HOUR_MS);
    expect(rig.sent).toHaveLength(3);
    expect(rig.states()).toEqual(['ACCEPTED']);
  });

  it('goes on after a restart where it stood', () => {
    const rig = new Rig();
    rig.pay('wechat', 'CS000001_1');
    rig.clock.advance(40 * SECOND_MS);
    expect(rig.sent).toHaveLength(3);
    rig.model.stop();
    rig.clock.advance(5 * SECOND_MS);
    const again = new Rig(rig.clock, rig.book);
    again.model.resume();
    again.clock.advance(15 * SECOND_MS - 1);
    expect(again.sent).toHaveLength(0);
    again.clock.advance(1);
    expect(again.sent.map((one) => one.noticeId)).toEqual([rig.sent[0]!.noticeId]);
    again.clock.advance(3 * MINUTE_MS);
    expect(again.sent).toHaveLength(2);
  });

  it('that was under way when the sandbox stopped goes out again at once', () => {
    const rig = new Rig();
    rig.pending = [];
    rig.pay('wechat', 'CS000001_1');
    rig.clock.advance(0);
    rig.model.stop();
    const again = new Rig(rig.clock, rig.book);
    again.isAccepting = true;
    again.model.resume();
    again.clock.advance(0);
    expect(again.sent).toHaveLength(1);
    expect(again.states()).toEqual(['ACCEPTED']);
    rig.pending.forEach((answer) => answer());
    expect(again.states()).toEqual(['ACCEPTED']);
  });

  it('sent once more by hand keeps one chain of repeats', () => {
    const rig = new Rig();
    rig.pay('wechat', 'CS000001_1');
    rig.clock.advance(10 * SECOND_MS);
    expect(rig.model.notices.repeat(rig.sent[0]!.noticeId)).toBe(true);
    rig.clock.advance(HOUR_MS);
    // 0 s, by hand at 10 s, then 15 s, 30 s, 3 min, 10 min, 20 min after each other.
    expect(rig.gaps()).toEqual([10, 15, 30, 180, 600, 1200].map((wait) => wait * SECOND_MS));
    expect(rig.model.notices.repeat('nope')).toBe(false);
  });
});

describe('a notice under a fault', () => {
  const under = (...faults: FaultOptions[]): Rig => {
    const rig = new Rig();
    rig.isAccepting = true;
    for (const fault of faults) rig.model.faults.add(fault);
    return rig;
  };

  it('noticeLost never comes', () => {
    const rig = under({ kind: 'noticeLost', times: 1 });
    rig.pay('alipay', 'CS000002_1');
    rig.pay('alipay', 'CS000002_2');
    rig.clock.advance(48 * HOUR_MS);
    expect(rig.sent.map((one) => one.content['out_trade_no'])).toEqual(['CS000002_2']);
    expect(rig.states()).toEqual(['LOST', 'ACCEPTED']);
  });

  it('noticeLate comes that much later', () => {
    const rig = under({ kind: 'noticeLate', delayMs: 90 * SECOND_MS });
    rig.pay('wechat', 'CS000002_1');
    rig.clock.advance(90 * SECOND_MS - 1);
    expect(rig.sent).toHaveLength(0);
    rig.clock.advance(1);
    expect(rig.sent).toHaveLength(1);
  });

  it('noticeDoubled comes twice, accepted or not, and keeps one chain of repeats', () => {
    const rig = under({ kind: 'noticeDoubled', times: 1 });
    rig.pay('wechat', 'CS000002_1');
    rig.clock.advance(HOUR_MS);
    expect(rig.sent).toHaveLength(2);
    const refused = under({ kind: 'noticeDoubled', times: 1 });
    refused.isAccepting = false;
    refused.pay('wechat', 'CS000002_1');
    refused.clock.advance(14 * 24 * HOUR_MS);
    expect(refused.sent).toHaveLength(16);
  });

  it('noticeDoubled: a late refusal of the first starts no repeat while the second is under way', () => {
    const rig = under({ kind: 'noticeDoubled', times: 1 });
    rig.isAccepting = false;
    rig.pending = [];
    rig.pay('wechat', 'CS000002_1');
    rig.clock.advance(0);
    const [first, second] = rig.pending as [() => void, () => void];
    first();
    rig.clock.advance(HOUR_MS);
    expect(rig.sent).toHaveLength(2);
    second();
    rig.clock.advance(15 * SECOND_MS);
    expect(rig.sent).toHaveLength(3);
  });

  it('noticeReordered comes right after the next one', () => {
    const rig = under({ kind: 'noticeReordered', outTradeNo: 'CS000002_1' });
    rig.pay('wechat', 'CS000002_1');
    rig.clock.advance(5 * SECOND_MS);
    expect(rig.sent).toHaveLength(0);
    rig.pay('wechat', 'CS000002_2');
    rig.clock.advance(0);
    expect(rig.sent.map((one) => one.content['out_trade_no'])).toEqual(['CS000002_2', 'CS000002_1']);
    rig.clock.advance(48 * HOUR_MS);
    expect(rig.sent).toHaveLength(2);
  });

  it('noticeReordered comes by itself when no other follows', () => {
    const rig = under({ kind: 'noticeReordered' });
    rig.pay('wechat', 'CS000002_1');
    rig.clock.advance(30 * SECOND_MS);
    expect(rig.sent).toHaveLength(1);
  });

  it.each([
    ['noticeForgedSignature', 'signature'],
    ['noticeForgedMerchant', 'merchant'],
    ['noticeForgedAmount', 'amount'],
    ['noticeStale', 'stale'],
  ] as const)('%s sends a lie besides the truth, once', (kind, forgery) => {
    const rig = under({ kind, times: 1 });
    rig.isAccepting = false;
    rig.pay('alipay', 'CS000002_1');
    rig.clock.advance(4 * MINUTE_MS);
    expect(rig.sent.map((one) => one.forgery)).toEqual([forgery, null, null]);
  });
});
