/**
 * What the campaign runs on: PostgreSQL, the provider sandbox and several server processes, each a process of its
 * own that can be killed at any moment, also while it starts. This process is in charge of PostgreSQL and starts it
 * again (server/db/cluster.ts). The sandbox comes back with all that it knew: real providers do not forget.
 * Invariant: `close` leaves no process and no folder behind.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { startCluster, type Cluster } from '../../server/db/cluster';
import { readPlace, removePlace } from '../../server/db/place';
import { readPidFile } from '../../server/db/postmaster';
import { generateMasterKey } from '../../server/secrets';
import { sleep, systemClock } from '../../server/time';
import { LastingPorts } from './ports';

const ROOT = path.resolve(__dirname, '../..');
const READY_LIMIT_MS = 90_000;
const RETRY_MS = 500;
const LOOK_MS = 100;
/** Characters that are kept of what a process says before it fails to start. */
const MAX_COMPLAINT = 2_000;

export interface SiteOptions {
  readonly servers: number;
  readonly seed: number;
  /** Seconds that a code is payable at the least. */
  readonly codeS: number;
  /** Seconds that a customer waits at the machine for what is paid. */
  readonly patienceS: number;
  readonly say: (text: string) => void;
}

interface ServerSlot {
  readonly httpPort: number;
  readonly gatewayPort: number;
  child: ChildProcess | undefined;
  isUp: boolean;
}

interface SandboxSlot {
  port: number;
  child: ChildProcess | undefined;
  isUp: boolean;
  /** Each of its lives draws other numbers. */
  lives: number;
}

export class Site {
  readonly dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'coinslot-torture-'));
  readonly apiToken = `operator-${randomBytes(18).toString('hex')}`;
  readonly masterKey = generateMasterKey('torture');
  readonly servers: ServerSlot[] = [];
  /** Everything that the servers said, for the search for secrets. */
  readonly output: string[] = [];
  databaseUrl = '';
  sandboxUrl = '';
  private cluster!: Cluster;
  /** Where the providers notify: in front of all servers, as in a real deployment. */
  private front: http.Server | undefined;
  private readonly sandbox: SandboxSlot = { port: 0, child: undefined, isUp: false, lives: 0 };
  private closing: Promise<void> | undefined;
  /** Why something did not come back. */
  private failure: Error | undefined;

  constructor(private readonly options: SiteOptions) {}

  async start(): Promise<this> {
    const { say } = this.options;
    const ports = new LastingPorts();
    this.sandbox.port = await ports.take();
    this.front = await this.openFront();
    this.sandboxUrl = `http://127.0.0.1:${this.sandbox.port}`;
    const sandbox = this.startSandbox();
    this.cluster = await startCluster({ dataDir: path.join(this.dataDir, 'db'), clock: systemClock, say });
    this.databaseUrl = await this.cluster.database('coinslot');
    for (let index = 0; index < this.options.servers; index++) {
      const [httpPort, gatewayPort] = [await ports.take(), await ports.take()];
      this.servers.push({ httpPort, gatewayPort, child: undefined, isUp: false });
    }
    await Promise.all([sandbox, ...this.servers.map((slot) => this.startServer(slot))]);
    return this;
  }

  /** Kills a server process, up or still starting; it is started again after a pause, behind our back. */
  killServer(index: number, pauseMs: number): void {
    const slot = this.servers[index]!;
    slot.child?.kill('SIGKILL');
    // One that was still starting is started again by whoever waits for it.
    if (slot.isUp) this.bringBack(slot, pauseMs, () => this.startServer(slot));
  }

  /** The same for the sandbox; false when it is not up. */
  killSandbox(pauseMs: number): boolean {
    const { sandbox } = this;
    if (!sandbox.isUp) return false;
    sandbox.child!.kill('SIGKILL');
    this.bringBack(sandbox, pauseMs, () => this.startSandbox());
    return true;
  }

  /** Kills PostgreSQL itself, or one of the processes that work for it; false when it is not up. */
  killPostgres(): boolean {
    const place = readPlace(path.join(this.dataDir, 'db'));
    const found = place && readPidFile(place.clusterDir);
    if (!found) return false;
    try {
      process.kill(found.pid, 'SIGKILL');
      return true;
    } catch {
      return false;
    }
  }

  /** Ports of the gateways, also of those that are down just now: devices do not know. */
  gatewayPorts(): readonly number[] {
    return this.servers.map((slot) => slot.gatewayPort);
  }

  async api(method: string, route: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const slot = this.servers.find((one) => one.isUp) ?? this.servers[0]!;
    const response = await fetch(`http://127.0.0.1:${slot.httpPort}/api/v1${route}`, {
      method,
      headers: {
        authorization: `Bearer ${this.apiToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  async ask<Answer>(method: string, route: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.sandboxUrl + route, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return (await response.json()) as Answer;
  }

  /** Until everything is up again. @throws Error when something does not come back. */
  async allUp(): Promise<void> {
    while ([this.sandbox, ...this.servers].some((slot) => !slot.isUp)) {
      if (this.failure) throw this.failure;
      await sleep(systemClock, LOOK_MS);
    }
  }

  close(): Promise<void> {
    return (this.closing ??= this.closeAll());
  }

  private get isClosing(): boolean {
    return this.closing !== undefined;
  }

  private async closeAll(): Promise<void> {
    await Promise.all([this.sandbox, ...this.servers].map(({ child }) => ended(child, 'SIGTERM')));
    this.front?.close();
    this.front?.closeAllConnections();
    await this.cluster?.stop();
    removePlace(path.join(this.dataDir, 'db'));
    fs.rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** Passes each request to the next server; one that is down costs the caller this try. */
  private async openFront(): Promise<http.Server> {
    let turn = 0;
    const front = http.createServer((request, response) => {
      const slot = this.servers[(turn += 1) % this.servers.length]!;
      const { method, url: path, headers } = request;
      const onward = http.request(
        { host: '127.0.0.1', port: slot.httpPort, method, path, headers },
        (answer) => {
          response.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(response);
        },
      );
      onward.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
      request.pipe(onward);
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    return front;
  }

  private bringBack(slot: { isUp: boolean }, pauseMs: number, start: () => Promise<void>): void {
    slot.isUp = false;
    sleep(systemClock, pauseMs)
      .then(() => (this.isClosing ? undefined : start()))
      .catch((error: Error) => (this.failure = error));
  }

  private async startSandbox(): Promise<void> {
    const { sandbox } = this;
    sandbox.child = this.spawn('sim/providers/cli.ts', {}, [
      ...['--port', String(sandbox.port), '--data', path.join(this.dataDir, 'sandbox')],
      ...['--seed', String(this.options.seed + sandbox.lives++), '--retry-scale', '0.05'],
    ]);
    await firstLine(sandbox.child);
    sandbox.isUp = true;
  }

  /** A start may be killed, or meet a PostgreSQL that was killed a moment ago: then again. */
  private async startServer(slot: ServerSlot): Promise<void> {
    for (const deadlineMs = systemClock.nowMs() + READY_LIMIT_MS; ;) {
      slot.child = this.spawn('server/server.ts', this.environment(slot), []);
      slot.child.stderr!.on('data', (text) => this.output.push(String(text)));
      try {
        await firstLine(slot.child);
        slot.isUp = true;
        return;
      } catch (error) {
        if (this.isClosing) return;
        if (systemClock.nowMs() > deadlineMs) throw error;
        await sleep(systemClock, RETRY_MS);
      }
    }
  }

  private spawn(file: string, environment: Record<string, string>, words: readonly string[]): ChildProcess {
    const { PATH, HOME, TMPDIR } = process.env;
    const inherited = { PATH, HOME, ...(TMPDIR && { TMPDIR }) };
    return spawn(process.execPath, ['--require', 'tsx/cjs', path.join(ROOT, file), ...words], {
      cwd: ROOT,
      env: { ...inherited, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  private environment({ httpPort, gatewayPort }: ServerSlot): Record<string, string> {
    return {
      DATABASE_URL: this.databaseUrl,
      COINSLOT_DATA_DIR: path.join(this.dataDir, 'server'),
      COINSLOT_DB_CONNECTIONS: '12',
      COINSLOT_HTTP_PORT: String(httpPort),
      COINSLOT_GATEWAY_PORT: String(gatewayPort),
      COINSLOT_GATEWAY_HOST: '127.0.0.1',
      COINSLOT_DTU_PORT: '0',
      COINSLOT_MASTER_KEY: this.masterKey,
      COINSLOT_API_TOKEN: this.apiToken,
      COINSLOT_LOG_LEVEL: 'debug',
      COINSLOT_PUBLIC_URL: `http://127.0.0.1:${(this.front!.address() as net.AddressInfo).port}`,
      COINSLOT_WECHAT_URL: this.sandboxUrl,
      COINSLOT_ALIPAY_URL: this.sandboxUrl,
      COINSLOT_PROVIDER_TIMEOUT_MS: '3000',
      COINSLOT_PATIENCE_S: String(this.options.patienceS),
      COINSLOT_GRANT_S: '15',
      COINSLOT_REFUND_RETRY_S: '4',
      COINSLOT_CALL_GRACE_S: '5',
      COINSLOT_WATCH_S: '3',
      COINSLOT_MIN_CODE_S: String(this.options.codeS),
    };
  }
}

/** The first line of a process, as JSON; fails when it ends before. */
function firstLine<Line = unknown>(child: ChildProcess): Promise<Line> {
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.stderr!.on('data', (text) => (complaint = (complaint + String(text)).slice(-MAX_COMPLAINT)));
    createInterface(child.stdout!).once('line', (line) => resolve(JSON.parse(line) as Line));
    child.once('exit', (code) =>
      reject(new Error(`process ended (${code}) before it was ready: ${complaint}`)),
    );
  });
}

function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}
