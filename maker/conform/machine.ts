/**
 * The machine of a host under test: a program that we start ourselves, or a person in front of one. A program gets `sell` on
 * its standard input when an order is wanted, and is killed and started again for a restart; it connects to our TCP port.
 * Invariant: after `close` no process of ours is left.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import type { HostPort } from '../host/port';
import type { Operator } from './host-context';

/** A TCP port of ours as the line: whoever connected last is the machine. */
export class ListeningPort implements HostPort {
  readonly name = 'machine';
  readonly baud = 0;
  onData: (bytes: Buffer) => void = () => {};
  onClose: (why: string) => void = () => {};
  private socket: Socket | undefined;
  private isConnected!: () => void;
  /** Settled when a machine has connected for the first time. */
  readonly connected = new Promise<void>((resolve) => {
    this.isConnected = resolve;
  });

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.accept(socket));
  }

  /** Listens on loopback; fails with a sentence. */
  static open(port: number): Promise<ListeningPort> {
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.once('error', (error) => reject(new Error(`cannot listen on port ${port}: ${error.message}`)));
      server.listen(port, '127.0.0.1', () => resolve(new ListeningPort(server)));
    });
  }

  /** The port that was bound. */
  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  write(bytes: Buffer): void {
    this.socket?.write(bytes);
  }

  close(): void {
    this.socket?.destroy();
    this.server.close();
  }

  private accept(socket: Socket): void {
    this.socket?.destroy();
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      if (this.socket === socket) this.onData(bytes);
    });
    this.isConnected();
  }
}

/** A person in front of a machine. */
export function personAt(canRestart: boolean, delivers: boolean, say: (text: string) => void): Operator {
  return {
    sell: () => say('please start an order on the machine'),
    restart: () =>
      say(
        canRestart
          ? 'please switch the machine off and on now'
          : 'please wait: a machine says HELLO after 30 s of silence',
      ),
    canRestart,
    delivers,
  };
}

/** A program of the maker's as the machine. */
export class ProgramMachine implements Operator {
  readonly canRestart = true;
  private child: ChildProcess | undefined;
  private isClosed = false;

  constructor(
    private readonly command: string,
    readonly delivers: boolean,
    private readonly say: (text: string) => void,
  ) {
    this.start();
  }

  sell(): void {
    this.child?.stdin?.write('sell\n');
  }

  restart(): void {
    this.kill();
    this.start();
  }

  close(): void {
    this.isClosed = true;
    this.kill();
  }

  private kill(): void {
    const { child } = this;
    this.child = undefined;
    // Its own group: a shell in between must not keep the program alive.
    if (child?.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  }

  private start(): void {
    const child = spawn(this.command, { shell: true, detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
    this.child = child;
    child.stdin?.on('error', () => {});
    child.on('exit', (code) => {
      if (this.child === child && !this.isClosed) this.say(`the machine's program has ended with ${code}`);
    });
  }
}
