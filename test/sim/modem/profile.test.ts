/** Profile, baud rate and autobaud: manual V1.09 sections 1.4, 2.2.27, 2.2.30, 2.2.32, 2.2.41. */
import { COMPACT, PRINTED } from '../../../sim/modem/dialect';
import { Bench } from './bench';

const OK = '\r\nOK\r\n';
const SYNCHRONISATION = '\x00IIII\xff\xff\xff\xff';

function reset(bench: Bench): void {
  bench.modem.setReset(0);
  bench.clock.advance(200);
  bench.modem.setReset(1);
  bench.clock.advance(5_000);
}

describe('2.2.32 AT&W, 2.2.27 ATZ, 2.2.30 AT&F', () => {
  test('a setting that was not stored is gone after a reset, a stored one is not', () => {
    const bench = new Bench().start();
    bench.ask('AT+CMEE=1;&W');
    bench.ask('AT+CMEE=2');
    reset(bench);
    bench.ask('AT');
    expect(bench.lines('ATE0')).toEqual(['OK']);
    expect(bench.lines('AT+CMEE?')).toEqual(['+CMEE: 1', 'OK']);
  });

  test('ATZ brings the stored profile back, AT&F the factory profile, neither the baud rate', () => {
    const bench = new Bench().start();
    bench.ask('AT+IPR=115200;+CMEE=1;+CREG=1;&W');
    bench.ask('AT+CMEE=2;+CREG=2');
    bench.ask('ATZ');
    expect(bench.lines('AT+CMEE?;+CREG?')).toEqual(['+CMEE: 1', '+CREG: 1,1', 'OK']);
    bench.ask('AT&FE0');
    expect(bench.lines('AT+CMEE?;+IPR?')).toEqual(['+CMEE: 0', '+IPR: 115200', 'OK']);
  });

  test('8.2.27 AT+CIPSCONT keeps the TCP/IP context over a reset, AT&W does not', () => {
    const bench = new Bench().start();
    bench.ask('AT+CIPQSEND=1;+CIPMUX=1;&W');
    reset(bench);
    bench.ask('AT');
    expect(bench.lines('ATE0;+CIPMUX?')).toEqual(['+CIPMUX: 0', 'OK']);
    bench.ask('AT+CIPQSEND=1;+CIPMUX=1;+CIPSCONT');
    reset(bench);
    bench.ask('AT');
    expect(bench.lines('AT+CIPMUX?;+CIPQSEND?')).toEqual(['+CIPMUX: 1', '+CIPQSEND: 1', 'OK']);
  });
});

describe('1.4 after power on', () => {
  test('the synchronisation bytes come at 115200 before anything else', () => {
    const bench = new Bench();
    bench.modem.pressPowerKey();
    bench.clock.advance(3_300);
    expect(bench.output).toBe(SYNCHRONISATION);
  });
});

describe('2.2.41 AT+IPR', () => {
  test('autobaud: no boot text at all until the first AT', () => {
    const bench = new Bench();
    bench.powerOn();
    bench.clock.advance(20_000);
    expect(bench.output).toBe(SYNCHRONISATION);
    expect(bench.ask('AT')).toBe('AT\r\r\nOK\r\n');
  });

  test.each([[1_200], [9_600], [19_200], [38_400], [57_600], [115_200]])(
    'autobaud finds %i bit/s after one lost AT at the most',
    (baud) => {
      const bench = new Bench();
      bench.powerOn();
      bench.host.baud = baud;
      bench.ask('AT', 500);
      expect(bench.ask('AT', 500)).toBe('AT\r\r\nOK\r\n');
      expect(bench.line.baud).toBe(baud);
    },
  );

  test('2.2.41.1 only AT and at are found', () => {
    const bench = new Bench();
    bench.powerOn();
    expect(bench.ask('aT')).toBe('');
    expect(bench.ask('At')).toBe('');
    expect(bench.ask('at')).toBe('at\r\r\nOK\r\n');
  });

  test.each([[230_400], [460_800]])('autobaud does not find %i bit/s', (baud) => {
    const bench = new Bench();
    bench.powerOn();
    bench.host.baud = baud;
    bench.ask('AT');
    bench.ask('AT');
    expect(bench.modem.counters.bytesToHost).toBe(0);
  });

  test('the answer comes at the old rate, everything after it at the new one', () => {
    const bench = new Bench().start();
    expect(bench.ask('AT+IPR=9600')).toBe(OK);
    expect(bench.ask('AT')).not.toContain('OK');
    bench.host.baud = 9_600;
    expect(bench.ask('AT')).toBe(OK);
    expect(bench.lines('AT+IPR?')).toEqual(['+IPR: 9600', 'OK']);
  });

  test.each([['AT+IPR=300'], ['AT+IPR=14400'], ['AT+IPR=921600'], ['AT+IPR=']])('%s is refused', (line) => {
    expect(new Bench().start().ask(line)).toBe('\r\nERROR\r\n');
  });

  test('IPR=0 takes effect with the next reset only', () => {
    const bench = new Bench({ storedBaud: 115_200 }).start();
    bench.ask('AT+IPR=0;&W');
    expect(bench.ask('AT')).toBe(OK);
    bench.output = '';
    reset(bench);
    expect(bench.output).toBe(SYNCHRONISATION);
  });

  test('a fixed rate that was stored: RDY, +CFUN: 1, +CPIN: READY, Call Ready, SMS Ready', () => {
    const bench = new Bench();
    bench.start();
    bench.ask('AT+IPR=115200;&W');
    bench.output = '';
    reset(bench);
    expect(bench.output.replace(SYNCHRONISATION, '')).toBe(
      '\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n',
    );
  });

  test('a fixed rate that was not stored is gone after a reset', () => {
    const bench = new Bench().start();
    bench.ask('AT+IPR=115200');
    bench.output = '';
    reset(bench);
    expect(bench.output).toBe(SYNCHRONISATION);
  });

  test('some versions store it by themselves', () => {
    const bench = new Bench({ dialect: COMPACT }).start();
    bench.ask('AT+IPR=115200');
    bench.output = '';
    reset(bench);
    expect(bench.output).toContain('RDY');
  });
});

describe('3.2.42 AT+CFUN=1,1', () => {
  test('OK, then the module is back as after a reset', () => {
    const bench = new Bench({ storedBaud: 115_200 }).start();
    const lines = bench.lines('AT+CFUN=1,1', 6_000).map((line) => line.replace(SYNCHRONISATION, ''));
    expect(lines.filter((line) => line !== '')).toEqual([
      'OK',
      '+CPIN: NOT READY',
      'RDY',
      '+CFUN: 1',
      '+CPIN: READY',
      'Call Ready',
      'SMS Ready',
    ]);
    expect(bench.modem.counters.boots).toBe(2);
  });

  test('as the manual prints it: OK only after the reset, at a fixed rate', () => {
    const bench = new Bench({ storedBaud: 115_200, dialect: PRINTED }).start();
    const output = bench.ask('AT+CFUN=1,1', 6_000);
    expect(output.indexOf('OK')).toBeGreaterThan(output.indexOf('RDY'));
    expect(output.match(/OK/g)).toHaveLength(1);
  });
});
