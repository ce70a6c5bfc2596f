/**
 * What the gateway needs to know of devices: an interface, so that it runs on the database (devices.ts) and, in
 * campaigns, on memory (memory-devices.ts).
 */

/** What a device is told when it says `hi`. */
export interface Greeting {
  /** The highest order number that we know of this device. */
  readonly lastOrder: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly settingsVersion: number;
}

/** A session that is over. */
export interface SessionEnd {
  readonly session: number;
  /** When the device was heard last. */
  readonly heardMs: number;
}

export interface DeviceDirectory {
  /** Key of an enabled device of an enabled merchant, 16 bytes as a binary string. */
  key(id: string): Promise<string | undefined>;
  /** Begins a session, which ends every older one. Undefined when the device was switched off meanwhile. */
  beginSession(id: string, nowMs: number): Promise<number | undefined>;
  /** Sessions are over, by device; says nothing about newer ones. One statement for many. */
  endSessions(ends: ReadonlyMap<string, SessionEnd>): Promise<void>;
  /** Keeps what the device said of itself in `hi`; gives what it is to be told. */
  greet(id: string, facts: Readonly<Record<string, unknown>>, nowMs: number): Promise<Greeting | undefined>;
  /** Notes when devices were last heard; one statement for many. */
  heard(seen: ReadonlyMap<string, number>): Promise<void>;
}
