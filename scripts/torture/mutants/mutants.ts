/**
 * Safety rules, broken on purpose one at a time: which text of which file is replaced by what, which law must
 * then be found broken, and which campaign is to find it. The text must stand in its file exactly once, so that
 * a mutant which the source has outgrown is noticed and not counted as killed.
 */
import type { Law } from '../../../sim/world/laws';

export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly instead: string;
  /** Any of these laws is the right one to find broken. */
  readonly laws: readonly Law[];
  /** Campaigns with their arguments, tried in this order until one finds it. */
  readonly finders: readonly (readonly string[])[];
}

const cuts = (scenario: string): readonly string[] => [
  'powercuts',
  '--scenario',
  scenario,
  '--singles',
  '--jobs',
  '1',
  '--stop-at-first',
];
const torture = (runs: number, seed = 1): readonly string[] => [
  'torture',
  '--seed',
  String(seed),
  '--runs',
  String(runs),
  // Little worlds: more trouble for each order.
  '--sites',
  '2',
  '--orders',
  '40',
  '--max-violations',
  '1',
  '--no-minimise',
];

const ORDERS = 'src/payment/orders.ts';
const ORDER = 'src/payment/order.ts';
const BOOK = 'src/payment/book.ts';

const DEVICE: readonly Mutant[] = [
  {
    name: 'acknowledges a PAY before it is in the journal',
    file: BOOK,
    text: 'this.journal.append(RecordKind.Order, orderRecord(order).concat([this.timeS(), cause]));',
    instead: 'setTimeout(() => this.journal.append(RecordKind.Order, orderRecord(order)), 50);',
    laws: ['L1 durable'],
    finders: [cuts('success')],
  },
  {
    name: 'writes the intent after the coil has moved',
    file: ORDERS,
    text: `    if (effects & Effect.Save) this.commit(order, state, reason, event);
    // From here on nothing may fail: the new state is durable.
    if (state !== order.state) order.pauseMs = FIRST_PAUSE_MS;
    order.state = state;
    if (effects & Effect.Save) order.reason = reason;
    if (effects) this.carryOut(order, effects);`,
    instead: `    if (state !== order.state) order.pauseMs = FIRST_PAUSE_MS;
    order.state = state;
    if (effects & Effect.Save) order.reason = reason;
    if (effects) this.carryOut(order, effects);
    if (effects & Effect.Save) this.commit(order, state, reason, event);`,
    laws: ['L1 durable', 'L2 once'],
    finders: [cuts('success')],
  },
  {
    name: 'ignores the deadline of a grant',
    file: ORDERS,
    text: 'if (timeMs >= order.deadlineMs) this.raise',
    instead: 'if (timeMs < 0) this.raise',
    laws: ['L2 once'],
    finders: [cuts('success')],
  },
  {
    name: 'dispenses before it knows the time',
    file: ORDERS,
    text: 'if (timeMs === undefined) return;',
    instead: 'if (timeMs === undefined) { this.raise(order, OrderEvent.Start, Reason.None); return; }',
    laws: ['L2 once'],
    finders: [cuts('success')],
  },
  {
    name: 'drops open orders when the ring turns',
    file: BOOK,
    text: 'this.open.forEach((order) => write(RecordKind.Order, orderRecord(order)));',
    instead: '',
    laws: ['L1 durable'],
    finders: [cuts('ring turns, two open')],
  },
  {
    name: 'commits the new sector before everything is in it',
    file: 'src/payment/journal.ts',
    text: 'this.flash.write(address + 4, header.substr(4, 12));',
    instead: 'this.flash.write(address + 4, header.substr(4, 16));',
    laws: ['L1 durable', 'L7 live'],
    finders: [cuts('ring turns, two open')],
  },
  {
    name: 'keeps a grant in RAM only',
    file: ORDER,
    text: 'OrderState.Paid | ((Effect.Save | Effect.Got | Effect.Tell) << STATE_BITS)',
    instead: 'OrderState.Paid | ((Effect.Got | Effect.Tell) << STATE_BITS)',
    laws: ['L1 durable'],
    finders: [cuts('success')],
  },
  {
    name: 'keeps the host’s CANCEL in RAM only',
    file: ORDER,
    text: 'OrderState.Cancelling | ((Effect.Save | Effect.Cancel | Effect.Tell) << STATE_BITS)',
    instead: 'OrderState.Cancelling | ((Effect.Cancel | Effect.Tell) << STATE_BITS)',
    laws: ['L1 durable'],
    finders: [cuts('cancel')],
  },
  {
    name: 'delivers again after a cut between intent and done',
    file: ORDERS,
    text: 'else this.raise(order, OrderEvent.PowerCut, Reason.PowerCut);',
    instead: 'else if (order.state === OrderState.Dispensing) this.act(order);',
    laws: ['L2 once'],
    finders: [cuts('success')],
  },
  {
    name: 'forgets a delivery before the server has heard of it',
    file: ORDER,
    text: 'const DISPENSED = OrderState.Dispensed | REPORT;',
    instead: 'const DISPENSED = OrderState.Done | END;',
    laws: ['L4 agreed', 'L7 live', 'L3 settled'],
    finders: [cuts('success')],
  },
  {
    name: 'opens a second order for a repeated PAY',
    file: ORDERS,
    text: 'const known = book.findReference(reference);',
    instead: "const known = book.findReference(reference + '?');",
    laws: ['L1 durable'],
    finders: [cuts('success'), torture(150)],
  },
  {
    name: 'gives a pulse too many',
    file: 'src/drivers/relay.ts',
    text: 'this.left = movements.count;',
    instead: 'this.left = movements.count + 1;',
    laws: ['L2 once'],
    finders: [cuts('coin pulses')],
  },
  {
    name: 'begins a pulse before the last one has surely ended',
    file: 'src/drivers/relay.ts',
    text: 'onMs * (1 + PULSE_MARGIN_SHARE) + PULSE_MARGIN_MS;',
    instead: '0;',
    laws: ['L3 settled'],
    finders: [torture(400)],
  },
  {
    name: 'says its key on the console',
    file: 'src/main.ts',
    text: '  if (book.identity) startLink(book.identity);',
    instead: '  print(JSON.stringify(book.identity)); if (book.identity) startLink(book.identity);',
    laws: ['L6 secret'],
    finders: [cuts('success')],
  },
  {
    name: 'lets a clock that was set back run back',
    file: 'src/main.ts',
    text: 'if (nowS < lastS) startS += nowS - lastS - MAX_UNSEEN_S;',
    instead: '',
    laws: ['L7 live', 'L2 once'],
    finders: [torture(150)],
  },
];

const LINK: readonly Mutant[] = [
  {
    name: 'takes what a stranger has sealed: the device looks at no tag',
    file: 'src/payment/packet.ts',
    text: 'return mac.substr(0, TAG_BYTES) === mixed.substr(0, TAG_BYTES) ? plain : undefined;',
    instead: 'return mac ? plain : undefined;',
    laws: ['L5 authentic'],
    finders: [torture(300)],
  },
  {
    name: 'takes what a stranger has sealed: the server looks at no tag',
    file: 'server/gateway/node-crypto.ts',
    text: `    } catch {
      return undefined;`,
    instead: `    } catch {
      return nodeAes.ctr(key, '\\x01' + nonce + '\\0\\x01', sealed.slice(0, textBytes));`,
    laws: ['L5 authentic'],
    finders: [torture(300)],
  },
  {
    name: 'accepts a repeated nonce',
    file: 'src/protocol/link.ts',
    text: `    const counter = u32(this.counter);
    if (body.substr(0, COUNTER_BYTES) !== counter) return undefined;`,
    instead: `    const counter = body.substr(0, COUNTER_BYTES);`,
    laws: ['L5 authentic', 'L2 once'],
    finders: [torture(150)],
  },
  {
    name: 'believes a device without its proof',
    file: 'server/gateway/session.ts',
    text: 'if (!isRight || key === undefined) return this.refuse();',
    instead: 'if (key === undefined) return this.refuse();',
    laws: ['L5 authentic'],
    finders: [torture(150)],
  },
];

const SERVER: readonly Mutant[] = [
  {
    name: 'refunds without withdrawing the grant',
    file: 'server/orders/order.ts',
    text: `    due: rules.reportSilence,
    settleDispensed`,
    instead: `    due: rules.reportSilence,
    refund: rules.refundHeld,
    settleDispensed`,
    laws: ['L2 once', 'L3 settled'],
    finders: [torture(600, 1000)],
  },
  {
    name: 'takes a grant back that the device says it holds',
    file: 'server/orders/order.ts',
    text: '    listedPaid: rules.noteReceived,',
    instead: '    listedPaid: rules.refundHeld,',
    laws: ['L2 once', 'L3 settled', 'L4 agreed'],
    finders: [cuts('success')],
  },
  {
    name: 'sends a grant before it is durable',
    file: 'server/gateway/desk.ts',
    text: "      const event: OrderEvent = { type: 'offer', session: session.number };",
    instead: `      const event: OrderEvent = { type: 'offer', session: session.number };
      const early = { ...order, state: 'GRANTED' as const, grantDeadlineMs: this.options.clock.nowMs() + 90_000 };
      session.send(grantMessage(early));`,
    laws: ['L2 once', 'L1 durable'],
    finders: [torture(150)],
  },
  {
    name: 'takes whatever amount was paid',
    file: 'server/orders/rules/payment.ts',
    text: `export const takePayment: Rule<'paid'> = (order, event, context) => {
  if (event.amountFen !== order.amountFen) return wrongAmount(order, event, context);`,
    instead: `export const takePayment: Rule<'paid'> = (order, event, context) => {`,
    laws: ['L4 agreed', 'L7 live'],
    finders: [torture(150)],
  },
  {
    name: 'keeps the money of a payment that came too late',
    file: 'server/orders/order.ts',
    text: 'const ENDED_UNPAID: Row = { ...UNPAID, created: rules.closeAgain, paid: rules.refundLatePayment };',
    instead: 'const ENDED_UNPAID: Row = { ...UNPAID, created: rules.closeAgain, paid: rules.stay };',
    laws: ['L7 live', 'L3 settled', 'L4 agreed'],
    finders: [torture(150)],
  },
  {
    name: 'closes without asking whether it was paid',
    file: 'server/orders/tasks.ts',
    text: `    const event = await this.ask(order, provider);
    await this.tell(order, event);
    if (event.type !== 'tradeOpen' || !provider) return;`,
    instead: `    const event = { type: 'tradeOpen', providerState: '', exists: true } as const;
    if (!provider) return;`,
    laws: ['L7 live', 'L3 settled', 'L4 agreed'],
    finders: [torture(150)],
  },
  {
    name: 'refunds a retry under a new number',
    file: 'server/orders/rules/settlement.ts',
    text: `    attempt,
    wakeAtMs: nowMs + retryDelayMs(attempt, MAX_RETRY_MS),`,
    instead: `    attempt,
    refundNo: order.refundNo + 1,
    wakeAtMs: nowMs + retryDelayMs(attempt, MAX_RETRY_MS),`,
    laws: ['L7 live', 'L3 settled', 'L4 agreed'],
    finders: [torture(150)],
  },
  {
    name: 'books a delivery that the device only doubts',
    file: 'server/orders/rules/settlement.ts',
    text: "if (context.policy.uncertain === 'refund') return startRefund(order, Reason.PolicyRefund, context);",
    instead:
      "if (context.policy.uncertain === 'refund') return step(enter(order, 'CLOSED', { reason, paidFen: 0 }));",
    laws: ['L3 settled', 'L4 agreed', 'L7 live'],
    finders: [cuts('uncertain is refunded'), torture(150)],
  },
];

export const MUTANTS: readonly Mutant[] = [...DEVICE, ...LINK, ...SERVER];
