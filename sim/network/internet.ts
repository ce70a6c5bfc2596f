/**
 * The far side of the simulated network: names and listening servers, shared by any number of devices.
 * Leaves transport to `connection.ts`.
 * Invariant: at most one listener per address and port.
 */
import { isDottedAddress } from './network';

/** A server's end of one simulated connection. Set the callbacks in the accept function. */
export interface ServerConnection {
  /** Number of this connection within its network, from 1. */
  readonly id: number;
  onData: (bytes: Buffer) => void;
  /** `end`: the device closed in order; `reset`: it was cut. Comes once. */
  onClose: (reason: 'end' | 'reset') => void;
  /** All that was written has been acknowledged. */
  onDrain: () => void;
  write(bytes: Uint8Array): void;
  /** Orderly close after what was written. */
  close(): void;
  /** Sends a reset at once. */
  reset(): void;
  /** Written and not yet acknowledged by the device's TCP. */
  readonly pendingBytes: number;
  readonly isOpen: boolean;
}

export type AcceptConnection = (connection: ServerConnection) => void;

export class SimulatedInternet {
  private readonly addresses = new Map<string, string[]>();
  private readonly listeners = new Map<string, AcceptConnection>();

  /** Gives a name its addresses (dotted); no addresses forgets the name. */
  setName(name: string, ...addresses: string[]): void {
    if (addresses.length === 0) this.addresses.delete(name.toLowerCase());
    else this.addresses.set(name.toLowerCase(), addresses);
  }

  lookUp(name: string): string[] | undefined {
    return isDottedAddress(name) ? [name] : this.addresses.get(name.toLowerCase());
  }

  /** Accepts connections to `address:port`; gives the function that stops it. */
  listen(address: string, port: number, accept: AcceptConnection): () => void {
    const key = `${address}:${port}`;
    if (this.listeners.has(key)) throw new Error(`${key} already has a listener`);
    this.listeners.set(key, accept);
    return () => this.listeners.delete(key);
  }

  /** Whether anything listens at the address. */
  hasHost(address: string): boolean {
    for (const key of this.listeners.keys()) if (key.startsWith(`${address}:`)) return true;
    return false;
  }

  listenerAt(address: string, port: number): AcceptConnection | undefined {
    return this.listeners.get(`${address}:${port}`);
  }
}
