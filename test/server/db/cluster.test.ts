/**
 * The embedded PostgreSQL as processes really run it: killed, started again, below folders that nobody else can
 * enter, as root (when the tests are) and as an ordinary user.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { wipeCluster } from '../../../server/db/cluster';
import { readPlace } from '../../../server/db/place';
import { isPostgres, isRunning, readPidFile } from '../../../server/db/postmaster';
import { systemClock } from '../../../server/time';
import { query } from '../support/cluster';
import { until } from '../support/until';

const ROOT = path.resolve(__dirname, '../../..');
const SCRIPT = path.join(ROOT, 'test/server/support/cluster-process.ts');
const isRoot = process.getuid!() === 0;
/** Another user can only run the program where the checkout and all folders above it may be entered by everybody. */
const isOpenToAll = ROOT.split(path.sep).every((_, index, parts) => {
  const folder = parts.slice(0, index + 1).join(path.sep) || path.sep;
  return (fs.statSync(folder).mode & 0o005) === 0o005;
});

interface Run {
  readonly child: ChildProcess;
  /** `ready <port> <url>` or `failed …`. */
  readonly line: string;
  readonly ended: Promise<number | null>;
}

let dataDir: string;
const runs: Omit<Run, 'line'>[] = [];

function run(identity: { uid?: number; gid?: number } = {}): Promise<Run> {
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', SCRIPT, dataDir], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    ...identity,
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  runs.push({ child, ended });
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve({ child, line: text.split('\n')[0]!, ended });
    });
    void ended.then(() => reject(new Error(`ended without a word: ${text}`)));
  });
}

async function untilAnswers(url: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const error = await query(url, 'select 1').then(
      () => undefined,
      (reason: Error) => reason,
    );
    if (!error) return;
    if (attempt > 200) throw error;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const urlOf = (started: Run): string => started.line.split(' ')[2]!;
const pid = (): number | undefined => readPidFile(readPlace(dataDir)!.clusterDir)?.pid;
const pidFile = (): string => path.join(readPlace(dataDir)!.clusterDir, 'data', 'postmaster.pid');

/** mkdtemp makes it 0700: as root, PostgreSQL's user cannot enter it. */
function newDataDir(): string {
  return path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'coinslot-cluster-')), 'data');
}

/** No process and no PostgreSQL of this folder is left. */
async function rest(): Promise<void> {
  await until(() => pid() === undefined || !isRunning(pid()!));
}

beforeAll(() => {
  dataDir = newDataDir();
});

afterEach(async () => {
  for (const { child, ended } of runs.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
});

afterAll(async () => {
  await wipeCluster({ dataDir, clock: systemClock });
  fs.rmSync(path.dirname(dataDir), { recursive: true });
});

test('starts in a folder that only we can enter, keeps its data, and stops with an orderly process', async () => {
  const first = await run();
  expect(first.line).toMatch(/^ready \d+ postgres:\/\/coinslot:[0-9a-f]{32}@127\.0\.0\.1:\d+\/coinslot$/);
  expect((await query(urlOf(first), 'show fsync'))[0]).toEqual({ fsync: 'on' });
  await query(urlOf(first), "create table first (word text); insert into first values ('yes')");
  const postmaster = pid()!;
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  expect(isRunning(postmaster)).toBe(false);
  const second = await run();
  expect(await query(urlOf(second), 'select word from first')).toEqual([{ word: 'yes' }]);
});

test('stops soon after its process was killed, and starts again with what was committed', async () => {
  const first = await run();
  await query(urlOf(first), 'create table second (word text)');
  const postmaster = pid()!;
  await query(urlOf(first), "insert into second values ('committed')");
  first.child.kill('SIGKILL');
  await until(() => !isRunning(postmaster));
  const second = await run();
  expect(await query(urlOf(second), 'select word from second')).toEqual([{ word: 'committed' }]);
});

test('recovers from a killed PostgreSQL whose lock file is left behind', async () => {
  const first = await run();
  await query(urlOf(first), "create table kept (word text); insert into kept values ('committed')");
  const postmaster = pid()!;
  first.child.kill('SIGSTOP');
  process.kill(postmaster, 'SIGKILL');
  await until(() => !isRunning(postmaster));
  first.child.kill('SIGKILL');
  expect(fs.existsSync(pidFile())).toBe(true);
  const second = await run();
  expect(await query(urlOf(second), 'select word from kept')).toEqual([{ word: 'committed' }]);
});

test('starts PostgreSQL again, at the same address, when it is killed under a living process', async () => {
  const first = await run();
  await query(urlOf(first), "create table third (word text); insert into third values ('committed')");
  for (let time = 0; time < 2; time++) {
    const postmaster = pid()!;
    process.kill(postmaster, 'SIGKILL');
    await until(
      () => pid() !== postmaster && readPidFile(readPlace(dataDir)!.clusterDir)?.port !== undefined,
    );
    await untilAnswers(urlOf(first));
    expect(await query(urlOf(first), 'select word from third')).toEqual([{ word: 'committed' }]);
  }
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  await rest();
});

test('takes over a PostgreSQL that lost both its process and its watchdog', async () => {
  const first = await run();
  const postmaster = pid()!;
  const isWatchdog = (name: string): boolean => {
    try {
      return fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`kill -INT "$0"\0${postmaster}\0`);
    } catch {
      return false;
    }
  };
  // For a moment its child looks like itself: a shell that has forked and not yet become `cat`.
  const watchdogs = await until(() => {
    const found = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isWatchdog(name));
    return found.length === 1 && found;
  });
  process.kill(Number(watchdogs[0]), 'SIGKILL');
  first.child.kill('SIGKILL');
  await first.ended;
  const second = await run();
  expect(pid()).toBe(postmaster);
  second.child.kill('SIGTERM');
  await second.ended;
  expect(isRunning(postmaster)).toBe(false);
});

test('is not shared by accident: a second process on the same folder is told who has it', async () => {
  const first = await run();
  const second = await run();
  expect(second.line).toContain('another Coinslot process runs on');
  expect(await second.ended).toBe(1);
  expect((await query(urlOf(first), 'select 1 as one'))[0]).toEqual({ one: 1 });
});

test('is not misled by a lock file whose number belongs to another program now', async () => {
  await rest();
  fs.writeFileSync(pidFile(), `${process.pid}\n${path.dirname(pidFile())}\n1\n5432\n\n127.0.0.1\n`);
  expect(isPostgres(process.pid)).toBe(false);
  expect((await run()).line).toMatch(/^ready/);
});

test('refuses data of another PostgreSQL version, and says what to do', async () => {
  await rest();
  fs.writeFileSync(path.join(readPlace(dataDir)!.clusterDir, 'data', 'PG_VERSION'), '12\n');
  const second = await run();
  expect(second.line).toMatch(/are of PostgreSQL 12, the program is \d+: .*pg_dump.*--fresh/);
  fs.writeFileSync(path.join(readPlace(dataDir)!.clusterDir, 'data', 'PG_VERSION'), '18\n');
});

test('makes its files anew when it was killed while making them', async () => {
  await rest();
  const { clusterDir } = readPlace(dataDir)!;
  fs.renameSync(path.join(clusterDir, 'data'), path.join(clusterDir, 'data.new'));
  fs.rmSync(path.join(clusterDir, 'data.new', 'PG_VERSION'));
  expect((await run()).line).toMatch(/^ready/);
});

(isRoot ? test : test.skip)(
  'as root: runs as another user, on a copy of the binaries that he can reach',
  async () => {
    await run();
    const status = fs.readFileSync(`/proc/${pid()}/status`, 'utf8');
    expect(status).not.toMatch(/^Uid:\s+0\s/m);
    expect(fs.realpathSync(`/proc/${pid()}/exe`)).toMatch(/^\/var\/lib\/coinslot\/postgresql-18/);
  },
);

test('is wiped with all that belongs to it, even when its process was killed just now', async () => {
  (await run()).child.kill('SIGKILL');
  const { clusterDir } = readPlace(dataDir)!;
  await wipeCluster({ dataDir, clock: systemClock });
  expect(fs.existsSync(clusterDir)).toBe(false);
  expect(readPlace(dataDir)).toBeUndefined();
});

(isRoot && isOpenToAll ? test : test.skip)(
  'as an ordinary user: runs as that user, in the data folder',
  async () => {
    const nobody = { uid: 65534, gid: 65534 };
    fs.rmSync(path.dirname(dataDir), { recursive: true });
    dataDir = newDataDir();
    fs.chownSync(path.dirname(dataDir), nobody.uid, nobody.gid);
    const started = await run(nobody);
    expect(started.line).toMatch(/^ready/);
    expect(readPlace(dataDir)!.clusterDir).toBe(path.join(dataDir, 'postgres'));
    expect(fs.readFileSync(`/proc/${pid()}/status`, 'utf8')).toMatch(/^Uid:\s+65534\s/m);
    started.child.kill('SIGTERM');
    expect(await started.ended).toBe(0);
  },
);
