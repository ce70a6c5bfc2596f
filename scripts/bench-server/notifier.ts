/**
 * Notifies the server as a provider would, over HTTP/1.1 connections that stay open, one request on each at a time.
 * Node's own client costs as much processor time as all of the server's work for a notification, on the same cores;
 * a provider's does not run there.
 */
import * as net from 'node:net';

const HEAD_END = '\r\n\r\n';

class Connection {
  private answered: (() => void) | undefined;
  private held = '';

  constructor(
    private readonly socket: net.Socket,
    private readonly onFree: (connection: Connection) => void,
  ) {
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (data: unknown) => this.hear(data as string));
    socket.on('error', (error) => {
      throw error;
    });
  }

  send(request: string): Promise<void> {
    this.socket.write(request, 'latin1');
    return new Promise((resolve) => (this.answered = resolve));
  }

  close(): void {
    this.socket.destroy();
  }

  private hear(data: string): void {
    this.held += data;
    const headEnd = this.held.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const bodyBytes = Number(/\r\ncontent-length: (\d+)/i.exec(this.held)?.[1] ?? NaN);
    if (!this.held.startsWith('HTTP/1.1 200') || Number.isNaN(bodyBytes)) {
      throw new Error(`a notification was answered: ${this.held}`);
    }
    if (this.held.length < headEnd + HEAD_END.length + bodyBytes) return;
    this.held = '';
    this.answered!();
    this.onFree(this);
  }
}

export class Notifier {
  private readonly free: Connection[] = [];
  private readonly all: Connection[] = [];
  private readonly host: string;
  private readonly port: number;

  constructor(url: string) {
    this.host = new URL(url).hostname;
    this.port = Number(new URL(url).port);
  }

  /** Resolves when the notification was accepted. */
  post(path: string, body: string): Promise<void> {
    const connection = this.free.pop() ?? this.open();
    return connection.send(
      `POST ${path} HTTP/1.1\r\nhost: ${this.host}\r\ncontent-type: text/plain\r\n` +
        `content-length: ${body.length}\r\n\r\n${body}`,
    );
  }

  close(): void {
    for (const connection of this.all) connection.close();
  }

  private open(): Connection {
    const connection = new Connection(net.connect(this.port, this.host), (freed) => this.free.push(freed));
    this.all.push(connection);
    return connection;
  }
}
