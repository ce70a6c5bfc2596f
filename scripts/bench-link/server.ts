/**
 * The platform of the link bench: greets, acknowledges orders, takes and gives a stream of DTU bytes, and can
 * be told to refuse, to keep silent, or to close what is open.
 */
import type { ServerConnection, SimulatedInternet } from '../../sim/network/internet';
import { RecordReader, RecordWriter } from './records';

export const SERVER_ADDRESS = '203.0.113.5';
export const SERVER_PORT = 7700;
export const SERVER_NAME = 'link.example.com';

export class BenchServer {
  /** Orders by number, and how often each came. */
  readonly orders = new Map<string, number>();
  readonly faults = { spoilt: 0, repeated: 0, missing: 0 };
  /** Takes connections and says nothing. */
  isMute = false;
  streamBytes = 0;
  /** Called for each record, after it was answered. */
  onRecord: (body: string) => void = () => {};
  private stopListening: (() => void) | undefined;
  private readonly open = new Map<ServerConnection, RecordWriter>();

  constructor(private readonly internet: SimulatedInternet) {
    internet.setName(SERVER_NAME, SERVER_ADDRESS);
    // Somebody always listens at the address, so that a stopped server refuses rather than vanishes.
    internet.listen(SERVER_ADDRESS, 9, (connection) => connection.reset());
    this.listen();
  }

  listen(): void {
    this.stopListening ??= this.internet.listen(SERVER_ADDRESS, SERVER_PORT, (connection) =>
      this.accept(connection),
    );
  }

  /** Refuses new connections; the open ones stay. */
  refuse(): void {
    this.stopListening?.();
    this.stopListening = undefined;
  }

  closeAll(): void {
    for (const connection of this.open.keys()) connection.close();
  }

  resetAll(): void {
    for (const connection of this.open.keys()) connection.reset();
  }

  /** Sends a record to every open connection. */
  push(body: string): void {
    for (const [connection, writer] of this.open) this.say(connection, writer, body);
  }

  /** Sends records to every open connection until so much is on the way to it. */
  pushUpTo(windowBytes: number, body: string): void {
    for (const [connection, writer] of this.open) {
      while (connection.isOpen && connection.pendingBytes < windowBytes) this.say(connection, writer, body);
    }
  }

  private accept(connection: ServerConnection): void {
    const reader = new RecordReader();
    const writer = new RecordWriter();
    this.open.set(connection, writer);
    connection.onClose = () => this.open.delete(connection);
    connection.onData = (bytes) => {
      const { bodies, fault } = reader.push(bytes.toString('latin1'));
      for (const body of bodies) this.take(connection, writer, body);
      if (fault === 'none') return;
      this.faults[fault] += 1;
      this.open.delete(connection);
      connection.onData = () => {};
      connection.reset();
    };
    this.say(connection, writer, 'W');
  }

  private take(connection: ServerConnection, writer: RecordWriter, body: string): void {
    const [kind, value] = body.split(' ');
    if (kind === 'O') {
      this.orders.set(value!, (this.orders.get(value!) ?? 0) + 1);
      this.say(connection, writer, `A ${value}`);
    } else if (kind === 'P') this.say(connection, writer, `Q ${value}`);
    else if (kind === 'D') this.streamBytes += value!.length;
    this.onRecord(body);
  }

  private say(connection: ServerConnection, writer: RecordWriter, body: string): void {
    if (this.isMute || !connection.isOpen) return;
    connection.write(Buffer.from(writer.write(body), 'latin1'));
  }
}
