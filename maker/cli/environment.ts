/**
 * What the command needs of the machine it runs on, so that tests can run it without one: time, ports, terminal, files.
 * main.ts gives the real ones.
 */
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../sim/time/clock';
import type { HostPort } from '../host';

export interface PortDescription {
  readonly path: string;
  /** Manufacturer and numbers, as far as the system knows them. */
  readonly note: string;
}

export interface Environment {
  readonly clock: Clock;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Whether a person watches: QR codes and progress are for people. */
  readonly isTerminal: boolean;
  /** From the environment variable COINSLOT_PORT. */
  readonly defaultPort: string | undefined;
  openPort(address: string, baud: number): Promise<HostPort>;
  listPorts(): Promise<PortDescription[]>;
  writeFile(path: string, content: string | Buffer): Promise<void>;
  /** Calls when a person presses Ctrl-C; gives what ends that. */
  onInterrupt(handler: () => void): () => void;
}
