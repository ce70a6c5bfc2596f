/**
 * A few connections on which statements follow each other without waiting for each other's answers, each a
 * transaction of its own. An order costs the database less than a wait for the next word of a busy process, so two
 * such connections do what twenty with one statement at a time cannot (docs/operating.md, "Load").
 * For short statements that find every row by a key and never hold a lock between two of them: plans are made once
 * and without values, and what waits for another's lock is refused soon, because others stand behind it.
 * Leaves transactions of several statements to the pool (database.ts).
 */
import { Client, type ClientConfig } from 'pg';

export interface Statement {
  /** Prepared on each connection under this name: always the same text. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What runs single statements: pipes, or a pool. */
export interface Runner {
  query(
    statement: Statement,
  ): Promise<{ readonly rows: readonly unknown[]; readonly rowCount: number | null }>;
}

export interface PipesOptions {
  readonly url: string;
  readonly count: number;
  readonly applicationName: string;
  readonly types: ClientConfig['types'];
  /** A connection broke; what was under way on it has failed, and the next statement makes another. */
  readonly onError: (error: Error) => void;
}

/**
 * For every connection that stays open: one that does not come about is given up, and a database whose machine went
 * without a word is noticed on a connection that only listens, too (the system's own first look is after two hours).
 */
export const LASTING = {
  connectionTimeoutMillis: 10_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 30_000,
} as const;
/** Waits for a lock are short: whoever holds it commits within milliseconds, or is a person. */
const SETTINGS = `set lock_timeout = '500ms'; set statement_timeout = '15s'; set plan_cache_mode = force_generic_plan;
  set enable_seqscan = off; set jit = off`;
/** Statements under way in all: what comes beyond is refused at once. */
const MOST_UNDER_WAY = 20_000;
const LOCK_NOT_AVAILABLE = '55P03';

/** Whether a statement did nothing because another transaction held a row for long. */
export function isLockedOut(error: unknown): boolean {
  return (error as { code?: unknown }).code === LOCK_NOT_AVAILABLE;
}

class Pipe {
  underWay = 0;
  private connected: Promise<Client> | undefined;

  constructor(private readonly options: PipesOptions) {}

  async query(statement: Statement): ReturnType<Runner['query']> {
    this.underWay += 1;
    try {
      const client = await (this.connected ??= this.connect());
      return await client.query(statement as { name: string; text: string; values: unknown[] });
    } finally {
      this.underWay -= 1;
    }
  }

  async close(): Promise<void> {
    const client = await this.connected?.catch(() => undefined);
    await client?.end();
  }

  private connect(): Promise<Client> {
    const { url, applicationName, types, onError } = this.options;
    const client = new Client({
      connectionString: url,
      pipeline: true,
      application_name: applicationName,
      ...LASTING,
      types,
    });
    const connected = client.connect().then(async () => {
      await client.query(SETTINGS);
      return client;
    });
    const forget = (): void => {
      if (this.connected === connected) this.connected = undefined;
    };
    client.on('error', (error) => {
      forget();
      onError(error);
    });
    client.on('end', forget);
    connected.catch(forget);
    return connected;
  }
}

export class Pipes implements Runner {
  private readonly pipes: readonly Pipe[];
  private isClosed = false;

  constructor(options: PipesOptions) {
    this.pipes = Array.from({ length: options.count }, () => new Pipe(options));
  }

  /** Statements that have no answer yet. */
  get underWay(): number {
    return this.pipes.reduce((sum, pipe) => sum + pipe.underWay, 0);
  }

  /** Runs a statement on the connection with the least under way. @throws Error when the database does, or is away. */
  async query(statement: Statement): ReturnType<Runner['query']> {
    if (this.isClosed) throw new Error('DATABASE: closed');
    const pipe = this.pipes.reduce((least, other) => (other.underWay < least.underWay ? other : least));
    if (pipe.underWay * this.pipes.length >= MOST_UNDER_WAY) throw new Error('DATABASE: too much under way');
    return pipe.query(statement);
  }

  /** Ends the connections once what is under way has its answers. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all(this.pipes.map((pipe) => pipe.close()));
  }
}
