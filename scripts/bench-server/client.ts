/**
 * The device's side of the link, as small as it can be: many of them live in the process that measures. Orders go
 * on by themselves: each code is paid, each grant is answered, until `fin`.
 */
import * as net from 'node:net';
import { nodeAes, nodeCcm, nodeRandom } from '../../server/gateway/node-crypto';
import { deviceKeys } from '../../src/protocol/cmac';
import {
  deviceMac,
  encodeUnit,
  Opener,
  RANDOM_BYTES,
  Sealer,
  SERVER_ID,
  sessionKeys,
  UnitKind,
  UnitReader,
} from '../../src/protocol/link';
import type { Message } from '../../src/protocol/messages';

export class LinkClient {
  onMessage: (message: Message) => void = () => undefined;
  /** Number of the next order. */
  n = 0;
  private sealer: Sealer | undefined;
  private opener: Opener | undefined;
  private randS = '';
  private readonly randP = nodeRandom.bytes(RANDOM_BYTES);

  private constructor(
    readonly socket: net.Socket,
    readonly id: string,
    private readonly psk: string,
    private readonly onReady: () => void,
  ) {
    const reader = new UnitReader({
      onUnit: (kind, body) => this.onUnit(kind, body),
      onBroken: () => socket.destroy(),
    });
    socket.setEncoding('latin1');
    socket.setNoDelay(true);
    socket.on('data', (data: unknown) => reader.push(data as string));
  }

  /** Connects, proves its key and greets. */
  static open(port: number, id: string, key: Buffer): Promise<LinkClient> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1');
      const client: LinkClient = new LinkClient(socket, id, key.toString('latin1'), () => resolve(client));
      socket.on('error', reject);
      socket.on('close', () => reject(new Error(`${id} lost its link`)));
    });
  }

  send(message: Message): void {
    this.socket.write(this.sealer!.seal(UnitKind.Message, JSON.stringify(message)), 'latin1');
  }

  private onUnit(kind: number, body: string): void {
    if (kind === UnitKind.Message) {
      const message = JSON.parse(this.opener!.open(kind, body)!) as Message;
      if (message[0] === 'ho') {
        this.n = message[3] as number;
        this.onReady();
      } else this.onMessage(message);
    } else if (kind === UnitKind.Challenge) {
      this.randS = body.slice(SERVER_ID.length);
      const { ak } = deviceKeys(nodeAes, this.psk);
      const mac = deviceMac(nodeAes, ak, this.id, this.randS, this.randP);
      this.socket.write(encodeUnit(UnitKind.Response, this.randP + mac + this.id), 'latin1');
    } else {
      const keys = sessionKeys(nodeAes, deviceKeys(nodeAes, this.psk), this.id, this.randS, this.randP);
      this.sealer = new Sealer(nodeCcm, keys.upKey, keys.upSalt);
      this.opener = new Opener(nodeCcm, keys.downKey, keys.downSalt);
      this.send(['hi', 1, '1.0.0', 'BENCH', '', '', 0, 20, 0, 0, []]);
    }
  }
}
