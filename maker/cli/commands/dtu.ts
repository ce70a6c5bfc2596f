/**
 * `coinslot dtu`: the data stream as a pipe. Standard input and output, or with --listen a TCP port on this machine for
 * one client at a time. Ends when the stream, the input or the client ends.
 */
import { createServer, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { DataStream, HostError, reasonName, reasonText, type StreamTarget } from '../../host';
import { Exit } from '../exit-codes';
import { type Connected, pause, type Session, withHost } from '../session';

export interface DtuOptions {
  /** `address:port` for a direct connection; without it the tunnel through the platform. */
  readonly direct?: string;
  readonly listen?: number;
}

const DRAIN_LIMIT_MS = 60_000;
/** How long to wait for more after the end of the input. */
const LINGER_MS = 3000;
const LOOK_MS = 100;

function parseTarget(direct: string | undefined): StreamTarget {
  if (direct === undefined) return {};
  const match = /^([A-Za-z0-9.-]{1,63}):(\d{1,5})$/.exec(direct);
  if (!match) throw new HostError('argument', `not an address: ${direct} (like data.example.com:8080)`);
  return { address: match[1]!, port: Number(match[2]) };
}

export function dtu(session: Session, options: DtuOptions): Promise<Exit> {
  const target = parseTarget(options.direct);
  const { stdin, stdout, stderr } = session.environment;
  return withHost(session, async (connected) => {
    if (options.listen === undefined) return join(connected, target, stdin, stdout);
    const { client, port, close } = await awaitClient(options.listen, (bound) =>
      stderr.write(`waiting for a client at 127.0.0.1:${bound}\n`),
    );
    stderr.write(`a client at port ${port}; opening the stream\n`);
    try {
      return await join(connected, target, client, client);
    } finally {
      client.destroy();
      close();
    }
  });
}

function awaitClient(
  port: number,
  onListening: (bound: number) => void,
): Promise<{ client: Socket; port: number; close: () => void }> {
  return new Promise((resolve, reject) => {
    const server = createServer((client) => {
      client.on('error', () => {});
      resolve({ client, port: client.remotePort ?? 0, close: () => server.close() });
    });
    server.on('error', (error: NodeJS.ErrnoException) =>
      reject(new HostError('argument', `cannot listen on port ${port} (${error.code ?? error.message})`)),
    );
    server.maxConnections = 1;
    server.listen(port, '127.0.0.1', () => onListening((server.address() as { port: number }).port));
  });
}

/** Opens the stream and pipes until one end is over. */
async function join(
  connected: Connected,
  target: StreamTarget,
  input: Readable,
  output: Writable,
): Promise<Exit> {
  const { environment, host, output: said } = connected;
  let closed: (reason: number) => void = () => {};
  const whyClosed = new Promise<number>((resolve) => {
    closed = resolve;
  });
  let heardMs = environment.clock.nowMs();
  const stream = await DataStream.open(host, target, {
    onData: (bytes) => {
      heardMs = environment.clock.nowMs();
      output.write(bytes);
    },
    onDrain: () => input.resume(),
    onClose: (reason) => closed(reason),
  });
  environment.stderr.write('the stream is open\n');
  const stopInterrupt = environment.onInterrupt(() => void stream.close());
  input.on('data', (bytes: Buffer) => {
    if (!stream.write(bytes)) input.pause();
  });
  const endOfInput = async (): Promise<void> => {
    await drained(connected, stream);
    // What the far end says to the last bytes comes a little later.
    heardMs = environment.clock.nowMs();
    while (environment.clock.nowMs() - heardMs < LINGER_MS) await pause(connected, LOOK_MS);
    await stream.close();
  };
  input.once('end', () => void endOfInput());
  const reason = await whyClosed;
  stopInterrupt();
  input.removeAllListeners('data');
  if (reason === 0) return Exit.Ok;
  said.complain(
    'refused',
    `the stream is closed: ${reasonName(reason)}: ${reasonText(reason).meaning}`,
    reasonText(reason).advice,
  );
  return Exit.Refused;
}

/** Waits until everything written has gone: what the module holds when the stream is closed is lost. */
async function drained(connected: Connected, stream: DataStream): Promise<void> {
  const { clock } = connected.environment;
  const endMs = clock.nowMs() + DRAIN_LIMIT_MS;
  while (stream.waitingBytes > 0 && clock.nowMs() < endMs) await pause(connected, LOOK_MS);
}
