/** `coinslot pay` and the other commands about orders, against the reference module over TCP. */
import jsQR from 'jsqr';
import { inflateSync } from 'node:zlib';
import { LinkState, OrderState, Reason } from '../../../src/protocol/codes';
import { Bench } from '../support/bench';

let bench: Bench;
beforeEach(async () => {
  bench = new Bench();
  await bench.start();
});
afterEach(() => bench.stop());

const states = (events: { event: string; state?: unknown }[]): unknown[] =>
  events.filter((event) => event.event === 'status').map((event) => event.state);

test('a paid order ends with 0, after QR code and every state', async () => {
  bench.payAfter(3000);
  const { exit, events } = await bench.run('pay 2.50 --goods 可乐 --json');
  expect(exit).toBe(0);
  expect(events[0]).toEqual({
    event: 'accepted',
    order: 1,
    reference: '0.1',
    amountFen: 250,
    channel: 'wechat',
  });
  expect(events.find((event) => event.event === 'qr')).toMatchObject({
    order: 1,
    url: 'weixin://wxpay/bizpayurl?pr=0000001',
    leftS: 300,
  });
  expect(states(events)).toEqual(['ACCEPTED', 'AWAITING_PAYMENT', 'PAID', 'DISPENSING', 'DISPENSED', 'DONE']);
  expect(events.at(-1)).toEqual({
    event: 'result',
    order: 1,
    state: 'DONE',
    reason: 'NONE',
    amountFen: 250,
    channel: 'wechat',
    exitCode: 0,
  });
  expect(Buffer.from(bench.module.orders.find(1)!.goods, 'latin1').toString()).toBe('可乐');
});

test('for people: the QR code in the terminal, the time that is left, what happens', async () => {
  bench.payAfter(7000);
  const { exit, out } = await bench.run('pay 0.01 -c alipay', { isTerminal: true });
  expect(exit).toBe(0);
  expect(out).toContain('order 1, reference 0.1: 0.01 yuan by alipay');
  expect(out).toContain('▄▄▄▄▄▄▄');
  expect(out).toContain('https://qr.alipay.com/0000001');
  expect(out).toMatch(/waiting for the payment, 29\d s left/);
  expect(out).toContain('order 1: DONE');
});

/** The pixels of a PNG of ours: 8-bit, one of the colour types that qrcode writes, filters as in the PNG standard. */
function pixels(png: Buffer): { data: Uint8ClampedArray; width: number; height: number } {
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const channels = { 0: 1, 2: 3, 6: 4 }[png[25] as 0 | 2 | 6];
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  const data = new Uint8ClampedArray(width * height * 4);
  const previous = Buffer.alloc(stride);
  for (let row = 0; row < height; row++) {
    const filter = raw[row * (stride + 1)]!;
    const line = raw.subarray(row * (stride + 1) + 1, (row + 1) * (stride + 1));
    for (let index = 0; index < stride; index++) {
      const left = index >= channels ? line[index - channels]! : 0;
      const up = previous[index]!;
      const corner = index >= channels ? previous[index - channels]! : 0;
      const paeth = ((): number => {
        const guess = left + up - corner;
        const [a, b, c] = [left, up, corner].map((value) => Math.abs(guess - value)) as [
          number,
          number,
          number,
        ];
        return a <= b && a <= c ? left : b <= c ? up : corner;
      })();
      line[index] = line[index]! + [0, left, up, (left + up) >> 1, paeth][filter]!;
    }
    line.copy(previous);
    for (let column = 0; column < width; column++) {
      const shade = line[column * channels]!;
      data.set([shade, shade, shade, 255], (row * width + column) * 4);
    }
  }
  return { data, width, height };
}

test('the PNG holds the link, byte by byte, and the SVG is one', async () => {
  bench.payAfter(1000);
  await bench.run('pay 2.50 --png code.png --svg code.svg');
  const { data, width, height } = pixels(bench.files.get('code.png') as Buffer);
  expect(jsQR(data, width, height)!.data).toBe('weixin://wxpay/bizpayurl?pr=0000001');
  expect(bench.files.get('code.svg')).toMatch(/^<svg [^]*<\/svg>/);
});

test('with --no-wait it ends as soon as the order is accepted', async () => {
  const { exit, events } = await bench.run('pay 1 --no-wait --json --reference my-1');
  expect([exit, events.map((event) => event.event)]).toEqual([0, ['accepted']]);
  expect(bench.module.orders.find(1)!.reference).toBe('my-1');
});

test('the same reference twice is one order; with another amount it is refused', async () => {
  await bench.run('pay 1 --no-wait --reference my-1');
  const again = await bench.run('pay 1 --no-wait --json --reference my-1');
  expect(again.events[0]).toMatchObject({ order: 1 });
  const other = await bench.run('pay 2 --no-wait --reference my-1');
  expect([other.exit, other.err]).toEqual([3, expect.stringContaining('CONFLICT')]);
  expect(bench.module.orders.all).toHaveLength(1);
});

test('an order that the module refuses ends with 3, and says what to do', async () => {
  const { exit, err } = await bench.run('pay 2000');
  expect(exit).toBe(3);
  expect(err).toContain('OVER_LIMIT');
  expect(err).toContain('raise maxFen');
  const json = await bench.run('pay 2000 --json');
  expect(json.events).toEqual([expect.objectContaining({ event: 'error', code: 'refused' })]);
});

test('an order that the platform refuses ends with 3', async () => {
  bench.module.orders.refusals.push(Reason.ChannelOff);
  const { exit, out } = await bench.run('pay 1 -c alipay');
  expect(exit).toBe(3);
  expect(out).toContain('REFUSED (CHANNEL_OFF');
  expect(out).toContain('offer the other channel');
});

test('an order that nobody pays ends with 4', async () => {
  const { exit, events } = await bench.run('pay 1 --ttl 30 --json');
  expect(exit).toBe(4);
  expect(events.at(-1)).toMatchObject({ state: 'CLOSED', reason: 'EXPIRED' });
});

test('relay mode 0: reports what --deliver says', async () => {
  bench.module.settings.mode = 0;
  bench.payAfter(1000);
  const done = await bench.run('pay 1 --json');
  expect(done.exit).toBe(0);
  expect(done.events.find((event) => event.event === 'deliver')).toEqual({
    event: 'deliver',
    order: 1,
    report: 'done',
  });
  bench.payAfter(1000);
  const failed = await bench.run('pay 1 --json --deliver failed');
  expect([failed.exit, failed.events.at(-1)]).toEqual([
    5,
    expect.objectContaining({ state: 'REFUNDED', reason: 'HOST_FAILED' }),
  ]);
  expect(bench.module.orders.all.map((order) => order.reports)).toEqual([1, 1]);
});

test('Ctrl-C cancels the order and waits for its end', async () => {
  bench.when(
    () => bench.module.orders.find(1)?.state === OrderState.AwaitingPayment,
    () => bench.interrupt(),
  );
  const { exit, events } = await bench.run('pay 1 --json');
  expect(exit).toBe(4);
  expect(events.at(-1)).toMatchObject({ state: 'CLOSED', reason: 'HOST_CANCELLED' });
});

test('with --retry it waits for the link, with the same reference', async () => {
  bench.module.setLink(LinkState.NoNetwork);
  const without = await bench.run('pay 1 --no-wait');
  expect([without.exit, without.err]).toEqual([3, expect.stringContaining('OFFLINE')]);
  bench.clock.setTimer(() => bench.module.setLink(LinkState.Ready), 10_000);
  const result = await bench.run('pay 1 --no-wait --retry 20');
  expect(result.exit).toBe(0);
  expect(result.out).toContain('trying again');
  expect(bench.module.orders.all).toHaveLength(1);
});

test('a module that restarts in between loses nothing', async () => {
  bench.when(
    () => bench.module.orders.find(1)?.state === OrderState.AwaitingPayment,
    () => {
      bench.module.restart();
      bench.payAfter(2000);
    },
  );
  const { exit, out } = await bench.run('pay 1');
  expect(exit).toBe(0);
  expect(out).toContain('the module has restarted');
});

test('a cable that is pulled ends with 2', async () => {
  bench.when(
    () => bench.module.orders.find(1) !== undefined,
    () => bench.hangUp(),
  );
  const { exit, err } = await bench.run('pay 1');
  expect([exit, err]).toEqual([2, expect.stringContaining('the port is gone')]);
});

test('a noisy line loses no order and doubles none', async () => {
  let count = 0;
  bench.spoil = (bytes) => {
    if (++count % 4 === 0) bytes[bytes.length >> 1]! ^= 0x10;
    return bytes;
  };
  for (let order = 1; order <= 5; order++) {
    bench.payAfter(500);
    expect((await bench.run('pay 1')).exit).toBe(0);
  }
  expect(bench.module.orders.all.map((order) => [order.state, order.deliveries])).toEqual(
    Array(5).fill([OrderState.Done, 1]),
  );
});

test.each([
  ['pay', 'missing required argument'],
  ['pay 1.005', 'not an amount'],
  ['pay 0', 'not an amount'],
  ['pay -1', 'not an amount'],
  ['pay 1e3', 'not an amount'],
  ['pay 1 -c cash', 'Allowed choices'],
  ['pay 1 --ttl 29', 'from 30 to 7200'],
  [`pay 1 --reference ${'x'.repeat(33)}`, '1 to 32 characters'],
  [`pay 1 --goods ${'x'.repeat(49)}`, 'at most 48 bytes'],
  ['cancel x', 'whole number'],
  ['refund 0', 'whole number'],
  ['report 1 maybe', 'dispensed or failed'],
  ['nonsense', 'unknown command'],
  ['settings mode', 'not a setting'],
  ['relay 3 1', 'from 1 to 2'],
  ['dtu --direct nowhere', 'not an address'],
])('%s is refused before anything is sent', async (words, message) => {
  const { exit, err } = await bench.run(words);
  expect([exit, err]).toEqual([1, expect.stringContaining(message)]);
  expect(bench.module.orders.all).toEqual([]);
});

describe('other commands about orders', () => {
  const paid = async (): Promise<void> => {
    bench.payAfter(500);
    await bench.run('pay 3');
  };

  test('query tells how an order stands, by number and by reference', async () => {
    await paid();
    const byNumber = await bench.run('query 1 --json');
    expect([byNumber.exit, byNumber.events[0]]).toEqual([
      0,
      expect.objectContaining({ order: 1, state: 'DONE', amountFen: 300 }),
    ]);
    const byReference = await bench.run('query ref:0.1');
    expect([byReference.exit, byReference.out]).toEqual([
      0,
      expect.stringContaining('order 1: DONE; 3.00 yuan by wechat'),
    ]);
    const unknown = await bench.run('query 99');
    expect([unknown.exit, unknown.err]).toEqual([3, expect.stringContaining('UNKNOWN_ORDER')]);
  });

  test('an open order makes query end with 6', async () => {
    await bench.run('pay 3 --no-wait');
    expect((await bench.run('query 1')).exit).toBe(6);
  });

  test('cancel closes an order that is not paid, and says so when the customer was faster', async () => {
    await bench.run('pay 3 --no-wait');
    expect(await bench.run('cancel 1')).toMatchObject({
      exit: 0,
      out: expect.stringContaining('HOST_CANCELLED'),
    });
    await paid();
    expect(await bench.run('cancel 2')).toMatchObject({ exit: 3, err: expect.stringContaining('BAD_STATE') });
  });

  test('refund gives the money back', async () => {
    await paid();
    const { exit, out } = await bench.run('refund 1 --text warm');
    expect([exit, out]).toEqual([0, expect.stringContaining('REFUNDED, HOST_REFUND')]);
    expect((await bench.run('refund 1')).exit).toBe(3);
  });

  test('report settles an uncertain order', async () => {
    bench.module.settings.mode = 0;
    bench.module.settings.hostReportS = 5;
    bench.payAfter(500);
    const pending = bench.begin('pay 3 --deliver ignore');
    bench.when(
      () => bench.module.orders.find(1)?.state === OrderState.Uncertain,
      () => bench.hangUp(),
    );
    expect((await bench.drive(pending)).exit).toBe(2);
    expect(await bench.run('report 1 dispensed')).toMatchObject({ exit: 0 });
    bench.clock.advance(1000);
    expect((await bench.run('query 1')).exit).toBe(0);
  });
});
