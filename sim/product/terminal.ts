/**
 * The terminal of `npm start`: what a maker's machine would do, typed by a person. Shows the QR code, what the
 * module tells of each order, and the relay's click. Leaves everything else to product.ts and machine.ts.
 */
import { createInterface } from 'node:readline';
import qrcode from 'qrcode-terminal';
import { CHANNEL_NAMES, LINK_STATE_NAMES, ORDER_STATE_NAMES, OrderState } from '../../src/protocol/codes';
import { REASON_NAMES } from '../../src/protocol/reasons';
import { HostType, type HostFields } from '../../src/protocol/host';
import { HostError } from '../../maker/host/errors';
import type { OrderStatus } from '../../maker/host/messages';
import type { Product } from './product';

const HELP = `  pay AMOUNT wechat|alipay [GOODS]   ask for a payment, as in: pay 1.50 wechat
  status                             the link, the signal and every order
  refund N                           the goods of order N did not come out: money back
  cancel N                           give up order N
  cut                                pull the plug of the module for two seconds
  drop                               lose the radio cell for twenty seconds
  help, quit`;

const CUT_MS = 2000;
const DROP_MS = 20_000;
const MAX_FEN = 100_000_000;

type Words = readonly string[];

/** Runs until the person quits or the input ends. */
export function openTerminal(product: Product): Promise<void> {
  const terminal = new Terminal(product);
  return terminal.run();
}

/** "1.50" → 150; undefined for anything that is not an amount in yuan with at most two decimals. */
export function parseYuan(text: string): number | undefined {
  const match = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(text);
  if (!match) return undefined;
  const amountFen = Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
  return amountFen > 0 && amountFen <= MAX_FEN ? amountFen : undefined;
}

class Terminal {
  private readonly lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: 'coinslot> ',
  });
  private readonly lastStates = new Map<number, number>();

  constructor(private readonly product: Product) {}

  async run(): Promise<void> {
    const { machine, sandbox } = this.product;
    for (const order of machine.orders.values()) this.lastStates.set(order.order, order.state);
    machine.listeners.add((type, fields) => this.onFrame(type, fields));
    console.log(`\nThe wallet (what the customer's phone would show): ${sandbox.walletUrl}\n${HELP}`);
    await this.status();
    this.lines.prompt();
    for await (const line of this.lines) {
      const words = line.trim().split(/\s+/);
      if (words[0] === 'quit' || words[0] === 'exit') break;
      if (words[0]) await this.command(words);
      this.lines.prompt();
    }
  }

  private async command(words: Words): Promise<void> {
    const commands: Record<string, (words: Words) => Promise<void>> = {
      pay: (given) => this.pay(given),
      status: () => this.status(),
      refund: (given) => this.orderCommand(given, HostType.Refund, { text: '' }),
      cancel: (given) => this.orderCommand(given, HostType.Cancel, {}),
      cut: () => this.cut(),
      drop: () => this.drop(),
      help: () => Promise.resolve(console.log(HELP)),
    };
    const run = Object.hasOwn(commands, words[0]!) ? commands[words[0]!] : undefined;
    if (!run) {
      console.log(`  "${words[0]}" is not a command; "help" shows them`);
      return;
    }
    try {
      await run(words.slice(1));
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      console.log(`  ${error.code === 'refused' ? 'refused: ' : ''}${error.message}`);
    }
  }

  private async pay([amount = '', channel = '', ...goods]: Words): Promise<void> {
    const amountFen = parseYuan(amount);
    const code = CHANNEL_NAMES.indexOf(channel);
    if (amountFen === undefined || code < 1) {
      console.log('  like this: pay 1.50 wechat, or: pay 3 alipay');
      return;
    }
    const fields = {
      amountFen,
      channel: code,
      ttlS: 0,
      reference: `start-${Math.floor(this.product.clock.nowMs())}`,
      goods: Buffer.from(goods.join(' ') || '咖啡 Coffee', 'utf8').toString('latin1'),
    };
    const order = await this.product.machine.request(HostType.Pay, fields);
    console.log(`  order ${order} accepted`);
  }

  private async orderCommand([number = '']: Words, type: HostType, fields: HostFields): Promise<void> {
    if (!/^\d{1,9}$/.test(number)) {
      console.log('  which order? Give its number, as "status" shows it');
      return;
    }
    await this.product.machine.request(type, { order: Number(number), ...fields });
    console.log('  taken');
  }

  private async status(): Promise<void> {
    const { machine, server, deviceId } = this.product;
    await machine.request(HostType.GetSignal);
    const { link, csq } = machine.signal;
    console.log(`  link ${LINK_STATE_NAMES[link as number]}, signal ${csq as number} of 31`);
    for (const order of [...machine.orders.values()].sort((left, right) => left.order - right.order)) {
      const onServer = await server.core.store.find(`${deviceId}_${order.order}`);
      console.log(`  ${describe(order)}; server: ${onServer?.state ?? 'not known'}`);
    }
  }

  private async cut(): Promise<void> {
    const { module, clock } = this.product;
    console.log('  power off');
    module.cutPower();
    await new Promise<void>((resolve) => clock.setTimer(resolve, CUT_MS));
    console.log('  power on; the module finds its orders in flash, then looks for its network');
    module.powerOn();
  }

  private async drop(): Promise<void> {
    const { network, clock } = this.product;
    console.log(`  the radio cell is gone for ${DROP_MS / 1000} seconds`);
    network.setCoverage(false);
    clock.setTimer(() => network.setCoverage(true), DROP_MS);
  }

  private onFrame(type: HostType, fields: HostFields): void {
    if (type === HostType.Status) this.showStatus(fields as unknown as OrderStatus);
    if (type === HostType.Qr) this.showQr(fields);
    if (type === HostType.Signal) this.print(`link ${LINK_STATE_NAMES[fields.link as number]}`);
    if (type === HostType.Info) this.print(`module started: ${fields.openOrders as number} open orders`);
  }

  private showStatus(order: OrderStatus): void {
    if (this.lastStates.get(order.order) === order.state) return;
    this.lastStates.set(order.order, order.state);
    this.print(describe(order));
  }

  private showQr(fields: HostFields): void {
    const url = fields.url as string;
    qrcode.generate(url, { small: true }, (picture) => {
      const open = `${this.product.sandbox.walletUrl}/open?url=${encodeURIComponent(url)}`;
      this.print(
        `order ${fields.order as number}: scan this with the wallet, or open it there\n${picture}\n  ${open}`,
      );
    });
  }

  /** Prints above the prompt and keeps what is being typed. */
  private print(text: string): void {
    process.stdout.write(`\r\x1b[K  ${text}\n`);
    this.lines.prompt(true);
  }
}

function describe(order: OrderStatus): string {
  const yuan = `${Math.floor(order.amountFen / 100)}.${String(order.amountFen % 100).padStart(2, '0')}`;
  const reason = order.reason ? ` (${REASON_NAMES[order.reason]})` : '';
  const left = order.state === OrderState.AwaitingPayment ? `, ${order.leftS} s left` : '';
  return `order ${order.order}: ${yuan} yuan by ${CHANNEL_NAMES[order.channel]}, ${ORDER_STATE_NAMES[order.state]}${reason}${left}`;
}
