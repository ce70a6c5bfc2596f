/**
 * The two ways in which a program on this machine reaches the simulated module's serial port: a TCP port on
 * the loopback address, and a pseudo-terminal that socat (Debian package `socat`) holds open.
 * Invariant: nothing listens outside the loopback address.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import * as net from 'node:net';
import type { StreamSerial } from './stream-serial';

/** socat's own line: `PTY is /dev/pts/3`. */
const TERMINAL_NAME = /PTY is (\S+)/;

export interface HostPort {
  /** What a person types into the other program. */
  readonly address: string;
  close(): void;
}

/** One client at a time, as one wire has one other end; a second is turned away. */
export function openTcpPort(serial: StreamSerial, port: number): Promise<HostPort> {
  let client: net.Socket | undefined;
  const server = net.createServer((socket) => {
    if (client) {
      socket.end();
      return;
    }
    client = socket;
    socket.setNoDelay(true);
    serial.attach((bytes) => socket.write(bytes));
    socket.on('data', (bytes) => serial.onData(bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      client = undefined;
      serial.attach(undefined);
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(`cannot listen on 127.0.0.1:${port} (${error.code ?? error.message})`)),
    );
    server.listen(port, '127.0.0.1', () => {
      const bound = (server.address() as net.AddressInfo).port;
      resolve({
        address: `127.0.0.1:${bound}`,
        close: () => {
          client?.destroy();
          server.close();
        },
      });
    });
  });
}

/** A pseudo-terminal; `link` is an extra name for it in the file system. */
export function openPseudoTerminal(serial: StreamSerial, link: string | undefined): Promise<HostPort> {
  const options = ['PTY', 'rawer', 'echo=0', ...(link === undefined ? [] : [`link=${link}`])].join(',');
  const child = spawn('socat', ['-d', '-d', options, 'STDIO'], { stdio: ['pipe', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    let log = '';
    child.once('error', () =>
      reject(new Error('a pseudo-terminal needs socat: install Debian package socat, or use --tcp PORT')),
    );
    child.once('exit', () => reject(new Error(`socat ended: ${log.trim().split('\n').at(-1) ?? ''}`)));
    child.stderr.on('data', (bytes: Buffer) => {
      log += bytes.toString();
      const name = TERMINAL_NAME.exec(log)?.[1];
      if (name === undefined) return;
      child.stderr.removeAllListeners('data');
      child.stderr.resume();
      connect(serial, child);
      resolve({ address: link ?? name, close: () => child.kill() });
    });
  });
}

function connect(serial: StreamSerial, child: ChildProcess): void {
  child.stdin!.on('error', () => {});
  serial.attach((bytes) => child.stdin!.write(bytes));
  child.stdout!.on('data', (bytes: Buffer) => serial.onData(bytes));
  child.once('exit', () => serial.attach(undefined));
}
