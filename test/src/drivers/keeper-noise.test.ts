/**
 * Random bytes, truncated and swallowed answers, lost commands and payloads, notices at random moments, and owners
 * that do whatever they may: the keeper neither throws, nor leaks timers, nor stays down once the modem behaves.
 */
import fc from 'fast-check';
import { KeeperBench } from './keeper-bench';
import { holds } from '../../support/random';

type Action =
  | { do: 'say'; text: string }
  | { do: 'cut'; keep: number }
  | { do: 'flip'; at: number; bit: number }
  | { do: 'swallow' }
  | { do: 'lose'; keep: number }
  | { do: 'send'; bytes: number }
  | { do: 'deliver'; socket: number; bytes: number }
  | { do: 'direct'; what: 'open' | 'send' | 'grant' | 'close' }
  | { do: 'server'; isLive: boolean }
  | { do: 'fail'; isRefused: boolean }
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
  fc.nat(300).map((keep): Action => ({ do: 'lose', keep })),
  fc.integer({ min: 1, max: 1500 }).map((bytes): Action => ({ do: 'send', bytes })),
  fc
    .record({ socket: fc.nat(5), bytes: fc.integer({ min: 1, max: 2000 }) })
    .map((some): Action => ({ do: 'deliver', ...some })),
  fc
    .constantFrom('open' as const, 'send' as const, 'grant' as const, 'close' as const)
    .map((what): Action => ({ do: 'direct', what })),
  fc.constantFrom<Action>(
    { do: 'server', isLive: false },
    { do: 'server', isLive: true },
    { do: 'fail', isRefused: false },
    { do: 'fail', isRefused: true },
  ),
  fc.nat(6000).map((ms): Action => ({ do: 'wait', ms })),
  fc.nat(60).map((ms): Action => ({ do: 'wait', ms })),
);

/** The maker's own connection: each that was opened ends once, and nothing is said of it afterwards. */
class Direct {
  state: 'closed' | 'opening' | 'open' = 'closed';

  constructor(private readonly keeper: KeeperBench['keeper']) {}

  take(what: 'open' | 'send' | 'grant' | 'close'): void {
    const { keeper } = this;
    if (what === 'open') {
      if (keeper.openDirect('maker.example.com', 9000, this)) this.move('closed', 'opening');
    } else if (what === 'send') keeper.sendDirect('y'.repeat(Math.min(900, keeper.directFreeBytes())));
    else if (what === 'grant') keeper.grantDirect(1000);
    else keeper.closeDirect();
  }

  onOpen(): void {
    this.move('opening', 'open');
  }

  onData(): void {
    this.move('open', 'open');
  }

  onDrain(): void {
    this.move('open', 'open');
  }

  onClosed(): void {
    expect(this.state).not.toBe('closed');
    this.state = 'closed';
  }

  private move(from: Direct['state'], to: Direct['state']): void {
    expect(this.state).toBe(from);
    this.state = to;
  }
}

interface Row {
  readonly actions: readonly Action[];
  readonly seed: number;
  /** The noise begins on a link that is up; chance alone seldom gets so far. */
  readonly isUp: boolean;
  readonly hasPins: boolean;
}

const row: fc.Arbitrary<Row> = fc.record({
  actions: fc.array(action, { minLength: 1, maxLength: 80 }),
  seed: fc.nat(),
  isUp: fc.boolean(),
  hasPins: fc.boolean(),
});

function play({ actions, seed, isUp, hasPins }: Row): { bench: KeeperBench; direct: Direct } {
  const bench = new KeeperBench({ seed, hasPings: true, ...(hasPins ? {} : { pins: {} }) });
  const direct = new Direct(bench.keeper);
  if (isUp) expect(bench.bringUp()).toBe(true);
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
  // What the keeper writes gets lost as well, from some byte on.
  const losses: number[] = [];
  const write = bench.modem.write.bind(bench.modem);
  bench.modem.write = (data) => write(data.substring(0, losses.shift()));
  bench.keeper.start();
  for (const one of actions) {
    if (one.do === 'say') bench.keeper.receive(one.text);
    else if (one.do === 'send') bench.keeper.send('x'.repeat(one.bytes));
    else if (one.do === 'wait') bench.time.advance(one.ms);
    else if (one.do === 'deliver') bench.modem.deliver(one.socket, 'z'.repeat(one.bytes));
    else if (one.do === 'direct') direct.take(one.what);
    else if (one.do === 'server') bench.isServerLive = one.isLive;
    else if (one.do === 'fail') bench.keeper.sessionFailed('noise', one.isRefused);
    else if (one.do === 'lose') losses.push(one.keep);
    else spoil.push(one);
    // One tick, one channel timer, one of a power sequence, and sockets that ask for room again.
    expect(bench.clock.pending).toBeLessThan(12);
  }
  bench.modem.onBytes = receive;
  bench.modem.write = write;
  bench.isServerLive = true;
  return { bench, direct };
}

describe('link keeper under noise', () => {
  it('comes back whatever was said to it, and leaves nothing behind', () => {
    holds(
      fc.property(row, (one) => {
        const { bench, direct } = play(one);
        const isBack = (limitMs: number): boolean =>
          bench.time.runUntil(
            () => bench.keeper.status().state === 10 && bench.keeper.freeBytes() > 10,
            limitMs,
          );
        expect(isBack(900_000)).toBe(true);
        // And it works: a message goes out, the second at the latest: that a modem has been waiting for a payload all
        // the while, as one that was lost and yet accepted leaves it, only the first can find out.
        bench.time.advance(30_000);
        const before = bench.modem.payloads.length;
        const isSent = (): boolean => {
          expect(isBack(600_000)).toBe(true);
          expect(bench.keeper.send('still here')).toBe(true);
          bench.time.advance(3000);
          return bench.modem.payloads.slice(before).includes('still here');
        };
        if (!isSent()) {
          bench.time.advance(60_000);
          expect(isSent()).toBe(true);
        }
        bench.keeper.closeDirect();
        bench.time.advance(30_000);
        expect(direct.state).toBe('closed');
        direct.take('open');
        bench.time.advance(3000);
        expect(direct.state).toBe('open');
        bench.keeper.shutDown();
        bench.time.advance(2000);
        expect(bench.clock.pending).toBe(0);
      }),
      600,
    );
  });
});
