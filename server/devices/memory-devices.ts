/**
 * Devices in memory, beside a store in memory: for campaigns under virtual time and for tests of the gateway.
 * Keys are kept in the clear here; nothing of this ever serves a real device.
 */
import type { MemoryStore } from '../orders/memory-store';
import type { DeviceDirectory, Greeting, SessionEnd } from './directory';

export class MemoryDevices implements DeviceDirectory {
  /** Keys by device, 16 bytes each as binary strings. */
  readonly keys = new Map<string, string>();
  readonly facts = new Map<string, Readonly<Record<string, unknown>>>();
  readonly settings = new Map<string, { version: number; settings: Record<string, unknown> }>();
  readonly online = new Set<string>();

  constructor(private readonly store: MemoryStore) {}

  async key(id: string): Promise<string | undefined> {
    return this.store.devices.get(id)?.isEnabled ? this.keys.get(id) : undefined;
  }

  async beginSession(id: string): Promise<number | undefined> {
    const device = this.store.devices.get(id);
    if (!device?.isEnabled) return undefined;
    device.session += 1;
    this.online.add(id);
    return device.session;
  }

  async endSessions(ends: ReadonlyMap<string, SessionEnd>): Promise<void> {
    for (const [id, { session }] of ends) {
      if (this.store.devices.get(id)?.session === session) this.online.delete(id);
    }
  }

  async greet(id: string, facts: Readonly<Record<string, unknown>>): Promise<Greeting | undefined> {
    const device = this.store.devices.get(id);
    if (!device) return undefined;
    this.facts.set(id, facts);
    const { version, settings } = this.settings.get(id) ?? { version: 0, settings: {} };
    return { lastOrder: device.lastOrder, settings, settingsVersion: version };
  }

  async heard(): Promise<void> {
    // Signs of life are of no use in memory.
  }
}
