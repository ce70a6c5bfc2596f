/**
 * The WebSocket for makers' backends (`/api/v1/dtu/<device>`, docs/dtu.md), and for other processes of the server
 * that bring theirs. Leaves tokens to access.ts, streams to the hub.
 * Invariant: nobody is upgraded before his token or ticket was found good.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Clock } from '../time';
import type { DtuHub } from './hub';
import { FRESH_HEADER, STREAM_PATH, TICKET_HEADER } from './neighbours';
import { WsFarEnd } from './ws-end';

const MAX_MESSAGE_BYTES = 65_536;
const KEEP_ALIVE_MS = 30_000;
const DEVICE = /^[A-Z0-9]{4,12}$/;
const BEARER = /^Bearer ([\x21-\x7e]{1,100})$/i;
const STATUS: Readonly<Record<string, string>> = {
  UNAUTHORIZED: '401 Unauthorized',
  NOT_FOUND: '404 Not Found',
  BUSY: '409 Conflict',
  UNAVAILABLE: '503 Service Unavailable',
};

export class WsDoor {
  private readonly server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });

  constructor(
    private readonly hub: DtuHub,
    private readonly clock: Clock,
    private readonly onAccepted: (socket: Socket) => void,
  ) {}

  /** Takes an upgrade of ours; false: it is for somebody else. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    // No URL parser: it throws at what strangers may send, and nothing here would catch that.
    const pathname = /^[^?#]*/.exec(request.url ?? '')![0];
    if (!pathname.startsWith(STREAM_PATH)) return false;
    const deviceId = pathname.slice(STREAM_PATH.length);
    socket.on('error', () => socket.destroy());
    if (!DEVICE.test(deviceId)) refuse(socket, 'NOT_FOUND');
    else if (request.headers[TICKET_HEADER] !== undefined)
      this.takeNeighbour(deviceId, request, socket, head);
    else void this.takeBackend(deviceId, request, socket, head);
    return true;
  }

  private async takeBackend(
    deviceId: string,
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return refuse(socket, 'UNAUTHORIZED');
    const entry = await this.hub.enter(deviceId, token);
    if (socket.destroyed) return;
    if (!entry.ok) return refuse(socket, entry.code);
    this.accept(request, socket, head, (peer) => {
      const far = new WsFarEnd(peer, this.clock, entry.tokenId, entry.label);
      far.waits(entry.lastEnd);
      this.hub.arrive(deviceId, far);
    });
  }

  private takeNeighbour(deviceId: string, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ticket = String(request.headers[TICKET_HEADER]);
    const isFresh = request.headers[FRESH_HEADER] === '1';
    if (!this.hub.welcomes(deviceId, ticket, isFresh)) return refuse(socket, 'BUSY');
    this.accept(request, socket, head, (peer) =>
      this.hub.arriveFromNeighbour(deviceId, ticket, new WsFarEnd(peer, this.clock, 0, 'neighbour')),
    );
  }

  private accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    take: (peer: WebSocket) => void,
  ): void {
    request.socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.onAccepted(request.socket);
    this.server.handleUpgrade(request, socket, head, take);
  }
}

function refuse(socket: Duplex, code: string): void {
  const answer = `HTTP/1.1 ${STATUS[code]!}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  // Nobody looks after an upgraded socket any more: one whose peer does not close would be held for ever.
  socket.end(answer, () => socket.destroy());
}
