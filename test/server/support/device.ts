/**
 * A small device for tests: opens the link, proves its key, seals what it says and opens what it hears. It knows
 * the protocol from src/protocol only, keeps what came, and lets a test wait for a message.
 */
import * as net from 'node:net';
import { deviceKeys } from '../../../src/protocol/cmac';
import {
  deviceMac,
  encodeUnit,
  MAC_BYTES,
  Opener,
  RANDOM_BYTES,
  Sealer,
  SERVER_ID,
  serverMac,
  sessionKeys,
  UnitKind,
  UnitReader,
} from '../../../src/protocol/link';
import { decodeMessage, DOWN_KINDS, type Message } from '../../../src/protocol/messages';
import { nodeAes, nodeCcm, nodeRandom } from '../../../server/gateway/node-crypto';
import { LIMIT_MS } from './until';

/** Free text as the protocol carries it. */
export const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

export class TestDevice {
  readonly heard: Message[] = [];
  /** Bytes of the data stream as they came, and how they were cut. */
  bytes = '';
  readonly cuts: number[] = [];
  readonly closed: Promise<void>;
  sealer: Sealer | undefined;
  goodbye: number | undefined;
  isClosed = false;
  /** The response unit as it went out. */
  responded = '';
  private opener: Opener | undefined;
  private waiters: (() => void)[] = [];
  private randS = '';
  private readonly randP = nodeRandom.bytes(RANDOM_BYTES);

  constructor(
    readonly socket: net.Socket,
    readonly id: string,
    private readonly key: string,
  ) {
    socket.setEncoding('latin1');
    const reader = new UnitReader({
      onUnit: (kind, body) => this.onUnit(kind, body),
      onBroken: () => socket.destroy(),
    });
    socket.on('data', (data) => reader.push(data as unknown as string));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      socket.on('close', () => {
        this.isClosed = true;
        this.wake();
        resolve();
      }),
    );
  }

  /** Connects and waits until the link is open, or ended. */
  static async connect(port: number, id: string, key: Buffer): Promise<TestDevice> {
    const device = new TestDevice(net.connect(port, '127.0.0.1'), id, key.toString('latin1'));
    await device.until(() => device.sealer !== undefined || device.isClosed || device.goodbye !== undefined);
    return device;
  }

  /** Says `hi` and waits for `ho`. */
  async greet(open: readonly (readonly [number, number])[] = [], lastOrder = 0): Promise<this> {
    this.send(['hi', 1000, '1.0.0', 'WIFI', '860000000000001', '', 0, 20, lastOrder, 0, open]);
    await this.hear('ho');
    return this;
  }

  /** A message as the next unit of this session, not sent. */
  seal(message: Message): string {
    return this.sealer!.seal(UnitKind.Message, JSON.stringify(message));
  }

  send(message: Message): void {
    this.socket.write(this.seal(message), 'latin1');
  }

  sendText(text: string): void {
    this.socket.write(this.sealer!.seal(UnitKind.Message, text), 'latin1');
  }

  /** Bytes of the data stream in one unit. */
  sendBytes(bytes: string): void {
    this.socket.write(this.sealer!.seal(UnitKind.Data, bytes), 'latin1');
  }

  /** Resolves once `condition` holds, looked at with each unit that comes. */
  sees(condition: () => boolean): Promise<void> {
    return this.until(() => condition() || this.isClosed);
  }

  pay(
    n: number,
    amountFen: number,
    channel: 1 | 2 = 1,
    reference = `r${n}`,
    goods = 'tea',
    ttlS = 300,
  ): void {
    this.send(['pay', n, amountFen, channel, ttlS, reference, base64(goods)]);
  }

  /** The next message of this type that was not taken yet; fails after a while or when the link ends. */
  async hear(type: string, n?: number): Promise<Message> {
    const find = (): number =>
      this.heard.findIndex((message) => message[0] === type && (n === undefined || message[1] === n));
    await this.until(() => find() >= 0 || this.isClosed);
    if (find() < 0) throw new Error(`link ended before ${type}; heard ${JSON.stringify(this.heard)}`);
    return this.heard.splice(find(), 1)[0]!;
  }

  async close(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  private until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`nothing came; heard ${JSON.stringify(this.heard)}`)),
        LIMIT_MS,
      );
      const check = (): void => {
        if (!condition()) this.waiters.push(check);
        else {
          clearTimeout(timer);
          resolve();
        }
      };
      check();
    });
  }

  private wake(): void {
    for (const check of this.waiters.splice(0)) check();
  }

  private onUnit(kind: number, body: string): void {
    if (kind === UnitKind.Challenge) this.respond(body);
    else if (kind === UnitKind.Goodbye) this.goodbye = body.charCodeAt(0);
    else if (kind === UnitKind.Proof) this.prove(body);
    else {
      const text = this.opener!.open(kind, body);
      if (text !== undefined && kind === UnitKind.Data) {
        this.bytes += text;
        this.cuts.push(text.length);
        return this.wake();
      }
      const message = text === undefined ? undefined : decodeMessage(DOWN_KINDS, text);
      if (!message) throw new Error('the server sent something that is not sound');
      this.heard.push(message);
    }
    this.wake();
  }

  private respond(body: string): void {
    this.randS = body.slice(SERVER_ID.length);
    const { ak } = deviceKeys(nodeAes, this.key);
    const mac = deviceMac(nodeAes, ak, this.id, this.randS, this.randP);
    this.responded = encodeUnit(UnitKind.Response, this.randP + mac + this.id);
    this.socket.write(this.responded, 'latin1');
  }

  private prove(body: string): void {
    const keys = deviceKeys(nodeAes, this.key);
    if (body.length !== MAC_BYTES || body !== serverMac(nodeAes, keys.ak, this.randP)) {
      throw new Error('the server does not know the key');
    }
    const session = sessionKeys(nodeAes, keys, this.id, this.randS, this.randP);
    this.sealer = new Sealer(nodeCcm, session.upKey, session.upSalt);
    this.opener = new Opener(nodeCcm, session.downKey, session.downSalt);
  }
}
