/**
 * The data stream (docs/host-protocol.md, section 12) as a pair of callbacks: bytes are cut to the credit, kept while
 * there is none, and credit for received bytes is given back when they were dealt with.
 * Invariant: never more bytes under way than the module has given credit for, and at most MAX_KEPT_BYTES kept here.
 */
import { Reason } from '../../src/protocol/codes';
import { HostType } from '../../src/protocol/host';
import { HostError } from './errors';
import type { Host } from './host';
import { checkInteger, checkText } from './messages';

export interface StreamTarget {
  /** Nothing for a tunnel through the platform. */
  readonly address?: string;
  readonly port?: number;
}

export interface StreamListener {
  onData(bytes: Buffer): void;
  /** More can be written after `write` gave false. */
  onDrain(): void;
  onClose(reason: number): void;
}

const MAX_DATA_BYTES = 512;
const WINDOW_BYTES = 2048;
const MAX_KEPT_BYTES = 65_536;
const OPEN_LIMIT_MS = 180_000;

export class DataStream {
  private credit = 0;
  private kept: Buffer[] = [];
  private keptBytes = 0;
  private sentBytes = 0;
  private grantedBytes = 0;
  private isSending = false;
  private isOpen = false;
  private stopListening: () => void = () => {};

  private constructor(
    private readonly host: Host,
    private readonly listener: StreamListener,
  ) {}

  /** Opens the stream; gives it when both ends are connected. Fails with a HostError. */
  static async open(host: Host, target: StreamTarget, listener: StreamListener): Promise<DataStream> {
    const { address = '', port = 0 } = target;
    checkText('the address', address, 63);
    if (address) checkInteger('the port', port, 1, 65_535);
    const stream = new DataStream(host, listener);
    const opened = host.waitFor<{ reason?: number }>('DTU_OPENED', OPEN_LIMIT_MS, (event) => {
      if (event.kind === 'info' && event.isRestart) return { reason: Reason.NoStream };
      if (event.kind !== 'message') return undefined;
      if (event.type === HostType.DtuClosed) return { reason: event.fields.reason as number };
      if (event.type !== HostType.DtuOpened) return undefined;
      // At once, because DTU_CLOSED may stand right behind it.
      stream.begin(event.fields.credit as number);
      return {};
    });
    opened.catch(() => {});
    await host.request(HostType.DtuOpen, { mode: address ? 2 : 1, port, address });
    const { reason } = await opened;
    if (reason !== undefined) throw HostError.refused(reason);
    await host.request(HostType.DtuCredit, { credit: WINDOW_BYTES });
    return stream;
  }

  /** Sends bytes when there is credit. Gives false when the caller should wait for onDrain; throws when too many wait. */
  write(bytes: Buffer): boolean {
    if (!this.isOpen) throw new HostError('closed', 'the data stream is closed');
    if (this.keptBytes + bytes.length > MAX_KEPT_BYTES)
      throw new HostError('argument', 'too many bytes wait for credit');
    this.kept.push(bytes);
    this.keptBytes += bytes.length;
    void this.send();
    return this.keptBytes === 0;
  }

  /** Bytes that have not been passed on to the network: they wait for credit, or the module holds them. */
  get waitingBytes(): number {
    return this.keptBytes + Math.max(0, this.sentBytes - this.grantedBytes);
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    const closed = this.host.waitFor('DTU_CLOSED', OPEN_LIMIT_MS, (event) =>
      event.kind === 'message' && event.type === HostType.DtuClosed ? true : undefined,
    );
    closed.catch(() => {});
    await this.host.request(HostType.DtuClose, {});
    await closed;
  }

  private begin(credit: number): void {
    this.isOpen = true;
    this.credit = credit;
    this.stopListening = this.host.listen((event) => {
      if (event.kind === 'closed' || (event.kind === 'info' && event.isRestart)) this.end(Reason.NoStream);
      if (event.kind !== 'message') return;
      if (event.type === HostType.DtuReceived) this.receive(Buffer.from(String(event.fields.data), 'latin1'));
      if (event.type === HostType.DtuGranted) this.grant(event.fields.credit as number);
      if (event.type === HostType.DtuClosed) this.end(event.fields.reason as number);
    });
  }

  private receive(bytes: Buffer): void {
    this.listener.onData(bytes);
    this.host.request(HostType.DtuCredit, { credit: bytes.length }).catch(() => {});
  }

  private grant(credit: number): void {
    this.credit += credit;
    this.grantedBytes += credit;
    void this.send();
  }

  /** One frame after the other, as far as the credit goes. */
  private async send(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    const hadBytes = this.keptBytes > 0;
    while (this.isOpen && this.keptBytes > 0 && this.credit > 0) {
      const whole = Buffer.concat(this.kept);
      const part = whole.subarray(0, Math.min(this.credit, MAX_DATA_BYTES));
      this.kept = part.length < whole.length ? [whole.subarray(part.length)] : [];
      this.keptBytes -= part.length;
      this.credit -= part.length;
      this.sentBytes += part.length;
      try {
        await this.host.request(HostType.DtuData, { data: part.toString('latin1') });
      } catch (error) {
        this.end((error as HostError).reason || Reason.NoStream);
      }
    }
    this.isSending = false;
    if (hadBytes && this.keptBytes === 0 && this.isOpen) this.listener.onDrain();
  }

  private end(reason: number): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.kept = [];
    this.keptBytes = 0;
    this.stopListening();
    this.listener.onClose(reason);
  }
}
