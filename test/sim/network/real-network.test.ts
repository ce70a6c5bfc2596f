/** Real loopback sockets behind the simulated modem: reach, refusal, ends, back-pressure. */
import * as net from 'node:net';
import { once } from 'node:events';
import { VirtualClock } from '../../../sim/time/clock';
import type { NetworkSocket, SocketHandlers } from '../../../sim/network/network';
import { RealNetwork } from '../../../sim/network/real-network';

interface Heard {
  handlers: SocketHandlers;
  /** The next event of that name; its parameter. */
  next(event: string): Promise<unknown>;
  events: string[];
  data: () => string;
}

function listen(): Heard {
  const events: string[] = [];
  const waiting = new Map<string, (value: unknown) => void>();
  let text = '';
  const tell =
    (name: string) =>
    (value?: unknown): void => {
      events.push(name);
      if (name === 'data') text += (value as Buffer).toString();
      waiting.get(name)?.(value);
      waiting.delete(name);
    };
  return {
    handlers: {
      onOpen: tell('open'),
      onFail: tell('fail'),
      onData: tell('data'),
      onAcked: tell('acked'),
      onAlive: tell('alive'),
      onEnd: tell('end'),
      onReset: tell('reset'),
      onClosed: tell('closed'),
    },
    next: (event) => new Promise((resolve) => waiting.set(event, resolve)),
    events,
    data: () => text,
  };
}

describe('RealNetwork', () => {
  const clock = new VirtualClock();
  let server: net.Server;
  let port: number;
  let network: RealNetwork;
  let peer: Promise<net.Socket>;

  beforeEach(async () => {
    server = net.createServer();
    peer = once(server, 'connection').then(([socket]) => socket as net.Socket);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as net.AddressInfo).port;
    network = new RealNetwork({
      clock,
      table: { 'link.example': '127.0.0.1', '203.0.113.5': `127.0.0.1:${port}` },
    });
  });

  afterEach(() => {
    network.close();
    server.close();
  });

  async function opened(host = '127.0.0.1', to = port): Promise<[NetworkSocket, Heard, net.Socket, unknown]> {
    const heard = listen();
    const open = heard.next('open');
    const socket = network.connect(host, to, heard.handlers);
    return [socket, heard, await peer, await open];
  }

  test.each([
    ['a loopback address', '127.0.0.1', undefined, '127.0.0.1'],
    ['a mapped name', 'link.example', undefined, '198.51.100.1'],
    ['a mapped address, with another port', '203.0.113.5', 9_000, '203.0.113.5'],
    ['the address that a mapped name resolves to', '198.51.100.1', undefined, '198.51.100.1'],
  ])('%s is reached', async (_case, host, to, address) => {
    const [, , , shown] = await opened(host, to ?? port);
    expect(shown).toBe(address);
  });

  test.each([
    ['8.8.8.8', 'unreachable'],
    ['192.168.1.1', 'unreachable'],
    ['128.0.0.1', 'unreachable'],
    ['example.com', 'unknown-name'],
    ['127.0.0.1.example.com', 'unknown-name'],
  ])('%s is never dialled: %s', (host, reason) => {
    const dialled = jest.spyOn(net.Socket.prototype, 'connect');
    const reasons: string[] = [];
    network.connect(host, 80, { ...listen().handlers, onFail: (why) => reasons.push(why) });
    expect(reasons).toEqual([]);
    clock.advance(1);
    expect(reasons).toEqual([reason]);
    expect(dialled).not.toHaveBeenCalled();
    dialled.mockRestore();
  });

  test.each([['10.0.0.1'], ['example.com'], ['0.0.0.0'], ['127.0.0.1.evil.example']])(
    'a table row may not lead to %s',
    (address) => {
      expect(() => network.map('x.example', address)).toThrow('loopback');
    },
  );

  test('a closed port is refused', async () => {
    server.close();
    const heard = listen();
    const failed = heard.next('fail');
    network.connect('127.0.0.1', port, heard.handlers);
    expect(await failed).toBe('refused');
  });

  test('bytes go both ways, and sent ones are acknowledged', async () => {
    const [socket, heard, other] = await opened();
    const acked = heard.next('acked');
    socket.send(Buffer.from('up'));
    const [bytes] = (await once(other, 'data')) as [Buffer];
    expect(bytes.toString()).toBe('up');
    expect(await acked).toBe(2);
    const arrived = heard.next('data');
    other.write('down');
    await arrived;
    expect(heard.data()).toBe('down');
  });

  test("the peer's end and its reset are told apart", async () => {
    const [, heard, other] = await opened();
    const end = heard.next('end');
    other.end();
    await end;
    expect(heard.events).toContain('end');
    peer = once(server, 'connection').then(([socket]) => socket as net.Socket);
    const [, second, reset] = await opened();
    const told = second.next('reset');
    reset.resetAndDestroy();
    await told;
    expect(second.events).not.toContain('end');
  });

  test('our close reaches the peer and is confirmed', async () => {
    const [socket, heard, other] = await opened();
    const closed = heard.next('closed');
    other.resume();
    other.on('end', () => other.end());
    socket.close();
    await closed;
    expect(heard.events.at(-1)).toBe('closed');
  });

  test('an abandoned socket stays half-open until its time is over', async () => {
    const [socket, heard, other] = await opened();
    const before = [...heard.events];
    let isGone = false;
    other.on('close', () => {
      isGone = true;
    });
    other.on('error', () => {});
    socket.abandon();
    other.write('hello?');
    clock.advance(119_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isGone).toBe(false);
    clock.advance(2_000);
    await new Promise((resolve) => other.once('close', resolve));
    expect(heard.events).toEqual(before);
  });

  test('without coverage nothing passes, afterwards everything does', async () => {
    const [socket, heard, other] = await opened();
    network.setCoverage(false);
    expect(network.coverage().isCovered).toBe(false);
    socket.send(Buffer.from('waiting'));
    other.write('hello');
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard.data()).toBe('');
    const arrived = heard.next('data');
    network.setCoverage(true);
    const [bytes] = (await once(other, 'data')) as [Buffer];
    await arrived;
    expect([bytes.toString(), heard.data()]).toEqual(['waiting', 'hello']);
  });

  test('names resolve to addresses that lead to the same place', () => {
    const answers: unknown[] = [];
    for (const name of ['link.example', 'no.example', '127.0.0.1'])
      network.resolve(name, (answer) => answers.push(answer));
    clock.advance(1);
    network.setCoverage(false);
    network.resolve('link.example', (answer) => answers.push(answer));
    clock.advance(1);
    expect(answers).toEqual([
      { addresses: ['198.51.100.1'] },
      { error: 'unknown-name' },
      { addresses: ['127.0.0.1'] },
      { error: 'unreachable' },
    ]);
  });
});
