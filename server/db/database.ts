/**
 * Opens the pool of connections, Kysely on it, and the pipes beside it. Leaves the schema to migrate.ts.
 * Invariant: a bigint comes out as a safe integer or not at all; money is never rounded.
 */
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely';
import { Pool, types, type PoolClient } from 'pg';
import { LASTING, Pipes } from './pipes';
import type { Schema } from './schema';

export type Db = Kysely<Schema>;

export interface Database {
  readonly db: Db;
  readonly pool: Pool;
  /** For single statements that must be quick; connected when first used. */
  readonly pipes: Pipes;
  close(): Promise<void>;
}

/** One keeps a processor of the database busy; more of them share its flushes. */
export const DEFAULT_PIPES = 2;

const INT8_OID = 20;
/** sum() of bigint is numeric; a sum of money is an integer all the same. */
const NUMERIC_OID = 1700;
/** A day has no time and no zone: it stays text. */
const DATE_OID = 1082;

function parseInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`MONEY: ${text} is not a safe integer`);
  return value;
}

const typeParsers = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
    if (oid === INT8_OID || oid === NUMERIC_OID) return parseInteger;
    if (oid === DATE_OID) return (text: string) => text;
    return format === 'binary' ? types.getTypeParser(oid, 'binary') : types.getTypeParser(oid, 'text');
  },
};

export interface DatabaseOptions {
  readonly url: string;
  readonly maxConnections: number;
  /** Connections beside those of the pool; `DEFAULT_PIPES` unless said otherwise. */
  readonly pipes?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** An idle connection broke; the pool makes another. */
  readonly onError: (error: Error) => void;
}

export function openDatabase(options: DatabaseOptions): Database {
  const pool = new Pool({
    connectionString: options.url,
    max: options.maxConnections,
    application_name: options.applicationName,
    ...LASTING,
    types: typeParsers as never,
  });
  pool.on('error', options.onError);
  pool.on('connect', (client: PoolClient) => client.on('error', options.onError));
  const db = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool }),
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  });
  const pipes = new Pipes({
    url: options.url,
    count: options.pipes ?? DEFAULT_PIPES,
    applicationName: `${options.applicationName} pipe`,
    types: typeParsers as never,
    onError: options.onError,
  });
  const close = async (): Promise<void> => {
    await pipes.close();
    await db.destroy();
  };
  return { db, pool, pipes, close };
}
