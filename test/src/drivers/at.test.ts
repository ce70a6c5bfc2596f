import fc from 'fast-check';
import { AtChannel, AtMatch, AtResult, type AtDialogue } from '../../../src/drivers/at';
import { VirtualClock } from '../../../sim/time/clock';
import { FirmwareClock } from './virtual-ports';
import { holds } from '../../support/random';

interface Outcome {
  send: string;
  result: AtResult;
  info: string;
  payload: string;
}

/** A channel with a queue of commands for an owner, and a record of all that happens. */
class Desk {
  readonly time = new VirtualClock(0);
  readonly clock = new FirmwareClock(this.time);
  readonly queue: AtDialogue[] = [];
  readonly outcomes: Outcome[] = [];
  readonly lines: string[] = [];
  written = '';
  echoes = 0;
  silences = 0;
  private asks = 0;
  readonly at = new AtChannel(
    { write: (bytes) => (this.written += bytes), clock: this.clock },
    {
      next: () => {
        this.asks += 1;
        return this.queue.shift();
      },
      onLine: (head, args, channel) => this.lines.push(`${channel}|${head}|${args}`),
      onEcho: () => (this.echoes += 1),
      onSilent: () => (this.silences += 1),
    },
  );

  constructor(isSettled = true) {
    if (!isSettled) return;
    this.at.settle(1);
    this.time.advance(200);
    this.say('\r\nOK\r\n');
    this.time.advance(200);
    expect(this.isFree()).toBe(true);
    this.written = '';
  }

  ask(dialogue: Partial<AtDialogue>): void {
    const send = dialogue.send ?? '+X';
    this.queue.push({
      expect: { OK: AtMatch.Ok, ERROR: AtMatch.Refused, '+CME ERROR:': AtMatch.Refused },
      timeoutMs: 1000,
      asker: {
        onResult: (_asked, result, info, payload) => this.outcomes.push({ send, result, info, payload }),
      },
      ...dialogue,
      send,
    });
    this.at.wake();
  }

  /** The channel is free when it asks for work. */
  isFree(): boolean {
    const before = this.asks;
    this.at.wake();
    return this.asks > before;
  }

  say(bytes: string): void {
    this.at.feed(bytes);
  }

  takeWritten(): string {
    const written = this.written;
    this.written = '';
    return written;
  }
}

/** Cuts of `text` into chunks: whole, byte by byte, and in pieces of three. */
function cuts(text: string): string[][] {
  return [[text], text.split(''), text.match(/[^]{1,3}/g) ?? []];
}

describe('AT channel', () => {
  describe.each([
    ['OK', '\r\nOK\r\n', AtResult.Ok, ''],
    ['ERROR', '\r\nERROR\r\n', AtResult.Refused, ''],
    ['a CME error with its code', '\r\n+CME ERROR: 148\r\n', AtResult.Refused, '148'],
    ['an information line before OK', '\r\n+CSQ: 21,0\r\n\r\nOK\r\n', AtResult.Ok, '21,0'],
    ['information without a space', '\r\n+CSQ:21,0\r\n\r\nOK\r\n', AtResult.Ok, '21,0'],
    ['lines that end with LF only', '\n+CSQ: 21,0\n\nOK\n', AtResult.Ok, '21,0'],
    [
      'unsolicited lines around the answer',
      '\r\nRING\r\n\r\n+CSQ: 1,0\r\n\r\n0, CLOSED\r\n\r\nOK\r\n',
      AtResult.Ok,
      '1,0',
    ],
    [
      'garbage lines around the answer',
      '\xff\xfe\x00\r\n\r\n+CSQ: 1,0\r\n}}~\r\n\r\nOK\r\n',
      AtResult.Ok,
      '1,0',
    ],
    ['an overlong line', `${'Z'.repeat(5000)}\r\nOK\r\n`, AtResult.Ok, ''],
    ['an overlong line whose tail looks like a result', `${'Z'.repeat(201)}ERROR\r\nOK\r\n`, AtResult.Ok, ''],
    ['its own echo', 'AT+Y\r\r\nOK\r\n', AtResult.Ok, ''],
  ])('takes %s', (_name, answer, result, info) => {
    it.each(
      cuts(answer).map((chunks, index) => [['whole', 'byte by byte', 'in threes'][index], chunks] as const),
    )('when it comes %s', (_cut, chunks) => {
      const desk = new Desk();
      desk.ask({
        expect: {
          '+CSQ:': AtMatch.Info,
          OK: AtMatch.Ok,
          ERROR: AtMatch.Refused,
          '+CME ERROR:': AtMatch.Refused,
        },
      });
      expect(desk.takeWritten()).toBe('AT+X\r');
      for (const chunk of chunks) desk.say(chunk);
      expect(desk.outcomes).toEqual([{ send: '+X', result, info, payload: '' }]);
      expect(desk.clock.pending).toBe(0);
    });
  });

  it('takes a bare line that begins with a digit as `#`, and a numbered line as unsolicited', () => {
    const desk = new Desk();
    desk.ask({ expect: { '#': AtMatch.Ok, ERROR: AtMatch.Refused } });
    desk.say('\r\n0, CLOSED\r\n\r\n10.1.2.3\r\n');
    expect(desk.outcomes).toEqual([{ send: '+X', result: AtResult.Ok, info: '10.1.2.3', payload: '' }]);
    expect(desk.lines).toEqual(['0|CLOSED|']);
  });

  it.each(['0,CLOSED', '0, CLOSED', '0,  CLOSED'])('hands on "%s" with its channel', (line) => {
    const desk = new Desk();
    desk.say(`\r\n${line}\r\n`);
    expect(desk.lines).toEqual(['0|CLOSED|']);
  });

  it('asks its owner only when it is free, so that the order is decided at the last moment', () => {
    const desk = new Desk();
    desk.ask({ send: '+A' });
    desk.ask({ send: '+B' });
    desk.queue.unshift({ ...desk.queue[0]!, send: '+URGENT' });
    desk.say('\r\nOK\r\n');
    expect(desk.written).toBe('AT+A\rAT+URGENT\r');
  });

  it('does not credit a second result in the same chunk to the next command', () => {
    const desk = new Desk();
    desk.ask({ send: '+A' });
    desk.ask({ send: '+B' });
    desk.say('\r\nOK\r\n\r\nERROR\r\n');
    expect(desk.outcomes.map((one) => one.send)).toEqual(['+A']);
    desk.say('\r\nOK\r\n');
    expect(desk.outcomes[1]).toMatchObject({ send: '+B', result: AtResult.Ok });
  });

  describe('prompt', () => {
    const send: Partial<AtDialogue> = {
      send: '+CIPSEND=0,3',
      payload: 'abc',
      expect: {
        'DATA ACCEPT:': AtMatch.Ok,
        'SEND FAIL': AtMatch.Refused,
        ERROR: AtMatch.Refused,
        '+CME ERROR:': AtMatch.Refused,
      },
    };

    it.each([['\r\n> '], ['\r\n>'], ['> '], ['\r\n+CIPRXGET: 1,0\r\n\r\n> ']])(
      'writes the payload at %j',
      (prompt) => {
        const desk = new Desk();
        desk.ask(send);
        expect(desk.takeWritten()).toBe('AT+CIPSEND=0,3\r');
        desk.say(prompt);
        expect(desk.takeWritten()).toBe('abc');
        desk.say('\r\nDATA ACCEPT:0,3\r\n');
        expect(desk.outcomes).toMatchObject([{ result: AtResult.Ok, info: '0,3' }]);
      },
    );

    it('takes a prompt whose space comes later', () => {
      const desk = new Desk();
      desk.ask(send);
      desk.say('\r\n>');
      desk.say(' ');
      desk.say('\r\nDATA ACCEPT:0,3\r\n');
      expect(desk.outcomes).toMatchObject([{ result: AtResult.Ok }]);
    });

    it('hands on a notice between the prompt and its result', () => {
      const desk = new Desk();
      desk.ask(send);
      desk.say('\r\n> ');
      desk.say('\r\n+CIPRXGET: 1,0\r\n\r\n1, CLOSED\r\n\r\nDATA ACCEPT:0,3\r\n');
      expect(desk.lines).toEqual(['-1|+CIPRXGET:|1,0', '1|CLOSED|']);
      expect(desk.outcomes).toMatchObject([{ result: AtResult.Ok }]);
    });

    it.each(['\r\nERROR\r\n', '\r\n+CME ERROR: 3\r\n'])(
      'counts %j in place of the prompt as refused',
      (answer) => {
        const desk = new Desk();
        desk.ask(send);
        desk.takeWritten();
        desk.say(answer);
        expect(desk.outcomes).toMatchObject([{ result: AtResult.Refused }]);
        expect(desk.written).toBe('');
      },
    );

    it.each(['\r\nERROR\r\n', '\r\nSEND FAIL\r\n'])(
      'counts %j after the payload as aborted: it may have gone out',
      (answer) => {
        const desk = new Desk();
        desk.ask(send);
        desk.say('\r\n> ');
        desk.say(answer);
        expect(desk.outcomes).toMatchObject([{ result: AtResult.Aborted }]);
      },
    );

    it.each([
      ['before the prompt', ''],
      ['while the payload is being written', '\r\n> '],
    ])('believes no DATA ACCEPT %s', (_name, first) => {
      const desk = new Desk();
      desk.ask({ ...send, payload: 'p'.repeat(600) });
      if (first) desk.say(first);
      desk.say('\r\nDATA ACCEPT:0,600\r\n');
      expect(desk.outcomes).toMatchObject([{ result: AtResult.Aborted }]);
      desk.takeWritten();
      desk.time.advance(200);
      expect(desk.takeWritten()).toBe('ATE0V1\r');
    });

    it('writes the payload when the prompt got lost, so that the modem is not left hungry', () => {
      const desk = new Desk();
      desk.ask(send);
      desk.takeWritten();
      desk.time.advance(2999);
      expect(desk.written).toBe('');
      desk.time.advance(1);
      expect(desk.takeWritten()).toBe('abc');
      desk.say('\r\nDATA ACCEPT:0,3\r\n');
      expect(desk.outcomes).toMatchObject([{ result: AtResult.Ok }]);
    });

    it('fills up a modem that has lost bytes of the payload before it is called silent', () => {
      const desk = new Desk();
      desk.ask(send);
      desk.say('\r\n> ');
      desk.takeWritten();
      desk.time.advance(1000 + 200 + 600);
      expect(desk.takeWritten()).toBe('ATE0V1\r' + '\x1b'.repeat(1460) + '\rATE0V1\r');
      expect(desk.outcomes).toMatchObject([{ result: AtResult.Timeout }]);
    });

    it('fills up a modem that has been left at its prompt, even after a rest', () => {
      const desk = new Desk();
      desk.ask(send);
      desk.at.rest();
      desk.takeWritten();
      desk.at.settle(4);
      desk.time.advance(200 + 600);
      expect(desk.takeWritten()).toBe('ATE0V1\r' + '\x1b'.repeat(1460) + '\rATE0V1\r');
    });

    it('fills up a modem that waits for a payload of its own while a later one came to a good end', () => {
      const desk = new Desk();
      // The refusal was noise: the modem's prompt comes after it, and is taken for the next command's.
      desk.ask({ ...send, payload: 'p'.repeat(600) });
      desk.say('\r\n+CME ERROR: 3\r\n');
      desk.ask(send);
      desk.say('\r\n> ');
      desk.say('\r\nDATA ACCEPT:0,3\r\n');
      expect(desk.outcomes.map(({ result }) => result)).toEqual([AtResult.Refused, AtResult.Ok]);
      desk.ask({});
      desk.takeWritten();
      desk.time.advance(1000 + 200 + 600);
      expect(desk.takeWritten()).toBe('ATE0V1\r' + '\x1b'.repeat(1460) + '\rATE0V1\r');
    });

    it('writes a long payload in pieces, whole and in order', () => {
      const desk = new Desk();
      const payload = Array.from({ length: 1460 }, (_, index) => String.fromCharCode(index % 251)).join('');
      desk.ask({ ...send, payload });
      desk.takeWritten();
      desk.say('\r\n> ');
      expect(desk.written.length).toBe(256);
      desk.time.advance(10);
      expect(desk.written).toBe(payload);
    });
  });

  describe('counted payload', () => {
    const read: Partial<AtDialogue> = {
      send: '+CIPRXGET=2,0,1460',
      count: (line) => {
        const fields = /^\+CIPRXGET: ?2,0,(\d+),/.exec(line);
        return fields ? (Number(fields[1]) <= 1460 ? Number(fields[1]) : -2) : -1;
      },
    };
    const trap =
      '\r\nOK\r\n\r\nERROR\r\n> \r\n0, CLOSED\r\n+PDP: DEACT\r\n\x00\x1a\x1b\xff\nRDY\r\n+CIPRXGET: 2,0,9,0\r\n';

    it.each(cuts(`\r\n+CIPRXGET: 2,0,${trap.length},7\r\n${trap}\r\nOK\r\n`))(
      'never scans it (cut %#)',
      (...chunks) => {
        const desk = new Desk();
        desk.ask(read);
        for (const chunk of chunks) desk.say(chunk);
        expect(desk.outcomes).toMatchObject([
          { result: AtResult.Ok, payload: trap, info: `+CIPRXGET: 2,0,${trap.length},7` },
        ]);
        expect(desk.lines).toEqual([]);
      },
    );

    it('takes a notice in front of the answer as a notice', () => {
      const desk = new Desk();
      desk.ask(read);
      desk.say('\r\n+CIPRXGET: 1,0\r\n\r\n+CIPRXGET: 2,0,3,0\r\nabc\r\nOK\r\n');
      expect(desk.outcomes).toMatchObject([{ result: AtResult.Ok, payload: 'abc' }]);
      expect(desk.lines).toEqual(['-1|+CIPRXGET:|1,0']);
    });

    it.each([
      ['a byte is missing', '\r\n+CIPRXGET: 2,0,5,0\r\nabcd\r\nOK\r\n'],
      ['two bytes are missing', '\r\n+CIPRXGET: 2,0,5,0\r\nabc\r\nOK\r\n'],
      ['four bytes are missing', '\r\n+CIPRXGET: 2,0,5,0\r\na\r\nOK\r\n'],
      ['ten bytes are missing', '\r\n+CIPRXGET: 2,0,20,0\r\nabcdefghij\r\nOK\r\n'],
      ['the count is too small', '\r\n+CIPRXGET: 2,0,3,0\r\nabcde\r\nOK\r\n'],
      ['the count is too big to be true', '\r\n+CIPRXGET: 2,0,9999,0\r\nabcde\r\nOK\r\n'],
    ])('does not pass off a payload as whole when %s', (_name, answer) => {
      const desk = new Desk();
      desk.ask(read);
      desk.say(answer);
      desk.time.advance(1100);
      expect(desk.outcomes).toHaveLength(1);
      expect(desk.outcomes[0]!.result).not.toBe(AtResult.Ok);
      desk.time.advance(300);
      desk.say('\r\nOK\r\n');
      desk.time.advance(300);
      expect(desk.isFree()).toBe(true);
    });
  });

  describe('after a time-out', () => {
    it('takes no late answer for that of the next command', () => {
      const desk = new Desk();
      desk.ask({ send: '+SLOW' });
      desk.ask({ send: '+NEXT' });
      desk.time.advance(1000);
      expect(desk.outcomes).toMatchObject([{ send: '+SLOW', result: AtResult.Timeout }]);
      desk.time.advance(100);
      desk.say('\r\nERROR\r\n'); // The late answer, before the probe.
      desk.time.advance(199);
      expect(desk.written).toBe('AT+SLOW\r');
      desk.time.advance(1);
      expect(desk.written).toBe('AT+SLOW\rATE0V1\r');
      desk.say('\r\nOK\r\n');
      desk.time.advance(200);
      expect(desk.written).toBe('AT+SLOW\rATE0V1\rAT+NEXT\r');
      desk.say('\r\nOK\r\n');
      expect(desk.outcomes[1]).toMatchObject({ send: '+NEXT', result: AtResult.Ok });
    });

    it('waits for its probe’s own answer when the late one comes behind the probe', () => {
      const desk = new Desk();
      desk.ask({ send: '+SLOW' });
      desk.ask({ send: '+NEXT' });
      desk.time.advance(1200);
      expect(desk.written).toBe('AT+SLOW\rATE0V1\r');
      desk.say('\r\nOK\r\n'); // Of +SLOW.
      desk.time.advance(150);
      desk.say('\r\nOK\r\n'); // Of the probe.
      desk.time.advance(150);
      expect(desk.written).toBe('AT+SLOW\rATE0V1\r');
      desk.time.advance(50);
      expect(desk.written).toBe('AT+SLOW\rATE0V1\rAT+NEXT\r');
      expect(desk.outcomes).toHaveLength(1);
    });

    it('says that nobody answers after so many probes, once, and rests', () => {
      const desk = new Desk();
      desk.ask({});
      desk.time.advance(60_000);
      expect(desk.silences).toBe(1);
      expect(desk.written).toBe('AT+X\rATE0V1\rATE0V1\rATE0V1\rATE0V1\r');
      expect(desk.at.isResting()).toBe(true);
      expect(desk.clock.pending).toBe(0);
    });

    it('probes all the same when the line never gets quiet', () => {
      const desk = new Desk();
      desk.ask({});
      desk.time.advance(1000);
      for (let index = 0; index < 200; index++) {
        desk.say('\xf0\x0f');
        desk.time.advance(50);
      }
      expect(desk.written).toContain('AT+X\rATE0V1\r');
    });
  });

  it('tells of an echo of its own command, and only of that', () => {
    const desk = new Desk();
    desk.ask({ send: '+A' });
    desk.say('AT+B\r\r\nAT+A\r\r\nOK\r\n');
    expect(desk.echoes).toBe(1);
    expect(desk.outcomes).toMatchObject([{ result: AtResult.Ok }]);
  });

  it('is told to rest: ends what runs as aborted, and still hands on lines', () => {
    const desk = new Desk();
    desk.ask({});
    desk.at.rest();
    expect(desk.outcomes).toMatchObject([{ result: AtResult.Aborted }]);
    desk.say('\r\nRDY\r\n');
    expect(desk.lines).toEqual(['-1|RDY|']);
    expect(desk.clock.pending).toBe(0);
  });
});

type Event = { say: string } | { owner: 'rest' | 'settle' };

describe('AT channel under noise', () => {
  const words = fc.constantFrom(
    'OK',
    'ERROR',
    '+CME ERROR: 3',
    '+CIPRXGET: 1,0',
    '+CIPRXGET: 2,0,4,0',
    'DATA ACCEPT:0,1',
    '0, CLOSED',
    'RDY',
    '+PDP: DEACT',
    'AT+X',
    'ATE0V1',
    'constructor',
    '__proto__:',
    'toString',
  );
  const bytes = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 40,
  });
  const say = (text: fc.Arbitrary<string>): fc.Arbitrary<Event> => text.map((one) => ({ say: one }));
  // Mostly what a modem says, whole: noise alone never ends a command well.
  const event: fc.Arbitrary<Event> = fc.oneof(
    { weight: 4, arbitrary: say(words.map((word) => `\r\n${word}\r\n`)) },
    { weight: 4, arbitrary: say(fc.constantFrom('\r\nOK\r\n', '\r\n> ', '\r\nDATA ACCEPT:0,3\r\n')) },
    { weight: 1, arbitrary: say(fc.constant('\r\n+CIPRXGET: 2,0,4,0\r\nabcd\r\nOK\r\n')) },
    { weight: 2, arbitrary: say(fc.oneof(words, fc.constantFrom('\r', '\n', '> '))) },
    { weight: 1, arbitrary: say(bytes) },
    { weight: 1, arbitrary: fc.constantFrom<Event>({ owner: 'rest' }, { owner: 'settle' }) },
  );
  const pause = fc.oneof(fc.nat(60), fc.nat(700), fc.nat(4000));

  it('neither crashes, nor leaks, nor wedges, whatever comes', () => {
    holds(
      fc.property(fc.array(fc.tuple(event, pause), { maxLength: 60 }), (events) => {
        const desk = new Desk();
        const kinds: Partial<AtDialogue>[] = [
          {},
          { payload: 'xyz', expect: { 'DATA ACCEPT:': AtMatch.Ok, ERROR: AtMatch.Refused } },
          { count: (line) => (line.startsWith('+CIPRXGET: 2') ? Number(line.split(',')[2]) || -2 : -1) },
        ];
        let asked = 0;
        for (const [one, pauseMs] of events) {
          desk.ask({ ...kinds[asked % 3], send: `+C${asked++}` });
          if ('say' in one) desk.say(one.say);
          else if (one.owner === 'rest') desk.at.rest();
          else desk.at.settle(2);
          desk.time.advance(pauseMs);
          if (desk.at.isResting()) desk.at.settle(3);
        }
        // A modem that behaves from now on is found again, and every command has come to one end.
        for (let round = 0; round < asked * 12 + 40; round++) {
          desk.time.advance(150);
          if (desk.at.isResting()) desk.at.settle(3);
          const written = desk.takeWritten();
          if (written.endsWith('\r')) desk.say('\r\nOK\r\n');
          else if (written) desk.say('\r\nERROR\r\n');
        }
        desk.time.advance(10_000);
        for (let round = 0; round < 20 && !desk.isFree(); round++) {
          if (desk.at.isResting()) desk.at.settle(3);
          desk.time.advance(150);
          if (desk.takeWritten().endsWith('\r')) desk.say('\r\nOK\r\n');
        }
        expect(desk.outcomes.map((one) => one.send)).toEqual(
          Array.from({ length: asked }, (_, index) => `+C${index}`),
        );
        expect(desk.isFree()).toBe(true);
        expect(desk.clock.pending).toBe(0);
      }),
      300,
    );
  });
});
