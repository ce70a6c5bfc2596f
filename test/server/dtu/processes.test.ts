/** Data streams over several server processes on one database: the backend comes to one, the device to another. */
import { query } from '../support/cluster';
import type { TestDevice } from '../support/device';
import { sinceNoon } from '../support/midday';
import { DEVICE, ServerBench } from '../support/server';
import { until } from '../support/until';
import { TcpBackend, WsBackend } from './backend';

const WINDOW = 16_384;
const fairUse = { dayBytes: 100_000, bytesPerSecond: 1_000_000 };
let first: ServerBench;
let second: ServerBench;
let third: ServerBench;
let device: TestDevice;
let token = '';
let tokenId = 0;
const backends: (TcpBackend | WsBackend)[] = [];

beforeAll(async () => {
  const options = { fairUse, clock: sinceNoon() };
  first = await ServerBench.start(options);
  second = await first.beside(options);
  third = await first.beside(options);
  const made = await first.server.core.streams.addToken({ name: 'cloud', merchantId: first.merchantId });
  token = made.token;
  tokenId = made.id;
});

afterEach(async () => {
  for (const backend of backends.splice(0)) {
    if (backend instanceof TcpBackend) backend.socket.destroy();
    else backend.socket.terminate();
  }
  await device.close();
  await until(async () => (await query(first.databaseUrl, 'select 1 from dtu_streams')).length === 0);
  await query(first.databaseUrl, 'delete from dtu_days');
});

afterAll(async () => {
  await third.stop();
  await second.stop();
  await first.stop();
});

function tcp(at: ServerBench): TcpBackend {
  const backend = TcpBackend.connect(at.server.dtuPort, DEVICE, token);
  backends.push(backend);
  return backend;
}

function ws(at: ServerBench): WsBackend {
  const backend = WsBackend.connect(at.server.httpUrl, DEVICE, token);
  backends.push(backend);
  return backend;
}

async function opened(backend: TcpBackend | WsBackend): Promise<void> {
  await device.hear('open');
  await backend.sees(() => backend.isOpen);
}

it.each([
  ['TCP', tcp],
  ['WebSocket', ws],
])(
  'a backend that waits at another process (%s) gets the stream, both ways, in order',
  async (_door, connect) => {
    const backend = connect(second);
    await backend.sees(() => (backend instanceof TcpBackend ? backend.lines : backend.events).length > 0);
    device = await first.greeted();
    device.send(['open', WINDOW]);
    await opened(backend);
    const data = Array.from({ length: 14_000 }, (_, at) => String.fromCharCode((at * 7) & 0xff)).join('');
    for (let at = 0; at < data.length; at += 1_000) device.sendBytes(data.slice(at, at + 1_000));
    if (backend instanceof TcpBackend) backend.socket.write(data, 'latin1');
    else backend.send(data);
    await backend.sees(() => backend.bytes.length === data.length);
    await device.sees(() => device.bytes.length === data.length);
    expect([backend.bytes === data, device.bytes === data]).toEqual([true, true]);
    device.send(['shut', 0]);
    await device.hear('shut');
    await backend.sees(() => backend.isClosed);
    if (backend instanceof WsBackend) expect(backend.closeReason).toBe('NONE');
  },
);

it('finds a device that waits at another process, and credit comes back over the bridge', async () => {
  device = await first.greeted();
  device.send(['open', 0]);
  const backend = tcp(second);
  await opened(backend);
  for (let round = 0; round < 5; round++) {
    for (let sent = 0; sent < 4_096; sent += 1_024 - 512) device.sendBytes('x'.repeat(512));
    await device.hear('credit');
  }
  await backend.sees(() => backend.bytes.length === 5 * 4_096);
});

it('tells why it ended, over the bridge', async () => {
  device = await first.greeted();
  device.send(['open', 0]);
  const backend = ws(second);
  await opened(backend);
  await device.close();
  await backend.sees(() => backend.isClosed);
  expect(backend.closeReason).toBe('OFFLINE');
  device = await first.greeted();
  device.send(['open', 0]);
  const next = ws(second);
  await opened(next);
  next.socket.close();
  expect(await device.hear('shut')).toEqual(['shut', 0]);
});

it('a newer backend at a third process takes the place of the older one', async () => {
  device = await first.greeted();
  device.send(['open', 0]);
  const older = ws(second);
  await opened(older);
  const newer = ws(third);
  await older.sees(() => older.isClosed);
  expect(older.closeReason).toBe('REPLACED');
  expect(await device.hear('shut')).toEqual(['shut', 0]);
  device.send(['shut', 0]);
  device.send(['open', 0]);
  await opened(newer);
  device.sendBytes('new');
  await newer.sees(() => newer.bytes === 'new');
});

it('a newer backend ends an older one that waits elsewhere', async () => {
  device = await first.greeted();
  const older = ws(second);
  await older.sees(() => older.events.length > 0);
  const newer = ws(third);
  await older.sees(() => older.isClosed);
  expect(older.closeReason).toBe('REPLACED');
  device.send(['open', 0]);
  await opened(newer);
});

it('waits on when the process that had the stream has died', async () => {
  await query(
    first.databaseUrl,
    `insert into dtu_streams values ('${DEVICE}', 'http://127.0.0.1:9', 'gone', 1)`,
  );
  const backend = tcp(second);
  await backend.sees(() => backend.lines.length > 0);
  device = await first.greeted();
  device.send(['open', 0]);
  await opened(backend);
});

it('lets nobody cross without the ticket', async () => {
  device = await first.greeted();
  device.send(['open', 0]);
  await until(async () => (await query(first.databaseUrl, 'select 1 from dtu_streams')).length === 1);
  for (const ticket of ['', 'wrong', 'x'.repeat(32)]) {
    const url = `${first.server.httpUrl.replace('http', 'ws')}/api/v1/dtu/${DEVICE}`;
    const intruder = new WsBackend(
      new (await import('ws')).default(url, { headers: { 'coinslot-ticket': ticket } }),
    );
    backends.push(intruder);
    await intruder.sees(() => intruder.isClosed);
    expect(intruder.status).toBe(409);
  }
  expect(device.heard).toEqual([]);
});

it('counts the day over sessions and processes, and closes the device’s door when it is spent', async () => {
  device = await first.greeted();
  let backend = tcp(second);
  device.send(['open', 0]);
  await opened(backend);
  const send = async (byteCount: number): Promise<void> => {
    for (let sent = 0; sent < byteCount; sent += 1_000) device.sendBytes('x'.repeat(1_000));
  };
  await send(16_000);
  await backend.sees(() => backend.bytes.length === 16_000);
  await device.close();
  await until(async () => (await query(first.databaseUrl, 'select 1 from dtu_days')).length === 1);
  // The rest of the day, at another process.
  await query(first.databaseUrl, 'update dtu_days set up_bytes = 95_000');
  device = await third.greeted();
  backend = tcp(second);
  device.send(['open', 0]);
  await opened(backend);
  await send(6_000);
  expect(await device.hear('shut')).toEqual(['shut', 37]);
  device.send(['shut', 0]);
  await backend.sees(() => backend.isClosed);
  expect(backend.bytes.length).toBe(6_000);
  device.send(['open', 0]);
  expect(await device.hear('shut')).toEqual(['shut', 37]);
  device.send(['shut', 0]);
  const { streams } = first.server.core;
  expect(await streams.show(DEVICE)).toMatchObject({ lastEnd: 'RATE_LIMIT', limits: fairUse });
  // The operator gives this device more: its next stream opens.
  await streams.setLimits(DEVICE, { dayBytes: 1_000_000 });
  const next = tcp(first);
  device.send(['open', 0]);
  await opened(next);
  await streams.setLimits(DEVICE, {});
  expect((await streams.show(DEVICE)).limits).toEqual(fairUse);
});

it('a token revoked at one process ends what goes on at the others', async () => {
  device = await first.greeted();
  device.send(['open', 0]);
  const backend = ws(second);
  await opened(backend);
  await third.server.core.streams.revokeToken(tokenId);
  await backend.sees(() => backend.isClosed);
  expect(backend.closeReason).toBe('UNAUTHORIZED');
  expect(await device.hear('shut')).toEqual(['shut', 0]);
});
