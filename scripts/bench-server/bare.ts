/**
 * The measure of the machine: minimal commits (one row changed by its key) through the same library, over as many
 * connections, in a process of its own. Prints commits a second as JSON. Started by main.ts (fork).
 */
import { Pool } from 'pg';
import { systemClock } from '../../server/time';

async function main(): Promise<void> {
  const [databaseUrl, connections, seconds] = process.argv.slice(2) as [string, string, string];
  const count = Number(connections);
  const pool = new Pool({ connectionString: databaseUrl, max: count });
  await pool.query('create table if not exists bench_bare (id integer primary key, n bigint not null)');
  await pool.query('truncate bench_bare');
  await pool.query('insert into bench_bare select id, 0 from generate_series(1, $1) as id', [count]);
  const startMs = systemClock.nowMs();
  const endMs = startMs + Number(seconds) * 1_000;
  let commits = 0;
  const work = async (id: number): Promise<void> => {
    const client = await pool.connect();
    const statement = { name: 'bare', text: 'update bench_bare set n = n + 1 where id = $1', values: [id] };
    while (systemClock.nowMs() < endMs) {
      await client.query(statement);
      commits += 1;
    }
    client.release();
  };
  await Promise.all(Array.from({ length: count }, (_, index) => work(index + 1)));
  const perSecond = (commits * 1_000) / (systemClock.nowMs() - startMs);
  await pool.end();
  process.send!({ perSecond });
}

void main();
