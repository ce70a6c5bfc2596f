/**
 * `coinslot pay`: opens an order, shows its QR code, and tells what becomes of it until it is over. Ctrl-C cancels the
 * order and waits; a second one leaves it as it is.
 */
import { OrderState, Reason } from '../../../src/protocol/codes';
import {
  channelName,
  type Host,
  HostError,
  type HostEvent,
  isFinal,
  linkName,
  type OrderStatus,
  type Payment,
  reasonName,
  reasonText,
  stateName,
  yuan,
} from '../../host';
import { Exit, exitOfState } from '../exit-codes';
import { qrPng, qrSvg, qrText } from '../qr';
import { type Connected, pause, type Session, withHost } from '../session';

export interface PayOptions {
  readonly channel: 'wechat' | 'alipay';
  readonly ttl: number;
  readonly reference?: string;
  readonly goods?: string;
  readonly wait: boolean;
  readonly png?: string;
  readonly svg?: string;
  readonly deliver: 'done' | 'failed' | 'ignore';
  readonly retry: number;
}

const RETRY_PAUSE_MS = 3000;
/** An order that is not heard of for so long is asked about. */
const SILENCE_MS = 15_000;
/** These pass: the same PAY may be taken a little later. */
const PASSING = new Set<number>([Reason.Busy, Reason.Offline, Reason.NotSynced]);

export function pay(session: Session, amountFen: number, options: PayOptions): Promise<Exit> {
  return withHost(session, async (connected) => {
    const { host, output, info } = connected;
    // In the other relay modes the module delivers, and a report of ours would be wrong.
    host.delivers = (await host.settings()).mode === 0;
    const payment: Payment = {
      amountFen,
      channel: options.channel === 'alipay' ? 2 : 1,
      ttlS: options.ttl,
      reference: options.reference ?? host.newReference(),
      ...(options.goods !== undefined && { goods: options.goods }),
    };
    if (info.link !== 10) output.note(`the link is not ready yet: ${linkName(info.link)}`);
    const order = await open(connected, payment, options.retry);
    const { reference } = payment;
    const what = `${yuan(amountFen)} yuan by ${options.channel}`;
    output.say(
      'accepted',
      { order, reference, amountFen, channel: options.channel },
      `order ${order}, reference ${reference}: ${what}`,
    );
    return options.wait ? new Follower(connected, order, options).run() : Exit.Ok;
  });
}

/** PAY, again with the same reference while it only has to wait. */
async function open(connected: Connected, payment: Payment, retryS: number): Promise<number> {
  const { host, output, environment } = connected;
  const endMs = environment.clock.nowMs() + retryS * 1000;
  for (;;) {
    try {
      return await host.pay(payment);
    } catch (error) {
      const { code, reason } = error as HostError;
      const isPassing = code === 'no-answer' || PASSING.has(reason);
      if (!isPassing || environment.clock.nowMs() + RETRY_PAUSE_MS > endMs) throw error;
      output.note(`${(error as HostError).message}; trying again`);
      await pause(connected, RETRY_PAUSE_MS);
    }
  }
}

/** Follows one order until it is final. */
class Follower {
  private readonly host: Host;
  private shownUrl = '';
  private shownState = 0;
  private heardMs: number;
  private interrupts = 0;
  /** Pictures that are still being written. */
  private pictures: Promise<void> = Promise.resolve();

  constructor(
    private readonly connected: Connected,
    private readonly order: number,
    private readonly options: PayOptions,
  ) {
    this.host = connected.host;
    this.heardMs = connected.environment.clock.nowMs();
  }

  async run(): Promise<Exit> {
    const { environment } = this.connected;
    let finish: (exit: Exit) => void = () => {};
    let fail: (error: Error) => void = () => {};
    const ended = new Promise<Exit>((resolve, reject) => {
      finish = resolve;
      fail = reject;
    });
    const stopListening = this.host.listen((event) => {
      const exit = this.take(event, fail);
      if (exit !== undefined) finish(exit);
    });
    const stopInterrupt = environment.onInterrupt(() => this.interrupt(finish));
    const stopTimer = this.everySecond();
    try {
      // What happened between the ACK and now has been told; the order map has it.
      const known = this.host.orders.get(this.order);
      const exit = known && this.takeStatus(known);
      const result = exit ?? (await ended);
      await this.pictures;
      return result;
    } finally {
      stopListening();
      stopInterrupt();
      stopTimer();
    }
  }

  private take(event: HostEvent, fail: (error: Error) => void): Exit | undefined {
    if (event.kind === 'closed') fail(new HostError('closed', `the port is gone: ${event.why}`));
    if (event.kind === 'qr' && event.qr.order === this.order) this.showQr(event.qr.url, event.qr.leftS);
    if (event.kind === 'deliver' && event.order === this.order) this.deliver().catch(fail);
    if (event.kind === 'info' && event.isRestart)
      this.connected.output.note('the module has restarted; it knows its orders');
    if (event.kind !== 'status' || event.status.order !== this.order) return undefined;
    return this.takeStatus(event.status);
  }

  private takeStatus(status: OrderStatus): Exit | undefined {
    const { output, environment } = this.connected;
    this.heardMs = environment.clock.nowMs();
    const { order, state, reason, leftS } = status;
    if (state !== this.shownState) {
      this.shownState = state;
      const why = reason ? ` (${reasonName(reason)}: ${reasonText(reason).meaning})` : '';
      output.say(
        'status',
        { order, state: stateName(state), reason: reasonName(reason), leftS },
        `order ${order}: ${stateName(state)}${why}`,
      );
    }
    if (state === OrderState.AwaitingPayment) output.progress(`waiting for the payment, ${leftS} s left`);
    if (!isFinal(state)) return undefined;
    const exitCode = exitOfState(state);
    const advice = reason && exitCode !== Exit.Ok ? reasonText(reason).advice : '';
    const result = {
      order,
      state: stateName(state),
      reason: reasonName(reason),
      amountFen: status.amountFen,
      channel: channelName(status.channel),
      exitCode,
    };
    if (output.isJson) output.say('result', result, '');
    else if (advice && advice !== 'nothing') output.note(`  → ${advice}`);
    return exitCode;
  }

  private showQr(url: string, leftS: number): void {
    if (url === this.shownUrl) return;
    this.shownUrl = url;
    const { output, environment } = this.connected;
    const picture = environment.isTerminal ? `${qrText(url)}\n` : '';
    output.say('qr', { order: this.order, url, leftS }, `${picture}${url}`);
    this.pictures = this.pictures.then(() => this.writePictures(url));
    this.pictures.catch(() => {});
  }

  private async writePictures(url: string): Promise<void> {
    const { environment } = this.connected;
    if (this.options.png) await environment.writeFile(this.options.png, await qrPng(url));
    if (this.options.svg) await environment.writeFile(this.options.svg, await qrSvg(url));
  }

  /** Relay mode 0: this program is the machine. */
  private async deliver(): Promise<void> {
    const { output } = this.connected;
    const { deliver } = this.options;
    output.say(
      'deliver',
      { order: this.order, report: deliver },
      `order ${this.order}: deliver now (this program reports: ${deliver})`,
    );
    if (deliver === 'done') await this.host.dispensed(this.order);
    if (deliver === 'failed') await this.host.failed(this.order, 'coinslot-cli');
  }

  /** Once a second: an order not heard of for a while is asked about. */
  private everySecond(): () => void {
    const { clock } = this.connected.environment;
    const tick = (): void => {
      if (clock.nowMs() - this.heardMs > SILENCE_MS) {
        this.heardMs = clock.nowMs();
        this.host
          .query(this.order)
          .catch(() => this.connected.output.note('the module does not answer; still waiting'));
      }
      timer = clock.setTimer(tick, 1000);
    };
    let timer = clock.setTimer(tick, 1000);
    return () => clock.clearTimer(timer);
  }

  private interrupt(finish: (exit: Exit) => void): void {
    this.interrupts += 1;
    if (this.interrupts > 1) {
      finish(Exit.Interrupted);
      return;
    }
    this.connected.output.note('cancelling; press Ctrl-C again to leave the order as it is');
    this.host.cancel(this.order).catch((error: HostError) => this.connected.output.note(error.message));
  }
}
