/** Pins, supply and boot: SIM800A Hardware Design V1.02, sections 4.2.1 to 4.2.3. */
import { COMPACT } from '../../../sim/modem/dialect';
import { TYPICAL } from '../../../sim/modem/timing';
import { Bench } from './bench';

const FIXED = { storedBaud: 115_200, timing: TYPICAL };

/** Voltage texts on. */
function checking(): Bench {
  const bench = new Bench({ storedBaud: 115_200 }).start();
  bench.ask('AT+CBATCHK=1');
  bench.output = '';
  return bench;
}

describe('4.2.1 power on by PWRKEY', () => {
  test.each([
    [900, 0],
    [1_100, 1],
  ])('low for %i ms leaves STATUS at %i', (holdMs, status) => {
    const bench = new Bench(FIXED);
    bench.modem.pressPowerKey(holdMs);
    bench.clock.advance(10_000);
    expect(bench.modem.status).toBe(status);
  });

  test('the serial port is not alive before 3 s and is after 4.2 s', () => {
    const bench = new Bench(FIXED);
    bench.modem.pressPowerKey();
    bench.clock.advance(3_000);
    bench.send('AT\r');
    bench.clock.advance(50);
    expect(bench.output).not.toContain('OK');
    bench.clock.advance(1_150);
    expect(bench.ask('AT')).toContain('OK');
  });

  test('RDY and +CFUN: 1 first, +CPIN: READY when the card has answered, then Call Ready and SMS Ready', () => {
    const bench = new Bench(FIXED);
    bench.modem.pressPowerKey();
    bench.clock.advance(20_000);
    const lines = bench.output.split('\r\n').filter((line) => line !== '');
    expect(lines.slice(1)).toEqual(['RDY', '+CFUN: 1', '+CPIN: READY', 'Call Ready', 'SMS Ready']);
  });

  test('a module without a card says so', () => {
    const bench = new Bench({ ...FIXED, card: { isInserted: false } });
    bench.modem.pressPowerKey();
    bench.clock.advance(20_000);
    expect(bench.output).toContain('\r\n+CPIN: NOT INSERTED\r\n');
    expect(bench.output).not.toContain('Call Ready');
  });
});

describe('4.2.2 power off', () => {
  test.each([
    ['4.2.2.1', 900, 1, ''],
    ['4.2.2.1', 1_200, 0, '\r\nNORMAL POWER DOWN\r\n'],
    ['4.2.2.1', 32_000, 0, '\r\nNORMAL POWER DOWN\r\n'],
  ])('%s PWRKEY low for %i ms leaves STATUS at %i', (_section, holdMs, status, text) => {
    const bench = new Bench({ storedBaud: 115_200 }).start();
    bench.modem.pressPowerKey(holdMs);
    expect(bench.wait(holdMs + 5_000)).toBe(text);
    expect(bench.modem.status).toBe(status);
  });

  test('4.2.2.1 longer than 33 s powers on again', () => {
    const bench = new Bench({ storedBaud: 115_200 }).start();
    bench.modem.pressPowerKey(34_000);
    const output = bench.wait(45_000);
    expect(output).toContain('NORMAL POWER DOWN');
    expect(output).toContain('RDY');
    expect(bench.modem.status).toBe(1);
  });

  test('other versions say NORMAL POWER OFF', () => {
    const bench = new Bench({ storedBaud: 115_200, dialect: COMPACT }).start();
    bench.modem.pressPowerKey(1_200);
    expect(bench.wait(5_000)).toBe('\r\nNORMAL POWER OFF\r\n');
  });

  test('4.2.2.1 within 800 ms of the end PWRKEY is not seen, after it it is', () => {
    const early = new Bench({ storedBaud: 115_200 }).start();
    early.modem.pressPowerKey(1_100);
    early.clock.advance(1_200);
    early.modem.pressPowerKey(1_100);
    early.clock.advance(10_000);
    expect(early.modem.status).toBe(0);
    early.modem.pressPowerKey(1_100);
    early.clock.advance(10_000);
    expect(early.modem.status).toBe(1);
  });

  test('6.2.2 AT+CPOWD=1 says so and gives no OK; AT+CPOWD=0 is silent', () => {
    expect(new Bench().start().ask('AT+CPOWD=1')).toBe('\r\nNORMAL POWER DOWN\r\n');
    const bench = new Bench().start();
    expect(bench.ask('AT+CPOWD=0')).toBe('');
    expect(bench.modem.status).toBe(0);
    expect(new Bench().start().ask('AT+CPOWD=2')).toBe('\r\nERROR\r\n');
  });

  test('nothing is answered while off', () => {
    const bench = new Bench().start();
    bench.ask('AT+CPOWD=1');
    expect(bench.ask('AT', 5_000)).toBe('');
  });

  test('a server does not learn of a module that lost its power', () => {
    const bench = new Bench().connected();
    bench.modem.setSupplyMillivolts(0);
    bench.clock.advance(600_000);
    expect(bench.closeReasons).toEqual([]);
  });
});

describe('4.2.2.3 supply', () => {
  test.each([
    [3_510, ''],
    [3_500, '\r\nUNDER-VOLTAGE WARNNING\r\n'],
    [3_400, '\r\nUNDER-VOLTAGE WARNNING\r\n'],
    [3_390, '\r\nUNDER-VOLTAGE POWER DOWN\r\n'],
    [4_290, ''],
    [4_300, '\r\nOVER-VOLTAGE WARNNING\r\n'],
    [4_400, '\r\nOVER-VOLTAGE WARNNING\r\n'],
    [4_410, '\r\nOVER-VOLTAGE POWER DOWN\r\n'],
    [2_990, ''],
  ])('%i mV', (millivolts, text) => {
    const bench = checking();
    bench.modem.setSupplyMillivolts(millivolts);
    expect(bench.wait(1_000)).toBe(text);
  });

  test.each([
    [3_400, 1],
    [3_390, 0],
    [2_990, 0],
    [4_400, 1],
    [4_410, 0],
  ])('%i mV leaves STATUS at %i', (millivolts, status) => {
    const bench = checking();
    bench.modem.setSupplyMillivolts(millivolts);
    bench.clock.advance(1_000);
    expect(bench.modem.status).toBe(status);
  });

  test('no voltage text before AT+CBATCHK=1, and it switches itself off all the same', () => {
    const bench = new Bench().start();
    bench.modem.setSupplyMillivolts(3_450);
    expect(bench.wait(20_000)).toBe('');
    bench.modem.setSupplyMillivolts(3_390);
    expect(bench.wait(1_000)).toBe('');
    expect(bench.modem.status).toBe(0);
  });

  test('a warning comes again while the supply stays low', () => {
    const bench = checking();
    bench.modem.setSupplyMillivolts(3_450);
    expect(bench.wait(12_000).match(/WARNNING/g)).toHaveLength(3);
    bench.modem.setSupplyMillivolts(3_900);
    expect(bench.wait(12_000)).toBe('');
  });

  test('a transmit burst of a millisecond below 3.4 V is survived, below 3.0 V is not', () => {
    const bench = checking();
    bench.modem.setSupplyMillivolts(3_350);
    bench.clock.advance(1);
    bench.modem.setSupplyMillivolts(3_900);
    bench.clock.advance(1_000);
    expect(bench.modem.status).toBe(1);
    bench.modem.setSupplyMillivolts(2_900);
    bench.clock.advance(1);
    bench.modem.setSupplyMillivolts(3_900);
    bench.clock.advance(1_000);
    expect(bench.modem.status).toBe(0);
  });

  test('below 3.0 V what was being said breaks off', () => {
    const bench = checking();
    bench.send('AT+CMEE=?;+CSQ=?;+CFUN=?;+CIPTKA=?\r');
    bench.clock.advance(5);
    bench.modem.setSupplyMillivolts(2_000);
    bench.clock.advance(1_000);
    expect(bench.output).not.toContain('OK');
  });

  test('it does not start by itself when the supply is back, unless PWRKEY is tied low', () => {
    const bench = new Bench().start();
    bench.modem.setSupplyMillivolts(0);
    bench.clock.advance(1_000);
    bench.modem.setSupplyMillivolts(4_000);
    bench.clock.advance(10_000);
    expect(bench.modem.status).toBe(0);
    bench.modem.setSupplyMillivolts(0);
    bench.modem.setPowerKey(0);
    bench.modem.setSupplyMillivolts(4_000);
    bench.clock.advance(10_000);
    expect(bench.modem.status).toBe(1);
  });
});

describe('4.2.3 reset', () => {
  test.each([
    [100, 1],
    [110, 2],
  ])('low for %i ms: %i boots in all', (lowMs, boots) => {
    const bench = new Bench().start();
    bench.modem.setReset(0);
    bench.clock.advance(lowMs);
    bench.modem.setReset(1);
    bench.clock.advance(10_000);
    expect(bench.modem.counters.boots).toBe(boots);
  });

  test('STATUS is low at once and high again about 2.7 s later', () => {
    const bench = new Bench().start();
    bench.modem.setReset(0);
    bench.clock.advance(110);
    bench.modem.setReset(1);
    expect(bench.modem.status).toBe(0);
    bench.clock.advance(2_600);
    expect(bench.modem.status).toBe(0);
    bench.clock.advance(200);
    expect(bench.modem.status).toBe(1);
  });

  test('a boot that was cut short says nothing more: the boot texts come once', () => {
    const bench = new Bench(FIXED);
    bench.modem.pressPowerKey();
    bench.clock.advance(4_300);
    expect(bench.output).toContain('RDY');
    bench.output = '';
    bench.modem.setReset(0);
    bench.clock.advance(110);
    bench.modem.setReset(1);
    bench.clock.advance(30_000);
    for (const text of ['RDY', '+CPIN: READY', 'Call Ready', 'SMS Ready']) {
      expect([text, bench.output.split(text).length - 1]).toEqual([text, 1]);
    }
  });

  test('RESET does not switch on what is off', () => {
    const bench = new Bench();
    bench.modem.setReset(0);
    bench.clock.advance(200);
    bench.modem.setReset(1);
    bench.clock.advance(10_000);
    expect(bench.modem.status).toBe(0);
  });
});

describe('NETLIGHT', () => {
  test('off, searching 64/800 ms, registered 64/3000 ms, data 64/300 ms', () => {
    const bench = new Bench({ timing: { ...TYPICAL, registerMs: [60_000, 60_000], cardMs: [10, 10] } });
    expect(bench.modem.netlight).toBe('off');
    bench.powerOn();
    expect(bench.modem.netlight).toBe('searching');
    expect(lightShare(bench)).toBeCloseTo(64 / 864, 2);
    bench.clock.advance(60_000);
    expect(bench.modem.netlight).toBe('registered');
    expect(lightShare(bench)).toBeCloseTo(64 / 3_064, 2);
    for (const line of ['AT', 'AT+CSTT="CMNET"', 'AT+CIICR']) bench.ask(line, 5_000);
    expect(bench.modem.netlight).toBe('data');
    expect(lightShare(bench)).toBeCloseTo(64 / 364, 2);
  });
});

/** Share of time that the pin is high. */
function lightShare(bench: Bench): number {
  let high = 0;
  const samples = 864 * 5;
  for (let sample = 0; sample < samples; sample++) {
    high += bench.modem.netlightLevel;
    bench.clock.advance(bench.modem.netlight === 'registered' ? 10.64 : 4);
  }
  return high / samples;
}
