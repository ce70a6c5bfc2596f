/**
 * The measure of the machine: minimal commits (one row changed by its key) through the same library, over as many
 * connections, in a process of its own. Runs a turn when told, and says commits and seconds: `go` waits for each
 * commit before the next on its connection, as clients do; `go pipelined` keeps several under way, as our server does.
 * Started by main.ts (fork).
 */
import { Client } from 'pg';
import { systemClock } from '../../server/time';
import type { Question } from './messages';

export interface BareTurn {
  readonly commits: number;
  readonly seconds: number;
}

/** Commits under way on a connection of the pipelined loop, each of a row of its own. */
const DEPTH = 16;

async function main(): Promise<void> {
  const [databaseUrl, connections, seconds] = process.argv.slice(2) as [string, string, string];
  const count = Number(connections);
  const open = async (pipeline: boolean): Promise<Client> => {
    const client = new Client({ connectionString: databaseUrl, pipeline });
    await client.connect();
    return client;
  };
  const plain = await Promise.all(Array.from({ length: count }, () => open(false)));
  const pipelined = await Promise.all(Array.from({ length: count }, () => open(true)));
  const first = plain[0]!;
  await first.query('create table if not exists bench_bare (id integer primary key, n bigint not null)');
  await first.query('truncate bench_bare');
  await first.query('insert into bench_bare select id, 0 from generate_series(1, $1) as id', [count * DEPTH]);
  const turn = async (clients: readonly Client[], depth: number): Promise<BareTurn> => {
    const startMs = systemClock.nowMs();
    const endMs = startMs + Number(seconds) * 1_000;
    let commits = 0;
    const work = async (index: number): Promise<void> => {
      const statement = {
        name: 'bare',
        text: 'update bench_bare set n = n + 1 where id = $1',
        values: [index + 1],
      };
      const client = clients[index % clients.length]!;
      while (systemClock.nowMs() < endMs) {
        await client.query(statement);
        commits += 1;
      }
    };
    await Promise.all(Array.from({ length: count * depth }, (_, index) => work(index)));
    return { commits, seconds: (systemClock.nowMs() - startMs) / 1_000 };
  };
  process.on('message', (question: Question) => {
    if (question === 'stop') process.exit(0);
    const result = question === 'go' ? turn(plain, 1) : turn(pipelined, DEPTH);
    void result.then((figures) => process.send!(figures));
  });
  process.send!({ ready: true });
}

void main();
