/**
 * What each named fault does to a host, one story each. A fault without a story here fails the last test.
 */
import { FaultInjector } from '../../../sim/modem/faults/injector';
import { ALL_FAULTS } from '../../../sim/modem/faults';
import { TYPICAL } from '../../../sim/modem/timing';
import { Bench, PORT, SERVER } from './bench';

const MULTI = ['AT+CIPMUX=1', 'AT+CIPRXGET=1'];
const START = `AT+CIPSTART=0,"TCP","${SERVER}",${PORT}`;

function strike(bench: Bench, fault: string): FaultInjector {
  const injector = new FaultInjector({
    clock: bench.clock,
    random: bench.random.fork('faults'),
    network: bench.network,
    modem: bench.modem,
  });
  injector.add(fault);
  bench.output = '';
  return injector;
}

function send(bench: Bench, payload = 'hello', waitMs = 500): string {
  bench.ask(`AT+CIPSEND=0,${payload.length}`);
  bench.output = '';
  bench.send(payload);
  bench.clock.advance(waitMs);
  return bench.output;
}

function fromServer(bench: Bench, text: string, connection = 0): void {
  bench.accepted[connection]!.write(Buffer.from(text));
  bench.clock.advance(100);
}

const connected = (): Bench => new Bench().connected(...MULTI);

const STORIES: Readonly<Record<string, () => void>> = {
  'no-prompt': () => {
    const bench = connected();
    strike(bench, 'no-prompt');
    expect(bench.ask('AT+CIPSEND=0,5', 60_000)).toBe('');
    expect(bench.ask('AT', 60_000)).toBe('\r\nOK\r\n');
  },
  'split-prompt': () => {
    const bench = connected();
    strike(bench, 'split-prompt');
    expect(bench.ask('AT+CIPSEND=0,5', 100)).toBe('\r\n>');
    expect(bench.wait(200)).toBe(' ');
    bench.send('hello');
    expect(bench.wait(200)).toBe('\r\n0, SEND OK\r\n');
  },
  'send-refused': () => {
    const bench = connected();
    bench.ask('AT+CMEE=1');
    strike(bench, 'send-refused');
    expect(bench.ask('AT+CIPSEND=0,5')).toBe('\r\n+CME ERROR: 3\r\n');
    expect(send(bench)).toBe('\r\n0, SEND OK\r\n');
  },
  'send-fail': () => {
    const bench = connected();
    strike(bench, 'send-fail');
    expect(send(bench)).toBe('\r\n0, SEND FAIL\r\n');
    expect(bench.arrived).toEqual(['']);
    expect(send(bench)).toBe('\r\n0, SEND OK\r\n');
  },
  'send-fail-delivered': () => {
    const bench = connected();
    strike(bench, 'send-fail-delivered');
    expect(send(bench)).toBe('\r\n0, SEND FAIL\r\n');
    expect(bench.arrived).toEqual(['hello']);
  },
  'forgotten-notice': () => {
    const bench = connected();
    strike(bench, 'forgotten-notice');
    fromServer(bench, 'one');
    fromServer(bench, 'two');
    expect(bench.output).toBe('');
    expect(bench.lines('AT+CIPRXGET=4,0')).toEqual(['+CIPRXGET: 4,0,6', 'OK']);
    bench.ask('AT+CIPRXGET=2,0,100');
    fromServer(bench, 'three');
    expect(bench.output).toContain('+CIPRXGET: 1,0');
  },
  'notice-in-prompt': () => {
    const bench = connected();
    strike(bench, 'notice-in-prompt');
    expect(bench.ask('AT+CIPSEND=0,5')).toBe('\r\n> \r\n+CIPRXGET: 1,0\r\n');
    bench.send('hello');
    expect(bench.wait(200)).toBe('\r\n0, SEND OK\r\n');
  },
  'close-in-prompt': () => {
    const bench = connected();
    strike(bench, 'close-in-prompt');
    expect(bench.ask('AT+CIPSEND=0,5')).toBe('\r\n> \r\n0, CLOSED\r\n');
    bench.send('hello');
    expect(bench.wait(200)).toBe('\r\n0, SEND FAIL\r\n');
    expect(bench.closeReasons).toEqual(['end']);
  },
  'stray-notice': () => {
    const bench = new Bench().start();
    strike(bench, 'stray-notice:RING@1s');
    expect(bench.wait(1_500)).toBe('\r\nRING\r\n');
  },
  'late-answer': () => {
    const bench = new Bench().online();
    strike(bench, 'late-answer:40@+CSQ');
    expect(bench.ask('AT+CSQ', 39_000)).toBe('\r\n+CSQ: 20,0\r\n');
    expect(bench.wait(2_000)).toBe('\r\nOK\r\n');
  },
  'no-answer': () => {
    const bench = new Bench().start();
    strike(bench, 'no-answer@+CSQ');
    expect(bench.ask('AT+CSQ', 60_000)).toBe('');
    expect(bench.lines('AT+CSQ')).toEqual(['+CSQ: 20,0', 'OK']);
  },
  error: () => {
    const bench = new Bench().start();
    strike(bench, 'error@+CIPSHUT');
    expect(bench.ask('AT+CIPSHUT')).toBe('\r\nERROR\r\n');
    expect(bench.ask('AT+CIPSHUT')).toBe('\r\nSHUT OK\r\n');
  },
  cme: () => {
    const bench = new Bench().start();
    bench.ask('AT+CMEE=2');
    strike(bench, 'cme:181@+CIPSHUT');
    expect(bench.ask('AT+CIPSHUT')).toBe('\r\n+CME ERROR: tcpip stack is busy\r\n');
  },
  'echo-on': () => {
    const bench = new Bench().start();
    strike(bench, 'echo-on@now');
    expect(bench.ask('AT')).toBe('AT\r\r\nOK\r\n');
  },
  'silent-close': () => {
    const bench = connected();
    strike(bench, 'silent-close');
    bench.accepted[0]!.close();
    expect(bench.wait(10_000)).toBe('');
    expect(bench.lines('AT+CIPSTATUS=0')[0]).toContain('"CLOSED"');
  },
  'stale-data': () => {
    const bench = connected();
    fromServer(bench, 'secret of the old one');
    bench.ask('AT+CIPRXGET=2,0,100');
    bench.ask('AT+CIPCLOSE=0');
    strike(bench, 'stale-data');
    expect(bench.lines(START)).toEqual(['OK', '0, CONNECT OK', '+CIPRXGET: 1,0']);
    expect(bench.ask('AT+CIPRXGET=2,0,100')).toContain('\r\nsecret of the old one\r\n');
  },
  'dns-fail': () => {
    const bench = new Bench().online();
    strike(bench, 'dns-fail');
    expect(bench.lines('AT+CDNSGIP="link.example"')).toEqual(['OK', '+CDNSGIP:0,8']);
    expect(bench.lines('AT+CDNSGIP="link.example"')[1]).toContain('203.0.113.5');
  },
  'connect-fail': () => {
    const bench = new Bench().online('AT+CIPMUX=1');
    strike(bench, 'connect-fail');
    expect(bench.lines(START, 3_000)).toEqual(['OK', '0, CONNECT FAIL']);
    expect(bench.lines(START, 3_000)).toEqual(['OK', '0, CONNECT OK']);
  },
  'connect-timeout': () => {
    const bench = new Bench().online('AT+CIPMUX=1');
    strike(bench, 'connect-timeout');
    expect(bench.lines(START, 74_000)).toEqual(['OK']);
    expect(bench.wait(2_000)).toBe('\r\n0, CONNECT FAIL\r\n');
  },
  'activate-fail': () => {
    const bench = new Bench().start();
    bench.ask('AT+CSTT="CMNET"');
    strike(bench, 'activate-fail');
    expect(bench.lines('AT+CIICR')).toEqual(['+PDP: DEACT', 'ERROR']);
    bench.ask('AT+CIPSHUT');
    bench.ask('AT+CSTT="CMNET"');
    expect(bench.lines('AT+CIICR')).toEqual(['OK']);
  },
  'remote-close': () => {
    const bench = connected();
    strike(bench, 'remote-close@now');
    expect(bench.wait(3_400)).toBe('');
    expect(bench.wait(200)).toBe('\r\n0, CLOSED\r\n');
  },
  'half-open': () => {
    const bench = new Bench().connected(...MULTI, 'AT+CIPQSEND=1');
    strike(bench, 'half-open@now');
    expect(send(bench)).toBe('\r\nDATA ACCEPT:0,5\r\n');
    fromServer(bench, 'hello?');
    expect(bench.wait(60_000)).toBe('');
    expect(bench.arrived).toEqual(['']);
    expect(bench.lines('AT+CIPSTATUS=0')[0]).toContain('"CONNECTED"');
    expect(bench.lines('AT+CGATT?')[0]).toBe('+CGATT: 1');
    bench.ask('AT+CIPCLOSE=0');
    bench.ask(START);
    expect(send(bench)).toBe('\r\nDATA ACCEPT:0,5\r\n');
    expect(bench.arrived).toEqual(['', 'hello']);
  },
  'receive-stall': () => {
    const bench = connected();
    strike(bench, 'receive-stall:20@now');
    fromServer(bench, 'late');
    expect(bench.wait(19_000)).toBe('');
    expect(bench.wait(2_000)).toBe('\r\n+CIPRXGET: 1,0\r\n');
  },
  'pdp-deact': () => {
    const bench = connected();
    strike(bench, 'pdp-deact@now');
    expect(bench.wait(100)).toBe('\r\n+PDP: DEACT\r\n');
    expect(bench.ask('AT+CIPSEND=0,5')).toContain('ERROR');
    expect(bench.lines('AT+CIPSTATUS')[1]).toBe('STATE: PDP DEACT');
  },
  'pdp-lost': () => {
    const bench = connected();
    strike(bench, 'pdp-lost@now');
    expect(bench.wait(60_000)).toBe('');
    expect(bench.lines('AT+CIPSTATUS')[1]).toBe('STATE: PDP DEACT');
  },
  outage: () => {
    const bench = connected();
    bench.ask('AT+CREG=1');
    strike(bench, 'outage:30@now');
    expect(bench.wait(1_000)).toBe('\r\n+CREG: 2\r\n');
    expect(bench.lines('AT+CSQ')[0]).toBe('+CSQ: 99,99');
    expect(bench.wait(40_000)).toBe('\r\n+CREG: 1\r\n');
    expect(send(bench, 'hello', 60_000)).toBe('\r\n0, SEND OK\r\n');
  },
  'cell-flap': () => {
    const bench = new Bench().start();
    bench.ask('AT+CREG=1');
    strike(bench, 'cell-flap:3@now');
    expect(bench.wait(61_000).match(/\+CREG: \d/g)).toEqual(
      ['2', '1', '2', '1', '2', '1'].map((stat) => `+CREG: ${stat}`),
    );
  },
  'weak-signal': () => {
    const bench = new Bench().start();
    strike(bench, 'weak-signal:2@now');
    expect(bench.lines('AT+CSQ')[0]).toBe('+CSQ: 2,0');
  },
  denied: () => {
    const bench = new Bench().start();
    bench.ask('AT+CREG=1');
    strike(bench, 'denied:60@now');
    expect(bench.wait(1_000)).toContain('+CREG: 3');
    bench.ask('AT+CMEE=1');
    expect(bench.lines('AT+CGATT=1')).toEqual(['+CME ERROR: 30']);
    expect(bench.wait(61_000)).toContain('+CREG: 1');
  },
  'attach-refused': () => {
    const bench = new Bench().start();
    bench.ask('AT+CMEE=1;+CGATT=0');
    strike(bench, 'attach-refused:60@now');
    expect(bench.lines('AT+CGATT=1')).toEqual(['+CME ERROR: 107']);
    bench.clock.advance(60_000);
    expect(bench.lines('AT+CGATT=1')).toEqual(['OK']);
  },
  'slow-attach': () => {
    const bench = new Bench().start();
    strike(bench, 'slow-attach:70@now');
    bench.ask('AT+CGATT=0');
    expect(bench.ask('AT+CGATT=1', 69_000)).toBe('');
    expect(bench.wait(2_000)).toBe('\r\nOK\r\n');
  },
  detached: () => {
    const bench = connected();
    strike(bench, 'detached@now');
    expect(bench.wait(100)).toBe('\r\n+PDP: DEACT\r\n');
    expect(bench.lines('AT+CGATT?')[0]).toBe('+CGATT: 0');
    bench.ask('AT+CGATT=1');
    expect(bench.lines('AT+CGATT?')[0]).toBe('+CGATT: 1');
  },
  'card-removed': () => {
    const bench = connected();
    bench.ask('AT+CMEE=1');
    strike(bench, 'card-removed:30@now');
    expect(bench.wait(100)).toBe('\r\n+CPIN: NOT INSERTED\r\n');
    expect(bench.lines('AT+CPIN?')).toEqual(['+CME ERROR: 10']);
    expect(bench.lines('AT+CREG?')[0]).toBe('+CREG: 0,0');
    bench.clock.advance(31_000);
    expect(bench.lines('AT+CREG?')[0]).toBe('+CREG: 0,1');
  },
  'card-busy': () => {
    const bench = new Bench({ storedBaud: 115_200 });
    strike(bench, 'card-busy:15');
    bench.powerOn();
    bench.ask('ATE0;+CMEE=1');
    expect(bench.lines('AT+CPIN?')).toEqual(['+CME ERROR: 14']);
    bench.clock.advance(15_000);
    expect(bench.lines('AT+CPIN?')).toEqual(['+CPIN: READY', 'OK']);
  },
  'card-failure': () => {
    const bench = new Bench().start();
    bench.ask('AT+CMEE=1');
    strike(bench, 'card-failure:10@now');
    expect(bench.lines('AT+CIMI')).toEqual(['+CME ERROR: 13']);
    bench.clock.advance(10_000);
    expect(bench.lines('AT+CIMI')[1]).toBe('OK');
  },
  'brown-out': () => {
    const bench = connected();
    strike(bench, 'brown-out:200@now');
    expect(bench.wait(10_000)).toBe('');
    expect([bench.modem.status, bench.modem.powerState]).toEqual([0, 'off']);
    bench.powerOn();
    expect(bench.modem.status).toBe(1);
  },
  'under-voltage': () => {
    const bench = new Bench().start();
    bench.ask('AT+CBATCHK=1');
    strike(bench, 'under-voltage:5@now');
    expect(bench.wait(10_000)).toBe('\r\nUNDER-VOLTAGE POWER DOWN\r\n');
    expect(bench.modem.powerState).toBe('off');
  },
  sag: () => {
    const bench = new Bench().start();
    bench.ask('AT+CBATCHK=1');
    strike(bench, 'sag:8@now');
    expect(bench.wait(20_000)).toBe('\r\nUNDER-VOLTAGE WARNNING\r\n'.repeat(2));
    expect(bench.modem.status).toBe(1);
  },
  'self-reset': () => {
    const bench = new Bench({ storedBaud: 115_200 }).connected(...MULTI);
    strike(bench, 'self-reset@now');
    expect(bench.wait(6_000)).toContain('\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n');
    bench.ask('ATE0');
    expect(bench.lines('AT+CIPSTATUS')[1]).toBe('STATE: IP INITIAL');
    expect(bench.closeReasons).toEqual([]);
  },
  'self-off': () => {
    const bench = new Bench().start();
    strike(bench, 'self-off@now');
    expect(bench.wait(5_000)).toBe('\r\nNORMAL POWER DOWN\r\n');
    expect(bench.modem.powerState).toBe('off');
  },
  'profile-lost': () => {
    const bench = new Bench({ storedBaud: 115_200 }).start();
    strike(bench, 'profile-lost@now');
    expect(bench.wait(10_000)).not.toContain('RDY');
    expect(bench.ask('AT')).toBe('AT\r\r\nOK\r\n');
  },
  'wrong-baud': () => {
    const bench = new Bench().start();
    strike(bench, 'wrong-baud:9600@now');
    bench.clock.advance(10);
    expect(bench.ask('AT', 1_000)).not.toContain('OK');
    bench.host.baud = 9_600;
    expect(bench.ask('AT', 1_000)).toContain('OK');
  },
  wedge: () => {
    const bench = connected();
    strike(bench, 'wedge@now');
    expect(bench.ask('AT', 60_000)).toBe('');
    expect(bench.modem.status).toBe(1);
    bench.modem.pressPowerKey(2_000);
    bench.clock.advance(20_000);
    expect([bench.modem.status, bench.ask('AT')]).toEqual([1, '']);
    bench.modem.setReset(0);
    bench.clock.advance(200);
    bench.modem.setReset(1);
    bench.clock.advance(5_000);
    expect(bench.ask('AT')).toContain('OK');
  },
  'wedge-hard': () => {
    const bench = connected();
    strike(bench, 'wedge-hard@now');
    bench.modem.setReset(0);
    bench.clock.advance(200);
    bench.modem.setReset(1);
    bench.modem.pressPowerKey(2_000);
    bench.clock.advance(20_000);
    expect([bench.modem.status, bench.ask('AT')]).toEqual([1, '']);
    bench.modem.setSupplyMillivolts(0);
    bench.clock.advance(1_000);
    bench.modem.setSupplyMillivolts(4_000);
    bench.powerOn();
    expect(bench.ask('AT')).toContain('OK');
  },
  'bit-noise': () => {
    const bench = new Bench().start();
    strike(bench, 'bit-noise:0.2@now');
    const noisy = Array.from({ length: 10 }, () => bench.ask('AT+CIPTKA=?'));
    expect(new Set(noisy).size).toBeGreaterThan(5);
    expect(new Set(noisy.map((text) => text.length)).size).toBe(1);
    bench.clock.advance(30_000);
    expect(bench.lines('AT+CIPTKA?')[0]).toBe('+CIPTKA: 1,7200,75,9');
  },
  'host-noise': () => {
    const bench = new Bench().start();
    strike(bench, 'host-noise:0.2@now');
    const answers = Array.from({ length: 20 }, () => bench.ask('AT+CIPTKA?'));
    expect(answers.filter((text) => text.includes('1,7200,75,9')).length).toBeLessThan(15);
    bench.clock.advance(30_000);
    bench.ask('AT');
    expect(bench.lines('AT+CIPTKA?')[0]).toBe('+CIPTKA: 1,7200,75,9');
  },
  'lost-byte': () => {
    const bench = new Bench().start();
    strike(bench, 'lost-byte:2@now');
    expect(bench.ask('AT')).toHaveLength(5);
    expect(bench.ask('AT')).toHaveLength(5);
    expect(bench.ask('AT')).toBe('\r\nOK\r\n');
  },
  garbage: () => {
    const bench = new Bench().start();
    strike(bench, 'garbage:40@now');
    expect(bench.wait(100)).toHaveLength(40);
  },
  dribble: () => {
    const bench = new Bench().start();
    strike(bench, 'dribble:50@now');
    const first = bench.ask('AT+CIPTKA?', 60);
    expect(first.length).toBeLessThan(15);
    bench.clock.advance(2_000);
    expect(bench.output).toBe('\r\n+CIPTKA: 1,7200,75,9\r\n\r\nOK\r\n');
  },
  mute: () => {
    const bench = new Bench().start();
    strike(bench, 'mute:5@now');
    expect(bench.ask('AT+CMEE=1', 4_000)).toBe('');
    bench.clock.advance(1_500);
    expect(bench.lines('AT+CMEE?')[0]).toBe('+CMEE: 1');
  },
  deaf: () => {
    const bench = new Bench().start();
    strike(bench, 'deaf:5@now');
    expect(bench.ask('AT+CMEE=1', 4_000)).toBe('');
    bench.clock.advance(1_500);
    expect(bench.lines('AT+CMEE?')[0]).toBe('+CMEE: 0');
  },
};

describe('each named fault does what its line says', () => {
  test.each(Object.keys(STORIES))('%s', (name) => STORIES[name]!());

  test('every fault of the list has a story', () => {
    expect(Object.keys(STORIES).sort()).toEqual(Object.keys(ALL_FAULTS).sort());
  });

  test('faults in the wrong moment do no harm: each one in every state of the module', () => {
    for (const name of Object.keys(ALL_FAULTS)) {
      for (const prepare of [
        (bench: Bench) => bench.powerOn(),
        (bench: Bench) => bench.start(),
        (bench: Bench) => bench.online(),
        (bench: Bench) => bench.connected(...MULTI),
        (bench: Bench) => bench.connected(...MULTI).ask('AT+CIPSEND=0,5'),
      ]) {
        const bench = new Bench({ timing: TYPICAL });
        prepare(bench);
        strike(bench, `${name}@now`);
        expect(() => bench.clock.advance(300_000)).not.toThrow();
        expect(() => bench.ask('AT+CIPSTATUS', 5_000)).not.toThrow();
      }
    }
  });
});
