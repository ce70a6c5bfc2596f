/**
 * The wire to the other side: a serial port, or `tcp:` to a virtual one. Bytes in, bytes out, and word when it is gone.
 * Leaves frames to exchange.ts. Invariant: after `close` nothing is called any more.
 */
import { connect, type Socket } from 'node:net';
import { SerialPort } from 'serialport';
import { HostError } from './errors';

export interface HostPort {
  readonly name: string;
  /** Baud rate, or 0 where bytes take no time. */
  readonly baud: number;
  onData: (bytes: Buffer) => void;
  /** The other side has gone, or the cable was pulled. */
  onClose: (why: string) => void;
  write(bytes: Buffer): void;
  close(): void;
}

export const DEFAULT_BAUD = 115_200;

/** What a stream of Node must do to be a port. */
interface Duplex {
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  write(bytes: Buffer): unknown;
}

/** Makes a port of an open stream. */
export function streamPort(name: string, baud: number, stream: Duplex, end: () => void): HostPort {
  let isClosed = false;
  let why = 'the other side has closed it';
  const port: HostPort = {
    name,
    baud,
    onData: () => {},
    onClose: () => {},
    write: (bytes) => {
      if (!isClosed) stream.write(bytes);
    },
    close: () => {
      isClosed = true;
      end();
    },
  };
  stream.on('data', (bytes) => {
    if (!isClosed) port.onData(bytes);
  });
  stream.on('error', (error) => {
    why = error.message;
  });
  stream.on('close', () => {
    if (isClosed) return;
    isClosed = true;
    port.onClose(why);
  });
  return port;
}

/** `tcp:7002` and `tcp:host:7002`. */
export function parseTcp(address: string): { host: string; port: number } | undefined {
  const match = /^tcp:(?:([^:]+):)?(\d{1,5})$/.exec(address);
  if (!match || Number(match[2]) < 1 || Number(match[2]) > 65535) return undefined;
  return { host: match[1] ?? '127.0.0.1', port: Number(match[2]) };
}

function openTcp(address: string): Promise<HostPort> {
  const target = parseTcp(address);
  if (!target) throw new HostError('argument', `not an address: ${address} (like tcp:127.0.0.1:7002)`);
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(target.port, target.host);
    const fail = (error: NodeJS.ErrnoException): void =>
      reject(new HostError('closed', `cannot connect to ${address} (${error.code ?? error.message})`));
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      socket.setNoDelay(true);
      resolve(streamPort(address, 0, socket, () => socket.destroy()));
    });
  });
}

function openSerial(path: string, baud: number): Promise<HostPort> {
  return new Promise((resolve, reject) => {
    const serial = new SerialPort({ path, baudRate: baud, autoOpen: false });
    serial.open((error) => {
      // What the system says, without serialport's own words around it.
      const why = error?.message.replace(/^Error:? ?/, '').replace(/, cannot open .*$/i, '');
      if (error) reject(new HostError('closed', `cannot open ${path} (${why})`));
      else resolve(streamPort(path, baud, serial, () => serial.close(() => {})));
    });
  });
}

/** Opens `tcp:[host:]port` or a serial port's path (`/dev/ttyUSB0`, `COM3`). Fails with a HostError. */
export async function openPort(address: string, baud = DEFAULT_BAUD): Promise<HostPort> {
  return address.startsWith('tcp:') ? openTcp(address) : openSerial(address, baud);
}
