/**
 * A maker's machine on the serial port of the virtual module: the host of maker/host, with what it heard last of each order
 * kept at hand. Frames, answers and repeats are maker/host/exchange's business.
 */
import { type HostFields, HostType } from '../../src/protocol/host';
import { HostError } from '../../maker/host/errors';
import { Exchange } from '../../maker/host/exchange';
import type { OrderStatus } from '../../maker/host/messages';
import type { HostPort } from '../../maker/host/port';
import type { SerialPort } from '../serial/line';
import type { Clock } from '../time/clock';

/** A simulated serial line as the port of a host. */
export function linePort(line: SerialPort): HostPort {
  const port: HostPort = {
    name: 'simulated line',
    get baud() {
      return line.baud;
    },
    onData: () => {},
    onClose: () => {},
    write: (bytes) => line.write(bytes),
    close: () => {
      line.onData = () => {};
    },
  };
  line.onData = (bytes) => port.onData(bytes);
  return port;
}

export class Machine {
  readonly orders = new Map<number, OrderStatus>();
  readonly links = new Map<number, string>();
  /** Hear every frame from the module but answers. */
  readonly listeners = new Set<(type: HostType, fields: HostFields) => void>();
  /** The latest INFO and SIGNAL. */
  info: HostFields = {};
  signal: HostFields = {};
  private readonly exchange: Exchange;

  constructor(
    line: SerialPort,
    private readonly clock: Clock,
  ) {
    this.exchange = new Exchange(linePort(line), {
      clock,
      side: 'host',
      onMessage: ({ type, fields }) => {
        this.take(type, fields);
        return {};
      },
    });
  }

  /** Sends a request; gives the order number of the ACK (0 where there is none). Fails with a HostError. */
  request(type: HostType, fields: HostFields = {}): Promise<number> {
    return this.exchange.request(type, fields);
  }

  /** The next frame of a type that `isIt` accepts; fails after `limitMs` with a HostError. */
  waitFor(type: HostType, isIt: (fields: HostFields) => boolean, limitMs: number): Promise<HostFields> {
    return new Promise((resolve, reject) => {
      const end = (finish: () => void): void => {
        this.listeners.delete(listener);
        this.clock.clearTimer(timer);
        finish();
      };
      const timer = this.clock.setTimer(
        () => end(() => reject(new HostError('timeout', `nothing came within ${limitMs / 1000} s`))),
        limitMs,
      );
      const listener = (aType: HostType, fields: HostFields): void => {
        if (aType === type && isIt(fields)) end(() => resolve(fields));
      };
      this.listeners.add(listener);
    });
  }

  private take(type: HostType, fields: HostFields): void {
    if (type === HostType.Info) this.info = fields;
    if (type === HostType.Signal) this.signal = fields;
    if (type === HostType.Qr) this.links.set(fields.order as number, fields.url as string);
    if (type === HostType.Status) this.orders.set(fields.order as number, fields as unknown as OrderStatus);
    for (const listener of [...this.listeners]) listener(type, fields);
  }
}
