/**
 * Pseudo-terminals without native code: `script` (util-linux) opens one and relays its master side over pipes,
 * while a sleeping child keeps the slave open in raw mode. Eight bits pass untouched (tried with all 256 values).
 * Invariant: `close` ends the processes that `openPty` started.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';

/** Says its slave's name, then holds it open until the master goes. */
const HOLDER = 'stty raw -echo; tty; exec sleep infinity';
const OPEN_LIMIT_MS = 60_000;
const DRAIN_BYTES = 4096;

export class Pty {
  /** Bytes written to the slave by whoever has it open. */
  onData: (bytes: Buffer) => void = () => {};

  constructor(
    readonly path: string,
    private readonly holder: ChildProcessByStdio<Writable, Readable, null>,
  ) {
    holder.stdout.on('data', (bytes: Buffer) => this.onData(bytes));
    holder.stdin.on('error', () => {});
  }

  /** Sends bytes to whoever has the slave open. */
  write(bytes: Uint8Array): void {
    this.holder.stdin.write(bytes);
  }

  /** Throws away what nobody has read: a board that is off hears nothing. */
  drain(): void {
    const descriptor = openSync(this.path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
    const rest = Buffer.alloc(DRAIN_BYTES);
    try {
      while (readSync(descriptor, rest) > 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    } finally {
      closeSync(descriptor);
    }
  }

  /** The master goes, and with it the process that holds the slave. */
  close(): void {
    this.holder.kill('SIGKILL');
  }
}

/** Opens a pseudo-terminal in raw mode. */
export function openPty(): Promise<Pty> {
  const holder = spawn('script', ['-q', '-f', '-e', '-c', HOLDER, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (error: Error): void => {
      clearTimeout(limit);
      holder.kill('SIGKILL');
      reject(error);
    };
    const limit = setTimeout(() => fail(new Error('script opened no pseudo-terminal')), OPEN_LIMIT_MS);
    const listen = (bytes: Buffer): void => {
      said += bytes.toString('latin1');
      const path = /(\/dev\/[^\r\n]+)\r?\n/.exec(said)?.[1];
      if (path === undefined) return;
      clearTimeout(limit);
      holder.stdout.off('data', listen);
      resolve(new Pty(path, holder));
    };
    holder.on('error', fail);
    holder.stdout.on('data', listen);
  });
}
