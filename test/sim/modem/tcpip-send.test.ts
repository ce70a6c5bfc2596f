/** Sending: manual V1.09 sections 8.2.3 (CIPSEND), 8.2.4 (CIPQSEND), 8.2.5 (CIPACK), 8.2.16, 8.2.17. */
import { IDEAL } from '../../../sim/network/profile';
import { COMPACT, PRINTED } from '../../../sim/modem/dialect';
import { Bench } from './bench';

const SINGLE: readonly string[] = [];
const MULTI: readonly string[] = ['AT+CIPMUX=1'];
const QUICK: readonly string[] = ['AT+CIPQSEND=1'];
const FAR = { profile: { ...IDEAL, latencyMs: 250 } };

/** Sends the command, then the payload, and gives what comes after the prompt. */
function sendPayload(bench: Bench, command: string, payload: string, waitMs = 200): string {
  expect(bench.ask(command)).toBe('\r\n> ');
  bench.output = '';
  bench.send(payload);
  bench.clock.advance(waitMs);
  return bench.output;
}

/** Every byte value, with the words and control bytes that mislead parsers. */
const NASTY = `OK\r\nERROR\r\n> CLOSED\r\n+PDP: DEACT\r\n${String.fromCharCode(
  ...Array.from({ length: 256 }, (_, value) => value),
)}`;

describe('8.2.3 AT+CIPSEND', () => {
  test.each([
    ['one link, fixed length', SINGLE, 'AT+CIPSEND=5', 'hello', 'SEND OK'],
    ['one link, until Ctrl-Z', SINGLE, 'AT+CIPSEND', 'hello\x1a', 'SEND OK'],
    ['several links, fixed length', MULTI, 'AT+CIPSEND=0,5', 'hello', '0, SEND OK'],
    ['several links, until Ctrl-Z', MULTI, 'AT+CIPSEND=0', 'hello\x1a', '0, SEND OK'],
    ['quick, one link', QUICK, 'AT+CIPSEND=5', 'hello', 'DATA ACCEPT:5'],
    ['quick, several links', [...MULTI, ...QUICK], 'AT+CIPSEND=0,5', 'hello', 'DATA ACCEPT:0,5'],
    ['quick, until Ctrl-Z', QUICK, 'AT+CIPSEND', 'hello\x1a', 'DATA ACCEPT:5'],
  ])('%s', (_case, settings, command, payload, answer) => {
    const bench = new Bench().connected(...settings);
    expect(sendPayload(bench, command, payload)).toBe(`\r\n${answer}\r\n`);
    expect(bench.arrived).toEqual(['hello']);
  });

  test('a payload of fixed length may hold any byte, Ctrl-Z and Esc too', () => {
    const bench = new Bench().connected();
    expect(sendPayload(bench, `AT+CIPSEND=${NASTY.length}`, NASTY)).toBe('\r\nSEND OK\r\n');
    expect(bench.arrived).toEqual([NASTY]);
  });

  test('what follows a payload of fixed length is the next command', () => {
    const bench = new Bench().connected();
    expect(sendPayload(bench, 'AT+CIPSEND=3', 'abcAT+CFUN?\r')).toBe(
      '\r\nSEND OK\r\n\r\n+CFUN: 1\r\n\r\nOK\r\n',
    );
    expect(bench.arrived).toEqual(['abc']);
  });

  test('Esc cancels: OK, and nothing is sent', () => {
    const bench = new Bench().connected();
    expect(sendPayload(bench, 'AT+CIPSEND', 'hello\x1b')).toBe('\r\nOK\r\n');
    expect(bench.arrived).toEqual(['']);
    expect(bench.ask('AT')).toBe('\r\nOK\r\n');
  });

  test.each([
    ['AT+CIPSEND=0', 'ERROR'],
    ['AT+CIPSEND=1461', 'ERROR'],
    ['AT+CIPSEND=-1', 'ERROR'],
    ['AT+CIPSEND=5,5', 'ERROR'],
    ['AT+CIPSEND=', 'ERROR'],
  ])('%s is refused', (line, answer) => {
    expect(new Bench().connected().lines(line)).toEqual([answer]);
  });

  test.each([
    ['AT+CIPSEND', 'ERROR'],
    ['AT+CIPSEND=6,5', 'ERROR'],
    ['AT+CIPSEND=0,1461', 'ERROR'],
    ['AT+CIPSEND=1,5', '+CME ERROR: 3'],
    ['AT+CIPSEND=1', '+CME ERROR: 3'],
  ])('several links: %s is refused', (line, answer) => {
    const bench = new Bench().connected(...MULTI);
    bench.ask('AT+CMEE=1');
    expect(bench.lines(line)).toEqual([answer]);
  });

  test('1460 bytes go out at once', () => {
    const bench = new Bench().connected();
    const payload = 'x'.repeat(1_460);
    expect(sendPayload(bench, 'AT+CIPSEND=1460', payload, 500)).toBe('\r\nSEND OK\r\n');
    expect(bench.arrived[0]).toBe(payload);
  });

  test('of a payload of free length only the first 1460 bytes go', () => {
    const bench = new Bench().connected();
    expect(sendPayload(bench, 'AT+CIPSEND', `${'x'.repeat(1_500)}\x1a`, 500)).toBe('\r\nSEND OK\r\n');
    expect(bench.arrived[0]).toHaveLength(1_460);
    expect(bench.modem.counters.droppedBytes).toBe(40);
  });

  test('what comes before the prompt is lost', () => {
    const bench = new Bench().connected();
    bench.send('AT+CIPSEND=5\rhello');
    expect(bench.wait(300)).toBe('\r\n> ');
    bench.send('world');
    expect(bench.wait(300)).toBe('\r\nSEND OK\r\n');
    expect(bench.arrived).toEqual(['world']);
    expect(bench.modem.counters.droppedBytes).toBe(5);
  });

  test('a command sent before the prompt is never run', () => {
    const bench = new Bench().connected();
    bench.send('AT+CIPSEND=5\rAT+CFUN?\r');
    bench.clock.advance(300);
    bench.output = '';
    bench.send('world');
    expect(bench.wait(300)).toBe('\r\nSEND OK\r\n');
  });

  test('a line feed after the command is no payload', () => {
    const bench = new Bench().connected();
    bench.send('AT+CIPSEND=2\r\n');
    bench.clock.advance(100);
    bench.send('hi');
    bench.clock.advance(200);
    expect(bench.arrived).toEqual(['hi']);
    expect(bench.modem.counters.droppedBytes).toBe(0);
  });

  test('with the echo on a payload is echoed', () => {
    const bench = new Bench().connected();
    bench.ask('ATE1');
    bench.ask('AT+CIPSEND=5');
    bench.output = '';
    bench.send('hello');
    bench.clock.advance(200);
    expect(bench.output).toBe('hello\r\nSEND OK\r\n');
  });

  test('the payload may come in many pieces', () => {
    const bench = new Bench().connected();
    bench.ask('AT+CIPSEND=10');
    for (const piece of ['01', '2', '3456', '789']) {
      bench.send(piece);
      bench.clock.advance(1_000);
    }
    expect(bench.arrived).toEqual(['0123456789']);
  });

  test('a prompt whose connection is lost before the payload ends in SEND FAIL', () => {
    const bench = new Bench().connected(...MULTI);
    bench.ask('AT+CIPSEND=0,5');
    bench.modem.session!.bearer.deactivatedByNetwork();
    bench.output = '';
    bench.send('hello');
    bench.clock.advance(100);
    expect(bench.output).toBe('\r\n+PDP: DEACT\r\n\r\n0, SEND FAIL\r\n');
  });

  test('the prompt in two parts, some versions', () => {
    const bench = new Bench({ dialect: COMPACT }).connected();
    bench.output = '';
    bench.send('AT+CIPSEND=1\r');
    bench.clock.advance(4);
    expect(bench.output).toBe('\r\n>');
    bench.clock.advance(10);
    expect(bench.output).toBe('\r\n> ');
  });
});

describe('8.2.3 notices around the prompt', () => {
  test('data and a remote close are told between prompt and result', () => {
    const bench = new Bench().connected('AT+CIPMUX=1', 'AT+CIPRXGET=1', 'AT+CIPRDTIMER=100,100');
    bench.ask('AT+CIPSEND=0,5');
    bench.output = '';
    bench.accepted[0]!.write(Buffer.from('x'));
    bench.accepted[0]!.close();
    bench.clock.advance(500);
    expect(bench.output).toBe('\r\n+CIPRXGET: 1,0\r\n\r\n0, CLOSED\r\n');
    bench.output = '';
    bench.send('hello');
    bench.clock.advance(500);
    expect(bench.output).toBe('\r\n0, SEND FAIL\r\n');
  });

  test('a notice never stands inside an answer', () => {
    const bench = new Bench().connected('AT+CIPRXGET=1');
    bench.accepted[0]!.write(Buffer.from('x'));
    bench.clock.advance(10);
    bench.accepted[0]!.write(Buffer.from('y'));
    expect(bench.ask('AT+CIPTKA=?;+CIPTKA?;+CSQ')).toMatch(
      /\r\n\+CIPTKA: \(0-1\),\(30-7200\),\(30-600\),\(1-9\)\r\n\r\n\+CIPTKA: 1,7200,75,9\r\n\r\n\+CSQ: 20,0\r\n\r\nOK\r\n/,
    );
  });
});

describe('8.2.4 AT+CIPQSEND', () => {
  test('0: SEND OK only when the other end has acknowledged', () => {
    const bench = new Bench({}, FAR).connected();
    expect(sendPayload(bench, 'AT+CIPSEND=5', 'hello', 450)).toBe('');
    expect(bench.wait(100)).toBe('\r\nSEND OK\r\n');
  });

  test('1: DATA ACCEPT as soon as the module has the bytes', () => {
    const bench = new Bench({}, FAR).connected(...QUICK);
    expect(sendPayload(bench, 'AT+CIPSEND=5', 'hello', 20)).toBe('\r\nDATA ACCEPT:5\r\n');
    expect(bench.arrived).toEqual(['']);
    bench.clock.advance(300);
    expect(bench.arrived).toEqual(['hello']);
  });

  test.each([
    ['field', undefined, 'CLOSED'],
    ['printed', PRINTED, 'CLOSE'],
  ])('no acknowledgement for 645 s: SEND FAIL and the close, %s dialect', (_name, dialect, text) => {
    const bench = new Bench(dialect ? { dialect } : {}).connected();
    bench.network.halfOpen();
    expect(sendPayload(bench, 'AT+CIPSEND=5', 'hello', 644_000)).toBe('');
    expect(bench.wait(2_000)).toBe(`\r\nSEND FAIL\r\n\r\n${text}\r\n`);
  });

  test('a close while waiting for the acknowledgement: SEND FAIL', () => {
    const bench = new Bench({}, FAR).connected('AT+CIPRDTIMER=100,100');
    bench.ask('AT+CIPSEND=5');
    bench.send('hello');
    bench.clock.advance(10);
    bench.modem.session!.bearer.deactivatedByNetwork();
    bench.output = '';
    bench.clock.advance(10);
    expect(bench.output).toBe('\r\nSEND FAIL\r\n\r\n+PDP: DEACT\r\n');
  });
});

describe('8.2.3 AT+CIPSEND? and 8.2.5 AT+CIPACK', () => {
  test('one link', () => {
    const bench = new Bench({}, FAR).connected(...QUICK);
    expect(bench.lines('AT+CIPSEND?')).toEqual(['+CIPSEND: 1460', 'OK']);
    sendPayload(bench, 'AT+CIPSEND=7', '1234567', 20);
    expect(bench.lines('AT+CIPACK', 20)).toEqual(['+CIPACK: 7,0,7', 'OK']);
    bench.clock.advance(600);
    expect(bench.lines('AT+CIPACK')).toEqual(['+CIPACK: 7,7,0', 'OK']);
    expect(bench.ask('AT+CIPACK=0')).toBe('\r\nERROR\r\n');
  });

  test('several links', () => {
    const bench = new Bench().connected(...MULTI);
    expect(bench.lines('AT+CIPSEND?')).toEqual([
      '+CIPSEND: 0,1460',
      ...[1, 2, 3, 4, 5].map((link) => `+CIPSEND: ${link},0`),
      'OK',
    ]);
    expect(bench.lines('AT+CIPACK=0')).toEqual(['+CIPACK: 0,0,0', 'OK']);
    expect(bench.ask('AT+CIPACK')).toBe('\r\nERROR\r\n');
    expect(bench.ask('AT+CIPACK=1')).toContain('ERROR');
  });

  test('the manual prints blanks between the numbers', () => {
    expect(new Bench({ dialect: PRINTED }).connected().lines('AT+CIPACK')[0]).toBe('+CIPACK: 0, 0, 0');
  });

  test('quick sends fill the buffer until acknowledgements come', () => {
    const bench = new Bench({}, FAR).connected(...QUICK);
    bench.network.halfOpen();
    for (let round = 0; round < 4; round++) {
      expect(sendPayload(bench, 'AT+CIPSEND=1460', 'x'.repeat(1_460), 300)).toBe('\r\nDATA ACCEPT:1460\r\n');
    }
    expect(bench.lines('AT+CIPSEND?')).toEqual(['+CIPSEND: 0', 'OK']);
    expect(bench.ask('AT+CIPSEND=1')).toBe('\r\nERROR\r\n');
  });

  test('the buffer is as large as the profile says', () => {
    const bench = new Bench({ sendBufferBytes: 2_000 }, FAR).connected(...QUICK);
    bench.network.halfOpen();
    sendPayload(bench, 'AT+CIPSEND=1460', 'x'.repeat(1_460), 300);
    expect(bench.lines('AT+CIPSEND?')).toEqual(['+CIPSEND: 540', 'OK']);
    expect(bench.ask('AT+CIPSEND=541')).toBe('\r\nERROR\r\n');
    expect(sendPayload(bench, 'AT+CIPSEND=540', 'y'.repeat(540), 300)).toBe('\r\nDATA ACCEPT:540\r\n');
  });
});

describe('8.2.16 AT+CIPATS and 8.2.17 AT+CIPSPRT', () => {
  test('a payload of free length goes by itself after the time', () => {
    const bench = new Bench().connected('AT+CIPATS=1,3');
    bench.ask('AT+CIPSEND');
    bench.send('hello');
    expect(bench.wait(2_500)).toBe('');
    expect(bench.wait(1_000)).toBe('\r\nSEND OK\r\n');
    expect(bench.arrived).toEqual(['hello']);
  });

  test('a time for one payload does not cut the next one', () => {
    const bench = new Bench().connected('AT+CIPATS=1,3');
    sendPayload(bench, 'AT+CIPSEND', 'one\x1a', 1_500);
    bench.ask('AT+CIPSEND');
    bench.send('two');
    expect(bench.wait(2_000)).toBe('');
    expect(bench.wait(1_500)).toBe('\r\nSEND OK\r\n');
    expect(bench.arrived).toEqual(['onetwo']);
  });

  test.each([
    [0, '', '\r\nSEND OK\r\n'],
    [1, '\r\n> ', '\r\nSEND OK\r\n'],
    [2, '', ''],
  ])('AT+CIPSPRT=%i: prompt %j, result %j', (mode, prompt, result) => {
    const bench = new Bench().connected(`AT+CIPSPRT=${mode}`);
    expect(bench.ask('AT+CIPSEND=5')).toBe(prompt);
    bench.output = '';
    bench.send('hello');
    bench.clock.advance(200);
    expect(bench.output).toBe(result);
    expect(bench.arrived).toEqual(['hello']);
  });
});
