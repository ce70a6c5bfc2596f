/** Named states that a person can act on, the second socket, limits and secrets. */
import { CONFIG, KeeperBench } from './keeper-bench';

const OK = '\r\nOK\r\n';

describe('link keeper says what stands in the way', () => {
  it.each([
    ['no SIM, by text', { '+CPIN?': `\r\n+CPIN: NOT INSERTED\r\n${OK}` }, 2],
    ['no SIM, by code', { '+CPIN?': '\r\n+CME ERROR: 10\r\n' }, 2],
    ['a SIM that failed', { '+CPIN?': '\r\n+CME ERROR: 13\r\n' }, 2],
    ['a SIM that stays busy', { '+CPIN?': '\r\n+CME ERROR: 14\r\n' }, 1],
    ['a PIN wanted and none given', { '+CPIN?': `\r\n+CPIN: SIM PIN\r\n${OK}` }, 3],
    ['a PIN wanted, by code', { '+CPIN?': '\r\n+CME ERROR: 11\r\n' }, 3],
    ['a PUK wanted', { '+CPIN?': `\r\n+CPIN: SIM PUK\r\n${OK}` }, 3],
    ['a PUK wanted, by code', { '+CPIN?': '\r\n+CME ERROR: 12\r\n' }, 3],
    ['no network', { '+CREG?': `\r\n+CREG: 0,2\r\n${OK}` }, 4],
    ['a network that denies us', { '+CREG?': `\r\n+CREG: 0,3\r\n${OK}` }, 5],
    ['GPRS denied', { '+CGREG?': `\r\n+CGREG: 0,3\r\n${OK}` }, 5],
    ['attachment refused', { '+CGATT?': `\r\n+CGATT: 0\r\n${OK}`, '+CGATT=1': '\r\n+CME ERROR: 107\r\n' }, 5],
    ['attachment that does not last', { '+CGATT?': `\r\n+CGATT: 0\r\n${OK}`, '+CGATT=1': OK }, 5],
    ['an access point that is refused', { '+CIICR': '\r\n+CME ERROR: 148\r\n' }, 6],
    ['a server that refuses', { '+CIPSTART': `${OK}\r\n0, CONNECT FAIL\r\n` }, 8],
  ])('%s', (_name, replies, state) => {
    const bench = new KeeperBench();
    Object.assign(bench.modem.replies, replies);
    bench.keeper.start();
    bench.time.advance(10_000);
    expect(bench.keeper.status().state).toBe(state);
    bench.time.advance(900_000);
    expect(bench.count('up')).toBe(0);
    for (const command of Object.keys(replies))
      bench.modem.replies[command] = new KeeperBench().modem.replies[command];
    // What was in the way is gone: the link comes by itself.
    expect(bench.untilUpAgain(900_000)).toBeLessThan(900_000);
  });

  it('enters the PIN once, and never a wrong one again', () => {
    const bench = new KeeperBench({ config: { pin: '1234' } });
    bench.modem.replies['+CPIN?'] = `\r\n+CPIN: SIM PIN\r\n${OK}`;
    bench.modem.replies['+CPIN=1234'] = '\r\n+CME ERROR: 16\r\n';
    bench.keeper.start();
    bench.time.advance(3_600_000);
    expect(bench.modem.count('+CPIN=')).toBe(1);
    expect(bench.keeper.status().state).toBe(3);
  });

  it('goes on when the PIN is right', () => {
    const bench = new KeeperBench({ config: { pin: '1234' } });
    bench.modem.replies['+CPIN?'] = `\r\n+CPIN: SIM PIN\r\n${OK}`;
    bench.modem.replies['+CPIN=1234'] = () => {
      bench.modem.replies['+CPIN?'] = `\r\n+CPIN: READY\r\n${OK}`;
      return OK;
    };
    expect(bench.bringUp()).toBe(true);
  });

  it.each(['12', '123456789', '12a4', '12"4', '1234\r'])('never enters %j as a PIN', (pin) => {
    const bench = new KeeperBench({ config: { pin } });
    bench.modem.replies['+CPIN?'] = `\r\n+CPIN: SIM PIN\r\n${OK}`;
    bench.keeper.start();
    bench.time.advance(60_000);
    expect(bench.modem.count('+CPIN=')).toBe(0);
  });

  it('goes from registered to lost and back without giving a living link up', () => {
    const bench = new KeeperBench();
    bench.bringUp();
    bench.modem.replies['+CREG?'] = `\r\n+CREG: 0,2\r\n${OK}`;
    bench.modem.replies['+CSQ'] = `\r\n+CSQ: 99,99\r\n${OK}`;
    bench.time.advance(125_000);
    expect(bench.keeper.status()).toMatchObject({ state: 10, csq: 99, registration: 2 });
    expect(bench.count('down')).toBe(0);
  });

  it('takes a card that says READY once more for what it is', () => {
    const bench = new KeeperBench();
    bench.bringUp();
    bench.modem.say('\r\n+CPIN: READY\r\n');
    bench.time.advance(5000);
    expect(bench.count('down')).toBe(0);
    bench.modem.say('\r\n+CPIN: NOT INSERTED\r\n');
    expect(bench.count('down')).toBe(1);
  });

  it('brings a modem that restarted by itself up again without any remedy', () => {
    const bench = new KeeperBench();
    bench.bringUp();
    bench.modem.say('\r\nRDY\r\n');
    expect(bench.count('down')).toBe(1);
    expect(bench.untilUpAgain(20_000)).toBeLessThan(10_000);
    expect(bench.keeper.status().rungUses).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(bench.pinEvents).toEqual([]);
    expect(bench.keeper.status().restarts).toBe(1);
  });

  it('asks nothing of the modem between a failed start and the next remedy', () => {
    const bench = new KeeperBench();
    bench.modem.replies['+CIICR'] = '\r\n+CME ERROR: 148\r\n';
    bench.keeper.start();
    bench.time.runUntil(() => bench.keeper.status().state === 6, 60_000);
    bench.time.advance(200_000);
    // Each attempt follows a remedy, whose delays grow; without them there would be thousands.
    expect(bench.modem.count('+CIICR')).toBeLessThan(20);
  });

  it('gives up waiting for a modem that does not even search, well before one that searches', () => {
    const waitS = (status: number): number => {
      const bench = new KeeperBench();
      bench.modem.replies['+CREG?'] = `\r\n+CREG: 0,${status}\r\n${OK}`;
      bench.keeper.start();
      bench.time.runUntil(() => bench.modem.count('+CREG?') > 0, 10_000);
      const startMs = bench.time.nowMs();
      bench.time.runUntil(() => bench.keeper.status().lastReason === 'start-up', 300_000);
      return (bench.time.nowMs() - startMs) / 1000;
    };
    expect(waitS(0)).toBeGreaterThan(20);
    expect(waitS(0)).toBeLessThan(40);
    expect(waitS(2)).toBeGreaterThan(70);
  });

  it('switches on a modem that is off, where STATUS tells', () => {
    let isOn = false;
    const bench = new KeeperBench({
      pins: { key: (isActive) => (isOn = isOn || isActive), isOn: () => isOn },
    });
    bench.modem.isDead = true;
    bench.keeper.start();
    bench.time.runUntil(() => isOn, 10_000);
    bench.modem.isDead = false;
    expect(bench.untilUpAgain(20_000)).toBeLessThan(12_000);
    expect(bench.keeper.status().rungUses).toEqual([0, 0, 0, 0, 0, 1, 0]);
  });

  it.each(['a"b', 'a\rAT+CPOWD=0\r', 'a\xffb', 'x'.repeat(200)])(
    'lets no access point %j into a command',
    (apn) => {
      const bench = new KeeperBench({ config: { apn } });
      bench.keeper.start();
      bench.time.advance(10_000);
      expect(bench.modem.count('+CSTT')).toBeGreaterThan(0);
      expect(bench.modem.commands.filter((one) => one.includes(apn.substring(0, 3)))).toEqual([]);
      expect(bench.modem.count('+CPOWD')).toBe(0);
    },
  );
});

describe('link keeper’s buffers', () => {
  it('takes all of a message or nothing', () => {
    const bench = new KeeperBench();
    expect(bench.keeper.send('x')).toBe(false);
    expect(bench.keeper.freeBytes()).toBe(0);
    bench.bringUp();
    const room = bench.keeper.freeBytes();
    expect(room).toBeGreaterThanOrEqual(2100);
    expect(bench.keeper.send('x'.repeat(room + 1))).toBe(false);
    expect(bench.keeper.send('x'.repeat(room))).toBe(true);
    expect(bench.keeper.send('x')).toBe(false);
    bench.time.advance(2000);
    expect(bench.modem.payloads.join('')).toBe('x'.repeat(room));
    expect(bench.modem.payloads.every((one) => one.length <= 824)).toBe(true);
    expect(bench.keeper.freeBytes()).toBe(room);
  });

  it('has no more on the way, unacknowledged, than the window', () => {
    const bench = new KeeperBench();
    bench.bringUp();
    bench.modem.replies['+CIPACK'] = () => {
      const sent = bench.modem.payloads.join('').length;
      return `\r\n+CIPACK: ${sent},0,${sent}\r\n${OK}`;
    };
    for (let round = 0; round < 30; round++) {
      bench.keeper.send('y'.repeat(824));
      bench.isServerLive = true;
      bench.keeper.alive();
      bench.time.advance(1000);
    }
    expect(bench.modem.payloads.join('').length).toBeLessThanOrEqual(6700);
    expect(bench.modem.payloads.join('').length).toBeGreaterThan(4000);
    // Bulk data is asked for only while another segment has room.
    expect(bench.count('drain')).toBeLessThanOrEqual(8);
  });

  it('counts refusals in a row only', () => {
    const bench = new KeeperBench();
    bench.bringUp();
    let isRefusing = false;
    bench.modem.replies['+CIPSEND'] = () => {
      isRefusing = !isRefusing;
      return isRefusing ? '\r\nERROR\r\n' : (undefined as unknown as string);
    };
    for (let round = 0; round < 12; round++) {
      bench.keeper.send(`message ${round} `);
      bench.keeper.alive();
      bench.time.advance(1500);
    }
    expect(bench.count('down')).toBe(0);
    expect(bench.modem.payloads.length).toBe(12);
  });

  it('leaves no timer behind after stop, and starts again', () => {
    const bench = new KeeperBench();
    bench.bringUp();
    bench.keeper.send('x');
    bench.keeper.shutDown();
    bench.time.advance(5000);
    expect(bench.clock.pending).toBe(0);
    expect(bench.keeper.status().state).toBe(0);
    bench.modem.commands.length = 0;
    bench.time.advance(100_000);
    expect(bench.modem.commands).toEqual([]);
    expect(bench.bringUp()).toBe(true);
  });
});

describe('heartbeat', () => {
  it('grows while the link holds, up to its limit', () => {
    const bench = new KeeperBench({ hasPings: true });
    bench.bringUp();
    bench.time.advance(2 * 3_600_000);
    expect(bench.keeper.status().heartbeatMs).toBe(300_000);
    expect(bench.count('down')).toBe(0);
  });

  it('settles below the carrier’s patience and stops losing the link', () => {
    const bench = new KeeperBench({ hasPings: true });
    // A NAT that forgets after 150 s of silence; every beat is traffic.
    let lastMs = 0;
    bench.keeper.start();
    const natMs = 150_000;
    const told = bench.told;
    const push = told.push.bind(told);
    told.push = (...events: string[]) => {
      for (const event of events) {
        const nowMs = bench.time.nowMs();
        if (event === 'up') lastMs = nowMs;
        if (event === 'beat') {
          bench.isServerLive = nowMs - lastMs < natMs;
          if (bench.isServerLive) lastMs = nowMs;
        } else bench.isServerLive = true;
      }
      return push(...events);
    };
    bench.time.advance(4 * 3_600_000);
    const losses = bench.count('down');
    expect(losses).toBeGreaterThanOrEqual(1);
    expect(losses).toBeLessThanOrEqual(3);
    bench.time.advance(4 * 3_600_000);
    expect(bench.count('down')).toBe(losses);
    expect(bench.keeper.status().heartbeatMs).toBeLessThan(natMs);
    expect(bench.keeper.status().heartbeatMs).toBeGreaterThan(60_000);
  });
});

describe('the maker’s own connection', () => {
  class Listener {
    data = '';
    readonly told: string[] = [];
    onOpen = (): void => void this.told.push('open');
    onData = (data: string): void => void (this.data += data);
    onClosed = (reason: string): void => void this.told.push(`closed ${reason}`);
    onDrain = (): void => void this.told.push('drain');
  }

  function open(): { bench: KeeperBench; listener: Listener } {
    const bench = new KeeperBench();
    bench.bringUp();
    const listener = new Listener();
    expect(bench.keeper.openDirect('maker.example.com', 9000, listener)).toBe(true);
    bench.time.advance(2000);
    expect(listener.told).toEqual(['open']);
    expect(bench.modem.commands).toContain('+CIPSTART=1,"TCP","maker.example.com",9000');
    return { bench, listener };
  }

  it('is read only as far as credit goes', () => {
    const { bench, listener } = open();
    bench.modem.deliver(1, 'abcdefghij');
    bench.time.advance(10_000);
    expect(listener.data).toBe('');
    expect(bench.modem.received[1]).toBe('abcdefghij');
    bench.keeper.grantDirect(4);
    bench.time.advance(100);
    expect(listener.data).toBe('abcd');
    bench.keeper.grantDirect(100);
    bench.time.advance(100);
    expect(listener.data).toBe('abcdefghij');
  });

  it.each([10, 1460, 4000])(
    'never hands out %i bytes that were meant for an earlier connection of the same number',
    (staleBytes) => {
      const bench = new KeeperBench();
      bench.bringUp();
      const listener = new Listener();
      bench.modem.replies['+CIPSTART'] = () => {
        // The modem finds them again with the new connection, before it can have brought anything.
        bench.modem.deliver(1, 's'.repeat(staleBytes));
        bench.modem.sayLater('\r\n1, CONNECT OK\r\n', 800);
        return OK;
      };
      bench.keeper.openDirect('maker.example.com', 9000, listener);
      bench.time.advance(2000);
      expect(listener.told).toEqual(['open']);
      bench.keeper.grantDirect(10_000);
      bench.modem.deliver(1, 'fresh');
      bench.time.advance(1000);
      expect(listener.data).toBe('fresh');
    },
  );

  it('reads at once what came with the connection, though nobody tells of it', () => {
    const bench = new KeeperBench();
    bench.bringUp();
    const listener = new Listener();
    bench.keeper.openDirect('maker.example.com', 9000, listener);
    bench.keeper.grantDirect(100);
    bench.time.advance(700);
    bench.modem.received[1] = 'greeting';
    bench.time.advance(200);
    expect(listener.told).toEqual(['open']);
    expect(listener.data).toBe('greeting');
  });

  it('opens although the modem refuses to read before the connection is there', () => {
    const bench = new KeeperBench();
    bench.bringUp();
    const listener = new Listener();
    bench.modem.replies['+CIPRXGET=2,1,1460'] = '\r\n+CME ERROR: 3\r\n';
    bench.keeper.openDirect('maker.example.com', 9000, listener);
    bench.time.advance(500);
    expect(bench.modem.count('+CIPRXGET=2,1,1460')).toBe(1);
    bench.modem.replies['+CIPRXGET=2,1,1460'] = undefined;
    bench.keeper.grantDirect(10_000);
    bench.time.advance(1000);
    bench.modem.deliver(1, 'fresh');
    bench.time.advance(1000);
    expect(listener.told).toEqual(['open']);
    expect(listener.data).toBe('fresh');
  });

  it('outlives a new connection to the platform', () => {
    const { bench, listener } = open();
    bench.modem.say('\r\n0, CLOSED\r\n');
    expect(bench.untilUpAgain(10_000)).toBeLessThan(5000);
    expect(bench.keeper.sendDirect('still here')).toBe(true);
    bench.time.advance(500);
    expect(bench.modem.payloads).toContain('still here');
    expect(listener.told).toEqual(['open', 'drain']);
  });

  it('ends with the bearer, with a reason', () => {
    const { bench, listener } = open();
    bench.modem.say('\r\n+PDP: DEACT\r\n');
    expect(listener.told).toEqual(['open', 'closed bearer lost']);
    expect(bench.keeper.sendDirect('x')).toBe(false);
  });

  it('is closed only when everything was sent and acknowledged', () => {
    const { bench, listener } = open();
    let unacked = 10;
    bench.modem.replies['+CIPACK'] = () => `\r\n+CIPACK: 10,${10 - unacked},${unacked}\r\n${OK}`;
    bench.keeper.sendDirect('0123456789');
    bench.keeper.closeDirect();
    bench.time.advance(5000);
    expect(bench.modem.payloads).toContain('0123456789');
    expect(bench.modem.count('+CIPCLOSE=1')).toBe(0);
    unacked = 0;
    bench.time.advance(2000);
    expect(bench.modem.count('+CIPCLOSE=1')).toBe(1);
    expect(listener.told).toEqual(['open', 'drain', 'closed finished']);
  });

  it('hands on what came before the peer closed, then says so', () => {
    const { bench, listener } = open();
    bench.keeper.grantDirect(10_000);
    bench.modem.received[1] = 'z'.repeat(4000);
    bench.modem.say('\r\n1, CLOSED\r\n');
    bench.time.advance(3000);
    expect(listener.data).toBe('z'.repeat(4000));
    expect(listener.told).toEqual(['open', 'closed closed']);
  });

  it.each(['', 'a b', 'a"b', 'a\rAT+CPOWD=0\r', 'a;b', 'x'.repeat(101)])('refuses the address %j', (host) => {
    const bench = new KeeperBench();
    bench.bringUp();
    expect(bench.keeper.openDirect(host, 9000, new Listener())).toBe(false);
    expect(bench.keeper.openDirect('ok.example.com', 0, new Listener())).toBe(false);
    expect(bench.keeper.openDirect('ok.example.com', 65536, new Listener())).toBe(false);
  });

  it('never goes before the platform’s own messages', () => {
    const { bench } = open();
    bench.modem.commands.length = 0;
    bench.keeper.sendDirect('d'.repeat(1460));
    bench.keeper.sendDirect('e'.repeat(500));
    bench.keeper.send('order');
    bench.time.advance(2000);
    const sends = bench.modem.commands.filter((one) => one.startsWith('+CIPSEND'));
    expect(sends).toEqual(['+CIPSEND=1,824', '+CIPSEND=0,5', '+CIPSEND=1,824', '+CIPSEND=1,312']);
  });

  it.each([1, 65_535])('takes the port %i', (port) => {
    const bench = new KeeperBench();
    bench.bringUp();
    expect(bench.keeper.openDirect('ok.example.com', port, new Listener())).toBe(true);
  });

  it('has nothing to close after CONNECT FAIL', () => {
    const bench = new KeeperBench();
    bench.bringUp();
    const listener = new Listener();
    bench.modem.replies['+CIPSTART'] = `${OK}\r\n1, CONNECT FAIL\r\n`;
    bench.keeper.openDirect('maker.example.com', 9000, listener);
    bench.time.advance(5000);
    expect(listener.told).toEqual(['closed refused']);
    expect(bench.modem.count('+CIPCLOSE')).toBe(0);
  });

  it('says no while there is no bearer, or one is open', () => {
    const { bench } = open();
    expect(bench.keeper.openDirect('other.example.com', 9000, new Listener())).toBe(false);
    const idle = new KeeperBench();
    expect(idle.keeper.openDirect('maker.example.com', 9000, new Listener())).toBe(false);
  });

  it('uses the configured address for the platform only', () => {
    const { bench } = open();
    expect(bench.modem.commands).toContain(`+CIPSTART=0,"TCP","${CONFIG.host}",${CONFIG.port}`);
  });
});
