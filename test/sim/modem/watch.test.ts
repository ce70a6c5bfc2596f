/** Traces and counters: lines both ways, payloads counted and never shown. */
import { Bench } from './bench';

const SECRET = 'top-secret-payload';

function watched(): { bench: Bench; host: string[]; module: string[]; events: string[] } {
  const host: string[] = [];
  const module: string[] = [];
  const events: string[] = [];
  const bench = new Bench({
    watch: {
      onCommand: (line) => host.push(line),
      onOutput: (line) => module.push(line),
      onEvent: (event) => events.push(event),
    },
  });
  return { bench, host, module, events };
}

describe('watching', () => {
  test('lines both ways, payloads as their length', () => {
    const { bench, host, module } = watched();
    bench.connected('AT+CIPMUX=1', 'AT+CIPRXGET=1');
    host.length = 0;
    module.length = 0;
    bench.ask(`AT+CIPSEND=0,${SECRET.length}`);
    bench.send(SECRET);
    bench.clock.advance(200);
    bench.accepted[0]!.write(Buffer.from(SECRET));
    bench.clock.advance(200);
    bench.ask('AT+CIPRXGET=2,0,100');
    expect(host).toEqual([`+CIPSEND=0,${SECRET.length}`, '+CIPRXGET=2,0,100']);
    expect(module).toEqual([
      '>',
      '0, SEND OK',
      '+CIPRXGET: 1,0',
      `+CIPRXGET: 2,0,${SECRET.length},0`,
      `[${SECRET.length} bytes]`,
      'OK',
    ]);
  });

  test('payload that goes straight to the host is counted too', () => {
    const { bench, module } = watched();
    bench.connected();
    module.length = 0;
    bench.accepted[0]!.write(Buffer.from(SECRET));
    bench.clock.advance(100);
    expect(module).toEqual([`[${SECRET.length} bytes]`]);
  });

  test('what is never sent is not shown', () => {
    const { bench, module } = watched();
    bench.powerOn();
    expect(module).toEqual([]);
  });

  test('events in their order', () => {
    const { bench, events } = watched();
    bench.connected('AT+CIPRXGET=1');
    bench.ask('AT+CIPSEND=2');
    bench.send('hi');
    bench.accepted[0]!.write(Buffer.from('x'));
    bench.clock.advance(500);
    bench.ask('AT+CIPRXGET=2,10');
    bench.ask('AT+CIPCLOSE');
    bench.ask('AT+CPOWD=1');
    expect(events).toEqual([
      ...['boot', 'card', 'registered', 'ready', 'attached', 'pdp', 'connecting', 'connect'],
      ...['prompt', 'payload', 'data', 'sent', 'read', 'closed', 'off'],
    ]);
  });

  test('counters', () => {
    const { bench } = watched();
    bench.connected('AT+CIPRXGET=1');
    bench.ask('AT+CSQ;+CSQ');
    bench.ask('AT+NOSUCH');
    bench.ask('AT+CIPSEND=3');
    bench.send('abc');
    bench.accepted[0]!.write(Buffer.from('12345'));
    bench.clock.advance(500);
    const { counters } = bench.modem;
    expect(counters.commands).toMatchObject({ '+CSQ': 2, '+CIPSEND': 1, '+NOSUCH': 1 });
    expect(counters).toMatchObject({
      errors: 1,
      boots: 1,
      connections: 1,
      payloadSent: 3,
      payloadReceived: 5,
    });
    expect(counters).toMatchObject({ impatientBytes: 0, droppedBytes: 0 });
    expect(counters.commandTotal).toBe(
      Object.values(counters.commands).reduce((sum, count) => sum + count, 0),
    );
  });

  test('bytes each way, as on the wire', () => {
    const { bench } = watched();
    bench.start();
    const before = { ...bench.modem.counters };
    bench.ask('AT');
    expect(bench.modem.counters.bytesFromHost - before.bytesFromHost).toBe(3);
    expect(bench.modem.counters.bytesToHost - before.bytesToHost).toBe(6);
  });
});
