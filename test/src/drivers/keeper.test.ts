import { KeeperBench } from './keeper-bench';

describe('link keeper', () => {
  it('brings the link up in the order of the manual', () => {
    const bench = new KeeperBench();
    expect(bench.bringUp()).toBe(true);
    expect(bench.modem.commands.slice(0, 22)).toEqual([
      'E0V1',
      '+CMEE=1',
      '+IPR?',
      '+CBATCHK=1',
      '+CLTS=1',
      '+GSN',
      '+CPIN?',
      '+CCID',
      '+CSQ',
      '+CREG?',
      '+CGREG?',
      '+CGATT?',
      '+CIPSHUT',
      '+CIPMUX=1',
      '+CIPQSEND=1',
      '+CIPRXGET=1',
      '+CIPTKA=1,120,30,3',
      '+CSTT="cmnet","",""',
      '+CIICR',
      '+CIFSR',
      '+CIPSTART=0,"TCP","link.example.com",7700',
      '+CIPRXGET=2,0,1460',
    ]);
    expect(bench.told.filter((one) => !one.startsWith('beat'))).toEqual([
      'state 1',
      'state 7',
      'up',
      'state 10',
    ]);
    expect(bench.keeper.status()).toMatchObject({
      state: 10,
      csq: 21,
      registration: 1,
      imei: '861234567890123',
      iccid: '89860012345678901234',
    });
  });

  it('fixes the rate of a modem that comes up with autobaud, and saves it once', () => {
    const bench = new KeeperBench();
    let baud = 0;
    bench.modem.replies['+IPR?'] = () => `\r\n+IPR: ${baud}\r\n\r\nOK\r\n`;
    bench.modem.replies['+IPR=115200;&W'] = () => {
      baud = 115200;
      return '\r\nOK\r\n';
    };
    bench.bringUp();
    bench.modem.say('\r\nRDY\r\n');
    expect(bench.untilUpAgain(20_000)).toBeLessThan(5000);
    expect(bench.modem.commands.filter((one) => one === '+IPR=115200;&W')).toHaveLength(1);
  });

  it('sends and receives bytes of any value', () => {
    const bench = new KeeperBench();
    bench.bringUp();
    const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
    const traps = '\r\nOK\r\n> ERROR\r\n0, CLOSED\r\n+PDP: DEACT\r\n\x1a\x1b\x00\xff';
    expect(bench.keeper.send(all + traps)).toBe(true);
    bench.modem.deliver(0, traps + all);
    bench.time.advance(1000);
    expect(bench.modem.payloads).toEqual([all + traps]);
    expect(bench.received).toBe(traps + all);
    expect(bench.count('drain')).toBe(1);
    expect(bench.count('down')).toBe(0);
  });

  it('connects again after CLOSED, on another socket number and without touching the bearer', () => {
    const bench = new KeeperBench();
    bench.bringUp();
    const shuts = bench.modem.count('+CIPSHUT');
    bench.modem.say('\r\n0, CLOSED\r\n');
    expect(bench.untilUpAgain(10_000)).toBeLessThan(3000);
    expect(bench.told).toContain('down closed');
    expect(bench.modem.commands).toContain('+CIPSTART=2,"TCP","link.example.com",7700');
    expect(bench.modem.count('+CIPSHUT')).toBe(shuts);
  });

  it('reads what was received before CLOSED', () => {
    const bench = new KeeperBench();
    bench.bringUp();
    bench.modem.received[0] = 'x'.repeat(3000);
    bench.modem.say('\r\n0, CLOSED\r\n');
    bench.time.advance(3000);
    expect(bench.received).toBe('x'.repeat(3000));
  });

  it('makes a new bearer after +PDP: DEACT', () => {
    const bench = new KeeperBench();
    bench.bringUp();
    const shuts = bench.modem.count('+CIPSHUT');
    bench.modem.say('\r\n+PDP: DEACT\r\n');
    expect(bench.untilUpAgain(15_000)).toBeLessThan(5000);
    expect(bench.told).toContain('down bearer lost');
    expect(bench.modem.count('+CIPSHUT')).toBe(shuts + 1);
    expect(bench.modem.count('+CFUN')).toBe(0);
    expect(bench.modem.count('+CGATT=0')).toBe(0);
  });

  it('tells a silent modem apart, tries other rates, RESET, PWRKEY and the supply, and goes on slowly', () => {
    const bench = new KeeperBench();
    bench.modem.isDead = true;
    bench.keeper.start();
    bench.time.advance(60_000);
    expect(bench.keeper.status().state).toBe(11);
    expect(bench.pinEvents).toEqual(expect.arrayContaining(['reset true', 'key true', 'supply true']));
    const before = bench.pinEvents.length;
    bench.time.advance(3_600_000);
    expect(bench.pinEvents.length - before).toBeLessThan(200);
    expect(bench.pinEvents.length - before).toBeGreaterThan(10);
    bench.modem.isDead = false;
    expect(bench.untilUpAgain(4_000_000)).toBeLessThan(4_000_000);
  });
});
