/** Makers' backends for tests: one on the TCP port, one on the WebSocket. Both keep what came. */
import * as net from 'node:net';
import WebSocket from 'ws';
import { LIMIT_MS } from '../support/until';

abstract class TestBackend {
  bytes = '';
  isClosed = false;
  private waiters: (() => void)[] = [];

  /** Resolves once `condition` holds; fails after a while. */
  async sees(condition: () => boolean): Promise<void> {
    const deadline = performance.now() + LIMIT_MS;
    while (!condition()) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`it did not happen: ${condition.toString()}; ${this.state()}`)),
          deadline - performance.now(),
        );
        this.waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  protected wake(): void {
    for (const waiter of this.waiters.splice(0)) waiter();
  }

  protected abstract state(): string;
}

/** Raw TCP: lines first, bytes after `OPEN`. */
export class TcpBackend extends TestBackend {
  readonly lines: string[] = [];
  private held = '';

  constructor(readonly socket: net.Socket) {
    super();
    socket.setEncoding('latin1');
    socket.on('data', (data) => this.take(data as unknown as string));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.wake();
    });
  }

  static connect(port: number, deviceId: string, token: string): TcpBackend {
    const backend = new TcpBackend(net.connect(port, '127.0.0.1'));
    backend.socket.write(`DTU/1 ${deviceId} ${token}\n`);
    return backend;
  }

  get isOpen(): boolean {
    return this.lines.includes('OPEN');
  }

  protected state(): string {
    return JSON.stringify({ lines: this.lines, bytes: this.bytes.length, isClosed: this.isClosed });
  }

  private take(data: string): void {
    this.held += data;
    while (!this.isOpen && this.held.includes('\n')) {
      const end = this.held.indexOf('\n');
      this.lines.push(this.held.slice(0, end));
      this.held = this.held.slice(end + 1);
    }
    if (this.isOpen) {
      this.bytes += this.held;
      this.held = '';
    }
    this.wake();
  }
}

export class WsBackend extends TestBackend {
  readonly events: string[] = [];
  closeCode = 0;
  closeReason = '';
  status = 0;

  constructor(readonly socket: WebSocket) {
    super();
    socket.on('error', () => undefined);
    socket.on('unexpected-response', (_request, response) => {
      this.status = response.statusCode ?? 0;
      this.isClosed = true;
      socket.terminate();
      this.wake();
    });
    socket.on('message', (data, isBinary) => {
      if (isBinary) this.bytes += (data as Buffer).toString('latin1');
      else this.events.push((data as Buffer).toString());
      this.wake();
    });
    socket.on('close', (code, reason) => {
      this.isClosed = true;
      this.closeCode = code;
      this.closeReason = reason.toString();
      this.wake();
    });
  }

  static connect(httpUrl: string, deviceId: string, token: string): WsBackend {
    const url = `${httpUrl.replace('http', 'ws')}/api/v1/dtu/${deviceId}`;
    return new WsBackend(new WebSocket(url, { headers: { authorization: `Bearer ${token}` } }));
  }

  get isOpen(): boolean {
    return this.events.includes('{"event":"open"}');
  }

  send(bytes: string): void {
    this.socket.send(Buffer.from(bytes, 'latin1'));
  }

  protected state(): string {
    const { events, closeCode, closeReason, status } = this;
    return JSON.stringify({ events, bytes: this.bytes.length, closeCode, closeReason, status });
  }
}
