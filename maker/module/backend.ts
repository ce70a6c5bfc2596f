/**
 * The maker's backend of the data stream, for `npm run module --dtu …`: waits at the platform's TCP port (docs/dtu.md) and joins
 * each stream with a program on this PC, or sends back what comes.
 * Invariant: one connection is one stream; when it ends the next one waits. After `close` nothing is left.
 */
import { connect, type Socket } from 'node:net';
import type { Product } from '../../sim/product/product';
import type { Clock, Timer } from '../../sim/time/clock';

export interface BackendOptions {
  readonly clock: Clock;
  /** The platform's port for backends. */
  readonly platformPort: number;
  readonly deviceId: string;
  readonly token: string;
  /** A program at this port of 127.0.0.1; without it: echo. */
  readonly targetPort?: number;
  readonly say: (text: string) => void;
}

const AGAIN_MS = 1000;
const MAX_LINE_BYTES = 200;

/** `echo`, or a TCP port. Throws a sentence for anything else. */
export function parseDtu(text: string): 'echo' | number {
  if (text === 'echo') return 'echo';
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535)
    throw new Error(`expected echo, or a TCP port of your own program, not ${text}`);
  return port;
}

export class Backend {
  private platform: Socket | undefined;
  private target: Socket | undefined;
  private timer: Timer | undefined;
  private isClosed = false;

  constructor(private readonly options: BackendOptions) {
    this.wait();
  }

  close(): void {
    this.isClosed = true;
    this.options.clock.clearTimer(this.timer);
    this.platform?.destroy();
    this.target?.destroy();
  }

  /** Connects, and is there for the next stream. */
  private wait(): void {
    const { platformPort, deviceId, token } = this.options;
    const platform = connect(platformPort, '127.0.0.1', () => platform.write(`DTU/1 ${deviceId} ${token}\n`));
    this.platform = platform;
    let head = '';
    const onHead = (bytes: Buffer): void => {
      head += bytes.toString('latin1');
      for (let end = head.indexOf('\n'); end >= 0; end = head.indexOf('\n')) {
        const line = head.slice(0, end);
        head = head.slice(end + 1);
        if (line === 'OPEN') {
          platform.off('data', onHead);
          this.join(platform, Buffer.from(head, 'latin1'));
          return;
        }
        if (line.startsWith('ERR')) this.options.say(`data stream: the platform says ${line}`);
      }
      if (head.length > MAX_LINE_BYTES) platform.destroy();
    };
    platform.on('data', onHead);
    platform.on('error', () => {});
    platform.on('close', () => {
      this.target?.end();
      if (this.isClosed) return;
      this.timer = this.options.clock.setTimer(() => this.wait(), AGAIN_MS);
    });
  }

  /** A stream is open; `first` came with the news. */
  private join(platform: Socket, first: Buffer): void {
    const { targetPort, say } = this.options;
    say('data stream: open');
    platform.once('close', () => say('data stream: closed'));
    if (targetPort === undefined) {
      platform.write(first);
      platform.pipe(platform);
      return;
    }
    const target = connect(targetPort, '127.0.0.1');
    this.target = target;
    target.on('error', (error: NodeJS.ErrnoException) => {
      say(`data stream: nobody listens at port ${targetPort} (${error.code ?? error.message})`);
      platform.end();
    });
    target.write(first);
    platform.pipe(target);
    target.pipe(platform);
  }
}

/** A backend of the device's merchant, with a token of its own. */
export async function openBackend(
  { server, deviceId, clock }: Product,
  end: 'echo' | number,
  say: (text: string) => void,
): Promise<Backend> {
  const device = await server.core.devices.find(deviceId);
  const wish = { name: 'virtual module', merchantId: device!.merchantId, deviceId };
  const { token } = await server.core.streams.addToken(wish);
  const target = end === 'echo' ? {} : { targetPort: end };
  return new Backend({ clock, platformPort: server.dtuPort, deviceId, token, say, ...target });
}
