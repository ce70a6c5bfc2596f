/** PDP context and IP states: manual V1.09 sections 8.2.1, 8.2.7, 8.2.9 to 8.2.14, 8.2.19. */
import { PRINTED } from '../../../sim/modem/dialect';
import { FAST } from '../../../sim/modem/timing';
import { IDEAL } from '../../../sim/network/profile';
import { Bench, PORT, SERVER } from './bench';

const OK = '\r\nOK\r\n';
const REFUSED = '\r\n+CME ERROR: 3\r\n';

function fresh(...settings: string[]): Bench {
  const bench = new Bench().start();
  bench.ask('AT+CMEE=1');
  for (const line of settings) bench.ask(line);
  return bench;
}

function state(bench: Bench): string {
  return bench.lines('AT+CIPSTATUS')[1]!;
}

/** Commands that lead into each state. */
const WAY: Readonly<Record<string, readonly string[]>> = {
  'IP INITIAL': [],
  'IP START': ['AT+CSTT="CMNET"'],
  'IP GPRSACT': ['AT+CSTT="CMNET"', 'AT+CIICR'],
  'IP STATUS': ['AT+CSTT="CMNET"', 'AT+CIICR', 'AT+CIFSR'],
  'CONNECT OK': ['AT+CSTT="CMNET"', 'AT+CIICR', 'AT+CIFSR', `AT+CIPSTART="TCP","${SERVER}","${PORT}"`],
};

describe('states and what is allowed in them', () => {
  test.each(Object.entries(WAY))('%s is reached and shown', (name, way) => {
    expect(state(fresh(...way))).toBe(`STATE: ${name}`);
  });

  test.each([
    ['8.2.9', 'AT+CSTT="CMNET"', ['IP INITIAL']],
    ['8.2.9', 'AT+CSTT', ['IP INITIAL']],
    ['8.2.10', 'AT+CIICR', ['IP START']],
    ['8.2.11', 'AT+CIFSR', ['IP GPRSACT', 'IP STATUS', 'CONNECT OK']],
    ['8.2.1', 'AT+CIPMUX=1', ['IP INITIAL']],
    ['8.2.1', 'AT+CIPMUX=0', ['IP INITIAL']],
    ['8.2.2', `AT+CIPSTART="TCP","${SERVER}",${PORT}`, ['IP INITIAL', 'IP STATUS']],
    ['8.2.3', 'AT+CIPSEND=1', ['CONNECT OK']],
    ['8.2.3', 'AT+CIPSEND', ['CONNECT OK']],
    ['8.2.3', 'AT+CIPSEND?', ['CONNECT OK']],
    ['8.2.5', 'AT+CIPACK', ['CONNECT OK']],
    ['8.2.6', 'AT+CIPCLOSE', ['CONNECT OK']],
    ['8.2.14', 'AT+CDNSGIP="link.example"', ['IP GPRSACT', 'IP STATUS', 'CONNECT OK']],
    ['8.2.19', 'AT+CIPCSGP=1,"x"', ['IP INITIAL']],
    ['8.2.26', 'AT+CIPRXGET=1', ['IP INITIAL', 'IP START', 'IP GPRSACT', 'IP STATUS']],
  ])('%s %s is allowed in %j only', (_section, line, allowed) => {
    for (const [name, way] of Object.entries(WAY)) {
      const bench = fresh(...way);
      const isRefused = /ERROR/.test(bench.ask(line));
      expect([name, isRefused]).toEqual([name, !allowed.includes(name)]);
    }
  });

  test.each([['IP INITIAL'], ['IP START'], ['IP GPRSACT'], ['IP STATUS'], ['CONNECT OK']])(
    '8.2.7 AT+CIPSHUT leads from %s to IP INITIAL with SHUT OK and no OK',
    (name) => {
      const bench = fresh(...WAY[name]!);
      expect(bench.ask('AT+CIPSHUT')).toBe('\r\nSHUT OK\r\n');
      expect(state(bench)).toBe('STATE: IP INITIAL');
      expect(bench.ask('AT+CIPMUX=1')).toBe(OK);
    },
  );

  test('8.2.10 IP CONFIG while the context is being brought up', () => {
    const bench = new Bench({ timing: { ...FAST, activateMs: [60_000, 60_000] } }).start();
    bench.ask('AT+CSTT="CMNET"');
    bench.ask('AT+CIICR', 1_000);
    expect(bench.modem.session!.links.ipState).toBe('IP CONFIG');
    expect(bench.wait(60_000)).toBe(OK);
  });
});

describe('8.2.2 several links need the whole way first', () => {
  test.each([
    [['AT+CIPMUX=1'], 'IP INITIAL'],
    [['AT+CIPMUX=1', 'AT+CSTT="CMNET"'], 'IP START'],
    [['AT+CIPMUX=1', 'AT+CSTT="CMNET"', 'AT+CIICR'], 'IP GPRSACT'],
  ])('after %j (%s) AT+CIPSTART is refused', (way, name) => {
    const bench = fresh(...way);
    expect(bench.ask(`AT+CIPSTART=0,"TCP","${SERVER}",${PORT}`)).toBe(REFUSED);
    expect(state(bench)).toBe(`STATE: ${name}`);
  });

  test('IP PROCESSING once a link was opened, and a line for each link', () => {
    const bench = new Bench().connected('AT+CIPMUX=1');
    expect(bench.ask('AT+CIPSTATUS')).toBe(
      '\r\nOK\r\n\r\nSTATE: IP PROCESSING\r\n' +
        '\r\nC: 0,0,"TCP","203.0.113.5","9000","CONNECTED"\r\n' +
        [1, 2, 3, 4, 5].map((link) => `\r\nC: ${link},,"","","","INITIAL"\r\n`).join(''),
    );
    expect(bench.ask('AT+CIPSTATUS=0')).toBe(
      '\r\n+CIPSTATUS: 0,0,"TCP","203.0.113.5","9000","CONNECTED"\r\n\r\nOK\r\n',
    );
    expect(bench.ask('AT+CIPSTATUS=6')).toBe('\r\nERROR\r\n');
  });
});

describe('8.2.12 AT+CIPSTATUS', () => {
  test('OK comes first, then the state', () => {
    expect(new Bench().start().ask('AT+CIPSTATUS')).toBe('\r\nOK\r\n\r\nSTATE: IP INITIAL\r\n');
  });
});

describe('8.2.9 AT+CSTT', () => {
  test('CMNET by default; what was set is read back', () => {
    const bench = fresh();
    expect(bench.lines('AT+CSTT?')).toEqual(['+CSTT: "CMNET","",""', 'OK']);
    bench.ask('AT+CSTT="cmiot","me","secret"');
    expect(bench.lines('AT+CSTT?')).toEqual(['+CSTT: "cmiot","me","secret"', 'OK']);
    expect(bench.ask('AT+CSTT="a","b","c","d"')).toBe('\r\nERROR\r\n');
  });
});

describe('8.2.10 AT+CIICR refused by the carrier', () => {
  test.each([
    ['refuse', 'ERROR'],
    ['unauthorised', '+CME ERROR: 149'],
  ] as const)('%s: +PDP: DEACT and %s, and only AT+CIPSHUT leads on', (verdict, answer) => {
    const bench = new Bench({ accessRule: ({ apn }) => (apn === 'right' ? 'accept' : verdict) }).start();
    bench.ask('AT+CMEE=1');
    bench.ask('AT+CSTT="wrong"');
    expect(bench.lines('AT+CIICR')).toEqual(['+PDP: DEACT', answer]);
    expect(state(bench)).toBe('STATE: PDP DEACT');
    for (const line of ['AT+CSTT="right"', 'AT+CIICR', 'AT+CIFSR', `AT+CIPSTART="TCP","${SERVER}",${PORT}`]) {
      expect(bench.ask(line)).toBe(REFUSED);
    }
    bench.ask('AT+CIPSHUT');
    bench.ask('AT+CSTT="right"');
    expect(bench.ask('AT+CIICR')).toBe(OK);
  });

  test('not attached', () => {
    const bench = fresh('AT+CGATT=0', 'AT+CSTT="CMNET"');
    expect(bench.lines('AT+CIICR')).toEqual(['+PDP: DEACT', 'ERROR']);
  });
});

describe('8.2.7 +PDP: DEACT', () => {
  test.each([[[]], [['AT+CIPMUX=1']]])('the network takes the context: links are gone, %j', (settings) => {
    const bench = new Bench().connected(...settings);
    bench.modem.session!.bearer.deactivatedByNetwork();
    expect(bench.wait(100)).toBe('\r\n+PDP: DEACT\r\n');
    expect(state(bench)).toBe('STATE: PDP DEACT');
    expect(bench.ask(settings.length > 0 ? 'AT+CIPSEND=0,1' : 'AT+CIPSEND=1')).toContain('ERROR');
    expect(bench.ask('AT+CIFSR')).toContain('ERROR');
    expect(bench.closeReasons).toEqual([]);
    bench.ask('AT+CIPSHUT');
    expect(state(bench)).toBe('STATE: IP INITIAL');
  });

  test('what quick send had accepted is lost', () => {
    const bench = new Bench({}, { profile: { ...IDEAL, latencyMs: 150 } }).connected('AT+CIPQSEND=1');
    bench.ask('AT+CIPSEND=5');
    bench.send('hello');
    expect(bench.wait(50)).toBe('\r\nDATA ACCEPT:5\r\n');
    bench.modem.session!.bearer.deactivatedByNetwork();
    bench.clock.advance(60_000);
    expect(bench.arrived).toEqual(['']);
  });

  test('a short loss of coverage is survived, a long one is not', () => {
    const bench = new Bench().connected();
    bench.network.outage(60_000);
    expect(bench.wait(100_000)).toBe('');
    expect(state(bench)).toBe('STATE: CONNECT OK');
    bench.network.outage(180_000);
    expect(bench.wait(130_000)).toBe('\r\n+PDP: DEACT\r\n');
  });
});

describe('8.2.13 AT+CDNSCFG and 8.2.14 AT+CDNSGIP', () => {
  test('servers are set and read', () => {
    const bench = fresh();
    expect(bench.ask('AT+CDNSCFG="114.114.114.114","8.8.8.8"')).toBe(OK);
    expect(bench.lines('AT+CDNSCFG?')).toEqual([
      'PrimaryDns: 114.114.114.114',
      'SecondaryDns: 8.8.8.8',
      'OK',
    ]);
    expect(bench.ask('AT+CDNSCFG="dns"')).toBe('\r\nERROR\r\n');
  });

  test('OK first, then the address, or two of several', () => {
    const bench = fresh(...WAY['IP STATUS']!);
    bench.network.internet.setName('two.example', '198.51.100.1', '198.51.100.2', '198.51.100.3');
    expect(bench.ask('AT+CDNSGIP="link.example"')).toBe(
      '\r\nOK\r\n\r\n+CDNSGIP: 1,"link.example","203.0.113.5"\r\n',
    );
    expect(bench.lines('AT+CDNSGIP="two.example"')[1]).toBe(
      '+CDNSGIP: 1,"two.example","198.51.100.1","198.51.100.2"',
    );
  });

  test('an unknown name is error 8, no network error 3, both without a blank', () => {
    const bench = fresh(...WAY['IP STATUS']!);
    expect(bench.lines('AT+CDNSGIP="nowhere.example"')).toEqual(['OK', '+CDNSGIP:0,8']);
    bench.network.setCoverage(false);
    expect(bench.lines('AT+CDNSGIP="link.example"')).toEqual(['OK', '+CDNSGIP:0,3']);
  });
});

describe('8.2.8 and others that are only taken', () => {
  test.each([
    ['AT+CLPORT="TCP",1000'],
    ['AT+CIPDPDP=1,10,3'],
    ['AT+CIPCCFG=3,2,1024,1'],
    ['AT+CMGF=1'],
    ['AT+CSCS="GSM"'],
  ])('%s', (line) => {
    expect(fresh().ask(line)).toBe(OK);
  });

  test('8.2.22 transparent mode is refused, normal mode is not', () => {
    const bench = fresh();
    expect(bench.ask('AT+CIPMODE=1')).toBe('\r\nERROR\r\n');
    expect(bench.ask('AT+CIPMODE=0')).toBe(OK);
  });
});

describe('dialects', () => {
  test('a version that says ERROR in the wrong state whatever AT+CMEE is', () => {
    const bench = new Bench({ dialect: PRINTED }).start();
    bench.ask('AT+CMEE=1');
    expect(bench.ask('AT+CIICR')).toBe('\r\nERROR\r\n');
  });
});
