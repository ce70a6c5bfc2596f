/**
 * The measure of the machine: minimal commits (one row changed by its key) through the same library, over as many
 * connections, in a process of its own. Runs a turn when told `go`, and says commits and seconds.
 * Started by main.ts (fork).
 */
import { Pool } from 'pg';
import { systemClock } from '../../server/time';
import type { Question } from './messages';

export interface BareTurn {
  readonly commits: number;
  readonly seconds: number;
}

async function main(): Promise<void> {
  const [databaseUrl, connections, seconds] = process.argv.slice(2) as [string, string, string];
  const count = Number(connections);
  const pool = new Pool({ connectionString: databaseUrl, max: count, idleTimeoutMillis: 0 });
  await pool.query('create table if not exists bench_bare (id integer primary key, n bigint not null)');
  await pool.query('truncate bench_bare');
  await pool.query('insert into bench_bare select id, 0 from generate_series(1, $1) as id', [count]);
  const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()));
  const turn = async (): Promise<BareTurn> => {
    const startMs = systemClock.nowMs();
    const endMs = startMs + Number(seconds) * 1_000;
    let commits = 0;
    const work = async (index: number): Promise<void> => {
      const statement = {
        name: 'bare',
        text: 'update bench_bare set n = n + 1 where id = $1',
        values: [index + 1],
      };
      while (systemClock.nowMs() < endMs) {
        await clients[index]!.query(statement);
        commits += 1;
      }
    };
    await Promise.all(clients.map((_client, index) => work(index)));
    return { commits, seconds: (systemClock.nowMs() - startMs) / 1_000 };
  };
  process.on('message', (question: Question) => {
    if (question === 'stop') process.exit(0);
    void turn().then((result) => process.send!(result));
  });
  process.send!({ ready: true });
}

void main();
