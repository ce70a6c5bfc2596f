/**
 * Brings the schema forwards, never back: numbered modules, each in one transaction with its entry in the table
 * `migrations`, under an advisory lock, so that several processes may start at once.
 * Invariant: a database that has had a migration which we do not know is refused: it belongs to a newer version.
 */
import { sql, type Kysely } from 'kysely';
import * as orders from './migrations/0001-orders';
import * as tokens from './migrations/0002-tokens';
import * as reconciliation from './migrations/0003-reconciliation';
import * as jobTimes from './migrations/0004-job-times';
import * as lighterWrites from './migrations/0005-lighter-writes';
import * as dtu from './migrations/0010-dtu';
import * as hotWrites from './migrations/0011-hot-writes';
import * as orderDefaults from './migrations/0012-order-defaults';
import * as ledgerEntries from './migrations/0013-ledger-entries';
import { StartError } from '../start-error';

export interface Migration {
  readonly name: string;
  up(db: Kysely<unknown>): Promise<void>;
}

export const MIGRATIONS: readonly Migration[] = [
  orders,
  tokens,
  reconciliation,
  jobTimes,
  lighterWrites,
  dtu,
  hotWrites,
  orderDefaults,
  ledgerEntries,
];

/** Older ones lack what our statements use, and are not tested. */
const LEAST_POSTGRES = 16;
/** Key of the advisory lock that keeps migrations apart ("migr"). */
const MIGRATION_LOCK = 0x6d696772;

/** Applies what is missing; gives the names of what was applied. */
export async function migrate(
  db: Kysely<never>,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<readonly string[]> {
  const untyped = db as unknown as Kysely<unknown>;
  return untyped.connection().execute(async (connection) => {
    await demandVersion(connection);
    await sql`select pg_advisory_lock(${MIGRATION_LOCK})`.execute(connection);
    try {
      return await applyMissing(connection, migrations);
    } finally {
      await sql`select pg_advisory_unlock(${MIGRATION_LOCK})`.execute(connection);
    }
  });
}

async function demandVersion(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{
    version: number;
  }>`select current_setting('server_version_num')::int as version`.execute(db);
  const major = Math.floor(rows[0]!.version / 10_000);
  if (major < LEAST_POSTGRES)
    throw new StartError(`PostgreSQL ${LEAST_POSTGRES} or newer is needed; this is ${major}`);
}

async function applyMissing(
  db: Kysely<unknown>,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  await sql`create table if not exists migrations (
    name text primary key, applied_at timestamptz not null default now())`.execute(db);
  const { rows } = await sql<{ name: string }>`select name from migrations order by name`.execute(db);
  const done = new Set(rows.map((row) => row.name));
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = [...done].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new StartError(
      `the database is of a newer version (it has ${unknown.join(', ')}): start that version`,
    );
  }
  const missing = migrations.filter((migration) => !done.has(migration.name));
  for (const migration of missing) {
    await db.transaction().execute(async (transaction) => {
      await migration.up(transaction);
      await sql`insert into migrations (name) values (${migration.name})`.execute(transaction);
    });
  }
  return missing.map((migration) => migration.name);
}
