/** One session from power to close, with one link and with several, each answer as the manual prints it. */
import { Bench, PORT, SERVER } from './bench';

describe('a session from power on to power down', () => {
  test('one link, automatic receive', () => {
    const bench = new Bench();
    bench.powerOn();
    expect(bench.ask('AT')).toBe('AT\r\r\nOK\r\n');
    expect(bench.ask('ATE0')).toBe('ATE0\r\r\nOK\r\n');
    bench.clock.advance(1_000);
    expect(bench.ask('AT+CPIN?')).toBe('\r\n+CPIN: READY\r\n\r\nOK\r\n');
    expect(bench.ask('AT+CSQ')).toBe('\r\n+CSQ: 20,0\r\n\r\nOK\r\n');
    expect(bench.ask('AT+CREG?')).toBe('\r\n+CREG: 0,1\r\n\r\nOK\r\n');
    expect(bench.ask('AT+CGATT?')).toBe('\r\n+CGATT: 1\r\n\r\nOK\r\n');
    expect(bench.ask('AT+CIPSHUT')).toBe('\r\nSHUT OK\r\n');
    expect(bench.ask('AT+CSTT="CMNET"')).toBe('\r\nOK\r\n');
    expect(bench.ask('AT+CIICR')).toBe('\r\nOK\r\n');
    expect(bench.ask('AT+CIFSR')).toMatch(/^\r\n10\.\d+\.\d+\.\d+\r\n$/);
    expect(bench.ask(`AT+CIPSTART="TCP","${SERVER}","${PORT}"`)).toBe('\r\nOK\r\n\r\nCONNECT OK\r\n');
    expect(bench.ask('AT+CIPSEND=5')).toBe('\r\n> ');
    bench.output = '';
    bench.send('hello');
    bench.clock.advance(100);
    expect(bench.output).toBe('\r\nSEND OK\r\n');
    expect(bench.arrived).toEqual(['hello']);
    bench.accepted[0]!.write(Buffer.from('welcome'));
    expect(bench.wait(100)).toBe('welcome');
    expect(bench.ask('AT+CIPCLOSE')).toBe('\r\nCLOSE OK\r\n');
    expect(bench.closeReasons).toEqual(['end']);
    expect(bench.ask('AT+CPOWD=1')).toBe('\r\nNORMAL POWER DOWN\r\n');
    expect(bench.modem.status).toBe(0);
  });

  test('several links, manual receive, quick send', () => {
    const bench = new Bench().start();
    for (const line of ['AT+CIPMUX=1', 'AT+CIPQSEND=1', 'AT+CIPRXGET=1', 'AT+CSTT="CMNET"', 'AT+CIICR']) {
      expect(bench.ask(line)).toBe('\r\nOK\r\n');
    }
    bench.ask('AT+CIFSR');
    expect(bench.ask('AT+CIPSTART=2,"TCP","link.example",9000')).toBe('\r\nOK\r\n\r\n2, CONNECT OK\r\n');
    expect(bench.ask('AT+CIPSEND=2,3')).toBe('\r\n> ');
    bench.output = '';
    bench.send('abc');
    bench.clock.advance(100);
    expect(bench.output).toBe('\r\nDATA ACCEPT:2,3\r\n');
    bench.accepted[0]!.write(Buffer.from('0123456789'));
    expect(bench.wait(100)).toBe('\r\n+CIPRXGET: 1,2\r\n');
    expect(bench.ask('AT+CIPRXGET=2,2,4')).toBe('\r\n+CIPRXGET: 2,2,4,6\r\n0123\r\nOK\r\n');
    expect(bench.ask('AT+CIPRXGET=4,2')).toBe('\r\n+CIPRXGET: 4,2,6\r\n\r\nOK\r\n');
    expect(bench.ask('AT+CIPCLOSE=2')).toBe('\r\n2, CLOSE OK\r\n');
  });
});
