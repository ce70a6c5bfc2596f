import { composeCcm } from '../../../src/payment/packet';
import { Session } from '../../../src/payment/session';
import { deviceKeys } from '../../../src/protocol/cmac';
import {
  deviceMac,
  encodeUnit,
  Opener,
  Sealer,
  serverMac,
  sessionKeys,
  UnitKind,
  UnitReader,
} from '../../../src/protocol/link';
import type { Message } from '../../../src/protocol/messages';
import { VIRTUAL_EPOCH_MS, VirtualClock } from '../../../sim/time/clock';
import { deviceClock, nodeAes, nodeCcm } from '../ports/ports';

const ID = 'CS000001';
const PSK = 'p'.repeat(16);
const RAND_S = 'S'.repeat(16);
const SERVER_MS = 1_767_225_600_000;

/** A device session with a server played by the test, over a perfect wire. */
class Rig {
  readonly clock = new VirtualClock();
  readonly units: [number, string][] = [];
  readonly failures: [string, boolean][] = [];
  readonly messages: Message[] = [];
  readonly states: number[] = [];
  readonly bytes: string[] = [];
  drains = 0;
  readonly ready: number[] = [];
  downs = 0;
  alive = 0;
  freeBytes = 3000;
  readonly session: Session;
  sealer!: Sealer;
  opener!: Opener;
  private readonly reader = new UnitReader({
    onUnit: (kind, body) => this.units.push([kind, body]),
    onBroken: () => this.failures.push(['broken', false]),
  });

  constructor(starts = 1) {
    const key = Buffer.from(PSK, 'latin1').toString('hex');
    const carrier = {
      send: (data: string) => {
        this.reader.push(data);
        return true;
      },
      freeBytes: () => this.freeBytes,
      alive: () => this.alive++,
      sessionFailed: (reason: string, isRefused: boolean) => this.failures.push([reason, isRefused]),
    };
    this.session = new Session(nodeAes, composeCcm(nodeAes), deviceClock(this.clock), {
      bytes: (count) => '\0'.repeat(count),
    });
    this.session.start({ identity: { id: ID, key }, starts }, carrier, {
      greeting: (uptimeMs) => ['hi', uptimeMs],
      onReady: (lastOrder) => this.ready.push(lastOrder),
      onDown: () => this.downs++,
      onMessage: (message) => this.messages.push(message),
      onState: (state) => this.states.push(state),
      onBytes: (data) => this.bytes.push(data) > 0,
      onDrain: () => this.drains++,
      signal: () => '\x0a\x14\x01',
    });
  }

  challenge(): string {
    this.session.onUp();
    this.session.onData(encodeUnit(UnitKind.Challenge, 'coinslot/1' + RAND_S));
    return this.units.shift()![1];
  }

  /** Handshake and greeting, as a server with the right key does them. */
  connect(): void {
    const response = this.challenge();
    const randP = response.slice(0, 16);
    const keys = deviceKeys(nodeAes, PSK);
    expect(response.slice(16, 32)).toBe(deviceMac(nodeAes, keys.ak, ID, RAND_S, randP));
    expect(response.slice(32)).toBe(ID);
    const session = sessionKeys(nodeAes, keys, ID, RAND_S, randP);
    this.sealer = new Sealer(nodeCcm, session.downKey, session.downSalt);
    this.opener = new Opener(nodeCcm, session.upKey, session.upSalt);
    this.session.onData(encodeUnit(UnitKind.Proof, serverMac(nodeAes, keys.ak, randP)));
    const hi = this.heard();
    expect(hi[0]).toBe('hi');
    this.clock.advance(1000);
    this.say('ho', hi[1], SERVER_MS, 41);
  }

  heard(): unknown[] {
    const [kind, body] = this.units.shift()!;
    return JSON.parse(this.opener.open(kind, body)!) as unknown[];
  }

  say(...message: unknown[]): void {
    this.session.onData(this.sealer.seal(UnitKind.Message, JSON.stringify(message)));
  }
}

describe('the session', () => {
  test('authenticates both ways, greets, and is ready with the server’s answer', () => {
    const rig = new Rig();
    expect(rig.session.isReady()).toBe(false);
    rig.connect();
    expect(rig.session.isReady()).toBe(true);
    expect(rig.ready).toEqual([41]);
    expect(rig.session.send(['ask', 1])).toBe(true);
    expect(rig.heard()).toEqual(['ask', 1]);
    rig.say('fin', 1, 10, 0);
    expect(rig.messages).toEqual([['fin', 1, 10, 0]]);
    expect(rig.failures).toEqual([]);
  });

  test('asks for the time also while traffic keeps heartbeats away, and knows it well enough for a grant', () => {
    const rig = new Rig();
    rig.connect();
    let asked = 0;
    for (let seconds = 0; seconds < 2 * 3600; seconds += 10) {
      rig.clock.advance(10_000);
      rig.say('credit', 1);
      while (rig.units.length > 0) {
        const [type, sentMs] = rig.heard();
        expect(type).toBe('ping');
        asked += 1;
        rig.say('pong', sentMs, SERVER_MS + rig.clock.nowMs() - VIRTUAL_EPOCH_MS);
      }
      expect(rig.session.timeErrorMs()).toBeLessThan(10_000);
    }
    expect(asked).toBeGreaterThan(40);
    expect(asked).toBeLessThan(70);
  });

  test('asks again for the time when there was no room to ask', () => {
    const rig = new Rig();
    rig.connect();
    rig.freeBytes = 0;
    rig.clock.advance(200_000);
    rig.say('credit', 1);
    expect(rig.units).toEqual([]);
    rig.freeBytes = 3000;
    rig.say('credit', 1);
    expect(rig.heard()[0]).toBe('ping');
    rig.say('credit', 1);
    expect(rig.units).toEqual([]);
  });

  test('says nothing to a server that cannot prove itself', () => {
    const rig = new Rig();
    rig.challenge();
    rig.session.onData(encodeUnit(UnitKind.Proof, 'x'.repeat(16)));
    expect(rig.failures).toEqual([['PROOF', false]]);
    expect(rig.units).toEqual([]);
    expect(rig.session.isReady()).toBe(false);
    expect(rig.alive).toBe(0);
  });

  test.each([
    ['a proof before the challenge', encodeUnit(UnitKind.Proof, 'x'.repeat(16)), 'PROOF'],
    ['a record before the proof', encodeUnit(UnitKind.Message, 'x'.repeat(40)), 'RECORD'],
    ['another protocol', encodeUnit(UnitKind.Challenge, 'coinslot/2' + RAND_S), 'CHALLENGE'],
    ['a short challenge', encodeUnit(UnitKind.Challenge, 'coinslot/1abc'), 'CHALLENGE'],
    ['an unknown unit', encodeUnit(99 as UnitKind, ''), 'UNIT'],
    ['a unit that is too long', '\x10\xff\xff', 'UNIT_LENGTH'],
  ])('%s ends it', (_what, wire, reason) => {
    const rig = new Rig();
    rig.session.onUp();
    rig.session.onData(wire);
    expect(rig.failures).toEqual([[reason, false]]);
    rig.session.onData(encodeUnit(UnitKind.Challenge, 'coinslot/1' + RAND_S));
    expect(rig.units).toEqual([]);
  });

  test('a replayed, a changed and a reordered record end it and change nothing', () => {
    for (const attack of ['replay', 'flip', 'skip']) {
      const rig = new Rig();
      rig.connect();
      const first = rig.sealer.seal(UnitKind.Message, JSON.stringify(['fin', 1, 10, 0]));
      const second = rig.sealer.seal(UnitKind.Message, JSON.stringify(['fin', 2, 10, 0]));
      if (attack === 'replay') rig.session.onData(first + first);
      if (attack === 'flip')
        rig.session.onData(
          first.slice(0, 12) + String.fromCharCode(first.charCodeAt(12) ^ 1) + first.slice(13),
        );
      if (attack === 'skip') rig.session.onData(second);
      expect(rig.failures).toEqual([['RECORD', false]]);
      expect(rig.messages).toHaveLength(attack === 'replay' ? 1 : 0);
    }
  });

  test('records of an earlier session are worth nothing in the next, even with the same chance', () => {
    const rig = new Rig();
    rig.connect();
    const old = rig.sealer.seal(UnitKind.Message, JSON.stringify(['fin', 1, 10, 0]));
    rig.session.onDown();
    rig.connect();
    rig.session.onData(old);
    expect(rig.failures).toEqual([['RECORD', false]]);
  });

  test('RAND_P differs for every start and every connection, without any noise', () => {
    const first = new Rig(1);
    const responses = [first.challenge(), first.challenge(), new Rig(2).challenge()];
    expect(new Set(responses.map((response) => response.slice(0, 16))).size).toBe(3);
  });

  test('a goodbye is only a hint: it ends the connection and asks for a long pause', () => {
    const rig = new Rig();
    rig.session.onUp();
    rig.session.onData(encodeUnit(UnitKind.Goodbye, '\x20'));
    expect(rig.failures).toEqual([['GOODBYE', true]]);
  });

  test('an unreadable message is passed over, the session goes on', () => {
    const rig = new Rig();
    rig.connect();
    rig.say('newer', 1);
    rig.say('fin', -1, 10, 0);
    rig.session.onData(rig.sealer.seal(UnitKind.Message, 'no json'));
    rig.say('fin', 1, 10, 0);
    expect(rig.messages).toEqual([['fin', 1, 10, 0]]);
    expect(rig.failures).toEqual([]);
  });

  test('sends nothing when the carrier has no room, and the counter does not skip', () => {
    const rig = new Rig();
    rig.connect();
    rig.freeBytes = 10;
    expect(rig.session.send(['ask', 1])).toBe(false);
    rig.freeBytes = 3000;
    expect(rig.session.send(['ask', 2])).toBe(true);
    expect(rig.heard()).toEqual(['ask', 2]);
  });

  test('tells when a session that was ready is lost, and stays reachable for a minute', () => {
    const rig = new Rig();
    expect(rig.session.isReachable()).toBe(false);
    rig.connect();
    rig.session.onDown();
    expect(rig.downs).toBe(1);
    rig.clock.advance(59_000);
    expect(rig.session.isReachable()).toBe(true);
    rig.clock.advance(2000);
    expect(rig.session.isReachable()).toBe(false);
  });
});

describe('the clock', () => {
  test('is never behind the server’s by more than it says: half a round trip and 5 % of the time since', () => {
    const rig = new Rig();
    expect(rig.session.serverTimeAtMostMs()).toBeUndefined();
    rig.connect();
    // One second of round trip: the server's time was taken in its middle.
    expect(rig.session.serverTimeMs()).toBe(SERVER_MS + 500);
    expect(rig.session.timeErrorMs()).toBe(525);
    rig.clock.advance(100_000);
    expect(rig.session.serverTimeAtMostMs()).toBe(SERVER_MS + 500 + 100_000 + 500 + 0.05 * 100_500);
  });

  test('a proven server counts as ready only when messages can be sent', () => {
    const rig = new Rig();
    rig.session.onState(10);
    rig.session.onState(4);
    rig.connect();
    rig.session.onState(10);
    expect(rig.states).toEqual([7, 4, 10]);
  });

  test('hands bytes of the stream on, and knows when the modem has taken everything', () => {
    const rig = new Rig();
    rig.connect();
    rig.session.onDrain();
    expect([rig.session.isDrained(), rig.drains]).toEqual([true, 1]);
    expect(rig.session.sendBytes('abc')).toBe(true);
    expect(rig.session.isDrained()).toBe(false);
    rig.session.onData(rig.sealer.seal(17, 'xyz'));
    expect(rig.bytes).toEqual(['xyz']);
    expect(rig.failures).toEqual([]);
  });

  test('a slower answer does not spoil a better measurement, a fresh one replaces an old one', () => {
    const rig = new Rig();
    rig.connect();
    const ping = (roundTripMs: number): void => {
      rig.session.onHeartbeatDue();
      const sent = rig.heard();
      rig.clock.advance(roundTripMs);
      rig.say('pong', sent[1], SERVER_MS + 999_000);
    };
    ping(30_000);
    expect(rig.session.serverTimeMs()).toBe(SERVER_MS + 500 + 30_000);
    ping(1000);
    expect(rig.session.serverTimeMs()).toBe(SERVER_MS + 999_000 + 500);
  });
});
