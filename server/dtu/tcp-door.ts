/**
 * The TCP port for makers' backends (docs/dtu.md): one line says who comes and for which device, one line
 * answers, then bytes flow as they are. Leaves tokens to access.ts, streams to the hub.
 * Invariant: nothing is read from a backend between its line and the opening of its stream, so that what it sends
 * early waits in its own TCP.
 */
import * as net from 'node:net';
import type { Clock } from '../time';
import type { EndName, FarEnd } from './far-end';

export interface DoorKeeper {
  /** Lets a backend in; the answer says why not, or how the device's last stream ended. */
  enter(deviceId: string, token: string): Promise<Entry>;
  /** It waits for its device from now on. */
  arrive(deviceId: string, far: FarEnd): void;
}

export type Entry =
  | { readonly ok: true; readonly tokenId: number; readonly label: string; readonly lastEnd: EndName }
  | { readonly ok: false; readonly code: 'UNAUTHORIZED' | 'NOT_FOUND' | 'UNAVAILABLE' };

const HELLO = /^DTU\/1 ([A-Z0-9]{4,12}) ([\x21-\x7e]{1,100})\r?$/;
const MAX_HELLO_BYTES = 200;
const HELLO_TIMEOUT_MS = 10_000;
/** A backend that does not close after us is let go of. */
const LINGER_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;
const MAX_CONNECTIONS = 20_000;
/** Connections that have not shown a token. */
const MAX_UNKNOWN = 500;

export class TcpDoor {
  private readonly server: net.Server;
  private readonly sockets = new Set<net.Socket>();
  private unknown = 0;

  constructor(
    private readonly keeper: DoorKeeper,
    private readonly clock: Clock,
  ) {
    this.server = net.createServer({ allowHalfOpen: true }, (socket) => this.accept(socket));
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve((this.server.address() as net.AddressInfo).port);
      });
    });
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private accept(socket: net.Socket): void {
    socket.on('error', () => undefined);
    if (this.unknown >= MAX_UNKNOWN) {
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.unknown += 1;
    this.readHello(socket).then(
      () => (this.unknown -= 1),
      () => {
        this.unknown -= 1;
        socket.destroy();
      },
    );
  }

  private async readHello(socket: net.Socket): Promise<void> {
    const timer = this.clock.setTimer(() => socket.destroy(), HELLO_TIMEOUT_MS);
    const line = await firstLine(socket);
    this.clock.clearTimer(timer);
    const match = line === undefined ? undefined : HELLO.exec(line);
    if (!match) return refuse(socket, 'BAD_REQUEST');
    const entry = await this.keeper.enter(match[1]!, match[2]!);
    if (socket.destroyed) return;
    if (!entry.ok) return refuse(socket, entry.code);
    socket.write(`WAIT ${entry.lastEnd}\n`);
    this.keeper.arrive(match[1]!, new TcpFarEnd(socket, this.clock, entry.tokenId, entry.label));
  }
}

function refuse(socket: net.Socket, code: string): void {
  socket.end(`ERR ${code}\n`, () => socket.destroy());
}

/** The first line, without its end; what comes behind it stays in the socket. Undefined when none comes. */
function firstLine(socket: net.Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let held = Buffer.alloc(0);
    const done = (line: string | undefined): void => {
      socket.off('readable', read);
      socket.off('close', none);
      socket.off('end', none);
      resolve(line);
    };
    const none = (): void => done(undefined);
    const read = (): void => {
      for (let bytes = socket.read() as Buffer | null; bytes; bytes = socket.read() as Buffer | null) {
        held = Buffer.concat([held, bytes]);
        const end = held.indexOf('\n');
        if (end >= 0) {
          if (end + 1 < held.length) socket.unshift(held.subarray(end + 1));
          return done(held.subarray(0, end).toString('latin1'));
        }
        if (held.length > MAX_HELLO_BYTES) return done(undefined);
      }
    };
    socket.on('readable', read);
    socket.on('close', none);
    socket.on('end', none);
  });
}

class TcpFarEnd implements FarEnd {
  onBytes: (bytes: Buffer) => void = () => undefined;
  onEnd: () => void = () => undefined;
  private isOver = false;
  private isOpened = false;
  private isReading = false;

  constructor(
    private readonly socket: net.Socket,
    private readonly clock: Clock,
    readonly tokenId: number,
    readonly label: string,
  ) {
    socket.on('readable', () => this.read());
    socket.on('end', () => this.ended());
    socket.on('close', () => this.ended());
  }

  write(bytes: Buffer, done: () => void): void {
    if (this.isOver || this.socket.destroyed) done();
    else this.socket.write(bytes, () => done());
  }

  setReading(isOn: boolean): void {
    if (this.isReading === isOn) return;
    this.isReading = isOn;
    if (isOn) this.read();
  }

  opened(): void {
    this.isOpened = true;
    this.socket.write('OPEN\n');
  }

  end(reason: EndName): void {
    if (this.isOver) return;
    this.isOver = true;
    const { socket } = this;
    // Raw bytes leave no place for a reason: it is told with the next connection's WAIT.
    if (!this.isOpened) socket.write(`ERR ${reason}\n`);
    const timer = this.clock.setTimer(() => socket.destroy(), LINGER_MS);
    socket.on('close', () => this.clock.clearTimer(timer));
    socket.end();
    socket.resume();
  }

  private read(): void {
    // With nothing to read, reading only tells of the end.
    if (!this.isReading && this.socket.readableLength === 0) this.socket.read();
    while (this.isReading && !this.isOver) {
      const bytes = this.socket.read() as Buffer | null;
      if (!bytes) return;
      this.onBytes(bytes);
    }
  }

  private ended(): void {
    if (this.isOver) return;
    this.isReading = false;
    const { onEnd } = this;
    this.onEnd = () => undefined;
    onEnd();
  }
}
