/**
 * `npm start` as a person or a script runs it: a process of its own, its output read line by line. Both runs take
 * their time from the machine's clock, because they are the real thing; nothing here waits longer than it must.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseYuan } from '../../../sim/product/terminal';

const LIMIT_MS = 480_000;

class Run {
  output = '';
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  private readonly listeners = new Set<() => void>();

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, ['scripts/run.mjs', 'sim/product/start.ts', ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    runs.push(this);
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        this.output += chunk.toString('utf8');
        for (const listener of [...this.listeners]) listener();
      });
    }
    this.exit = new Promise((resolve) => this.child.on('exit', resolve));
  }

  /** Resolves with the match as soon as the output from `from` on has it; fails when the process ends first. */
  see(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this.output.slice(from));
        if (match) {
          this.listeners.delete(look);
          resolve(match);
        }
      };
      this.listeners.add(look);
      void this.exit.then(() => reject(new Error(`ended before ${pattern}:\n${this.output}`)));
      look();
    });
  }

  type(line: string): number {
    const from = this.output.length;
    this.child.stdin!.write(`${line}\n`);
    return from;
  }
}

/** What a failed test has left running. */
const runs: Run[] = [];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'coinslot-start-'));
});
afterEach(() => {
  for (const run of runs.splice(0)) run.child.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

test(
  'npm start -- --demo pays both orders, over a power cut, and says so in one line of JSON',
  async () => {
    const run = new Run('--demo', '--trace', 'at', '--data', path.join(folder, 'demo'));
    expect([await run.exit, run.output]).toEqual([0, expect.anything()]);
    const lines = run.output.trim().split('\n');
    const order = {
      outTradeNo: expect.stringMatching(/^CS000001_\d+$/),
      deviceState: 'DONE',
      serverState: 'DISPENSED',
      relayPulses: 1,
      paidToRelayMs: expect.any(Number),
    };
    expect(JSON.parse(lines[lines.length - 1]!)).toEqual({
      ok: true,
      orders: [
        { ...order, channel: 'wechat', amountFen: 150, providerState: 'SUCCESS' },
        { ...order, channel: 'alipay', amountFen: 300, providerState: 'TRADE_SUCCESS' },
      ],
      powerCuts: 1,
    });
    // The AT traffic was shown, without the access point and without payloads.
    for (const line of [
      'AT> +CSTT=…',
      'AT> +CIPSTART=0,"TCP",',
      'AT< CONNECT OK',
      'AT> +CIPSEND=0,',
      'AT< >',
    ])
      expect(run.output.replaceAll('0, CONNECT', 'CONNECT')).toContain(line);
    expect(run.output).not.toMatch(/cmnet|"pay"|\["hi"/);
  },
  LIMIT_MS,
);

test(
  'npm start takes commands, shows the QR code and the click, and finds its orders again after a stop',
  async () => {
    const data = path.join(folder, 'start');
    const first = new Run('--data', data);
    const wallet = (await first.see(/(http:\/\/127\.0\.0\.1:\d+\/wallet)\b/))[1]!;
    await first.see(/coinslot> /);

    let from = first.type('pay 1,50 wechat');
    await first.see(/like this: pay 1\.50 wechat/, from);
    from = first.type('constructor');
    await first.see(/"constructor" is not a command/, from);
    from = first.type('refund 99');
    await first.see(/refused: UNKNOWN_ORDER/, from);

    from = first.type('pay 1.50 wechat');
    await first.see(/order 1 accepted/, from);
    const url = decodeURIComponent((await first.see(/open\?url=(\S+)/, from))[1]!);
    expect(url).toMatch(/^weixin:\/\/wxpay\//);
    expect(first.output.slice(from)).toMatch(/[█▀▄]{10}/);
    for (const action of ['open', 'pay']) {
      await fetch(`${wallet}/api/${action}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ url }),
      });
    }
    await first.see(/\*click\* {2}relay 1 on/, from);
    await first.see(/order 1: 1\.50 yuan by wechat, DONE/, from);
    first.child.kill('SIGINT');
    expect(await first.exit).toBe(0);

    const second = new Run('--data', data);
    await second.see(/coinslot> /);
    from = second.type('refund 1');
    await second.see(/order 1: 1\.50 yuan by wechat, REFUNDED/, from);
    second.child.stdin!.end();
    expect(await second.exit).toBe(0);
  },
  LIMIT_MS,
);

test.each([
  ['--nonsense', /unknown option '--nonsense'/],
  ['--trace=everything', /--trace knows "at", not "everything"/],
])('npm start -- %s: a sentence and a non-zero exit', async (argument, sentence) => {
  const run = new Run(argument, '--data', folder);
  expect(await run.exit).not.toBe(0);
  expect(run.output).toMatch(sentence);
});

test.each([
  ['1.50', 150],
  ['3', 300],
  ['0.01', 1],
  ['1.5', 150],
  ['0', undefined],
  ['0.001', undefined],
  ['-1', undefined],
  ['1e3', undefined],
  ['', undefined],
  ['99999999', undefined],
])('"%s" yuan is %s fen', (text, amountFen) => {
  expect(parseYuan(text)).toBe(amountFen);
});
