import { Nor, sectorsOf } from '../ports/nor';
import { SERVER_MS, statesInJournal, TestModule } from './module';

const fresh = (): TestModule => TestModule.provisioned(new Nor(sectorsOf(3, 4096)));
const CODE = 'weixin://wxpay/bizpayurl?pr=abc';

/** States as docs/orders.md numbers them. */
const [ACCEPTED, REQUESTED, AWAITING, CANCELLING, PAID, DISPENSING, DISPENSED, REFUNDING, UNCERTAIN] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9,
];
const [DONE, REFUSED, CLOSED, REFUNDED] = [10, 11, 12, 13];
const BUSY = 12;

/** The longest PAY: 32 characters of reference, 48 bytes of goods in base64. */
const longest = (index: number): [number, number, number, string, string] => [
  999_999 - index,
  2,
  900,
  `${index}`.padStart(32, 'R'),
  'x'.repeat(64),
];

describe('a flash full of open orders', () => {
  /** Opens orders until one is refused; gives what refused it. */
  const fill = (module: TestModule, from: number): unknown => {
    for (let index = from; ; index++) {
      try {
        const { reason, order } = module.orders.pay(...longest(index));
        if (!order) return reason;
        module.orders.request(order);
      } catch (error) {
        return (error as Error).message;
      }
    }
  };
  const open = (module: TestModule): unknown[] =>
    module.book.open.map(({ n, reference, goods, amountFen }) => [n, reference, goods, amountFen]);

  test('of the smallest sectors a board may have: BUSY, and however often the ring turns, nothing is lost', () => {
    const module = TestModule.provisioned(new Nor(sectorsOf(3, 8192)));
    module.book.saveSettings({ ...module.book.settings, maxFen: 1_000_000 });
    // Six ended ones beside six open ones: all that is ever carried over.
    for (let turn = 0; turn < 2; turn++) {
      expect(fill(module, turn * 6)).toBe(BUSY);
      if (turn === 0) for (const { n } of module.book.open.slice()) module.server('fin', n, CLOSED, 0);
    }
    const before = open(module);
    expect(before).toHaveLength(6);
    const erase = jest.spyOn(module.nor, 'erase');
    for (let note = 0; note < 1000; note++) module.book.note('FAULT', 'x'.repeat(80));
    expect(erase.mock.calls.length).toBeGreaterThan(9);
    expect(module.orders.pay(...longest(99)).reason).toBe(BUSY);
    const again = module.reboot();
    expect(open(again)).toEqual(before);
    expect(again.book.ended).toHaveLength(6);
    again.server('fin', 7, CLOSED, 0);
    expect(again.orders.pay(...longest(99)).reason).toBe(0);
    expect(open(again.reboot())).toEqual([...before.slice(1), [13, ...longest(99).slice(3), longest(99)[0]]]);
  });

  test.each([700, 760, 820, 880, 940, 1000, 1060])(
    'of sectors of %i bytes, fewer than a board may have: refused by the journal, and nothing is lost',
    (bytes) => {
      const module = TestModule.provisioned(new Nor(sectorsOf(3, bytes)));
      module.book.saveSettings({ ...module.book.settings, maxFen: 1_000_000 });
      expect(fill(module, 0)).toBe('JOURNAL_FULL');
      const before = open(module);
      const sent = module.sent.length;
      expect(before.length).toBeGreaterThan(1);
      expect(fill(module, 50)).toBe('JOURNAL_FULL');
      expect(module.sent).toHaveLength(sent);
      expect(module.book.lastOrder).toBe(before.length);
      // Read by another reader: a module that full may have no room to start, which is why the build wants 8,192.
      expect(statesInJournal(module.nor).slice(1)).toEqual(before.map(() => ACCEPTED));
    },
  );
});

describe('an order on the device', () => {
  test('goes from PAY to DONE, and the server hears of each step that matters', () => {
    const module = fresh();
    const order = module.pay();
    expect(module.last()).toEqual(['pay', 1, 150, 1, 300, 'R1', '']);
    module.server('code', 1, CODE, 290);
    expect(order.state).toBe(AWAITING);
    expect(module.shown).toEqual([1]);
    module.grant(order);
    expect(module.sent).toContainEqual(['got', 1]);
    expect(order.state).toBe(DISPENSING);
    expect(module.moves).toHaveLength(1);
    expect(module.moves[0]!.plan).toEqual({ relay: 1, count: 1, onMs: 500, offMs: 500 });
    module.relayDone();
    expect(module.last()).toEqual(['end', 1, DISPENSED, 0, '']);
    module.server('fin', 1, DONE, 0);
    expect(order.state).toBe(DONE);
    expect(module.told.map(([, state]) => state)).toEqual([AWAITING, PAID, DISPENSING, DISPENSED, DONE]);
  });

  test('is in flash as DISPENSING before the relay moves', () => {
    const module = fresh();
    module.grant(module.pay());
    expect(module.moves[0]!.states[1]).toBe(DISPENSING);
  });

  test.each([
    ['another order', ['grant', 1, 'CS000001_2', 150, 1, SERVER_MS + 60_000]],
    ['another device', ['grant', 1, 'CS000002_1', 150, 1, SERVER_MS + 60_000]],
    ['another amount', ['grant', 1, 'CS000001_1', 151, 1, SERVER_MS + 60_000]],
    ['another channel', ['grant', 1, 'CS000001_1', 150, 2, SERVER_MS + 60_000]],
  ] as [string, [string, ...unknown[]]][])('a grant for %s changes nothing', (_what, message) => {
    const module = fresh();
    const order = module.pay();
    module.server(...message);
    expect(order.state).toBe(REQUESTED);
    expect(module.moves).toEqual([]);
  });

  test('a grant that is not surely in time is given back', () => {
    const module = fresh();
    const order = module.pay();
    module.serverMs = SERVER_MS + 60_000;
    module.grant(order, SERVER_MS + 60_000);
    expect(order.state).toBe(REFUNDING);
    expect(module.moves).toEqual([]);
    expect(module.last()).toEqual(['end', 1, REFUNDING, 25, '']);
    module.server('fin', 1, REFUNDED, 25);
    expect(order.state).toBe(REFUNDED);
  });

  test('waits with a grant until the time is known', () => {
    const module = fresh();
    module.serverMs = undefined;
    const order = module.pay();
    module.grant(order);
    expect(order.state).toBe(PAID);
    module.serverMs = SERVER_MS;
    module.orders.onLinkUp();
    expect(order.state).toBe(DISPENSING);
  });

  test('a grant twice moves the relay once', () => {
    const module = fresh();
    const order = module.pay();
    module.grant(order);
    module.grant(order);
    module.relayDone();
    module.grant(order);
    expect(module.moves).toHaveLength(1);
    expect(module.sent.slice(1)).toEqual([
      ['got', 1],
      ['got', 1],
      ['end', 1, DISPENSED, 0, ''],
      ['end', 1, DISPENSED, 0, ''],
    ]);
  });

  test('is not delivered on the host’s word while the relay delivers', () => {
    const module = fresh();
    const order = module.pay();
    module.grant(order);
    expect(module.orders.hostEvent(1, 11, 0)).toBe(15);
    expect(order.state).toBe(DISPENSING);
    expect(module.last()).toEqual(['got', 1]);
    module.relayDone();
    expect(order.state).toBe(DISPENSED);
    expect(module.orders.hostEvent(1, 11, 0)).toBe(0);
  });

  test('a second paid order waits until the relay is free', () => {
    const module = fresh();
    const first = module.pay('R1');
    const second = module.pay('R2');
    module.grant(first);
    module.grant(second);
    expect([first.state, second.state]).toEqual([DISPENSING, PAID]);
    module.relayDone();
    expect([first.state, second.state]).toEqual([DISPENSED, DISPENSING]);
  });

  test('a payment link that is none is not shown', () => {
    const module = fresh();
    module.pay();
    for (const url of ['http://evil.test/', 'https://qr.alipay.com/x', CODE + '\n', CODE + 'x'.repeat(300)]) {
      module.server('code', 1, url, 290);
    }
    expect(module.shown).toEqual([]);
  });
});

describe('PAY', () => {
  test('the same reference with the same content gets the same order, also after a restart', () => {
    const module = fresh();
    const order = module.pay();
    expect(module.orders.pay(150, 1, 300, 'R1', '').order!.n).toBe(order.n);
    expect(module.reboot().orders.pay(150, 1, 300, 'R1', '').order!.n).toBe(order.n);
  });

  test('the same reference with other content is a CONFLICT', () => {
    const module = fresh();
    module.pay();
    expect(module.orders.pay(151, 1, 300, 'R1', '')).toEqual({ reason: 11 });
    expect(module.orders.pay(150, 2, 300, 'R1', '')).toEqual({ reason: 11 });
  });

  test('is refused with a reason: limit, too many, offline, never greeted, no identity', () => {
    const module = fresh();
    expect(module.orders.pay(100_001, 1, 300, 'X', '').reason).toBe(7);
    for (let index = 0; index < 6; index++) module.pay(`R${index}`);
    expect(module.orders.pay(1, 1, 300, 'X', '').reason).toBe(12);
    const offline = fresh();
    offline.isReachable = false;
    expect(offline.orders.pay(1, 1, 300, 'X', '').reason).toBe(13);
    const virgin = new TestModule(new Nor(sectorsOf(3, 4096)));
    expect(virgin.orders.pay(1, 1, 300, 'X', '').reason).toBe(16);
    virgin.book.saveIdentity(fresh().book.identity!);
    expect(virgin.orders.pay(1, 1, 300, 'X', '').reason).toBe(17);
  });

  test('coin pulses need an amount that they can pay out', () => {
    const module = fresh();
    module.book.saveSettings({ ...module.book.settings, mode: 2, fenPerPulse: 100 });
    expect(module.orders.pay(150, 1, 300, 'X', '').reason).toBe(6);
    module.grant(module.pay('R2', 300));
    expect(module.moves[0]!.plan.count).toBe(3);
  });

  test('numbers go on behind what the server knows', () => {
    const module = fresh();
    module.book.sync(41);
    expect(module.pay().n).toBe(42);
    expect(module.reboot().pay('R2').n).toBe(43);
  });
});

describe('cancel and refusal', () => {
  test('CANCEL is durable, and CLOSED when the server agrees', () => {
    const module = fresh();
    const order = module.pay();
    expect(module.orders.hostEvent(1, 6, 23)).toBe(0);
    expect(module.last()).toEqual(['cancel', 1]);
    const again = module.reboot();
    expect(again.book.open[0]!.state).toBe(CANCELLING);
    again.server('fin', order.n, CLOSED, 23);
    expect(again.book.ended[0]!.state).toBe(CLOSED);
  });

  test('a payment that came first wins over the cancel', () => {
    const module = fresh();
    const order = module.pay();
    module.orders.hostEvent(1, 6, 23);
    module.grant(order);
    expect(order.state).toBe(DISPENSING);
    expect(module.orders.hostEvent(1, 6, 23)).toBe(15);
  });

  test('a refusal ends the order with its reason', () => {
    const module = fresh();
    module.pay();
    module.server('no', 1, 34, '');
    expect(module.book.ended[0]).toMatchObject({ state: REFUSED, reason: 34 });
  });

  test('an order that the server does not know is asked for again', () => {
    const module = fresh();
    module.pay();
    module.sent.length = 0;
    module.server('no', 1, 14, '');
    expect(module.last()[0]).toBe('pay');
  });
});

describe('the host’s report', () => {
  test('in mode 0 the host delivers; silence makes the order UNCERTAIN, a late word still counts', () => {
    const module = fresh();
    module.book.saveSettings({ ...module.book.settings, mode: 0 });
    const order = module.pay();
    module.grant(order);
    expect(order.state).toBe(DISPENSING);
    expect(module.moves).toEqual([]);
    module.clock.advance(119_000);
    module.orders.tick();
    expect(order.state).toBe(DISPENSING);
    module.clock.advance(2000);
    module.orders.tick();
    expect(order.state).toBe(UNCERTAIN);
    expect(module.last()).toEqual(['end', 1, UNCERTAIN, 27, '']);
    expect(module.orders.hostEvent(1, 11, 0)).toBe(0);
    expect(order.state).toBe(DISPENSED);
  });

  test('FAILED in the middle of the pulses releases the relay and asks for the money back', () => {
    const module = fresh();
    const order = module.pay();
    module.grant(order);
    expect(module.orders.hostEvent(1, 12, 24)).toBe(0);
    module.relayDone();
    expect(order.state).toBe(REFUNDING);
    expect(module.last()).toEqual(['end', 1, REFUNDING, 24, '']);
  });

  test('REFUND of a finished order is durable, also of one that has left memory', () => {
    const module = fresh();
    for (let index = 0; index < 8; index++) {
      const order = module.pay(`R${index}`);
      module.grant(order);
      module.relayDone();
      module.server('fin', order.n, DONE, 0);
    }
    expect(module.orders.hostEvent(1, 13, 28)).toBe(0);
    expect(module.last()).toEqual(['back', 1, 28, '']);
    const again = module.reboot();
    expect(again.book.open.map((order) => [order.n, order.state])).toEqual([[1, REFUNDING]]);
    again.server('fin', 1, REFUNDED, 28);
    expect(again.book.open).toEqual([]);
    expect(module.orders.hostEvent(99, 13, 28)).toBe(14);
  });
});

describe('power comes back', () => {
  test.each([
    ['REQUESTED', ACCEPTED, (module: TestModule) => void module.pay()],
    [
      'AWAITING_PAYMENT',
      ACCEPTED,
      (module: TestModule) => {
        module.pay();
        module.server('code', 1, CODE, 290);
      },
    ],
    [
      'PAID',
      PAID,
      (module: TestModule) => {
        module.serverMs = undefined;
        module.grant(module.pay());
      },
    ],
    ['DISPENSING', UNCERTAIN, (module: TestModule) => module.grant(module.pay())],
    [
      'DISPENSED',
      DISPENSED,
      (module: TestModule) => {
        module.grant(module.pay());
        module.relayDone();
      },
    ],
  ])('in %s', (_name, expected, prepare) => {
    const module = fresh();
    prepare(module);
    const again = module.reboot();
    expect(again.book.open.map((order) => order.state)).toEqual([expected]);
    expect(again.moves).toEqual([]);
  });

  test('in DISPENSING by the host: it goes on waiting for the report', () => {
    const module = fresh();
    module.book.saveSettings({ ...module.book.settings, mode: 0 });
    module.grant(module.pay());
    const again = module.reboot();
    expect(again.book.open[0]!.state).toBe(DISPENSING);
    expect(again.orders.hostEvent(1, 11, 0)).toBe(0);
  });

  test('in PAID: it is dispensed when the time is known and good, else given back', () => {
    const module = fresh();
    module.serverMs = undefined;
    module.grant(module.pay());
    const inTime = module.reboot();
    inTime.orders.onLinkUp();
    expect(inTime.moves).toHaveLength(1);
  });

  test.each([
    ['unknown to the server', 14],
    ['never paid', 45],
  ])('a refund for an old order that is %s ends it as closed', (_name, reason) => {
    const module = fresh();
    for (let index = 0; index < 8; index++) {
      module.pay(`R${index}`);
      module.server('fin', index + 1, 12, 41);
    }
    expect(module.orders.hostEvent(1, 13, 28)).toBe(0);
    expect(module.last()).toEqual(['back', 1, 28, '']);
    module.server('no', 1, reason, '');
    expect(module.book.open).toEqual([]);
    expect(module.told[module.told.length - 1]).toEqual([1, 12, reason]);
  });

  test('a grant for an order that is over here is answered with how it ended', () => {
    const module = fresh();
    const order = module.pay();
    module.grant(order);
    module.relayDone();
    module.server('fin', 1, DONE, 0);
    module.grant(order);
    expect(module.last()).toEqual(['end', 1, DISPENSED, 46, '']);
    module.server('grant', 7, 'CS000001_7', 150, 1, SERVER_MS + 60_000);
    expect(module.last()).toEqual(['end', 7, UNCERTAIN, 46, '']);
    expect(module.moves).toHaveLength(1);
  });
});
