/** Command lines as SIM800 Series AT Command Manual V1.09 describes them, sections 1.4 and 2.2. */
import { Bench } from './bench';

const OK = '\r\nOK\r\n';
const ERROR = '\r\nERROR\r\n';

describe('1.4 AT command syntax', () => {
  test.each([
    ['AT', 'AT'],
    ['at', 'at'],
    ['aT', 'aT'],
    ['At', 'At'],
  ])('prefix %s is understood once the rate is known', (prefix) => {
    const bench = new Bench().start();
    expect(bench.ask(`${prefix}+CFUN?`)).toBe('\r\n+CFUN: 1\r\n\r\nOK\r\n');
  });

  test.each([
    ['an answer stands between <CR><LF> pairs', 'AT', OK],
    ['names are read in either case', 'at+cfun?', '\r\n+CFUN: 1\r\n\r\nOK\r\n'],
    ['noise before the prefix is skipped', '\x00IIII\xff\xffAT', OK],
    ['a line without a prefix gets no answer', 'HELLO', ''],
    ['an empty line gets no answer', '', ''],
    ['an unknown command is an error', 'AT+NOSUCH', ERROR],
    ['an unknown basic command is an error', 'ATJ', ERROR],
    ['an unfinished string is an error', 'AT+CSTT="CMNET', ERROR],
    ['something after a string is an error', 'AT+CSTT="CMNET"x', ERROR],
    ['blanks around parameters are allowed', 'AT+CSTT= "CMNET" , "u" , "p"', OK],
  ])('%s', (_fact, line, answer) => {
    expect(new Bench().start().ask(line)).toBe(answer);
  });

  test('1.4.3 the four forms: test, read, write, execution', () => {
    const bench = new Bench().start();
    expect(bench.ask('AT+CMEE=?')).toBe('\r\n+CMEE: (0-2)\r\n\r\nOK\r\n');
    expect(bench.ask('AT+CMEE=2')).toBe(OK);
    expect(bench.ask('AT+CMEE?')).toBe('\r\n+CMEE: 2\r\n\r\nOK\r\n');
    expect(bench.ask('AT+CSQ')).toBe('\r\n+CSQ: 20,0\r\n\r\nOK\r\n');
  });

  test.each([
    ['AT+CMEE=3'],
    ['AT+CMEE='],
    ['AT+CMEE=-1'],
    ['AT+CMEE=1.0'],
    ['AT+CMEE=1,1'],
    ['AT+CMEE'],
    ['AT+CSQ?'],
    ['AT+CSQ=1'],
  ])('1.4.3 %s is refused', (line) => {
    expect(new Bench().start().ask(line)).toBe(ERROR);
  });

  test('1.4.4 commands on one line share one final result', () => {
    const bench = new Bench().start();
    expect(bench.lines('ATE0Q0V1;+CMEE=1;+CSQ;+CFUN?')).toEqual(['+CSQ: 20,0', '+CFUN: 1', 'OK']);
    expect(bench.lines('AT+CMEE?')).toEqual(['+CMEE: 1', 'OK']);
  });

  test('1.4.4 nothing after a failed command of the line is run', () => {
    const bench = new Bench().start();
    expect(bench.lines('AT+CSQ;+NOSUCH;+CMEE=2')).toEqual(['+CSQ: 20,0', 'ERROR']);
    expect(bench.lines('AT+CMEE?')).toEqual(['+CMEE: 0', 'OK']);
  });

  test('1.4.4 a semicolon inside quotes parts nothing', () => {
    const bench = new Bench().start();
    expect(bench.ask('AT+CSTT="a;b"')).toBe(OK);
    expect(bench.lines('AT+CSTT?')).toEqual(['+CSTT: "a;b","",""', 'OK']);
  });

  test('1.4.4 a line takes 556 characters after AT and not one more', () => {
    const bench = new Bench().start();
    const fitting = `+CSTT="${'x'.repeat(556 - '+CSTT=""'.length)}"`;
    expect(fitting).toHaveLength(556);
    expect(bench.ask(`AT${fitting}`)).toBe(OK);
    bench.ask('AT+CIPSHUT');
    expect(bench.ask(`AT+CSTT="${'x'.repeat(557 - '+CSTT=""'.length)}"`)).toBe(ERROR);
    expect(bench.lines('AT+CSTT?')[0]).toBe(`+CSTT: ${fitting.slice('+CSTT='.length)},"",""`);
  });

  test('1.4.5 a line sent before the last result waits for it, and is counted', () => {
    const bench = new Bench().start();
    bench.ask('AT+CSTT="CMNET"');
    expect(bench.modem.counters.impatientBytes).toBe(0);
    bench.send('AT+CIICR\rAT+CIFSR\r');
    expect(bench.wait(500)).toMatch(/^\r\nOK\r\n\r\n10\.\d+\.\d+\.\d+\r\n$/);
    expect(bench.modem.counters.impatientBytes).toBe('AT+CIFSR\r'.length);
  });

  test('1.4.5 a line feed after the carriage return is no impatience', () => {
    const bench = new Bench().start();
    bench.send('AT\r\n');
    bench.clock.advance(100);
    expect(bench.output).toContain('OK');
    expect(bench.modem.counters.impatientBytes).toBe(0);
  });
});

describe('2.2 V.25TER commands', () => {
  test('2.2.1 A/ repeats the last line without a carriage return', () => {
    const bench = new Bench().start();
    bench.ask('AT+CFUN?');
    bench.output = '';
    bench.send('A/');
    bench.clock.advance(100);
    expect(bench.output).toBe('\r\n+CFUN: 1\r\n\r\nOK\r\n');
  });

  test('2.2.7 ATE: the echo comes before the answer and is over after ATE0', () => {
    const bench = new Bench().start();
    expect(bench.ask('ATE1')).toBe(OK);
    expect(bench.ask('AT')).toBe('AT\r\r\nOK\r\n');
    expect(bench.ask('ATE')).toBe('ATE\r\r\nOK\r\n');
    expect(bench.ask('AT')).toBe(OK);
    expect(bench.ask('ATE2')).toBe(ERROR);
  });

  test.each([
    ['2.2.9', 'ATI', 'SIM800 R14.18'],
    ['2.2.33', 'AT+GCAP', '+GCAP: +CGSM'],
    ['2.2.34', 'AT+GMI', 'SIMCOM_Ltd'],
    ['2.2.35', 'AT+GMM', 'SIMCOM_SIM800A'],
    ['2.2.36', 'AT+GMR', 'Revision:1418B05SIM800A32'],
    ['2.2.38', 'AT+GSN', '865067020000019'],
    ['3.2.8', 'AT+CGMI', 'SIMCOM_Ltd'],
    ['3.2.9', 'AT+CGMM', 'SIMCOM_SIM800A'],
    ['3.2.10', 'AT+CGMR', 'Revision:1418B05SIM800A32'],
    ['3.2.11', 'AT+CGSN', '865067020000019'],
  ])('%s %s tells who it is', (_section, line, text) => {
    expect(new Bench().start().ask(line)).toBe(`\r\n${text}\r\n\r\nOK\r\n`);
  });

  test('2.2.15 ATQ1 keeps results back, not information', () => {
    const bench = new Bench().start();
    expect(bench.ask('ATQ1')).toBe('');
    expect(bench.ask('AT+CFUN?')).toBe('\r\n+CFUN: 1\r\n');
    expect(bench.ask('ATQ0')).toBe(OK);
  });

  test.each([
    ['2.2.16', 'ATS0?', '000'],
    ['2.2.17', 'ATS3?', '013'],
    ['2.2.18', 'ATS4?', '010'],
    ['2.2.19', 'ATS5?', '008'],
    ['2.2.21', 'ATS7?', '060'],
  ])('%s %s gives %s', (_section, line, value) => {
    expect(new Bench().start().lines(line)).toEqual([value, 'OK']);
  });

  test.each([
    ['2.2.17', 'ATS3=13', OK],
    ['2.2.17', 'ATS3=12', ERROR],
    ['2.2.18', 'ATS4=11', ERROR],
    ['2.2.16', 'ATS0=255', OK],
    ['2.2.16', 'ATS0=256', ERROR],
    ['2.2.16', 'ATS99=1', ERROR],
  ])('%s %s', (_section, line, answer) => {
    expect(new Bench().start().ask(line)).toBe(answer);
  });

  test('2.2.19 S5: backspace takes the last character back', () => {
    expect(new Bench().start().lines('AT+CFUX\bN?')).toEqual(['+CFUN: 1', 'OK']);
  });

  test('2.2.25 ATV0: numbers with <CR> for results, <text><CR><LF> for information', () => {
    const bench = new Bench().start();
    expect(bench.ask('ATV0')).toBe('0\r');
    expect(bench.ask('AT')).toBe('0\r');
    expect(bench.ask('AT+CFUN?')).toBe('+CFUN: 1\r\n0\r');
    expect(bench.ask('AT+NOSUCH')).toBe('4\r');
    expect(bench.ask('ATV1')).toBe(OK);
  });
});

describe('3.2.20 AT+CMEE', () => {
  test.each([
    [0, 'ERROR'],
    [1, '+CME ERROR: 3'],
    [2, '+CME ERROR: operation not allowed'],
  ])('mode %i: AT+CIICR in IP INITIAL answers %s', (mode, answer) => {
    const bench = new Bench().start();
    bench.ask(`AT+CMEE=${mode}`);
    expect(bench.lines('AT+CIICR')).toEqual([answer]);
  });

  test('an unknown or misspelt command is CME 100', () => {
    const bench = new Bench().start();
    bench.ask('AT+CMEE=1');
    expect(bench.lines('AT+CPI')).toEqual(['+CME ERROR: 100']);
    expect(bench.lines('AT+CREG}1')).toEqual(['+CME ERROR: 100']);
  });
});
