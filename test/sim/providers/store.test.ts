import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '../../../sim/providers';
import { Book } from '../../../sim/providers/core/book';
import { Journal } from '../../../sim/providers/store/journal';
import { openBench, type Bench } from './support/bench';
import { WechatShop } from './support/wechatShop';

let folder: string;
let bench: Bench | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-store-'));
});
afterEach(async () => {
  await bench?.sandbox.close();
  bench = undefined;
  rmSync(folder, { recursive: true });
});

const path = (): string => join(folder, 'sandbox.jsonl');

it('trades, refunds, keys and money are there again after a stop', async () => {
  bench = await openBench({ dataFolder: folder });
  const shop = new WechatShop(bench);
  await shop.paid({ outTradeNo: 'CS000001_1' });
  await shop.refund('CS000001_1', 'R1', 50);
  const before = bench.sandbox.trade('CS000001_1');
  const { merchants } = bench.sandbox.keys;
  await bench.sandbox.close();

  bench = await openBench({ dataFolder: folder });
  expect(bench.sandbox.trade('CS000001_1')).toEqual(before);
  expect(bench.sandbox.keys.merchants).toEqual(merchants);
  const again = new WechatShop(bench);
  expect((await again.refund('CS000001_1', 'R1', 50)).body).toMatchObject({ status: 'PROCESSING' });
  bench.clock.advance(2_000);
  expect(bench.sandbox.trade('CS000001_1')).toMatchObject({ refundedFen: 50 });
  expect(bench.sandbox.model.audit()).toMatchObject({ paidFen: 150, refundedFen: 50, faults: [] });
});

it('what was answered survives a kill at any byte of the file after it', async () => {
  bench = await openBench({ dataFolder: folder });
  const shop = new WechatShop(bench);
  await shop.paid({ outTradeNo: 'CS000001_1' });
  const answered = readFileSync(path());
  await shop.order({ outTradeNo: 'CS000001_2' });
  const whole = readFileSync(path());
  await bench.sandbox.close();
  bench = undefined;
  for (let length = answered.length; length <= whole.length; length += 7) {
    writeFileSync(path(), whole.subarray(0, length));
    const book = new Book();
    Journal.open(folder, book).close();
    const trades = [...book.all('trades')];
    expect(trades[0]).toMatchObject({ outTradeNo: 'CS000001_1', state: 'PAID' });
  }
});

it('is written anew at each start, with each record once', async () => {
  const book = new Book();
  const journal = Journal.open(folder, book);
  for (let index = 0; index < 50; index += 1) book.put('vault', 'same', index);
  journal.close();
  expect(readFileSync(path(), 'utf8').split('\n')).toHaveLength(51);
  const again = new Book();
  Journal.open(folder, again).close();
  expect(readFileSync(path(), 'utf8')).toBe('["vault","same",49]\n');
});

it('is readable by its owner only', async () => {
  bench = await openBench({ dataFolder: join(folder, 'deep', 'er') });
  expect(statSync(join(folder, 'deep', 'er', 'sandbox.jsonl')).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'deep', 'er')).mode & 0o777).toBe(0o700);
});

it.each([
  ['{"no":"record"}\n', 'sandbox.jsonl:1'],
  ['["vault","a",1]\n["vault",\n["vault","b",2]\n', 'sandbox.jsonl:2'],
  ['["spoons","a",1]\n', 'sandbox.jsonl:1'],
])('damage is an error that names the line, and the file stays', async (content, place) => {
  writeFileSync(path(), content);
  await expect(startSandbox({ dataFolder: folder })).rejects.toThrow(place);
  expect(readFileSync(path(), 'utf8')).toBe(content);
  expect(existsSync(join(folder, 'sandbox.lock'))).toBe(false);
});

describe('the lock', () => {
  it('keeps a second sandbox out', async () => {
    bench = await openBench({ dataFolder: folder });
    await expect(startSandbox({ dataFolder: folder })).rejects.toThrow(/in use/);
  });

  it('of a process that is gone is taken over', () => {
    writeFileSync(join(folder, 'sandbox.lock'), '999999999');
    appendFileSync(path(), '["vault","a",1]\n');
    const book = new Book();
    Journal.open(folder, book).close();
    expect(book.get('vault', 'a')).toBe(1);
  });

  it('of a living process is respected', () => {
    writeFileSync(join(folder, 'sandbox.lock'), String(process.ppid));
    expect(() => Journal.open(folder, new Book())).toThrow(`process ${process.ppid}`);
  });
});

it('a taken port is said clearly, and leaves no lock behind', async () => {
  bench = await openBench();
  const { port } = new URL(bench.sandbox.url);
  const taken = startSandbox({
    port: Number(port),
    dataFolder: folder,
    platformKeys: bench.sandbox.keys.platform,
  });
  await expect(taken).rejects.toThrow(`port ${port} on 127.0.0.1 is taken`);
  expect(existsSync(join(folder, 'sandbox.lock'))).toBe(false);
});

it('only loopback is listened on', async () => {
  await expect(startSandbox({ host: '0.0.0.0' })).rejects.toThrow('not a loopback address');
});
