/**
 * Bounds how many connections speak HTTP at a time, and for how long they may be at one request: whoever sends his
 * headers or body byte by byte, or nothing at all, is let go. Node's own `maxConnections` would count the makers'
 * WebSockets too, and enough of those would keep the providers' notifications out.
 * Invariant: a WebSocket counts until its token was found good, and not after.
 */
import { STATUS_CODES, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { WarnLog } from '../log-limit';

export interface HttpLimits {
  readonly maxConnections: number;
  /** From the connection, or the request before, to the last header. */
  readonly headersTimeoutMs: number;
  /** The same to the last byte of the body. */
  readonly requestTimeoutMs: number;
  /** How often overdue connections are looked for. */
  readonly checkMs: number;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  /** A proxy in front keeps a few; more than this are somebody's who holds connections open. */
  maxConnections: 1_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  checkMs: 2_000,
};

export class HttpConnections {
  private readonly open = new Set<Socket>();

  constructor(
    server: Server,
    private readonly maxConnections: number,
    private readonly onRefused: () => void,
  ) {
    server.on('connection', (socket: Socket) => this.take(socket));
  }

  /** It has become a WebSocket, which its own door looks after. */
  release(socket: Socket): void {
    this.open.delete(socket);
  }

  private take(socket: Socket): void {
    if (this.open.size >= this.maxConnections) {
      socket.destroy();
      this.onRefused();
      return;
    }
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
  }
}

const STATUS: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };
const BAD_REQUEST = 400;

/**
 * Answers and ends a connection whose bytes are no request, or come too slowly. Fastify's own handler would log the
 * error whole, with the bytes that came: a token may be among them.
 */
export function refuseClient(error: NodeJS.ErrnoException, socket: Socket, log: WarnLog): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = STATUS[error.code ?? ''] ?? BAD_REQUEST;
  log.warn({ address: socket.remoteAddress, code: error.code, status }, 'request malformed or too slow');
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
  }
  socket.destroy();
}
