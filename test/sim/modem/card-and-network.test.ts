/** Card, signal, registration, functionality, clock: manual V1.09 chapters 3, 6 and 7. */
import { VIRTUAL_EPOCH_MS } from '../../../sim/time/clock';
import { COMPACT } from '../../../sim/modem/dialect';
import { FAST } from '../../../sim/modem/timing';
import { Bench } from './bench';

const OK = '\r\nOK\r\n';

function withErrors(bench: Bench): Bench {
  bench.ask('AT+CMEE=1');
  return bench;
}

describe('3.2.28 AT+CPIN', () => {
  test.each([
    ['ready', {}, '+CPIN: READY'],
    ['missing', { isInserted: false }, '+CME ERROR: 10'],
    ['PIN asked for', { pin: '1234' }, '+CPIN: SIM PIN'],
    ['busy after boot', { busyMs: 60_000 }, '+CME ERROR: 14'],
    ['faulty', { isFaulty: true }, '+CME ERROR: 13'],
  ])('%s', (_state, card, answer) => {
    const bench = withErrors(new Bench({ card }).start());
    expect(bench.lines('AT+CPIN?')[0]).toBe(answer);
  });

  test.each([['AT+CIMI'], ['AT+CCID'], ['AT+CGATT?'], ['AT+COPS?']])('%s waits for the PIN', (line) => {
    const bench = withErrors(new Bench({ card: { pin: '1234' } }).start());
    expect(bench.lines(line)).toEqual(['+CME ERROR: 11']);
  });

  test('the right PIN: OK, +CPIN: READY, and the module registers', () => {
    const bench = withErrors(new Bench({ card: { pin: '1234' } }).start());
    expect(bench.lines('AT+CREG?')).toEqual(['+CREG: 0,0', 'OK']);
    expect(bench.lines('AT+CPIN="1234"')).toEqual(['OK', '+CPIN: READY']);
    expect(bench.lines('AT+CREG?')).toEqual(['+CREG: 0,1', 'OK']);
    expect(bench.lines('AT+CPIN="1234"')).toEqual(['+CME ERROR: 3']);
  });

  test('three wrong PINs ask for the PUK, ten wrong PUKs end the card', () => {
    const bench = withErrors(new Bench({ card: { pin: '1234', puk: '87654321' } }).start());
    expect(bench.lines('AT+CPIN="0000"')).toEqual(['+CME ERROR: 16']);
    expect(bench.lines('AT+SPIC')).toEqual(['+SPIC: 2,3,10,10', 'OK']);
    expect(bench.lines('AT+CPIN="0000"')).toEqual(['+CME ERROR: 16']);
    expect(bench.lines('AT+CPIN="0000"')).toEqual(['+CME ERROR: 12']);
    expect(bench.lines('AT+CPIN?')).toEqual(['+CPIN: SIM PUK', 'OK']);
    for (let attempt = 0; attempt < 9; attempt++) {
      expect(bench.lines('AT+CPIN="11111111","1234"')).toEqual(['+CME ERROR: 16']);
    }
    expect(bench.lines('AT+CPIN="11111111","1234"')).toEqual(['+CME ERROR: 13']);
  });

  test('the PUK sets a new PIN, asked for after the next start', () => {
    const bench = withErrors(new Bench({ card: { pin: '1234', puk: '87654321' } }).start());
    for (let attempt = 0; attempt < 3; attempt++) bench.ask('AT+CPIN="0000"');
    expect(bench.lines('AT+CPIN="87654321","4321"')).toEqual(['OK', '+CPIN: READY']);
    bench.ask('AT+CFUN=1,1', 6_000);
    bench.ask('AT');
    bench.ask('ATE0');
    expect(bench.lines('AT+CPIN?')).toEqual(['+CPIN: SIM PIN', 'OK']);
    expect(bench.lines('AT+CPIN="4321"')).toEqual(['OK', '+CPIN: READY']);
  });

  test('attempts outlive a power cut', () => {
    const bench = withErrors(new Bench({ card: { pin: '1234' } }).start());
    bench.ask('AT+CPIN="0000"');
    bench.ask('AT+CFUN=1,1', 6_000);
    bench.ask('AT');
    bench.ask('ATE0');
    expect(bench.lines('AT+SPIC')).toEqual(['+SPIC: 2,3,10,10', 'OK']);
  });
});

describe('card numbers', () => {
  test.each([
    ['3.2.15', 'AT+CIMI', '460001234567890'],
    ['6.2.23', 'AT+CCID', '89860012345678901234'],
  ])('%s %s gives bare digits', (_section, line, digits) => {
    expect(new Bench().start().lines(line)).toEqual([digits, 'OK']);
  });

  test('6.2.23 other versions put +CCID: before the number', () => {
    expect(new Bench({ dialect: COMPACT }).start().lines('AT+CCID')).toEqual([
      '+CCID: 89860012345678901234',
      'OK',
    ]);
  });
});

describe('3.2.35 AT+CSQ', () => {
  test.each([
    [31, '31,0'],
    [0, '0,0'],
    [99, '99,99'],
  ])('rssi %i', (rssi, shown) => {
    expect(new Bench({}, { rssi }).start().lines('AT+CSQ')).toEqual([`+CSQ: ${shown}`, 'OK']);
  });

  test('99 without coverage', () => {
    const bench = new Bench().start();
    bench.network.setCoverage(false);
    expect(bench.lines('AT+CSQ')).toEqual(['+CSQ: 99,99', 'OK']);
  });
});

describe('3.2.32 AT+CREG and 7.2.10 AT+CGREG', () => {
  test('mode 2 adds area and cell; the unsolicited form lacks the mode', () => {
    const bench = new Bench().start();
    bench.ask('AT+CREG=2;+CGREG=2');
    expect(bench.lines('AT+CREG?')).toEqual(['+CREG: 2,1,"1A2B","3C4D"', 'OK']);
    bench.network.setCoverage(false);
    expect(bench.wait(100)).toBe('\r\n+CREG: 2\r\n\r\n+CGREG: 2\r\n');
    bench.network.setCoverage(true);
    expect(bench.wait(200)).toContain('\r\n+CREG: 1,"1A2B","3C4D"\r\n');
  });

  test('mode 1 tells the state alone, mode 0 nothing', () => {
    const bench = new Bench().start();
    bench.ask('AT+CREG=1');
    bench.network.setCoverage(false);
    expect(bench.wait(100)).toBe('\r\n+CREG: 2\r\n');
    bench.ask('AT+CREG=0');
    bench.network.setCoverage(true);
    expect(bench.wait(1_000)).toBe('');
    expect(bench.lines('AT+CREG?')).toEqual(['+CREG: 0,1', 'OK']);
  });

  test('without a card the module does not search', () => {
    expect(new Bench({ card: { isInserted: false } }).start().lines('AT+CREG?')).toEqual([
      '+CREG: 0,0',
      'OK',
    ]);
  });

  test('without coverage it searches', () => {
    const bench = new Bench();
    bench.network.setCoverage(false);
    bench.start();
    expect(bench.lines('AT+CREG?')).toEqual(['+CREG: 0,2', 'OK']);
  });
});

describe('7.2.1 AT+CGATT', () => {
  test('attaches by itself after registration; 0 detaches and 1 attaches again', () => {
    const bench = new Bench().start();
    expect(bench.lines('AT+CGATT?')).toEqual(['+CGATT: 1', 'OK']);
    expect(bench.ask('AT+CGATT=0')).toBe(OK);
    expect(bench.lines('AT+CGATT?;+CGREG?')).toEqual(['+CGATT: 0', '+CGREG: 0,0', 'OK']);
    expect(bench.ask('AT+CGATT=1')).toBe(OK);
    expect(bench.lines('AT+CGATT?;+CGREG?')).toEqual(['+CGATT: 1', '+CGREG: 0,1', 'OK']);
  });

  test('without a network: CME 30; with the radio off: CME 797', () => {
    const bench = withErrors(new Bench().start());
    bench.ask('AT+CGATT=0');
    bench.network.setCoverage(false);
    expect(bench.lines('AT+CGATT=1')).toEqual(['+CME ERROR: 30']);
    bench.ask('AT+CFUN=4');
    expect(bench.lines('AT+CGATT=1')).toEqual(['+CME ERROR: 797']);
  });

  test('detaching takes the PDP context along without a notice', () => {
    const bench = new Bench().online();
    bench.ask('AT+CGATT=0');
    expect(bench.lines('AT+CIPSTATUS')).toEqual(['OK', 'STATE: IP INITIAL']);
  });
});

describe('3.2.22 AT+COPS', () => {
  test('the operator by name or number, and none without a network', () => {
    const bench = new Bench().start();
    expect(bench.lines('AT+COPS?')).toEqual(['+COPS: 0,0,"CHINA MOBILE"', 'OK']);
    expect(bench.ask('AT+COPS=3,2')).toBe(OK);
    expect(bench.lines('AT+COPS?')).toEqual(['+COPS: 0,2,"46000"', 'OK']);
    expect(bench.ask('AT+COPS=2')).toBe(OK);
    expect(bench.lines('AT+COPS?;+CREG?')).toEqual(['+COPS: 0', '+CREG: 0,0', 'OK']);
    expect(bench.ask('AT+COPS=0', 500)).toBe(OK);
    expect(bench.lines('AT+CREG?')).toEqual(['+CREG: 0,1', 'OK']);
  });
});

describe('3.2.42 AT+CFUN', () => {
  test('0: +CPIN: NOT READY and OK; 1: the card, OK, Call Ready, SMS Ready', () => {
    const bench = new Bench().start();
    expect(bench.lines('AT+CFUN=0')).toEqual(['+CPIN: NOT READY', 'OK']);
    expect(bench.lines('AT+CFUN?;+CREG?')).toEqual(['+CFUN: 0', '+CREG: 0,0', 'OK']);
    expect(bench.lines('AT+CFUN=1')).toEqual(['+CPIN: READY', 'OK', 'Call Ready', 'SMS Ready']);
    expect(bench.lines('AT+CREG?')).toEqual(['+CREG: 0,1', 'OK']);
  });

  test('0 and 4 cannot be switched to each other', () => {
    const bench = withErrors(new Bench().start());
    bench.ask('AT+CFUN=4');
    expect(bench.lines('AT+CFUN=0')).toEqual(['+CME ERROR: 3']);
    bench.ask('AT+CFUN=1');
    bench.ask('AT+CFUN=0');
    expect(bench.lines('AT+CFUN=4')).toEqual(['+CME ERROR: 3']);
  });

  test('4 is written to flash, 0 is not', () => {
    const bench = new Bench({ storedBaud: 115_200 }).start();
    bench.ask('AT+CFUN=0');
    bench.modem.crash();
    bench.clock.advance(6_000);
    expect(bench.output).toContain('+CFUN: 1');
    bench.ask('AT+CFUN=4');
    bench.output = '';
    bench.modem.crash();
    bench.clock.advance(6_000);
    expect(bench.output).toContain('+CFUN: 4');
    bench.ask('ATE0');
    expect(bench.lines('AT+CREG?')).toEqual(['+CREG: 0,0', 'OK']);
  });

  test.each([['AT+CFUN=2'], ['AT+CFUN=5'], ['AT+CFUN=1,2'], ['AT+CFUN=']])('%s is refused', (line) => {
    expect(new Bench().start().ask(line)).toBe('\r\nERROR\r\n');
  });

  test('6.2.33 AT+CIURC=0 keeps Call Ready and SMS Ready back', () => {
    const bench = new Bench().start();
    bench.ask('AT+CIURC=0');
    bench.ask('AT+CFUN=0');
    expect(bench.lines('AT+CFUN=1', 1_000)).toEqual(['+CPIN: READY', 'OK']);
  });
});

describe('3.2.43 AT+CCLK and 6.2.12 AT+CLTS', () => {
  test('2004 after a power cut, and it runs', () => {
    const bench = new Bench();
    bench.powerOn();
    bench.ask('AT');
    bench.ask('ATE0');
    expect(bench.lines('AT+CCLK?')[0]).toMatch(/^\+CCLK: "04\/01\/01,00:00:0[0-9]\+00"$/);
  });

  test('set and read back, a minute later', () => {
    const bench = new Bench().start();
    expect(bench.ask('AT+CCLK="26/02/28,23:59:30+32"', 0)).toBe('');
    bench.clock.advance(60_000);
    expect(bench.lines('AT+CCLK?')[0]).toMatch(/^\+CCLK: "26\/03\/01,00:00:(29|30)\+32"$/);
  });

  test.each([
    ['AT+CCLK="26/13/01,00:00:00+00"'],
    ['AT+CCLK=26/01/01,00:00:00+00'],
    ['AT+CCLK="26/01/01,24:00:00+00"'],
  ])('%s is refused', (line) => {
    expect(new Bench().start().ask(line)).toBe('\r\nERROR\r\n');
  });

  test("with AT+CLTS=1 the network's time comes with registration: UTC in *PSUTTZ, local in AT+CCLK?", () => {
    const bench = new Bench();
    const slow = { ...FAST, cardMs: [3_000, 3_000] as const };
    const late = new Bench({ timing: slow });
    expect(bench.clock.nowMs()).toBe(VIRTUAL_EPOCH_MS);
    late.powerOn();
    late.ask('AT');
    late.ask('ATE0;+CLTS=1');
    expect(late.wait(3_000)).toContain('\r\n*PSUTTZ: 2026, 1, 1, 0, 0, 7, "+32", 0\r\n\r\nDST: 0\r\n');
    expect(late.lines('AT+CCLK?')[0]).toMatch(/^\+CCLK: "26\/01\/01,08:00:\d\d\+32"$/);
  });
});

describe('3.2.52 AT+CBC', () => {
  test.each([
    [4_000, '0,75,4000'],
    [4_200, '0,100,4200'],
    [3_400, '0,1,3400'],
  ])('%i mV', (millivolts, shown) => {
    const bench = new Bench().start();
    bench.modem.setSupplyMillivolts(millivolts);
    expect(bench.lines('AT+CBC')[0]).toBe(`+CBC: ${shown}`);
  });
});

describe('9.2.1 AT+SAPBR', () => {
  test('opens beside the toolkit and shows its address', () => {
    const bench = new Bench().start();
    expect(bench.ask('AT+SAPBR=3,1,"APN","CMNET"')).toBe(OK);
    expect(bench.lines('AT+SAPBR=2,1')).toEqual(['+SAPBR: 1,3,"0.0.0.0"', 'OK']);
    expect(bench.ask('AT+SAPBR=1,1')).toBe(OK);
    expect(bench.lines('AT+SAPBR=2,1')[0]).toMatch(/^\+SAPBR: 1,1,"10\.\d+\.\d+\.\d+"$/);
    expect(bench.ask('AT+SAPBR=1,1')).toBe('\r\nERROR\r\n');
    expect(bench.ask('AT+SAPBR=0,1')).toBe(OK);
    expect(bench.ask('AT+SAPBR=0,1')).toBe('\r\nERROR\r\n');
  });
});

describe('3.2.12 AT+CSCS and 4.2.2 AT+CMGF', () => {
  test('character set and message format are told, set and kept', () => {
    const bench = new Bench().online();
    expect(bench.lines('AT+CSCS=?')).toEqual([
      '+CSCS: ("IRA","GSM","UCS2","HEX","PCCP","PCDN","8859-1")',
      'OK',
    ]);
    expect(bench.lines('AT+CSCS?')).toEqual(['+CSCS: "IRA"', 'OK']);
    expect(bench.ask('AT+CSCS="UCS2"')).toBe('\r\nOK\r\n');
    expect(bench.lines('AT+CSCS?')).toEqual(['+CSCS: "UCS2"', 'OK']);
    expect(bench.ask('AT+CSCS="KOI8"')).toBe('\r\nERROR\r\n');
    expect(bench.lines('AT+CMGF?')).toEqual(['+CMGF: 0', 'OK']);
    expect(bench.ask('AT+CMGF=1')).toBe('\r\nOK\r\n');
    expect(bench.ask('AT+CMGF=2')).toBe('\r\nERROR\r\n');
    expect(bench.lines('AT+CMGF?')).toEqual(['+CMGF: 1', 'OK']);
  });
});
