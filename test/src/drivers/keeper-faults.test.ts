/** What public SIM800 drivers get wrong, one by one, with given bytes (facts: "What public drivers get wrong"). */
import { KeeperBench } from './keeper-bench';

function up(options: ConstructorParameters<typeof KeeperBench>[0] = {}): KeeperBench {
  const bench = new KeeperBench(options);
  expect(bench.bringUp()).toBe(true);
  bench.time.advance(1000);
  bench.modem.commands.length = 0;
  return bench;
}

describe('link keeper against what public drivers get wrong', () => {
  it('does not lose a notice of data between prompt and result', () => {
    const bench = up();
    bench.modem.replies.payload = () => {
      bench.modem.received[0] = 'answer';
      return '\r\n+CIPRXGET: 1,0\r\n\r\nDATA ACCEPT:0,3\r\n';
    };
    bench.keeper.send('ask');
    bench.time.advance(300);
    expect(bench.received).toBe('answer');
  });

  it('does not lose a CLOSED between prompt and result', () => {
    const bench = up();
    bench.modem.replies.payload = '\r\n0, CLOSED\r\n\r\nDATA ACCEPT:0,3\r\n';
    bench.keeper.send('ask');
    expect(bench.untilUpAgain(5000)).toBeLessThan(3000);
    expect(bench.told).toContain('down closed');
  });

  it.each(['\r\nERROR\r\n', '\r\n+CME ERROR: 3\r\n'])(
    'goes on at once after %j in place of the prompt',
    (answer) => {
      const bench = up();
      let refusals = 1;
      bench.modem.replies['+CIPSEND'] = () => (refusals-- > 0 ? answer : (undefined as unknown as string));
      bench.keeper.send('abc');
      bench.time.advance(1000);
      expect(bench.modem.payloads).toEqual(['abc']);
      expect(bench.count('down')).toBe(0);
    },
  );

  it('feeds a modem left at its prompt, though it said that it was off and no pin could reset it', () => {
    const bench = up({ pins: {} });
    const receive = bench.modem.onBytes;
    bench.modem.onBytes = (data) => {
      if (!data.includes('> ')) receive(data);
    };
    bench.keeper.send('x'.repeat(625));
    bench.modem.say('\r\nNORMAL POWER DOWN\r\n');
    expect(bench.untilUpAgain(60_000)).toBeLessThan(15_000);
  });

  it('feeds a modem left at its prompt again, when the first filler got lost', () => {
    const bench = up({ pins: {} });
    const receive = bench.modem.onBytes;
    const write = bench.modem.write.bind(bench.modem);
    bench.modem.onBytes = (data) => {
      if (!data.includes('> ')) receive(data);
    };
    let fillers = 0;
    bench.modem.write = (data) => {
      if (data[0] !== '\x1b' || ++fillers > 1) write(data);
    };
    bench.keeper.send('x'.repeat(625));
    bench.modem.say('\r\nNORMAL POWER DOWN\r\n');
    expect(bench.untilUpAgain(60_000)).toBeLessThan(30_000);
    expect(fillers).toBe(2);
  });

  it('gives a socket up that refuses to send, instead of trying for ever', () => {
    const bench = up();
    bench.modem.replies['+CIPSEND'] = '\r\n+CME ERROR: 3\r\n';
    bench.modem.replies['+CIPACK'] = '\r\n+CME ERROR: 3\r\n';
    bench.keeper.send('abc');
    expect(bench.untilUpAgain(10_000)).toBeLessThan(6000);
    expect(bench.modem.payloads).toEqual([]);
  });

  it('waits for room, without giving the socket up, while the modem’s buffer is full', () => {
    const bench = up();
    // The buffer shrinks, so that the driver has to find out more than once.
    let bufferBytes = 5600;
    let refusals = 0;
    let acked = 0;
    const sent = (): number => bench.modem.payloads.join('').length;
    bench.modem.replies['+CIPSEND'] = () => {
      const wanted = Number(bench.modem.commands[bench.modem.commands.length - 1]!.split(',')[1]);
      const isFull = sent() - acked + wanted > bufferBytes;
      if (isFull) refusals += 1;
      return isFull ? '\r\nERROR\r\n' : (undefined as unknown as string);
    };
    bench.modem.replies['+CIPACK'] = () => `\r\n+CIPACK: ${sent()},${acked},${sent() - acked}\r\n\r\nOK\r\n`;
    const data = Array.from({ length: 9000 }, (_, index) => String.fromCharCode(index % 251)).join('');
    let given = 0;
    for (let second = 0; second < 25; second++) {
      while (given < data.length && bench.keeper.send(data.substring(given, given + 600))) given += 600;
      bench.keeper.alive();
      bench.time.advance(1000);
      acked = Math.min(sent(), acked + 500);
      bufferBytes = Math.max(1500, bufferBytes - 350);
    }
    expect(bench.count('down')).toBe(0);
    expect(bench.modem.payloads.join('')).toBe(data);
    // It learns how much is too much, rather than running into it with each message.
    expect(refusals).toBeLessThan(50);
  });

  it('gives a socket up whose send is refused though nothing is on the way', () => {
    const bench = up();
    bench.modem.replies['+CIPSEND'] = '\r\n+CME ERROR: 3\r\n';
    bench.modem.replies['+CIPACK'] = '\r\n+CIPACK: 758,758,0\r\n\r\nOK\r\n';
    bench.keeper.send('abc');
    bench.time.advance(2000);
    expect(bench.told).toContain('down send failed');
    expect(bench.modem.count('+CIPSEND')).toBe(3);
  });

  it('makes a new bearer at once when the modem refuses to open a socket', () => {
    const bench = up();
    let refusals = 1;
    bench.modem.replies['+CIPSTART'] = () =>
      refusals-- > 0 ? '\r\n+CME ERROR: 3\r\n' : (undefined as unknown as string);
    bench.modem.say('\r\n0, CLOSED\r\n');
    expect(bench.untilUpAgain(20_000)).toBeLessThan(6000);
    const commands = bench.modem.commands.filter((one) => /^\+CIP(START|SHUT)/.test(one));
    expect(commands.map((one) => one.split('=')[0])).toEqual(['+CIPSTART', '+CIPSHUT', '+CIPSTART']);
  });

  it('holds a link that is silent only because there is no cell', () => {
    const bench = up();
    bench.isServerLive = false;
    bench.modem.replies['+CREG?'] = '\r\n+CREG: 0,2\r\n\r\nOK\r\n';
    bench.keeper.send('order');
    bench.time.advance(60_000);
    expect(bench.keeper.status().state).toBe(4);
    expect(bench.count('down')).toBe(0);
    bench.modem.replies['+CREG?'] = '\r\n+CREG: 0,1\r\n\r\nOK\r\n';
    bench.time.advance(3000);
    bench.keeper.alive();
    expect(bench.keeper.status().state).toBe(10);
    expect(bench.modem.count('+CIPSTART')).toBe(0);
  });

  it('does not hold it for ever', () => {
    const bench = up();
    bench.isServerLive = false;
    bench.modem.replies['+CREG?'] = '\r\n+CREG: 0,2\r\n\r\nOK\r\n';
    bench.keeper.send('order');
    bench.time.advance(240_000);
    expect(bench.count('down')).toBe(1);
  });

  it('looks after a modem that restarts again and again', () => {
    const bench = up();
    bench.isServerLive = false;
    for (let round = 0; round < 6; round++) {
      bench.modem.say('\r\nRDY\r\n');
      bench.time.advance(3000);
    }
    expect(bench.pinEvents).toContain('reset true');
  });

  it('does not take the answer for a given-up connection for that of the next', () => {
    const bench = up();
    const told: string[] = [];
    const listener = {
      onOpen: () => told.push('open'),
      onData: () => {},
      onClosed: (reason: string) => told.push(reason),
      onDrain: () => {},
    };
    bench.modem.replies['+CIPSTART'] = '';
    bench.keeper.openDirect('maker.example.com', 9000, listener);
    bench.time.advance(100);
    bench.modem.say('\r\n1, CONNECT FAIL\r\n');
    expect(told).toEqual(['refused']);
    bench.modem.replies['+CIPSTART'] = undefined;
    bench.keeper.openDirect('maker.example.com', 9000, listener);
    bench.modem.say('\r\nOK\r\n');
    bench.time.advance(3000);
    expect(told).toEqual(['refused', 'open']);
    expect(bench.modem.count('+CIPSTART=3')).toBe(1);
  });

  it('never repeats a send after SEND FAIL: it may have gone out', () => {
    const bench = up();
    bench.modem.replies.payload = '\r\n0, SEND FAIL\r\n';
    bench.keeper.send('once');
    bench.time.advance(20_000);
    expect(bench.modem.payloads).toEqual(['once']);
    expect(bench.count('up')).toBe(2);
  });

  it('never repeats a send whose result got lost', () => {
    const bench = up();
    bench.modem.replies.payload = '\r\nDATA AC#EPT:0,4\r\n';
    bench.keeper.send('once');
    expect(bench.untilUpAgain(30_000)).toBeLessThan(20_000);
    expect(bench.modem.payloads).toEqual(['once']);
  });

  it('sends nothing of a closed connection in the next one', () => {
    const bench = up();
    bench.modem.replies['+CIPSEND'] = '';
    bench.keeper.send('old');
    bench.time.advance(50);
    bench.modem.say('\r\n0, CLOSED\r\n');
    bench.modem.replies['+CIPSEND'] = undefined;
    bench.time.advance(60_000);
    expect(bench.count('up')).toBeGreaterThan(1);
    expect(bench.modem.payloads.filter((one) => one === 'old').length).toBeLessThanOrEqual(1);
    expect(bench.modem.commands.filter((one) => /^\+CIPSEND=[24]/.test(one))).toEqual([]);
  });

  it('does not hand on what a closed connection left behind', () => {
    const bench = up();
    bench.modem.say('\r\n0, CLOSED\r\n');
    bench.time.advance(5000);
    expect(bench.count('up')).toBe(2);
    bench.modem.deliver(0, 'stale');
    bench.time.advance(20_000);
    expect(bench.received).toBe('');
  });

  it('does not take a late CONNECT OK of a given-up attempt for the next one’s', () => {
    const bench = up();
    bench.modem.replies['+CIPSTART'] = '\r\nOK\r\n';
    bench.modem.say('\r\n0, CLOSED\r\n');
    bench.time.advance(36_000);
    expect(bench.modem.count('+CIPSTART=2')).toBe(1);
    expect(bench.modem.count('+CIPCLOSE=2')).toBe(1);
    expect(bench.modem.count('+CIPSTART=4')).toBe(1);
    bench.modem.say('\r\n2, CONNECT OK\r\n');
    bench.time.advance(1000);
    expect(bench.count('up')).toBe(1);
    bench.modem.say('\r\n4, CONNECT OK\r\n');
    bench.time.advance(1000);
    expect(bench.count('up')).toBe(2);
  });

  it('leaves the bearer alone when only the socket flaps, and gets slower', () => {
    const bench = up();
    const waits: number[] = [];
    for (let round = 0; round < 12; round++) {
      const socket = bench.modem.commands.filter((one) => one.startsWith('+CIPSTART')).length;
      bench.modem.say(`\r\n${[0, 2, 4][socket % 3]}, CLOSED\r\n`);
      waits.push(bench.untilUpAgain(300_000));
      bench.time.advance(1500);
    }
    expect(bench.modem.count('+CIPSHUT')).toBe(0);
    expect(bench.modem.count('+CGATT=0')).toBe(0);
    expect(waits[0]).toBeLessThan(2000);
    expect(waits[11]).toBeGreaterThan(30_000);
    bench.time.advance(70_000);
    const before = bench.count('up');
    const last = bench.modem.commands
      .filter((one) => one.startsWith('+CIPSTART'))
      .pop()!
      .charAt(10);
    bench.modem.say(`\r\n${last}, CLOSED\r\n`);
    expect(bench.untilUpAgain(300_000)).toBeLessThan(2000);
    expect(bench.count('up')).toBe(before + 1);
  });

  it('finds out that nothing passes any more, though the modem says connected', () => {
    const bench = up();
    bench.isServerLive = false;
    bench.time.advance(60_000 + 2 * 12_000 + 3000);
    expect(bench.told).toContain('down no answer');
    expect(bench.count('beat')).toBe(2);
  });

  it('gives a connection up in which the server never says a word', () => {
    const bench = new KeeperBench({ isServerLive: false });
    bench.keeper.start();
    bench.time.advance(33_000);
    expect(bench.told.filter((one) => !one.startsWith('state'))).toEqual(['up', 'down no answer']);
    bench.time.advance(300_000);
    expect(bench.count('up')).toBeGreaterThan(3);
    expect(bench.keeper.status().state).toBe(8);
  });

  it('finds out sooner when a message goes unanswered', () => {
    const bench = up();
    bench.isServerLive = false;
    bench.keeper.send('order');
    bench.time.advance(3 * 12_000 + 4000);
    expect(bench.told).toContain('down no answer');
  });

  it('reads data whose notice never came', () => {
    const bench = up();
    bench.modem.received[0] = 'forgotten';
    bench.time.advance(61_000);
    expect(bench.received).toBe('forgotten');
  });

  it.each([31_000, 34_000, 37_000, 40_000, 43_000])('reads it sooner while somebody waits (%d)', (calmMs) => {
    const bench = new KeeperBench({ pins: { isOn: () => true } });
    bench.bringUp();
    bench.time.advance(calmMs);
    // Behind a poll of the calm kind, so that the next one is far.
    const commands = bench.modem.commands.length;
    for (let step = 0; step < 40 && bench.modem.commands.length === commands; step++)
      bench.time.advance(1000);
    bench.time.advance(1000);
    bench.modem.received[0] = 'forgotten';
    for (let second = 0; second < 9; second++) {
      bench.keeper.hurry();
      bench.time.advance(1000);
    }
    expect(bench.received).toBe('forgotten');
  });

  it('leaves modem and processor alone while nobody waits', () => {
    const bench = up();
    bench.time.advance(30_000);
    const commands = bench.modem.commands.length;
    bench.time.advance(60_000);
    expect(bench.modem.commands.length - commands).toBe(2);
    bench.keeper.send('order');
    const asked = bench.modem.commands.length;
    bench.time.advance(9000);
    expect(bench.modem.commands.length - asked).toBeGreaterThan(4);
  });

  it.each([
    '+CIQRXGET: 2,0,6,0',
    '+CIPRXGET: 2,0.6,0',
    '+CIPRXGET: 2.0,6,0',
    '+CIPRXGET: 2,0,4,0',
    '+CIPRXGET: 2,0,0,0',
    '+CIPRXGET: 2,0,7,0',
    '+CIPRXGET: 2,4,6,0',
    '+CIPRXGET: 2,0,9996,0',
  ])('does not take a read that was announced as %s for an empty one', (line) => {
    const bench = up();
    let spoilt = 1;
    bench.modem.replies['+CIPRXGET'] = () =>
      spoilt-- > 0 ? `\r\n${line}\r\n1ost!!\r\nOK\r\n` : (undefined as unknown as string);
    bench.modem.say('\r\n+CIPRXGET: 1,0\r\n');
    bench.time.advance(5000);
    expect(bench.told).toContain('down garbled');
  });

  it('reads on while more is left, without another notice', () => {
    const bench = up();
    const data = Array.from({ length: 6000 }, (_, index) => String.fromCharCode(index % 253)).join('');
    bench.modem.deliver(0, data);
    bench.time.advance(1000);
    expect(bench.received).toBe(data);
  });

  it.each([
    ['RDY', '\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n'],
    ['an echo', 'echo'],
  ])('notices by %s that the modem has restarted, and starts from the beginning', (_name, text) => {
    const bench = up();
    if (text === 'echo') bench.modem.replies['+CSQ'] = 'AT+CSQ\r\r\n+CSQ: 21,0\r\n\r\nOK\r\n';
    else bench.modem.say(text);
    bench.time.advance(text === 'echo' ? 61_000 : 9000);
    bench.modem.replies['+CSQ'] = '\r\n+CSQ: 21,0\r\n\r\nOK\r\n';
    bench.time.advance(10_000);
    expect(bench.count('down')).toBeGreaterThanOrEqual(1);
    expect(bench.modem.commands).toContain('+CMEE=1');
    expect(bench.keeper.status().state).toBe(10);
  });

  it.each(['NORMAL POWER DOWN', 'NORMAL POWER OFF', 'UNDER-VOLTAGE POWER DOWN', 'UNDER-VOLTAGE POWER OFF'])(
    'presses PWRKEY after %s',
    (text) => {
      const bench = up();
      bench.modem.say(`\r\n${text}\r\n`);
      bench.modem.isDead = true;
      bench.time.advance(4000);
      expect(bench.pinEvents).toEqual(['key true', 'key false']);
      bench.modem.isDead = false;
      expect(bench.untilUpAgain(15_000)).toBeLessThan(12_000);
    },
  );

  it('sees by STATUS that the modem is off, and presses PWRKEY before anything stronger', () => {
    let isOn = true;
    const bench = new KeeperBench({
      pins: {
        key: (isActive) => bench.pinEvents.push(`key ${isActive}`),
        reset: (isActive) => bench.pinEvents.push(`reset ${isActive}`),
        supply: (isCut) => bench.pinEvents.push(`supply ${isCut}`),
        isOn: () => isOn,
      },
    });
    bench.bringUp();
    isOn = false;
    bench.modem.isDead = true;
    bench.time.advance(8000);
    expect(bench.told).toContain('down modem off');
    bench.time.advance(17_000);
    expect(bench.pinEvents.length).toBeGreaterThanOrEqual(4);
    expect(bench.pinEvents.filter((event) => !event.startsWith('key'))).toEqual([]);
    bench.time.advance(60_000);
    expect(bench.pinEvents).toContain('supply true');
    expect(bench.pinEvents).not.toContain('reset true');
  });

  it('takes a short restart on STATUS for what it is', () => {
    let isOn = true;
    const bench = new KeeperBench({ pins: { key: () => bench.pinEvents.push('key'), isOn: () => isOn } });
    bench.bringUp();
    isOn = false;
    bench.time.advance(2700);
    isOn = true;
    bench.time.advance(10_000);
    expect(bench.pinEvents).toEqual([]);
    expect(bench.count('down')).toBe(0);
  });

  it('gives the supply back when it is stopped in the middle of a cut', () => {
    const bench = up();
    bench.modem.isDead = true;
    bench.time.runUntil(() => bench.pinEvents.includes('supply true'), 120_000);
    bench.keeper.shutDown();
    expect(bench.pinEvents[bench.pinEvents.length - 1]).toMatch(/false$/);
    expect(bench.pinEvents).toContain('supply false');
  });

  it('spreads its attempts by chance', () => {
    const waits = new Set<number>();
    for (let seed = 1; seed <= 12; seed++) {
      const bench = new KeeperBench({ seed });
      bench.bringUp();
      bench.modem.say('\r\n0, CLOSED\r\n');
      waits.add(Math.round(bench.untilUpAgain(10_000) / 50));
    }
    expect(waits.size).toBeGreaterThan(5);
  });

  it('counts warnings of low supply without giving the link up', () => {
    const bench = up();
    bench.modem.say('\r\nUNDER-VOLTAGE WARNNING\r\n');
    expect(bench.keeper.status().supplyWarnings).toBe(1);
    expect(bench.count('down')).toBe(0);
  });

  it('takes CLOSE (no acknowledgement for 645 s) for a lost socket', () => {
    const bench = up();
    bench.modem.say('\r\n0, CLOSE\r\n');
    expect(bench.untilUpAgain(10_000)).toBeLessThan(3000);
  });

  it('recovers a wedged modem by RESET, and goes there at once next time', () => {
    const bench = new KeeperBench({
      pins: {
        reset: (isActive) => {
          bench.pinEvents.push(`reset ${isActive}`);
          if (isActive) bench.modem.isDead = false;
        },
        key: () => bench.pinEvents.push('key'),
        supply: () => bench.pinEvents.push('supply'),
      },
    });
    bench.bringUp();
    bench.modem.isDead = true;
    expect(bench.untilUpAgain(90_000)).toBeLessThan(52_000);
    expect(bench.pinEvents).toEqual(['reset true', 'reset false']);
    expect(bench.told).toContain('down modem silent');
  });

  it('recovers a wedged modem by the supply when nothing less helps, and remembers that', () => {
    const bench = new KeeperBench({
      pins: {
        reset: (isActive) => bench.pinEvents.push(`reset ${isActive}`),
        key: (isActive) => bench.pinEvents.push(`key ${isActive}`),
        supply: (isCut) => {
          bench.pinEvents.push(`supply ${isCut}`);
          if (isCut) bench.modem.isDead = false;
        },
      },
    });
    bench.bringUp();
    bench.modem.isDead = true;
    expect(bench.untilUpAgain(120_000)).toBeLessThan(82_000);
    expect(bench.pinEvents.indexOf('reset true')).toBe(0);
    expect(bench.keeper.status().rungUses.slice(1)).toEqual([0, 0, 0, 1, 1, 1]);
    bench.time.advance(120_000);
    bench.pinEvents.length = 0;
    bench.modem.isDead = true;
    expect(bench.untilUpAgain(120_000)).toBeLessThan(62_000);
    expect(bench.pinEvents[0]).toBe('supply true');
  });

  it('finds a modem that has fallen back to another rate, and sets it right', () => {
    const bench = up();
    bench.modem.baud = 9600;
    bench.modem.replies['+IPR=115200'] = () => {
      bench.time.setTimer(() => (bench.modem.baud = 115200), 10);
      return '\r\nOK\r\n';
    };
    expect(bench.untilUpAgain(90_000)).toBeLessThan(52_000);
    expect(bench.pinEvents).toEqual([]);
    expect(bench.modem.hostBaud).toBe(115200);
  });

  it('climbs to CFUN and RESET while the bearer does not come, each only so often', () => {
    const bench = up();
    bench.modem.replies['+CIICR'] = '\r\nERROR\r\n';
    bench.modem.say('\r\n+PDP: DEACT\r\n');
    bench.time.advance(120_000);
    expect(bench.keeper.status().state).toBe(6);
    const [, bearer, attach, radio, reset] = bench.keeper.status().rungUses;
    expect(bearer).toBeGreaterThanOrEqual(2);
    expect(attach).toBeLessThanOrEqual(2);
    expect(radio).toBe(1);
    expect(reset).toBeGreaterThanOrEqual(1);
    bench.time.advance(2 * 3_600_000);
    const uses = bench.keeper.status().rungUses;
    expect(uses[3]).toBeLessThan(8);
    expect(uses[4]).toBeLessThan(8);
    expect(uses[6]).toBeLessThan(8);
    bench.modem.replies['+CIICR'] = undefined;
    expect(bench.untilUpAgain(300_000)).toBeLessThan(240_000);
  });

  it('asks a server that refuses this device seldom, and never climbs for it', () => {
    const bench = up();
    for (let round = 0; round < 6; round++) {
      bench.keeper.sessionFailed('refused', true);
      expect(bench.keeper.status().state).toBe(9);
      expect(bench.untilUpAgain(1_000_000)).toBeGreaterThan(14_000);
    }
    bench.keeper.sessionFailed('refused', true);
    expect(bench.untilUpAgain(1_000_000)).toBeGreaterThan(290_000);
    expect(bench.keeper.status().rungUses.slice(1)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
