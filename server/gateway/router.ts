/**
 * Brings words to devices, in whichever process their session is: at once when it is here, else by PostgreSQL's
 * NOTIFY. What is lost on the way (a process killed between commit and word, a broken listening connection) is
 * found again in the outbox, which every change fills in its own transaction; sessions are held against the database
 * now and then.
 * NOTIFY is sent outside the orders' transactions on purpose: inside, it makes all commits wait for each other.
 * Invariant: an outbox row goes only when its device was told that version or a later one, or when the device is
 * away so long that the next `hi` will reconcile anyway.
 */
import { sql } from 'kysely';
import { Client, type Notification } from 'pg';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Db } from '../db/database';
import { LASTING } from '../db/pipes';
import type { Order } from '../orders/model';
import { outTradeNoOf, type Push } from '../orders/service';
import type { Outdated } from '../devices/devices';
import type { Clock, Timer } from '../time';
import type { HubWord } from '../dtu/hub';
import type { Gateway, GatewayLog } from './gateway';

const CHANNEL = 'coinslot';
const FLUSH_MS = 5;
const FORGET_MS = 200;
const SWEEP_MS = 3_000;
/** A word older than this was lost on the way, or its device is away. */
const LOST_MS = 2_000;
const KEEP_MS = 600_000;
const SWEEP_LIMIT = 1_000;
const RECONNECT_MS = 1_000;
/** A session that is over elsewhere ends here within this time, whatever words were lost. */
const CHECK_MS = 30_000;
/** PostgreSQL takes at most 8,000 bytes in one NOTIFY. */
const WORDS_PER_NOTICE = 100;

type Word =
  | { readonly kind: 'tell'; readonly deviceId: string; readonly n: number; readonly version: number }
  | { readonly kind: 'begin'; readonly deviceId: string; readonly session: number }
  | { readonly kind: 'off'; readonly deviceId: string }
  | { readonly kind: 'set'; readonly deviceId: string }
  | {
      readonly kind: 'dtu';
      readonly word: HubWord;
      readonly subject: string;
      readonly atMs: number;
    };

const DEVICE_ID = z.string().max(12);
const NOTICE = z.object({
  from: z.string(),
  words: z.array(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('tell'), deviceId: DEVICE_ID, n: z.int(), version: z.int() }),
      z.object({ kind: z.literal('begin'), deviceId: DEVICE_ID, session: z.int() }),
      z.object({ kind: z.literal('off'), deviceId: DEVICE_ID }),
      z.object({ kind: z.literal('set'), deviceId: DEVICE_ID }),
      z.object({
        kind: z.literal('dtu'),
        word: z.enum(['stream', 'backend', 'revoked']),
        subject: z.string().max(20),
        atMs: z.int(),
      }),
    ]),
  ),
});

/** What a device is to be set to. */
interface Settled {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly settingsVersion: number;
}

export interface RouterOptions {
  readonly db: Db;
  readonly databaseUrl: string;
  readonly clock: Clock;
  readonly log: GatewayLog;
  readonly devices: {
    find(id: string): Promise<Settled | undefined>;
    outdated(sessions: ReadonlyMap<string, number>): Promise<readonly Outdated[]>;
  };
}

export class Router implements Push {
  /** Words about data streams from other processes. */
  onStreamWord: (word: HubWord, subject: string, atMs: number) => void = () => undefined;
  private readonly self = randomUUID();
  private gateway: Gateway | undefined;
  private client: Client | undefined;
  private words: Word[] = [];
  private told: { deviceId: string; n: number; version: number }[] = [];
  private readonly timers = new Map<string, Timer>();
  private isStopped = false;
  private flushing: Promise<void> = Promise.resolve();

  constructor(private readonly options: RouterOptions) {}

  async start(gateway: Gateway): Promise<void> {
    this.gateway = gateway;
    await this.connect();
    this.later('sweep', SWEEP_MS, () => this.sweep());
    this.later('check', CHECK_MS, () => this.check());
  }

  /** Sends what waits, then lets go of the database. */
  async stop(): Promise<void> {
    this.isStopped = true;
    for (const timer of this.timers.values()) this.options.clock.clearTimer(timer);
    await this.flush().catch(() => undefined);
    await this.forget().catch(() => undefined);
    await this.client?.end().catch(() => undefined);
  }

  tell(order: Order, granted: boolean): void {
    const { deviceId, n, version } = order;
    if (this.gateway?.tellStored(order, granted)) this.noteTold(deviceId, n, version);
    else this.say({ kind: 'tell', deviceId, n, version });
  }

  sessionOf(deviceId: string): number | undefined {
    return this.gateway?.sessionOf(deviceId);
  }

  /** A session began here: older ones elsewhere end. */
  begun(deviceId: string, session: number): void {
    this.say({ kind: 'begin', deviceId, session });
  }

  /** A device was switched off: its sessions end everywhere. */
  switchedOff(deviceId: string): void {
    this.gateway?.endOlder(deviceId, Infinity, 'disabled');
    this.say({ kind: 'off', deviceId });
  }

  /** Tells the other processes something about data streams. */
  tellStreams(word: HubWord, subject: string, atMs: number): void {
    this.say({ kind: 'dtu', word, subject, atMs });
  }

  /** What goes on with this token ends, here and in the other processes. */
  streamTokenRevoked(tokenId: number): void {
    this.onStreamWord('revoked', String(tokenId), 0);
    this.tellStreams('revoked', String(tokenId), 0);
  }

  settingsChanged(deviceId: string): void {
    if (!this.setHere(deviceId)) this.say({ kind: 'set', deviceId });
  }

  /** Sends a device of ours its settings as they are now; what is lost, the next `hi` makes good. */
  private setHere(deviceId: string): boolean {
    const { gateway } = this;
    if (!gateway?.has(deviceId)) return false;
    this.options.devices.find(deviceId).then(
      (device) => device && gateway.send(deviceId, ['set', device.settingsVersion, device.settings]),
      (error: Error) =>
        this.options.log.warn({ deviceId, error: error.message }, 'router: settings not sent'),
    );
    return true;
  }

  private tellHere(deviceId: string, n: number, version: number): boolean {
    if (!this.gateway?.tell(deviceId, outTradeNoOf(deviceId, n))) return false;
    this.noteTold(deviceId, n, version);
    return true;
  }

  private noteTold(deviceId: string, n: number, version: number): void {
    this.told.push({ deviceId, n, version });
    this.later('forget', FORGET_MS, () => this.forget());
  }

  private say(word: Word): void {
    this.words.push(word);
    this.later('flush', FLUSH_MS, () => this.flush());
  }

  /** One timer for each kind of work; its failure is reported, and the sweep makes good for it. */
  private later(name: string, delayMs: number, work: () => Promise<void>): void {
    if (this.isStopped || this.timers.has(name)) return;
    const timer = this.options.clock.setTimer(() => {
      this.timers.delete(name);
      work().catch((error: Error) =>
        this.options.log.warn({ error: error.message }, `router: ${name} failed`),
      );
    }, delayMs);
    this.timers.set(name, timer);
  }

  private flush(): Promise<void> {
    this.flushing = this.flushing
      .catch(() => undefined)
      .then(async () => {
        while (this.words.length > 0) {
          const words = this.words.splice(0, WORDS_PER_NOTICE);
          const payload = JSON.stringify({ from: this.self, words });
          await sql`select pg_notify(${CHANNEL}, ${payload})`.execute(this.options.db);
        }
      });
    return this.flushing;
  }

  /** Takes what was told out of the outbox, many at a time. */
  private async forget(): Promise<void> {
    const told = this.told.splice(0);
    if (told.length === 0) return;
    await sql`delete from outbox using unnest(
        ${told.map((entry) => entry.deviceId)}::text[],
        ${told.map((entry) => entry.n)}::bigint[],
        ${told.map((entry) => entry.version)}::integer[]) as told (device_id, n, version)
      where outbox.device_id = told.device_id and outbox.n = told.n and outbox.version <= told.version
      `.execute(this.options.db);
  }

  /** Finds words that were lost on the way. */
  private async sweep(): Promise<void> {
    try {
      const nowMs = Math.round(this.options.clock.nowMs());
      const ours = this.gateway?.deviceIds() ?? [];
      const rows = ours.length === 0 ? [] : await this.lostWords(nowMs - LOST_MS, ours);
      for (const { deviceId, n, version } of rows) this.tellHere(deviceId, n, version);
      await this.options.db
        .deleteFrom('outbox')
        .where('atMs', '<', nowMs - KEEP_MS)
        .execute();
    } finally {
      this.later('sweep', SWEEP_MS, () => this.sweep());
    }
  }

  /** Ends sessions here that are over: the word of it may have been lost. */
  private async check(): Promise<void> {
    try {
      await this.endOutdated();
    } finally {
      this.later('check', CHECK_MS, () => this.check());
    }
  }

  private async endOutdated(): Promise<void> {
    const sessions = this.gateway?.sessionNumbers() ?? new Map<string, number>();
    const over = sessions.size === 0 ? [] : await this.options.devices.outdated(sessions);
    for (const { id, session, isEnabled } of over) {
      if (isEnabled) this.gateway?.endOlder(id, session, 'replaced');
      else this.gateway?.endOlder(id, Infinity, 'disabled');
    }
  }

  private lostWords(
    beforeMs: number,
    deviceIds: readonly string[],
  ): Promise<{ deviceId: string; n: number; version: number }[]> {
    return this.options.db
      .selectFrom('outbox')
      .select(['deviceId', 'n', 'version'])
      .where('atMs', '<', beforeMs)
      .where(sql<boolean>`device_id = any(${deviceIds}::text[])`)
      .limit(SWEEP_LIMIT)
      .execute();
  }

  private async connect(): Promise<void> {
    const client = new Client({
      connectionString: this.options.databaseUrl,
      application_name: 'coinslot listen',
      ...LASTING,
    });
    client.on('error', () => undefined);
    client.on('notification', (notice) => this.hear(notice));
    client.on('end', () => {
      if (this.client !== client || this.isStopped) return;
      this.options.log.warn({}, 'router: listening connection lost');
      this.later('connect', RECONNECT_MS, () => this.reconnect());
    });
    await client.connect();
    this.client = client;
    await client.query(`listen ${CHANNEL}`);
  }

  private async reconnect(): Promise<void> {
    try {
      await this.connect();
      await this.endOutdated();
      await this.sweep();
    } catch (error) {
      this.later('connect', RECONNECT_MS, () => this.reconnect());
      throw error;
    }
  }

  private hear(notice: Notification): void {
    const { from, words } = readNotice(notice.payload);
    if (from === this.self) return;
    for (const word of words) {
      if (word.kind === 'tell') this.tellHere(word.deviceId, word.n, word.version);
      else if (word.kind === 'begin') this.gateway?.endOlder(word.deviceId, word.session, 'replaced');
      else if (word.kind === 'off') this.gateway?.endOlder(word.deviceId, Infinity, 'disabled');
      else if (word.kind === 'dtu') this.onStreamWord(word.word, word.subject, word.atMs);
      else this.setHere(word.deviceId);
    }
  }
}

/** Whoever reaches the database can notify: what is not ours is nothing, and must not end this process. */
function readNotice(payload = ''): { readonly from: string; readonly words: readonly Word[] } {
  try {
    const notice = NOTICE.safeParse(JSON.parse(payload));
    if (notice.success) return notice.data;
  } catch {
    // No JSON at all.
  }
  return { from: '', words: [] };
}
