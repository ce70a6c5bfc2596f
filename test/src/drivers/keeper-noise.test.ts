/**
 * Random bytes, truncated and swallowed answers, notices at random moments: the keeper neither throws, nor
 * leaks timers, nor stays down once the modem behaves again. The seed is in the test's name;
 * COINSLOT_TEST_SEED repeats a run.
 */
import fc from 'fast-check';
import { KeeperBench } from './keeper-bench';
import { SEED } from './seed';

type Action =
  | { do: 'say'; text: string }
  | { do: 'cut'; keep: number }
  | { do: 'flip'; at: number; bit: number }
  | { do: 'swallow' }
  | { do: 'send'; bytes: number }
  | { do: 'wait'; ms: number };

const LINES = [
  '0, CLOSED',
  '2,CLOSED',
  '4, CLOSE',
  '+PDP: DEACT',
  '+CIPRXGET: 1,0',
  '+CIPRXGET: 1,4',
  '+CIPRXGET: 2,0,4,0',
  '0, CONNECT OK',
  '2, CONNECT FAIL',
  '4, ALREADY CONNECT',
  'DATA ACCEPT:0,3',
  '0, SEND FAIL',
  'SEND OK',
  'SHUT OK',
  'OK',
  'ERROR',
  '+CME ERROR: 3',
  '+CPIN: NOT READY',
  'UNDER-VOLTAGE WARNNING',
  'NORMAL POWER DOWN',
  'RDY',
  '+CFUN: 1',
  'Call Ready',
  '10.0.0.1',
  '> ',
  'AT+CSQ',
  'constructor',
  '__proto__: 1',
  '0,',
  ',',
  ':',
  '+CREG: 0,0',
  '*PSUTTZ: 2026,1,1,0,0,0,"+32",0',
];

const anyByte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.constantFrom(...LINES).map((line): Action => ({ do: 'say', text: `\r\n${line}\r\n` })),
  fc.string({ unit: anyByte, maxLength: 80 }).map((text): Action => ({ do: 'say', text })),
  fc.nat(30).map((keep): Action => ({ do: 'cut', keep })),
  fc.record({ at: fc.nat(40), bit: fc.nat(7) }).map(({ at, bit }): Action => ({ do: 'flip', at, bit })),
  fc.constant<Action>({ do: 'swallow' }),
  fc.integer({ min: 1, max: 1500 }).map((bytes): Action => ({ do: 'send', bytes })),
  fc.nat(6000).map((ms): Action => ({ do: 'wait', ms })),
  fc.nat(60).map((ms): Action => ({ do: 'wait', ms })),
);

function play(actions: readonly Action[], seed: number): KeeperBench {
  const bench = new KeeperBench({ seed, hasPings: true });
  const spoil: Action[] = [];
  const receive = bench.modem.onBytes;
  bench.modem.onBytes = (data) => {
    const next = spoil.shift();
    if (next?.do === 'cut') receive(data.substring(0, next.keep));
    else if (next?.do === 'flip' && next.at < data.length) {
      const code = data.charCodeAt(next.at) ^ (1 << next.bit);
      receive(data.substring(0, next.at) + String.fromCharCode(code) + data.substring(next.at + 1));
    } else if (next?.do !== 'swallow') receive(data);
  };
  bench.keeper.start();
  for (const one of actions) {
    if (one.do === 'say') bench.keeper.receive(one.text);
    else if (one.do === 'send') bench.keeper.send('x'.repeat(one.bytes));
    else if (one.do === 'wait') bench.time.advance(one.ms);
    else spoil.push(one);
    // One tick, one channel timer, one of a power sequence, and sockets that ask for room again.
    expect(bench.clock.pending).toBeLessThan(12);
  }
  bench.modem.onBytes = receive;
  return bench;
}

describe(`link keeper under noise (seed ${SEED})`, () => {
  it('comes back whatever was said to it, and leaves nothing behind', () => {
    fc.assert(
      fc.property(fc.array(action, { minLength: 1, maxLength: 80 }), fc.nat(), (actions, seed) => {
        const bench = play(actions, seed);
        const isBack = bench.time.runUntil(
          () => bench.keeper.status().state === 10 && bench.keeper.freeBytes() > 0,
          900_000,
        );
        expect(isBack).toBe(true);
        // And it works: a message goes out, an answer comes in.
        bench.time.advance(30_000);
        bench.time.runUntil(
          () => bench.keeper.status().state === 10 && bench.keeper.freeBytes() > 0,
          600_000,
        );
        const before = bench.modem.payloads.length;
        expect(bench.keeper.send('still here')).toBe(true);
        bench.time.advance(3000);
        expect(bench.modem.payloads.slice(before)).toContain('still here');
        bench.keeper.shutDown();
        bench.time.advance(2000);
        expect(bench.clock.pending).toBe(0);
      }),
      { numRuns: 600, seed: SEED },
    );
  });
});
