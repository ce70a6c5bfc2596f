/** Data streams through a whole server: a device on the real sealed session, backends on both doors. */
import * as net from 'node:net';
import { query } from '../support/cluster';
import { TestDevice } from '../support/device';
import { DEVICE, ServerBench } from '../support/server';
import { until } from '../support/until';
import { TcpBackend, WsBackend } from './backend';

const WINDOW = 16_384;
let bench: ServerBench;
let device: TestDevice;
let token = '';
const backends: (TcpBackend | WsBackend)[] = [];

beforeAll(async () => {
  bench = await ServerBench.start({ fairUse: { dayBytes: 10_000_000, bytesPerSecond: 1_000_000 } });
  token = (await bench.server.core.streams.addToken({ name: 'cloud', merchantId: bench.merchantId })).token;
});

beforeEach(async () => {
  device = await bench.greeted();
});

afterEach(async () => {
  for (const backend of backends.splice(0)) {
    if (backend instanceof TcpBackend) backend.socket.destroy();
    else backend.socket.terminate();
  }
  await device.close();
  await until(() =>
    bench.server.core.database.db
      .selectFrom('dtuStreams')
      .selectAll()
      .execute()
      .then((rows) => rows.length === 0),
  );
});

afterAll(() => bench.stop());

function tcp(deviceId = DEVICE, secret = token, port = bench.server.dtuPort): TcpBackend {
  const backend = TcpBackend.connect(port, deviceId, secret);
  backends.push(backend);
  return backend;
}

function ws(deviceId = DEVICE, secret = token, url = bench.server.httpUrl): WsBackend {
  const backend = WsBackend.connect(url, deviceId, secret);
  backends.push(backend);
  return backend;
}

/** Every byte value, many times over, never the same for long. */
function pattern(byteCount: number): string {
  let text = '';
  for (let at = 0; text.length < byteCount; at++)
    text += String.fromCharCode((at * 7 + (at >> 8) * 13) & 0xff);
  return text;
}

/** Sends as a device must: never more than its credit, 1,012 bytes in a unit. */
async function sendAll(sender: TestDevice, data: string, firstCredit: number): Promise<void> {
  let credit = firstCredit;
  for (let at = 0; at < data.length;) {
    while (credit === 0) credit += (await sender.hear('credit'))[1] as number;
    const piece = data.slice(at, at + Math.min(1_012, credit));
    sender.sendBytes(piece);
    credit -= piece.length;
    at += piece.length;
  }
}

/** Gives credit as a host that takes 4,096 bytes at a time. */
async function receiveAll(receiver: TestDevice, byteCount: number): Promise<void> {
  let given = 0;
  while (receiver.bytes.length < byteCount) {
    const wanted = given;
    await receiver.sees(() => receiver.bytes.length >= Math.min(wanted, byteCount));
    if (receiver.isClosed) throw new Error('the session ended');
    receiver.send(['credit', 4_096]);
    given += 4_096;
  }
}

describe.each([
  ['TCP', () => tcp()],
  ['WebSocket', () => ws()],
])('through %s', (_door, connect) => {
  it('carries bytes both ways, all of them, in order, within credit', async () => {
    const backend = connect();
    device.send(['open', 0]);
    expect(await device.hear('open')).toEqual(['open', WINDOW]);
    await backend.sees(() => backend.isOpen);
    const up = pattern(100_000);
    const down = pattern(60_000).split('').reverse().join('');
    if (backend instanceof TcpBackend) backend.socket.write(down, 'latin1');
    else for (let at = 0; at < down.length; at += 5_000) backend.send(down.slice(at, at + 5_000));
    await Promise.all([sendAll(device, up, WINDOW), receiveAll(device, down.length)]);
    await backend.sees(() => backend.bytes.length >= up.length);
    expect(backend.bytes === up).toBe(true);
    expect(device.bytes === down).toBe(true);
    expect(Math.max(...device.cuts)).toBeLessThanOrEqual(1_012);
    device.send(['shut', 0]);
    expect(await device.hear('shut')).toEqual(['shut', 0]);
    await backend.sees(() => backend.isClosed);
    if (backend instanceof WsBackend)
      expect([backend.closeCode, backend.closeReason]).toEqual([1000, 'NONE']);
  });

  it('opens whether the backend or the device comes first, and again after an end', async () => {
    device.send(['open', 100]);
    const first = connect();
    await device.hear('open');
    await first.sees(() => first.isOpen);
    device.send(['shut', 27]);
    await device.hear('shut');
    await first.sees(() => first.isClosed);
    if (first instanceof WsBackend)
      expect([first.closeCode, first.closeReason]).toEqual([4027, 'HOST_SILENT']);
    const second = connect();
    if (second instanceof TcpBackend) {
      await second.sees(() => second.lines.length > 0);
      expect(second.lines[0]).toBe('WAIT HOST_SILENT');
    } else {
      await second.sees(() => second.events.length > 0);
      expect(JSON.parse(second.events[0]!)).toEqual({ event: 'wait', last: 'HOST_SILENT' });
    }
    device.send(['open', 0]);
    await device.hear('open');
    device.sendBytes('again');
    await second.sees(() => second.bytes === 'again');
  });

  it('hands on what the backend left behind, then tells the device that it is over', async () => {
    const backend = connect();
    device.send(['open', 1_000]);
    await device.hear('open');
    await backend.sees(() => backend.isOpen);
    const down = pattern(9_000);
    if (backend instanceof TcpBackend) backend.socket.end(down, 'latin1');
    else {
      backend.send(down);
      backend.socket.close(1000);
    }
    await device.sees(() => device.bytes.length === 1_000);
    expect(device.heard.filter((message) => message[0] === 'shut')).toEqual([]);
    device.send(['credit', 8_500]);
    expect(await device.hear('shut')).toEqual(['shut', 0]);
    expect(device.bytes === down).toBe(true);
    device.send(['shut', 0]);
    // The stream is over on both sides: another one may begin.
    const next = connect();
    device.send(['open', 0]);
    await device.hear('open');
    await next.sees(() => next.isOpen);
  });

  it('says OFFLINE when the link goes, and lets a new session open again', async () => {
    const backend = connect();
    device.send(['open', 0]);
    await device.hear('open');
    await backend.sees(() => backend.isOpen);
    device.sendBytes('last words');
    await backend.sees(() => backend.bytes === 'last words');
    await device.close();
    await backend.sees(() => backend.isClosed);
    if (backend instanceof WsBackend)
      expect([backend.closeCode, backend.closeReason]).toEqual([4013, 'OFFLINE']);
    device = await bench.greeted();
    const next = connect();
    device.send(['open', 0]);
    await device.hear('open');
    await next.sees(() => next.isOpen);
  });
});

describe('a backend', () => {
  it.each([
    ['a wrong token', () => [DEVICE, 'cdt_nonsense'], 'UNAUTHORIZED', 401],
    ['a device that does not exist', () => ['NOSUCH01', token], 'NOT_FOUND', 404],
  ] as const)('with %s is turned away', async (_name, who, code, status) => {
    const [deviceId, secret] = who();
    const first = tcp(deviceId, secret);
    await first.sees(() => first.isClosed);
    expect(first.lines).toEqual([`ERR ${code}`]);
    const second = ws(deviceId, secret);
    await second.sees(() => second.isClosed);
    expect(second.status).toBe(status);
  });

  it('of another merchant sees nothing of this one’s devices', async () => {
    const other = await bench.server.core.merchants.add({ name: 'Coffee' }, 1);
    const foreign = await bench.server.core.streams.addToken({ name: 'spy', merchantId: other.id });
    const backend = tcp(DEVICE, foreign.token);
    await backend.sees(() => backend.isClosed);
    expect(backend.lines).toEqual(['ERR NOT_FOUND']);
    await expect(
      bench.server.core.streams.addToken({ name: 'spy', merchantId: other.id, deviceId: DEVICE }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('with a token for one device reaches no other', async () => {
    const { core } = bench.server;
    await core.devices.add(
      { id: 'CS000002', merchantId: bench.merchantId, name: '', key: Buffer.alloc(16), maxAmountFen: 1 },
      1,
    );
    const wish = { name: 'one', merchantId: bench.merchantId, deviceId: 'CS000002' };
    const { token: narrow } = await core.streams.addToken(wish);
    const refused = tcp(DEVICE, narrow);
    await refused.sees(() => refused.isClosed);
    expect(refused.lines).toEqual(['ERR NOT_FOUND']);
    const allowed = tcp('CS000002', narrow);
    await allowed.sees(() => allowed.lines.length > 0);
    expect(allowed.lines).toEqual(['WAIT NONE']);
  });

  it.each([
    ['nonsense\n', 'ERR BAD_REQUEST'],
    ['GET / HTTP/1.1\r\n', 'ERR BAD_REQUEST'],
    [`DTU/2 ${DEVICE} x\n`, 'ERR BAD_REQUEST'],
    [`${'x'.repeat(500)}`, 'ERR BAD_REQUEST'],
    [`DTU/1 ${DEVICE} ${'x'.repeat(150)}\n`, 'ERR BAD_REQUEST'],
  ])('that says %j is turned away', async (text, line) => {
    const backend = new TcpBackend(net.connect(bench.server.dtuPort, '127.0.0.1'));
    backends.push(backend);
    backend.socket.write(text);
    await backend.sees(() => backend.isClosed);
    expect(backend.lines).toEqual([line]);
  });

  it('whose token is revoked is out at once, waiting or not, and never in again', async () => {
    const { core } = bench.server;
    const made = await core.streams.addToken({ name: 'short', merchantId: bench.merchantId });
    const backend = ws(DEVICE, made.token);
    device.send(['open', 0]);
    await device.hear('open');
    await backend.sees(() => backend.isOpen);
    await core.streams.revokeToken(made.id);
    expect(await device.hear('shut')).toEqual(['shut', 0]);
    await backend.sees(() => backend.isClosed);
    expect([backend.closeCode, backend.closeReason]).toEqual([4101, 'UNAUTHORIZED']);
    const again = ws(DEVICE, made.token);
    await again.sees(() => again.isClosed);
    expect(again.status).toBe(401);
    await expect(core.streams.revokeToken(made.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('that comes later takes the place of the earlier one, waiting or open', async () => {
    const first = ws();
    await first.sees(() => first.events.length > 0);
    const second = ws();
    await first.sees(() => first.isClosed);
    expect(first.closeReason).toBe('REPLACED');
    device.send(['open', 0]);
    await device.hear('open');
    await second.sees(() => second.isOpen);
    const third = ws();
    await second.sees(() => second.isClosed);
    expect(second.closeReason).toBe('REPLACED');
    // Bytes of two backends never mix: the device's stream ends, and it opens another.
    expect(await device.hear('shut')).toEqual(['shut', 0]);
    device.sendBytes('on its way');
    device.send(['shut', 0]);
    device.send(['open', 0]);
    await device.hear('open');
    await third.sees(() => third.isOpen);
    expect(third.bytes).toBe('');
  });

  it('that sends text on the WebSocket is told that only bytes count', async () => {
    const backend = ws();
    await backend.sees(() => backend.events.length > 0);
    backend.socket.send('hello');
    await backend.sees(() => backend.isClosed);
    expect(backend.closeCode).toBe(1003);
  });

  it('may send before its device opens: nothing is lost', async () => {
    const first = tcp();
    await first.sees(() => first.lines.length > 0);
    first.socket.write('early');
    device.send(['open', 100]);
    await device.hear('open');
    await device.sees(() => device.bytes === 'early');
    device.send(['shut', 0]);
    await device.hear('shut');
    const second = ws();
    await second.sees(() => second.events.length > 0);
    second.send('ear');
    second.send('lier');
    device.send(['open', 100]);
    await device.hear('open');
    await device.sees(() => device.bytes === 'earlyearlier');
  });

  it('that leaves while it waits is not taken for one that is there', async () => {
    for (const connect of [tcp, ws]) {
      const backend = connect();
      await backend.sees(() => (backend instanceof TcpBackend ? backend.lines : backend.events).length > 0);
      if (backend instanceof TcpBackend) backend.socket.end();
      else backend.socket.close();
      await until(isNobodyWaiting);
    }
  });
});

async function isNobodyWaiting(): Promise<boolean> {
  const text = await (await fetch(`${bench.server.httpUrl}/metrics`)).text();
  return text.includes('\ncoinslot_dtu_waiting 0\n');
}

describe('a device', () => {
  it('is told UNREACHABLE when no backend is there, and may close while it waits', async () => {
    device.send(['open', 0]);
    device.send(['shut', 0]);
    expect(await device.hear('shut')).toEqual(['shut', 0]);
    device.send(['open', 0]);
    device.send(['shut', 0]);
    expect(await device.hear('shut')).toEqual(['shut', 0]);
  });

  it.each([
    ['bytes without a stream', (one: TestDevice) => one.sendBytes('x')],
    ['credit without a stream', (one: TestDevice) => one.send(['credit', 1])],
    ['shut without a stream', (one: TestDevice) => one.send(['shut', 0])],
    ['a second open', (one: TestDevice) => (one.send(['open', 0]), one.send(['open', 0]))],
    ['bytes before the server’s open', (one: TestDevice) => (one.send(['open', 0]), one.sendBytes('x'))],
    ['a window that is too large', (one: TestDevice) => one.send(['open', 16_385])],
    [
      'credit that is too large',
      (one: TestDevice) => (one.send(['open', 16_000]), one.send(['credit', 385])),
    ],
  ])('that sends %s loses its session', async (_name, misbehave) => {
    misbehave(device);
    await device.closed;
  });

  it('that sends more than its credit loses its session', async () => {
    // The backend may take what comes meanwhile: at this rate the credit for it would last two minutes.
    const { streams } = bench.server.core;
    await streams.setLimits(DEVICE, { bytesPerSecond: 1_000 });
    tcp();
    device.send(['open', 0]);
    await device.hear('open');
    for (let sent = 0; sent < 10 * WINDOW; sent += 1_000) device.sendBytes('x'.repeat(1_000));
    await device.closed;
    await streams.setLimits(DEVICE, {});
  });

  it('pays while bytes flow: payments do not wait for the backend', async () => {
    const backend = tcp();
    device.send(['open', 0]);
    await device.hear('open');
    await backend.sees(() => backend.isOpen);
    backend.socket.pause();
    for (let sent = 0; sent + 1_000 <= WINDOW; sent += 1_000) device.sendBytes('x'.repeat(1_000));
    device.pay(1, 150);
    await device.hear('code', 1);
    bench.provider.pay(`${DEVICE}_1`);
    await bench.notify(`${DEVICE}_1`);
    await device.hear('grant', 1);
    device.send(['end', 1, 7, 0, '']);
    await device.hear('fin', 1);
  });
});

describe('secrets', () => {
  it('no token is in the database, only its hash', async () => {
    const rows = await query(bench.databaseUrl, 'select t::text as line from dtu_tokens t');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(JSON.stringify(await bench.server.core.streams.listTokens())).not.toContain('ash');
  });
});
