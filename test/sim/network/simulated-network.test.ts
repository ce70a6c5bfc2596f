/** The simulated cellular path: order, time, rate, loss, outages, NAT and half-open connections. */
import fc from 'fast-check';
import { VirtualClock } from '../../../sim/time/clock';
import { Random } from '../../../sim/time/random';
import { SimulatedInternet, type ServerConnection } from '../../../sim/network/internet';
import type { NetworkSocket } from '../../../sim/network/network';
import { GPRS_CLASS_10, IDEAL, POOR_CELL, type NetworkProfile } from '../../../sim/network/profile';
import { Pipe, RadioChannel } from '../../../sim/network/pipe';
import { SimulatedNetwork } from '../../../sim/network/simulated-network';
import { holds } from '../../support/random';

/** The given answers, one after the other. */
function scripted(answers: boolean[]): () => boolean {
  return () => answers.shift() ?? false;
}

const ADDRESS = '203.0.113.5';
const PORT = 9_000;

/** A device with one connection to one server, and what each side heard. */
class Path {
  readonly clock = new VirtualClock();
  readonly internet = new SimulatedInternet();
  readonly network: SimulatedNetwork;
  readonly events: string[] = [];
  readonly servers: ServerConnection[] = [];
  socket!: NetworkSocket;
  up = '';
  down = '';
  acked = 0;

  constructor(profile: NetworkProfile = IDEAL, seed = 1) {
    this.network = new SimulatedNetwork({
      clock: this.clock,
      random: new Random(seed),
      internet: this.internet,
      profile,
    });
    this.internet.setName('link.example', ADDRESS);
    this.internet.listen(ADDRESS, PORT, (connection) => {
      this.servers.push(connection);
      connection.onData = (bytes) => {
        this.up += bytes.toString('latin1');
      };
      connection.onClose = (reason) => this.events.push(`server ${reason}`);
    });
  }

  connect(host = ADDRESS, port = PORT): this {
    this.socket = this.network.connect(host, port, {
      onOpen: (address) => this.events.push(`open ${address}`),
      onFail: (reason) => this.events.push(`fail ${reason}`),
      onData: (bytes) => {
        this.down += bytes.toString('latin1');
      },
      onAcked: (byteCount) => {
        this.acked += byteCount;
      },
      onAlive: () => this.events.push('alive'),
      onEnd: () => this.events.push('end'),
      onReset: () => this.events.push('reset'),
      onClosed: () => this.events.push('closed'),
    });
    return this;
  }

  opened(waitMs = 10_000): this {
    this.connect();
    this.clock.advance(waitMs);
    this.events.length = 0;
    return this;
  }

  get server(): ServerConnection {
    return this.servers[0]!;
  }
}

describe('opening', () => {
  test.each([
    ['an address', ADDRESS, PORT, 'open 203.0.113.5'],
    ['a name', 'link.example', PORT, 'open 203.0.113.5'],
    ['a name in other case', 'LINK.example', PORT, 'open 203.0.113.5'],
    ['a closed port', ADDRESS, 1, 'fail refused'],
    ['an unknown name', 'no.example', PORT, 'fail unknown-name'],
  ])('%s', (_case, host, port, event) => {
    const path = new Path().connect(host, port);
    expect(path.events).toEqual([]);
    path.clock.advance(1_000);
    expect(path.events).toEqual([event]);
  });

  test('an address where nobody is answers nothing', () => {
    const path = new Path().connect('192.0.2.9');
    path.clock.advance(3_600_000);
    expect(path.events).toEqual([]);
  });

  test('takes one round trip, after two more for a name', () => {
    const profile = { ...IDEAL, latencyMs: 300, lookupMs: 100 };
    const byAddress = new Path(profile).connect();
    byAddress.clock.advance(599);
    expect(byAddress.events).toEqual([]);
    byAddress.clock.advance(1);
    expect(byAddress.events).toHaveLength(1);
    const byName = new Path(profile).connect('link.example');
    byName.clock.advance(1_299);
    expect(byName.events).toEqual([]);
    byName.clock.advance(1);
    expect(byName.events).toHaveLength(1);
  });

  test('given up while the name is looked up: nothing more is heard', () => {
    const path = new Path().connect('link.example');
    path.socket.close();
    path.clock.advance(10_000);
    expect(path.events).toEqual([]);
    expect(path.servers).toHaveLength(0);
  });

  test('two devices reach the same server', () => {
    const one = new Path();
    const two = new SimulatedNetwork({
      clock: one.clock,
      random: new Random(2),
      internet: one.internet,
      profile: IDEAL,
    });
    one.connect();
    const silent = {
      onOpen() {},
      onFail() {},
      onData() {},
      onAcked() {},
      onAlive() {},
      onEnd() {},
      onReset() {},
      onClosed() {},
    };
    two.connect(ADDRESS, PORT, silent);
    one.clock.advance(100);
    expect(one.servers).toHaveLength(2);
    two.setCoverage(false);
    expect(one.network.coverage().isCovered).toBe(true);
  });

  test('a port takes one listener', () => {
    expect(() => new Path().internet.listen(ADDRESS, PORT, () => {})).toThrow('already has a listener');
  });
});

describe('carrying', () => {
  test('nothing is handed over inside the call that sends it', () => {
    const path = new Path().opened();
    path.socket.send(Buffer.from('up'));
    path.server.write(Buffer.from('down'));
    expect([path.up, path.down]).toEqual(['', '']);
    path.clock.advance(10);
    expect([path.up, path.down, path.acked]).toEqual(['up', 'down', 2]);
  });

  test('what the server writes while accepting comes after the handshake', () => {
    const path = new Path();
    path.internet.listen(ADDRESS, 9_001, (connection) => connection.write(Buffer.from('hello')));
    path.network.connect(ADDRESS, 9_001, {
      onOpen: () => path.events.push('open'),
      onData: (bytes) => path.events.push(bytes.toString()),
      onFail() {},
      onAcked() {},
      onAlive() {},
      onEnd() {},
      onReset() {},
      onClosed() {},
    });
    path.clock.advance(100);
    expect(path.events).toEqual(['open', 'hello']);
  });

  test('every byte once and in order, whatever the path', () => {
    holds(
      fc.property(
        fc.integer({ min: 1, max: 0xffffffff }),
        fc.array(fc.integer({ min: 1, max: 4_000 }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 100, max: 200_000 }), { maxLength: 4 }),
        (seed, sizes, outagesMs) => {
          const path = new Path({ ...POOR_CELL, lossShare: 0.3, natIdleMs: 0 }, seed).opened(120_000);
          const random = new Random(seed);
          let sentUp = '';
          let sentDown = '';
          for (const size of sizes) {
            const text = random.bytes(size).toString('latin1');
            sentUp += text;
            sentDown += text;
            path.socket.send(Buffer.from(text, 'latin1'));
            path.server.write(Buffer.from(text, 'latin1'));
            path.clock.advance(random.between(0, 5_000));
            const outageMs = outagesMs.pop();
            if (outageMs !== undefined) path.network.outage(outageMs);
          }
          path.clock.advance(3_600_000);
          expect(path.up === sentUp).toBe(true);
          expect(path.down === sentDown).toBe(true);
          expect(path.acked).toBe(sentUp.length);
          expect(path.server.pendingBytes).toBe(0);
        },
      ),
      60,
    );
  });

  test('the same seed gives the same times', () => {
    const run = (): number[] => {
      const path = new Path({ ...GPRS_CLASS_10, lossShare: 0.2 }, 5).opened(60_000);
      const times: number[] = [];
      path.server.onData = () => times.push(path.clock.nowMs());
      for (let message = 0; message < 20; message++) path.socket.send(Buffer.alloc(500));
      path.clock.advance(600_000);
      return times;
    };
    expect(run()).toEqual(run());
    expect(run()).toHaveLength(20);
  });

  test.each([
    ['up', 42_800],
    ['down', 85_600],
  ])('class 10 carries %s at most %i bit/s, headers included', (direction, rate) => {
    const path = new Path({ ...GPRS_CLASS_10, lossShare: 0 }).opened(60_000);
    const startMs = path.clock.nowMs();
    const bytes = 100_000;
    if (direction === 'up') path.socket.send(Buffer.alloc(bytes));
    else path.server.write(Buffer.alloc(bytes));
    const isThere = (): boolean => (direction === 'up' ? path.up : path.down).length === bytes;
    expect(path.clock.runUntil(isThere, 600_000)).toBe(true);
    const bitsPerSecond = (bytes * 8_000) / (path.clock.nowMs() - startMs);
    expect(bitsPerSecond).toBeLessThan(rate);
    expect(bitsPerSecond).toBeGreaterThan(rate * 0.9);
  });

  test('an outage is made up for at the same rate, not at once', () => {
    const path = new Path({ ...GPRS_CLASS_10, lossShare: 0, natIdleMs: 0 }).opened(60_000);
    path.server.write(Buffer.alloc(50_000));
    path.network.outage(60_000);
    path.clock.advance(60_000);
    expect(path.clock.runUntil(() => path.down.length > 0, 600_000)).toBe(true);
    const firstMs = path.clock.nowMs();
    expect(path.clock.runUntil(() => path.down.length === 50_000, 600_000)).toBe(true);
    expect(path.clock.nowMs() - firstMs).toBeGreaterThan((48_000 * 8_000) / 85_600);
  });

  test('connections of one device share the air', () => {
    const path = new Path({ ...GPRS_CLASS_10, lossShare: 0, jitterMs: 0 }).opened();
    const second = new Path({ ...GPRS_CLASS_10, lossShare: 0, jitterMs: 0 }).opened();
    const firstSocket = path.socket;
    path.connect();
    path.clock.advance(10_000);
    firstSocket.send(Buffer.alloc(20_000));
    path.socket.send(Buffer.alloc(20_000));
    second.socket.send(Buffer.alloc(20_000));
    let doneMs = 0;
    path.servers[1]!.onData = () => {
      doneMs = path.clock.nowMs();
    };
    let aloneMs = 0;
    second.server.onData = () => {
      aloneMs = second.clock.nowMs();
    };
    path.clock.advance(60_000);
    second.clock.advance(60_000);
    const startMs = path.clock.nowMs() - 60_000;
    const aloneStartMs = second.clock.nowMs() - 60_000;
    expect((doneMs - startMs) / (aloneMs - aloneStartMs)).toBeGreaterThan(1.8);
  });

  test('loss costs time and is counted, never data', () => {
    const clean = new Path({ ...IDEAL, latencyMs: 200 }).opened();
    const lossy = new Path({ ...IDEAL, latencyMs: 200, lossShare: 0.5 }).opened(600_000);
    for (const path of [clean, lossy]) {
      for (let message = 0; message < 20; message++) path.socket.send(Buffer.from('x'));
    }
    clean.clock.advance(300);
    lossy.clock.advance(300);
    expect(clean.up).toHaveLength(20);
    expect(lossy.up.length).toBeLessThan(20);
    lossy.clock.advance(3_600_000);
    expect(lossy.up).toHaveLength(20);
    expect(lossy.network.retransmissions).toBeGreaterThan(5);
  });

  test('a lost acknowledgement costs nothing once another one comes: it covers both', () => {
    const path = new Path({ ...IDEAL, latencyMs: 200, retransmissionMs: 60_000 }, 1).opened();
    const pipe = new Pipe<string>(
      path.clock,
      // Lost, passed, lost, lost, passed: one draw more for each loss.
      { chance: scripted([true, false, false, true, false, true, false, false]) } as unknown as Random,
      new RadioChannel(path.clock, 0),
      {
        isUp: true,
        latencyMs: 200,
        jitterMs: 0,
        lossShare: 0.5,
        retransmissionMs: 60_000,
        retransmissions: 0,
      },
      (item) => heard.push(`${item} ${path.clock.nowMs() - startMs}`),
    );
    const heard: string[] = [];
    const startMs = path.clock.nowMs();
    pipe.send('lost ack', 0, true);
    path.clock.advance(50);
    pipe.send('ack', 0, true);
    path.clock.advance(500);
    expect(heard).toEqual(['lost ack 250', 'ack 250']);
    pipe.send('lost too', 0, true);
    pipe.send('lost data', 100);
    path.clock.advance(1_000);
    expect(heard).toHaveLength(2);
    path.clock.advance(60_000);
    expect(heard.slice(2)).toEqual(['lost too 60750', 'lost data 60750']);
  });

  test('a closed window keeps data at the server until it opens', () => {
    const path = new Path().opened();
    path.socket.setReceiving(false);
    path.server.write(Buffer.from('wait'));
    path.clock.advance(10_000);
    expect([path.down, path.server.pendingBytes]).toEqual(['', 4]);
    path.socket.setReceiving(true);
    expect(path.down).toBe('');
    path.clock.advance(10);
    expect([path.down, path.server.pendingBytes]).toEqual(['wait', 0]);
  });

  test('the end of a connection does not overtake data behind a closed window', () => {
    const path = new Path().opened();
    path.socket.setReceiving(false);
    path.server.write(Buffer.from('last'));
    path.server.close();
    path.clock.advance(10_000);
    expect(path.events).toEqual([]);
    path.socket.setReceiving(true);
    path.clock.advance(10);
    expect([path.down, path.events]).toEqual(['last', ['end']]);
  });
});

describe('closing', () => {
  test('by the device: what was sent arrives first, then the end, then the answer', () => {
    const path = new Path().opened();
    path.socket.send(Buffer.from('bye'));
    path.socket.close();
    path.clock.advance(100);
    expect(path.up).toBe('bye');
    expect(path.events).toEqual(['server end', 'closed']);
    expect(path.network.connectionCount).toBe(0);
  });

  test('by the server, answered by the device', () => {
    const path = new Path().opened();
    path.server.close();
    path.clock.advance(100);
    path.socket.close();
    path.clock.advance(100);
    expect(path.events).toEqual(['end', 'server end', 'closed']);
  });

  test('by a reset', () => {
    const path = new Path().opened();
    path.server.reset();
    path.socket.send(Buffer.from('late'));
    path.clock.advance(100);
    expect([path.events, path.up]).toEqual([['reset'], '']);
  });

  test('abandoned: the server is told nothing and hears nothing', () => {
    const path = new Path().opened();
    path.socket.send(Buffer.from('lost'));
    path.socket.abandon();
    path.server.write(Buffer.from('hello?'));
    path.clock.advance(3_600_000);
    expect([path.events, path.up, path.down]).toEqual([[], '', '']);
    expect(path.server.isOpen).toBe(true);
    expect(path.server.pendingBytes).toBe(6);
  });

  test('a probe is answered', () => {
    const path = new Path().opened();
    path.socket.probe();
    path.clock.advance(10);
    expect(path.events).toEqual(['alive']);
  });
});

describe('what goes wrong', () => {
  test('nothing passes in an outage, everything after it', () => {
    const path = new Path().opened();
    path.network.outage(60_000);
    path.socket.send(Buffer.from('up'));
    path.server.write(Buffer.from('down'));
    path.clock.advance(59_000);
    expect([path.up, path.down]).toEqual(['', '']);
    path.clock.advance(70_000);
    expect([path.up, path.down]).toEqual(['up', 'down']);
  });

  test('coverage is told, with 99 for no signal', () => {
    const path = new Path();
    const heard: unknown[] = [];
    const stop = path.network.watchCoverage((coverage) => heard.push(coverage));
    path.network.outage(1_000);
    path.clock.advance(2_000);
    path.network.setSignal(7);
    stop();
    path.network.setSignal(8);
    expect(heard).toEqual([
      { isCovered: false, rssi: 99 },
      { isCovered: true, rssi: 20 },
      { isCovered: true, rssi: 7 },
    ]);
  });

  test('half-open: both ends believe in it, nothing passes, for ever', () => {
    const path = new Path().opened();
    path.network.halfOpen();
    path.socket.send(Buffer.from('up'));
    path.server.write(Buffer.from('down'));
    path.socket.probe();
    path.clock.advance(24 * 3_600_000);
    expect([path.up, path.down, path.events]).toEqual(['', '', []]);
  });

  test('a connection opened after the half-open one works', () => {
    const path = new Path().opened();
    path.network.halfOpen();
    path.connect();
    path.clock.advance(100);
    path.socket.send(Buffer.from('new'));
    path.clock.advance(100);
    expect(path.up).toBe('new');
  });

  test.each([
    ['silence', 121_000, []],
    ['silence', 119_000, null],
    ['reset', 121_000, ['reset']],
  ] as const)('NAT with %s, idle for %i ms', (natAnswer, idleMs, events) => {
    const path = new Path({ ...IDEAL, natIdleMs: 120_000, natAnswer }).opened(100);
    path.clock.advance(idleMs - 100);
    path.socket.send(Buffer.from('up'));
    path.clock.advance(100);
    expect(path.up).toBe(events === null ? 'up' : '');
    expect(path.events).toEqual(events ?? []);
  });

  test("NAT: the server's data does not come in any more either, and data keeps the mapping", () => {
    const forgotten = new Path({ ...IDEAL, natIdleMs: 120_000 }).opened(100);
    forgotten.clock.advance(130_000);
    forgotten.server.write(Buffer.from('down'));
    forgotten.clock.advance(1_000);
    expect(forgotten.down).toBe('');
    const kept = new Path({ ...IDEAL, natIdleMs: 120_000 }).opened(100);
    for (let minute = 0; minute < 10; minute++) {
      kept.server.write(Buffer.from('.'));
      kept.clock.advance(100_000);
    }
    expect(kept.down).toBe('..........');
  });

  test('a name without coverage is unreachable', () => {
    const path = new Path();
    path.network.setCoverage(false);
    path.connect('link.example');
    path.clock.advance(60_000);
    expect(path.events).toEqual(['fail unreachable']);
  });
});
