/**
 * The platform of the noise campaign: the far end of docs/link-protocol.md in virtual time, with a ledger instead of a
 * database and a customer instead of WeChat and Alipay. It does what a server must: idempotent by order, paid once, settled
 * once; it knows nothing of the host's line.
 * Invariant: an order's money is taken at most once, and given back only if it was taken.
 */
import { nodeAes, nodeCcm } from '../../server/gateway/node-crypto';
import type { ServerConnection, SimulatedInternet } from '../../sim/network/internet';
import type { Clock } from '../../sim/time/clock';
import type { Random } from '../../sim/time/random';
import { deviceKeys } from '../../src/protocol/cmac';
import { OrderState, Reason } from '../../src/protocol/codes';
import {
  encodeUnit,
  Opener,
  Sealer,
  SERVER_ID,
  serverMac,
  sessionKeys,
  UnitKind,
  UnitReader,
} from '../../src/protocol/link';
import { EchoEnd } from './echo-end';
import { decodeMessage, type Message, UP_KINDS } from '../../src/protocol/messages';

export interface LedgerOrder {
  readonly n: number;
  readonly reference: string;
  readonly amountFen: number;
  readonly channel: number;
  state: 'open' | 'paid' | 'delivered' | 'refunded' | 'closed';
  reason: Reason;
  /** What the customer does, decided when the order is opened. */
  payAtMs: number;
  expiresAtMs: number;
  moneyTaken: number;
  moneyBack: number;
}

const ADDRESS = '203.0.113.7';
const RAND_BYTES = 16;
const MAC_BYTES = 16;
const GRANT_MS = 120_000;
const URLS = ['', 'weixin://wxpay/bizpayurl?pr=', 'https://qr.alipay.com/'];

/** Share of customers that pay, and how long they take at most. */
const PAYING_SHARE = 0.85;
const PAY_WITHIN_MS = 2500;

export interface DeviceIdentity {
  readonly id: string;
  readonly keyHex: string;
  readonly host: string;
  readonly port: number;
}

export class Platform {
  readonly orders = new Map<number, LedgerOrder>();
  /** Orders of the device that carry a reference which another one had: must stay empty. */
  readonly twice: string[] = [];
  private readonly byReference = new Map<string, number>();
  private send: ((message: Message) => void) | undefined;
  private echo: EchoEnd | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    internet: SimulatedInternet,
    private readonly identity: DeviceIdentity,
    /** False: nobody pays but by `pay`. */
    private readonly hasCustomers = true,
  ) {
    internet.setName(identity.host, ADDRESS);
    internet.listen(ADDRESS, identity.port, (connection) => this.accept(connection));
  }

  /** The customer opens this link and pays; gives whether that was possible. */
  pay(url: string): boolean {
    const order = [...this.orders.values()].find((candidate) => urlOf(candidate) === url);
    if (order?.state !== 'open') return false;
    this.takeMoney(order);
    return true;
  }

  /** The link carries whole milliseconds only. */
  private nowMs(): number {
    return Math.floor(this.clock.nowMs());
  }

  private accept(connection: ServerConnection): void {
    const keys = deviceKeys(nodeAes, Buffer.from(this.identity.keyHex, 'hex').toString('latin1'));
    const randS = this.random.bytes(RAND_BYTES).toString('latin1');
    let opener: Opener | undefined;
    const write = (bytes: string): void => connection.write(Buffer.from(bytes, 'latin1'));
    const respond = (body: string): void => {
      const randP = body.slice(0, RAND_BYTES);
      const deviceId = body.slice(RAND_BYTES + MAC_BYTES);
      const session = sessionKeys(nodeAes, keys, deviceId, randS, randP);
      const sealer = new Sealer(nodeCcm, session.downKey, session.downSalt);
      opener = new Opener(nodeCcm, session.upKey, session.upSalt);
      this.send = (message) => {
        if (connection.isOpen) write(sealer.seal(UnitKind.Message, JSON.stringify(message)));
      };
      this.echo = new EchoEnd(this.send, (bytes) => {
        if (connection.isOpen) write(sealer.seal(UnitKind.Data, bytes));
      });
      write(encodeUnit(UnitKind.Proof, serverMac(nodeAes, keys.ak, randP)));
    };
    const reader = new UnitReader({
      onUnit: (kind, body) => {
        if (!opener) return respond(body);
        const content = opener.open(kind, body) ?? '';
        if (kind === UnitKind.Data) return this.echo?.take(content);
        const message = decodeMessage(UP_KINDS, content);
        if (message) this.take(message);
      },
      onBroken: () => connection.reset(),
    });
    connection.onData = (bytes) => reader.push(bytes.toString('latin1'));
    connection.onClose = () => {};
    write(encodeUnit(UnitKind.Challenge, SERVER_ID + randS));
  }

  private take(message: Message): void {
    const [type, first] = message as [string, number, ...unknown[]];
    const handler = this.handlers[type];
    if (handler) handler(first, message);
  }

  private readonly handlers: { readonly [type: string]: (first: number, message: Message) => void } = {
    hi: (uptimeMs, message) => {
      this.send!(['ho', uptimeMs, this.nowMs(), Math.max(0, ...this.orders.keys())]);
      for (const [n] of message[10] as [number, number][]) this.tell(n);
    },
    ping: (uptimeMs) => this.send!(['pong', uptimeMs, this.nowMs()]),
    pay: (n, message) => this.open(n, message),
    ask: (n) => this.tell(n),
    got: (n) => this.settleSoon(n),
    cancel: (n) => this.cancel(n),
    end: (n, message) => this.end(n, message[2] as number, message[3] as Reason),
    open: (window) => this.echo?.open(window),
    credit: (bytes) => this.echo?.addCredit(bytes),
    shut: () => this.echo?.shut(),
    back: (n, message) => this.end(n, OrderState.Refunding, message[2] as Reason),
  };

  private open(n: number, message: Message): void {
    const [, , amountFen, channel, ttlS, reference] = message as [
      string,
      number,
      number,
      number,
      number,
      string,
    ];
    if (!this.orders.has(n)) {
      if (this.byReference.has(reference)) this.twice.push(reference);
      this.byReference.set(reference, n);
      const isPaying = this.hasCustomers && this.random.chance(PAYING_SHARE);
      const nowMs = this.clock.nowMs();
      this.orders.set(n, {
        n,
        reference,
        amountFen,
        channel,
        state: 'open',
        reason: Reason.None,
        payAtMs: isPaying ? nowMs + this.random.between(100, PAY_WITHIN_MS) : Infinity,
        expiresAtMs: nowMs + ttlS * 1000,
        moneyTaken: 0,
        moneyBack: 0,
      });
      this.customer(this.orders.get(n)!);
    }
    this.tell(n);
  }

  /** Pays at the time decided, or lets the order expire. */
  private customer(order: LedgerOrder): void {
    const atMs = Math.min(order.payAtMs, order.expiresAtMs);
    this.clock.setTimer(() => {
      if (order.state !== 'open') return;
      if (order.payAtMs <= order.expiresAtMs) {
        this.takeMoney(order);
        return;
      }
      order.state = 'closed';
      order.reason = Reason.Expired;
      this.tell(order.n);
    }, atMs - this.clock.nowMs());
  }

  private takeMoney(order: LedgerOrder): void {
    order.state = 'paid';
    order.moneyTaken += order.amountFen;
    this.tell(order.n);
  }

  /** How the order stands, as a message. */
  private tell(n: number): void {
    const order = this.orders.get(n);
    if (!this.send) return;
    if (!order) this.send(['no', n, Reason.UnknownOrder, '']);
    else if (order.state === 'open') {
      this.send([
        'code',
        n,
        urlOf(order),
        Math.max(0, Math.floor((order.expiresAtMs - this.clock.nowMs()) / 1000)),
      ]);
    } else if (order.state === 'paid') {
      const deadlineMs = this.nowMs() + GRANT_MS;
      this.send(['grant', n, `${this.identity.id}_${n}`, order.amountFen, order.channel, deadlineMs]);
    } else this.send(['fin', n, FINAL[order.state], order.reason]);
  }

  private settleSoon(n: number): void {
    const order = this.orders.get(n);
    if (order && order.state !== 'paid' && order.state !== 'open') this.tell(n);
  }

  private cancel(n: number): void {
    const order = this.orders.get(n);
    if (order?.state === 'open') {
      order.state = 'closed';
      order.reason = Reason.HostCancelled;
    }
    this.tell(n);
  }

  /** The device's report: the first one counts; afterwards a delivered order may still be given back. */
  private end(n: number, state: number, reason: Reason): void {
    const order = this.orders.get(n);
    if (
      order &&
      (order.state === 'paid' || (order.state === 'delivered' && state === OrderState.Refunding))
    ) {
      order.state = state === OrderState.Dispensed ? 'delivered' : 'refunded';
      order.reason = state === OrderState.Uncertain ? Reason.PolicyRefund : reason;
      if (order.state === 'refunded') order.moneyBack += order.amountFen;
    }
    this.tell(n);
  }
}

function urlOf({ channel, n }: LedgerOrder): string {
  return `${URLS[channel]}${String(n).padStart(7, '0')}`;
}

const FINAL = {
  delivered: OrderState.Done,
  refunded: OrderState.Refunded,
  closed: OrderState.Closed,
} as const;
