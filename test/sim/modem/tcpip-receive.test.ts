/** Receiving: manual V1.09 sections 8.2.15 (CIPHEAD), 8.2.20, 8.2.24, 8.2.26 (CIPRXGET), 8.2.30 (CIPTKA). */
import { IDEAL } from '../../../sim/network/profile';
import { PRINTED } from '../../../sim/modem/dialect';
import { Bench, PORT, SERVER } from './bench';

const MANUAL = 'AT+CIPRXGET=1';
const MULTI = 'AT+CIPMUX=1';

/** A connected bench to which the server has sent `text`; one or several links. */
function holding(text: string, ...settings: string[]): Bench {
  const bench = new Bench().connected(MANUAL, ...settings);
  bench.accepted[0]!.write(Buffer.from(text, 'latin1'));
  bench.clock.advance(1_000);
  return bench;
}

describe('8.2.26 AT+CIPRXGET', () => {
  test.each([
    ['one link', [], '+CIPRXGET: 1'],
    ['several links', [MULTI], '+CIPRXGET: 1,0'],
    ['with its source', ['AT+CIPSRIP=1'], '+CIPRXGET: 1,203.0.113.5:9000'],
    ['several links, with its source', [MULTI, 'AT+CIPSRIP=1'], '+CIPRXGET: 1,0,203.0.113.5:9000'],
  ])('the news of data, %s', (_case, settings, text) => {
    const bench = new Bench().connected(MANUAL, ...settings);
    bench.accepted[0]!.write(Buffer.from('data'));
    expect(bench.wait(100)).toBe(`\r\n${text}\r\n`);
  });

  test.each([
    ['all of it', 'AT+CIPRXGET=2,100', '+CIPRXGET: 2,10,0', '0123456789'],
    ['a part: the second number is what remains', 'AT+CIPRXGET=2,4', '+CIPRXGET: 2,4,6', '0123'],
    ['as hex', 'AT+CIPRXGET=3,4', '+CIPRXGET: 3,4,6', '30313233'],
  ])('%s', (_case, line, head, data) => {
    expect(holding('0123456789').ask(line)).toBe(`\r\n${head}\r\n${data}\r\nOK\r\n`);
  });

  test.each([
    ['AT+CIPRXGET=2,0,100', '\r\n+CIPRXGET: 2,0,5,0\r\nhello\r\nOK\r\n'],
    ['AT+CIPRXGET=3,0,2', '\r\n+CIPRXGET: 3,0,2,3\r\n6865\r\nOK\r\n'],
    ['AT+CIPRXGET=4,0', '\r\n+CIPRXGET: 4,0,5\r\n\r\nOK\r\n'],
    ['AT+CIPRXGET=?', '\r\n+CIPRXGET: (0-4),(0-5),(1-1460)\r\n\r\nOK\r\n'],
    ['AT+CIPRXGET?', '\r\n+CIPRXGET: 1\r\n\r\nOK\r\n'],
  ])('several links: %s', (line, answer) => {
    expect(holding('hello', MULTI).ask(line)).toBe(answer);
  });

  test('nothing to read: zero, no data line', () => {
    const bench = new Bench().connected(MANUAL);
    expect(bench.ask('AT+CIPRXGET=2,100')).toBe('\r\n+CIPRXGET: 2,0,0\r\n\r\nOK\r\n');
  });

  test('any byte may be in the data', () => {
    const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, value) => value));
    const bench = holding(`OK\r\n${bytes}`);
    expect(bench.ask('AT+CIPRXGET=2,1460')).toBe(`\r\n+CIPRXGET: 2,260,0\r\nOK\r\n${bytes}\r\nOK\r\n`);
  });

  test.each([
    ['AT+CIPRXGET=2,1460', '+CIPRXGET: 2,1460,540'],
    ['AT+CIPRXGET=3,730', '+CIPRXGET: 3,730,1270'],
  ])('the longest read: %s', (line, head) => {
    expect(holding('x'.repeat(2_000)).lines(line, 1_000)[0]).toBe(head);
  });

  test.each([
    ['AT+CIPRXGET=2,1461'],
    ['AT+CIPRXGET=3,731'],
    ['AT+CIPRXGET=2,0'],
    ['AT+CIPRXGET=2'],
    ['AT+CIPRXGET=4,0'],
    ['AT+CIPRXGET=5'],
    ['AT+CIPRXGET=2,1,1'],
  ])('one link: %s is refused', (line) => {
    expect(holding('hello').ask(line)).toBe('\r\nERROR\r\n');
  });

  test.each([['AT+CIPRXGET=2,100'], ['AT+CIPRXGET=2,6,100'], ['AT+CIPRXGET=4'], ['AT+CIPRXGET=2,1,100']])(
    'several links: %s is refused',
    (line) => {
      expect(holding('hello', MULTI).ask(line)).toMatch(/^\r\nERROR\r\n$/);
    },
  );

  test.each([['AT+CIPRXGET=2,10'], ['AT+CIPRXGET=3,10'], ['AT+CIPRXGET=4']])(
    '%s is refused while data is pushed to the host',
    (line) => {
      expect(new Bench().connected().ask(line)).toBe('\r\nERROR\r\n');
    },
  );

  test('modes 0 and 1 must be chosen before the connection', () => {
    const bench = new Bench().connected();
    expect(bench.ask('AT+CIPRXGET=1')).toBe('\r\nERROR\r\n');
    bench.ask('AT+CIPCLOSE');
    expect(bench.ask('AT+CIPRXGET=1')).toBe('\r\nOK\r\n');
  });

  test('more data is not told until something was read', () => {
    const bench = holding('one');
    bench.accepted[0]!.write(Buffer.from('two'));
    expect(bench.wait(1_000)).toBe('');
    expect(bench.ask('AT+CIPRXGET=2,2')).toContain('+CIPRXGET: 2,2,4');
    bench.accepted[0]!.write(Buffer.from('three'));
    expect(bench.wait(1_000)).toBe('\r\n+CIPRXGET: 1\r\n');
    expect(bench.ask('AT+CIPRXGET=2,100')).toBe('\r\n+CIPRXGET: 2,9,0\r\netwothree\r\nOK\r\n');
  });

  test('asking how much waits is no reading', () => {
    const bench = holding('one');
    bench.ask('AT+CIPRXGET=4');
    bench.accepted[0]!.write(Buffer.from('two'));
    expect(bench.wait(1_000)).toBe('');
  });

  test('the manual prints a blank in mode 4', () => {
    const bench = new Bench({ dialect: PRINTED }).connected(MANUAL);
    expect(bench.lines('AT+CIPRXGET=4')).toEqual(['+CIPRXGET: 4, 0', 'OK']);
  });

  test('links do not mix', () => {
    const bench = new Bench().online(MANUAL, MULTI);
    for (const link of [0, 1]) bench.ask(`AT+CIPSTART=${link},"TCP","${SERVER}",${PORT}`);
    bench.accepted[0]!.write(Buffer.from('zero'));
    bench.accepted[1]!.write(Buffer.from('one'));
    bench.clock.advance(100);
    expect(bench.ask('AT+CIPRXGET=2,1,100')).toContain('\r\none\r\n');
    expect(bench.ask('AT+CIPRXGET=2,0,100')).toContain('\r\nzero\r\n');
  });

  test('a host that does not read closes the window, and nothing is lost', () => {
    const bench = new Bench().connected(MANUAL);
    const text = 'x'.repeat(100_000);
    bench.accepted[0]!.write(Buffer.from(text));
    bench.clock.advance(60_000);
    expect(bench.accepted[0]!.pendingBytes).toBeGreaterThan(80_000);
    let got = 0;
    for (let round = 0; round < 100 && got < text.length; round++) {
      const head = /2,(\d+),(\d+)/.exec(bench.ask('AT+CIPRXGET=2,1460', 1_000))!;
      got += Number(head[1]);
    }
    expect(got).toBe(100_000);
    expect(bench.accepted[0]!.pendingBytes).toBe(0);
  });
});

describe('8.2.26 AT+CIPRXGET=0: data goes straight to the host', () => {
  test.each([
    ['one link', [], 'hello'],
    ['8.2.15 with a head', ['AT+CIPHEAD=1'], '\r\n+IPD,5:hello'],
    ['8.2.24 with the protocol', ['AT+CIPHEAD=1', 'AT+CIPSHOWTP=1'], '\r\n+IPD,5,TCP:hello'],
    ['8.2.20 with its source', ['AT+CIPSRIP=1'], '\r\n+RECV FROM:203.0.113.5:9000\r\nhello'],
    ['several links', [MULTI], '\r\n+RECEIVE,0,5:\r\nhello'],
    ['8.2.20 several links', [MULTI, 'AT+CIPSRIP=1'], '\r\n+RECEIVE,0,5,203.0.113.5:9000:\r\nhello'],
  ])('%s', (_case, settings, output) => {
    const bench = new Bench().connected(...settings);
    bench.accepted[0]!.write(Buffer.from('hello'));
    expect(bench.wait(100)).toBe(output);
  });

  test('at most 1460 bytes behind one head', () => {
    const bench = new Bench().connected(MULTI);
    bench.accepted[0]!.write(Buffer.from('x'.repeat(3_000)));
    const heads = bench.wait(2_000).match(/\+RECEIVE,0,\d+:/g);
    expect(heads).toEqual(['+RECEIVE,0,1460:', '+RECEIVE,0,1460:', '+RECEIVE,0,80:']);
  });
});

describe('8.2.30 AT+CIPTKA', () => {
  test.each([
    ['AT+CIPTKA=1,30,30,1', '1,30,30,1'],
    ['AT+CIPTKA=1,7200,600,9', '1,7200,600,9'],
    ['AT+CIPTKA=0', '0,7200,75,9'],
    ['AT+CIPTKA=1,60', '1,60,75,9'],
  ])('%s', (line, shown) => {
    const bench = new Bench().start();
    expect(bench.ask(line)).toBe('\r\nOK\r\n');
    expect(bench.lines('AT+CIPTKA?')[0]).toBe(`+CIPTKA: ${shown}`);
  });

  test.each([
    ['AT+CIPTKA=2'],
    ['AT+CIPTKA=1,29'],
    ['AT+CIPTKA=1,7201'],
    ['AT+CIPTKA=1,60,29'],
    ['AT+CIPTKA=1,60,60,10'],
    ['AT+CIPTKA='],
  ])('%s is refused and changes nothing', (line) => {
    const bench = new Bench().start();
    expect(bench.ask(line)).toBe('\r\nERROR\r\n');
    expect(bench.lines('AT+CIPTKA?')[0]).toBe('+CIPTKA: 1,7200,75,9');
  });

  test('a half-open connection is found out after idle time and unanswered probes', () => {
    const bench = new Bench().connected('AT+CIPTKA=1,60,30,3');
    bench.network.halfOpen();
    expect(bench.wait(60_000 + 3 * 30_000 - 3_000)).toBe('');
    expect(bench.wait(3_000)).toBe('\r\nCLOSED\r\n');
  });

  test('switched off, it is not found out', () => {
    const bench = new Bench().connected('AT+CIPTKA=0');
    bench.network.halfOpen();
    expect(bench.wait(24 * 3_600_000)).toBe('');
  });

  test('probes keep the mapping of a carrier that forgets idle connections', () => {
    const profile = { ...IDEAL, natIdleMs: 120_000 };
    const kept = new Bench({}, { profile }).connected('AT+CIPTKA=1,60,30,3');
    kept.clock.advance(3_600_000);
    kept.accepted[0]!.write(Buffer.from('still here'));
    expect(kept.wait(1_000)).toBe('still here');
    const forgotten = new Bench({}, { profile }).connected('AT+CIPTKA=1,600,30,3');
    forgotten.clock.advance(500_000);
    forgotten.accepted[0]!.write(Buffer.from('still here'));
    expect(forgotten.wait(1_000)).toBe('');
  });
});
