/**
 * A serial port of a virtual board: Espruino's object on one side, the simulated line on the other. What is
 * received becomes 'data' events of at most 32 characters; without a listener up to 512 are kept and handed to
 * the first one (jswrap_stream.c). Invariant: bytes reach the firmware only while the port is set up and is not
 * the console.
 */
import type { SerialPort } from '../serial/line';
import { bytesOf, stringOf } from './bytes';
import type { Realm } from './realm';

type Listener = (data: unknown) => void;

/** Longest event (IOEVENT_MAX_LEN keeps 32 characters on the boards and on Linux). */
const EVENT_BYTES = 32;
/** Kept while nobody listens (STREAM_MAX_BUFFER_SIZE). */
const UNHEARD_BYTES = 512;

export class BoardSerial {
  isConsole = false;
  private isOpen = false;
  private listeners = new Map<string, Listener[]>();
  private unheard = '';

  constructor(
    readonly name: string,
    private readonly port: SerialPort,
    private readonly submit: (work: () => void) => void,
    private readonly onOverflow: () => void,
    /** Bytes that a stalled CPU missed are left out. */
    private readonly heard: (bytes: Buffer, byteMs: number) => Buffer,
    private readonly callAll: (listeners: readonly Listener[], value: unknown) => void,
  ) {
    port.onData = (bytes) => this.receive(bytes);
  }

  /** Power lost or reset: what was being sent is cut off. */
  reset(): void {
    this.port.reset();
    this.isOpen = false;
    this.isConsole = false;
    this.listeners.clear();
    this.unheard = '';
  }

  /** Console output on this port. */
  writeText(text: string): void {
    this.port.write(Buffer.from(text, 'latin1'));
  }

  /** Espruino's Serial object. */
  api(realm: Realm): Record<string, unknown> {
    return {
      setup: (baud: unknown) => this.setUp(Number(baud)),
      unsetup: () => {
        this.isOpen = false;
      },
      on: (event: string, listener: Listener) => this.listen(realm, event, listener),
      removeAllListeners: (event: string) => {
        this.listeners.delete(event);
      },
      write: (...values: unknown[]) => {
        for (const value of values) {
          const bytes = bytesOf(value);
          if (bytes && this.isOpen) this.port.write(bytes);
        }
      },
    };
  }

  private setUp(baud: number): void {
    if (baud > 0 && baud !== this.port.baud) this.port.baud = baud;
    this.isOpen = true;
  }

  private listen(realm: Realm, event: string, listener: Listener): void {
    if (typeof listener !== 'function') throw new realm.Error('Expecting function');
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
    if (event !== 'data' || this.unheard === '') return;
    const kept = this.unheard;
    this.unheard = '';
    this.submit(() => this.emit(kept));
  }

  private receive(bytes: Buffer): void {
    if (!this.isOpen || this.isConsole) return;
    const heard = this.heard(bytes, this.port.byteMs);
    for (let at = 0; at < heard.length; at += EVENT_BYTES) {
      const text = stringOf(heard.subarray(at, at + EVENT_BYTES));
      this.submit(() => this.emit(text));
    }
  }

  private emit(text: string): void {
    const listeners = this.listeners.get('data');
    if (listeners) {
      this.callAll(listeners, text);
      return;
    }
    if (this.unheard.length + text.length > UNHEARD_BYTES) this.onOverflow();
    this.unheard = (this.unheard + text).slice(0, UNHEARD_BYTES);
  }
}
