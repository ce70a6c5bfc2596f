/**
 * Puts the data streams' parts together for one server process: hub, both doors, the way to other processes.
 * Invariant: once `stop` has resolved nothing of it listens or writes.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { GatewayLog } from '../gateway/gateway';
import type { Router } from '../gateway/router';
import type { Metrics } from '../metrics';
import type { Clock } from '../time';
import type { StreamTokens } from './access';
import { DtuHub } from './hub';
import { ClusterNeighbours } from './neighbours';
import { TcpDoor } from './tcp-door';
import type { Usage } from './usage';
import { WsDoor } from './ws-door';
import type { Db } from '../db/database';

export interface StreamSettings {
  readonly dtuHost?: string;
  readonly dtuPort?: number;
  readonly innerUrl?: string;
}

/** What of the server's services is used here. */
export interface StreamParts {
  readonly database: { readonly db: Db };
  readonly router: Router;
  readonly streamTokens: StreamTokens;
  readonly usage: Usage;
}

export interface OpenStreams {
  readonly hub: DtuHub;
  /** Takes WebSockets from an HTTP server that listens at `httpUrl`; `onAccepted` hears of those that were let in. */
  serve(http: Server, httpUrl: string, onAccepted: (socket: Socket) => void): void;
  /** Opens the TCP port; gives its number. */
  listen(): Promise<number>;
  stop(): Promise<void>;
}

export function openStreams(
  settings: StreamSettings,
  parts: StreamParts,
  clock: Clock,
  log: GatewayLog,
  metrics: Metrics,
): OpenStreams {
  const address = { origin: settings.innerUrl ?? '' };
  const hub = new DtuHub({
    tokens: parts.streamTokens,
    usage: parts.usage,
    neighbours: new ClusterNeighbours({
      db: parts.database.db,
      clock,
      address: () => address.origin,
      announce: (word, subject, atMs) => parts.router.tellStreams(word, subject, atMs),
    }),
    clock,
    log,
    onPassed: (upBytes, downBytes) => metrics.streamPassed(upBytes, downBytes),
    onEnd: (reason) => metrics.streamEnded(reason),
  });
  parts.router.onStreamWord = (word, subject, atMs) => hub.hear(word, subject, atMs);
  metrics.gauge('coinslot_dtu_streams', 'Data streams of devices connected here', () => hub.streamCount);
  metrics.gauge('coinslot_dtu_waiting', 'Backends that wait for their device', () => hub.waitingCount);
  const tcp = new TcpDoor(hub, clock);
  let isListening = false;
  return {
    hub,
    serve: (http, httpUrl, onAccepted) => {
      address.origin ||= httpUrl;
      const ws = new WsDoor(hub, clock, onAccepted);
      http.on('upgrade', (request, socket, head) => {
        if (!ws.upgrade(request, socket, head) && http.listenerCount('upgrade') === 1) socket.destroy();
      });
    },
    listen: async () => {
      const port = await tcp.listen(settings.dtuPort ?? 0, settings.dtuHost ?? '127.0.0.1');
      isListening = true;
      return port;
    },
    stop: async () => {
      await hub.stop();
      if (isListening) await tcp.stop();
    },
  };
}
