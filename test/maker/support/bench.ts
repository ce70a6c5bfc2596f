/**
 * A reference module behind a real TCP port on loopback, the command in this process, and one virtual clock for both:
 * bytes take real time, waiting takes none.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import type { Environment } from '../../../maker/cli/environment';
import { run } from '../../../maker/cli/program';
import { ReferenceModule } from '../../../maker/conform/reference-module';
import { type HostPort, openPort } from '../../../maker/host';
import { streamPort } from '../../../maker/host/port';
import { VirtualClock } from '../../../sim/time/clock';

const STEP_MS = 10;
const TURNS_A_STEP = 3;
/** Bytes to a socket that nobody reads any more are never received. */
const MAX_TURNS = 2000;

export interface Outcome {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  /** Lines of --json. */
  readonly events: { event: string; [name: string]: unknown }[];
}

export interface RunOptions {
  readonly isTerminal?: boolean;
  readonly openPort?: (address: string, baud: number) => Promise<HostPort>;
  readonly stdin?: PassThrough;
}

const collector = (
  onText: (text: string) => void = () => {},
): { stream: Writable; text: () => string; bytes: () => Buffer } => {
  const parts: Buffer[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      parts.push(Buffer.from(chunk));
      onText(chunk.toString());
      done();
    },
  });
  return { stream, text: () => Buffer.concat(parts).toString('utf8'), bytes: () => Buffer.concat(parts) };
};

export class Bench {
  readonly clock = new VirtualClock();
  readonly files = new Map<string, string | Buffer>();
  module!: ReferenceModule;
  address = '';
  /** Bytes on the wire, either way, can be spoilt here. */
  spoil: (bytes: Buffer, towards: 'host' | 'module') => Buffer = (bytes) => bytes;
  interrupt: () => void = () => {};
  /** Hears what the command writes to standard error. */
  onNote: (text: string) => void = () => {};
  /** Bytes written and not yet received, either way: while there are any, time stands still. */
  private inFlight = 0;
  private server!: Server;
  private sockets = new Set<Socket>();

  async start(): Promise<void> {
    const line: HostPort = {
      name: 'line',
      baud: 0,
      onData: () => {},
      onClose: () => {},
      write: (bytes) =>
        this.sockets.forEach((socket) => this.toHost(socket, this.spoil(Buffer.from(bytes), 'host'))),
      close: () => {},
    };
    this.module = new ReferenceModule(line, { clock: this.clock });
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      const port = streamPort('module', 0, socket, () => socket.destroy());
      port.onData = (bytes) => {
        this.inFlight -= bytes.length;
        line.onData(this.spoil(Buffer.from(bytes), 'module'));
      };
      socket.on('close', () => {
        this.sockets.delete(socket);
        this.inFlight = 0;
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.address = `tcp:${(this.server.address() as { port: number }).port}`;
  }

  async stop(): Promise<void> {
    this.module.close();
    this.sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** The real port of the command, with its bytes counted. */
  private async openCounted(address: string, baud: number): Promise<HostPort> {
    const real = await openPort(address, baud);
    const counted: HostPort = {
      name: real.name,
      baud: real.baud,
      onData: () => {},
      onClose: () => {},
      write: (bytes) => {
        this.inFlight += bytes.length;
        real.write(bytes);
      },
      close: () => real.close(),
    };
    real.onData = (bytes) => {
      this.inFlight -= bytes.length;
      counted.onData(bytes);
    };
    real.onClose = (why) => counted.onClose(why);
    return counted;
  }

  private toHost(socket: Socket, bytes: Buffer): void {
    this.inFlight += bytes.length;
    socket.write(bytes);
  }

  /** Pulls the cable. */
  hangUp(): void {
    this.sockets.forEach((socket) => socket.destroy());
  }

  /** Lets time pass until the promise is settled; at most `limitMs` of virtual time. */
  async drive<Result>(promise: Promise<Result>, limitMs = 600_000): Promise<Result> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => {});
    const endMs = this.clock.nowMs() + limitMs;
    while (!isSettled) {
      if (this.clock.nowMs() > endMs) throw new Error(`not settled after ${limitMs} ms`);
      let turns = 0;
      do await new Promise((resolve) => setImmediate(resolve));
      while (++turns < TURNS_A_STEP || (this.inFlight > 0 && turns < MAX_TURNS));
      if (!isSettled) this.clock.advance(STEP_MS);
    }
    return settled;
  }

  /** Runs the command against the module, to its end. */
  async run(words: string, options: RunOptions = {}): Promise<Outcome> {
    return this.drive(this.begin(words, options));
  }

  /** The same without letting time pass: for tests that do something meanwhile, and drive themselves. */
  async begin(words: string, options: RunOptions = {}): Promise<Outcome> {
    const out = collector();
    const err = collector((text) => this.onNote(text));

    const environment: Environment = {
      clock: this.clock,
      stdin: options.stdin ?? new PassThrough(),
      stdout: out.stream,
      stderr: err.stream,
      isTerminal: options.isTerminal ?? false,
      defaultPort: this.address,
      openPort: options.openPort ?? ((address, baud) => this.openCounted(address, baud)),
      listPorts: () => Promise.resolve([{ path: '/dev/ttyTEST', note: 'test' }]),
      writeFile: (path, content) => {
        this.files.set(path, content);
        return Promise.resolve();
      },
      onInterrupt: (handler) => {
        this.interrupt = handler;
        return () => {};
      },
    };
    const exit = await run(
      words.split(' ').filter((word) => word !== ''),
      environment,
    );
    const lines = out
      .text()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    return { exit, out: out.text(), err: err.text(), events: lines.map((line) => JSON.parse(line)) };
  }

  /** Calls `action` as soon as `isTime`, looked at every 10 ms. */
  when(isTime: () => boolean, action: () => void): void {
    const look = (): void => {
      if (isTime()) action();
      else this.clock.setTimer(look, STEP_MS);
    };
    this.clock.setTimer(look, STEP_MS);
  }

  /** The customer pays the next order that can be paid, after this time. */
  payAfter(delayMs: number): void {
    const open = (): number | undefined =>
      this.module.orders.open().find((order) => order.state === 3)?.order;
    this.when(
      () => open() !== undefined,
      () => this.clock.setTimer(() => this.module.orders.pay(open()!), delayMs),
    );
  }
}
