/** Opening and closing: manual V1.09 sections 8.2.2 (CIPSTART), 8.2.6 (CIPCLOSE), 8.2.28 (CIPRDTIMER). */
import { COMPACT, PRINTED } from '../../../sim/modem/dialect';
import { Bench, PORT, SERVER } from './bench';

const OK = '\r\nOK\r\n';
const SINGLE: readonly string[] = [];
const MULTI: readonly string[] = ['AT+CIPMUX=1'];

describe('8.2.2 AT+CIPSTART', () => {
  test.each([
    ['one link', SINGLE, `AT+CIPSTART="TCP","${SERVER}","${PORT}"`, ['OK', 'CONNECT OK']],
    ['one link, port bare', SINGLE, `AT+CIPSTART="TCP","${SERVER}",${PORT}`, ['OK', 'CONNECT OK']],
    ['one link, by name', SINGLE, `AT+CIPSTART="TCP","link.example",${PORT}`, ['OK', 'CONNECT OK']],
    ['several links', MULTI, `AT+CIPSTART=5,"TCP","${SERVER}",${PORT}`, ['OK', '5, CONNECT OK']],
    ['closed port', MULTI, `AT+CIPSTART=1,"TCP","${SERVER}",1`, ['OK', '1, CONNECT FAIL']],
    ['unknown name', MULTI, 'AT+CIPSTART=1,"TCP","no.example",1', ['OK', '1, CONNECT FAIL']],
    [
      'closed port, one link',
      SINGLE,
      `AT+CIPSTART="TCP","${SERVER}",1`,
      ['OK', 'STATE: TCP CLOSED', 'CONNECT FAIL'],
    ],
  ])('%s', (_case, settings, line, answer) => {
    const bench = new Bench().online(...settings);
    expect(bench.lines(line)).toEqual(answer);
  });

  test.each([
    ['no link number', MULTI, `AT+CIPSTART="TCP","${SERVER}",${PORT}`],
    ['link 6', MULTI, `AT+CIPSTART=6,"TCP","${SERVER}",${PORT}`],
    ['a link number with one link', SINGLE, `AT+CIPSTART=0,"TCP","${SERVER}",${PORT}`],
    ['UDP is not simulated', SINGLE, `AT+CIPSTART="UDP","${SERVER}",${PORT}`],
    ['port 0', SINGLE, `AT+CIPSTART="TCP","${SERVER}",0`],
    ['port 65536', SINGLE, `AT+CIPSTART="TCP","${SERVER}",65536`],
    ['no host', SINGLE, `AT+CIPSTART="TCP","",${PORT}`],
    ['no port', SINGLE, `AT+CIPSTART="TCP","${SERVER}"`],
  ])('%s: ERROR', (_case, settings, line) => {
    expect(new Bench().online(...settings).ask(line)).toBe('\r\nERROR\r\n');
  });

  test.each([
    ['several links', MULTI, '0,', 75_000, '\r\n0, CONNECT FAIL\r\n'],
    ['one link', SINGLE, '', 160_000, '\r\nSTATE: TCP CLOSED\r\n\r\nCONNECT FAIL\r\n'],
  ])('nobody answers: CONNECT FAIL after the longest time, %s', (_case, settings, place, limitMs, answer) => {
    const bench = new Bench().online(...settings);
    expect(bench.ask(`AT+CIPSTART=${place}"TCP","192.0.2.1",80`)).toBe(OK);
    expect(bench.wait(limitMs - 1_000)).toBe('');
    expect(bench.wait(1_000)).toBe(answer);
  });

  test('the state on the way: TCP CONNECTING', () => {
    const bench = new Bench().online();
    bench.ask('AT+CIPSTART="TCP","192.0.2.1",80');
    expect(bench.lines('AT+CIPSTATUS')[1]).toBe('STATE: TCP CONNECTING');
  });

  test.each([
    ['field', undefined, SINGLE, '', 'ERROR,ALREADY CONNECT'],
    ['field', undefined, MULTI, '0,', 'ERROR,0, ALREADY CONNECT'],
    ['printed', PRINTED, MULTI, '0,', 'OK,0,ALREADY CONNECT'],
    ['compact', COMPACT, MULTI, '0,', '0,ALREADY CONNECT'],
  ])('a connection that exists, %s dialect', (_name, dialect, settings, place, answer) => {
    const bench = new Bench(dialect ? { dialect } : {}).connected(...settings);
    expect(bench.lines(`AT+CIPSTART=${place}"TCP","${SERVER}",${PORT}`).join(',')).toBe(answer);
    expect(bench.accepted).toHaveLength(1);
  });

  test('six links at once', () => {
    const bench = new Bench().online(...MULTI);
    for (const link of [0, 1, 2, 3, 4, 5]) {
      expect(bench.lines(`AT+CIPSTART=${link},"TCP","${SERVER}",${PORT}`)[1]).toBe(`${link}, CONNECT OK`);
    }
    expect(bench.accepted).toHaveLength(6);
  });

  test('one link in IP INITIAL: the module brings the context up by itself', () => {
    const bench = new Bench().start();
    expect(bench.lines(`AT+CIPSTART="TCP","${SERVER}",${PORT}`, 500)).toEqual(['OK', 'CONNECT OK']);
    expect(bench.lines('AT+CIPSTATUS')[1]).toBe('STATE: CONNECT OK');
  });

  test('one link in IP INITIAL, access point refused: the state shows why', () => {
    const bench = new Bench({ accessRule: () => 'refuse' }).start();
    expect(bench.lines(`AT+CIPSTART="TCP","${SERVER}",${PORT}`, 500)).toEqual([
      'OK',
      '+PDP: DEACT',
      'STATE: PDP DEACT',
      'CONNECT FAIL',
    ]);
  });

  test('the test command names the modes, with and without link numbers', () => {
    expect(new Bench().start().ask('AT+CIPSTART=?')).toContain('+CIPSTART: ("TCP","UDP"),("(0-255).');
    const bench = new Bench().start();
    bench.ask('AT+CIPMUX=1');
    expect(bench.ask('AT+CIPSTART=?')).toContain('+CIPSTART: (0-5),("TCP","UDP"),("DOMAIN NAME"),(0-65535)');
  });
});

describe('8.2.6 AT+CIPCLOSE', () => {
  test.each([
    ['one link', SINGLE, 'AT+CIPCLOSE', 'CLOSE OK'],
    ['one link, slow', SINGLE, 'AT+CIPCLOSE=0', 'CLOSE OK'],
    ['one link, quick', SINGLE, 'AT+CIPCLOSE=1', 'CLOSE OK'],
    ['several links', MULTI, 'AT+CIPCLOSE=0', '0, CLOSE OK'],
    ['several links, quick', MULTI, 'AT+CIPCLOSE=0,1', '0, CLOSE OK'],
  ])('%s: no OK, and the server sees the end', (_case, settings, line, answer) => {
    const bench = new Bench().connected(...settings);
    expect(bench.ask(line)).toBe(`\r\n${answer}\r\n`);
    expect(bench.closeReasons).toEqual(['end']);
    expect(bench.wait(10_000)).toBe('');
  });

  test.each([
    ['one link, none open', SINGLE, 'AT+CIPCLOSE', '+CME ERROR: 3'],
    ['several links, none open', MULTI, 'AT+CIPCLOSE=1', '+CME ERROR: 3'],
    ['several links, no number', MULTI, 'AT+CIPCLOSE', 'ERROR'],
    ['several links, number 6', MULTI, 'AT+CIPCLOSE=6', 'ERROR'],
    ['a mode of 2', SINGLE, 'AT+CIPCLOSE=2', 'ERROR'],
  ])('%s', (_case, settings, line, answer) => {
    const bench = new Bench().connected(...settings);
    bench.ask('AT+CMEE=1');
    if (settings === SINGLE && line !== 'AT+CIPCLOSE=2') bench.ask('AT+CIPCLOSE');
    expect(bench.lines(line)).toEqual([answer]);
  });

  test('a connection on its way can be closed, and nothing more is said of it', () => {
    const bench = new Bench().online(...MULTI);
    bench.ask('AT+CIPSTART=0,"TCP","192.0.2.1",80');
    expect(bench.ask('AT+CIPCLOSE=0')).toBe('\r\n0, CLOSE OK\r\n');
    expect(bench.wait(200_000)).toBe('');
  });

  test('TCP CLOSED afterwards, and the link can be opened again', () => {
    const bench = new Bench().connected();
    bench.ask('AT+CIPCLOSE');
    expect(bench.lines('AT+CIPSTATUS')[1]).toBe('STATE: TCP CLOSED');
    expect(bench.lines(`AT+CIPSTART="TCP","${SERVER}",${PORT}`)).toEqual(['OK', 'CONNECT OK']);
  });
});

describe('a close by the other end', () => {
  test.each([
    ['one link', SINGLE, 2_000, 'CLOSED'],
    ['several links', MULTI, 3_500, '0, CLOSED'],
  ])('%s: told %i ms late', (_case, settings, delayMs, text) => {
    const bench = new Bench().connected(...settings);
    bench.accepted[0]!.close();
    expect(bench.wait(delayMs - 10)).toBe('');
    expect(bench.wait(100)).toBe(`\r\n${text}\r\n`);
    expect(bench.closeReasons).toEqual(['end']);
  });

  test('8.2.28 AT+CIPRDTIMER shortens it', () => {
    const bench = new Bench().connected('AT+CIPMUX=1', 'AT+CIPRDTIMER=100,200');
    expect(bench.lines('AT+CIPRDTIMER?')).toEqual(['+CIPRDTIMER: 100,200', 'OK']);
    bench.accepted[0]!.close();
    expect(bench.wait(250)).toBe('\r\n0, CLOSED\r\n');
    expect(bench.ask('AT+CIPRDTIMER=99,200')).toBe('\r\nERROR\r\n');
    expect(bench.ask('AT+CIPRDTIMER=100,7001')).toBe('\r\nERROR\r\n');
  });

  test('meanwhile AT+CIPSTATUS says REMOTE CLOSING, and a send fails', () => {
    const bench = new Bench().connected(...MULTI);
    bench.accepted[0]!.close();
    bench.clock.advance(100);
    expect(bench.lines('AT+CIPSTATUS=0')[0]).toContain('"REMOTE CLOSING"');
    expect(bench.ask('AT+CIPSEND=0,2')).toBe('\r\n> ');
    bench.output = '';
    bench.send('hi');
    bench.clock.advance(100);
    expect(bench.output).toBe('\r\n0, SEND FAIL\r\n');
  });

  test('a reset looks the same', () => {
    const bench = new Bench().connected();
    bench.accepted[0]!.reset();
    expect(bench.wait(2_100)).toBe('\r\nCLOSED\r\n');
  });

  test('what arrived before the end is handed over, also after CLOSED', () => {
    const bench = new Bench().connected('AT+CIPRXGET=1');
    bench.accepted[0]!.write(Buffer.from('bye'));
    bench.accepted[0]!.close();
    expect(bench.wait(3_000)).toBe('\r\n+CIPRXGET: 1\r\n\r\nCLOSED\r\n');
    expect(bench.ask('AT+CIPRXGET=2,10')).toBe('\r\n+CIPRXGET: 2,3,0\r\nbye\r\nOK\r\n');
  });

  test('a link opened anew starts empty', () => {
    const bench = new Bench().connected('AT+CIPRXGET=1');
    bench.accepted[0]!.write(Buffer.from('old'));
    bench.accepted[0]!.close();
    bench.clock.advance(3_000);
    bench.ask(`AT+CIPSTART="TCP","${SERVER}",${PORT}`);
    expect(bench.lines('AT+CIPRXGET=4')).toEqual(['+CIPRXGET: 4,0', 'OK']);
  });
});

describe('spacing', () => {
  test.each([
    ['field', undefined, '0, CONNECT OK'],
    ['printed', PRINTED, '0,CONNECT OK'],
    ['compact', COMPACT, '0,CONNECT OK'],
  ])('%s', (_name, dialect, text) => {
    const bench = new Bench(dialect ? { dialect } : {}).online(...MULTI);
    expect(bench.lines(`AT+CIPSTART=0,"TCP","${SERVER}",${PORT}`)[1]).toBe(text);
  });
});
