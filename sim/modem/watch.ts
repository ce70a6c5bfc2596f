/**
 * Windows into a simulated modem for traces, benches and campaigns: lines both ways with payloads counted
 * instead of shown, counters, and named events that faults and scripts wait for.
 * Invariant: watching changes nothing.
 */

/** Things that happen inside the module; faults can wait for each of them. */
export const MODEM_EVENTS = [
  'boot', // the serial port is alive
  'card', // the SIM card is ready
  'ready', // Call Ready and SMS Ready
  'registered',
  'attached',
  'pdp', // the PDP context is active
  'connecting',
  'connect', // a TCP connection is open
  'prompt', // the send prompt is out
  'payload', // a payload is complete
  'sent', // SEND OK or DATA ACCEPT is out
  'data', // bytes came in from the network
  'read', // bytes were read with AT+CIPRXGET=2 or 3
  'closed', // a connection is over
  'off', // power is gone
] as const;

export type ModemEvent = (typeof MODEM_EVENTS)[number];

export interface ModemWatch {
  /** A command line as the module understood it, without its AT. */
  onCommand?: (line: string) => void;
  /** A line that the module sent; payloads appear as `[n bytes]`. */
  onOutput?: (line: string) => void;
  onEvent?: (event: ModemEvent) => void;
}

export class Counters {
  /** Commands by name, as `+CSQ`. */
  readonly commands: Record<string, number> = {};
  /** Answers with ERROR or +CME ERROR. */
  errors = 0;
  bytesFromHost = 0;
  bytesToHost = 0;
  /** Payload bytes to and from the network. */
  payloadSent = 0;
  payloadReceived = 0;
  /** Bytes that came while a command was still running; a driver that waits for results causes none. */
  impatientBytes = 0;
  /** Bytes lost because nobody was listening: before a prompt, or more than the input buffer holds. */
  droppedBytes = 0;
  connections = 0;
  boots = 0;

  countCommand(name: string): void {
    this.commands[name] = (this.commands[name] ?? 0) + 1;
  }

  get commandTotal(): number {
    return Object.values(this.commands).reduce((sum, count) => sum + count, 0);
  }
}
