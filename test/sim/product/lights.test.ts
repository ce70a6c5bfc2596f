/**
 * What a person sees at the module, on the built bundle: every state of docs/module.md, "Lights", brought about from
 * outside, and the pins of the two LEDs watched. Patterns are retyped from the document.
 */
import { crc32 } from 'node:zlib';
import { buildFirmware, type Firmware } from '../../../scripts/build/build';
import { memoryStore } from '../../../sim/flash';
import { journalBytes } from '../../../sim/product/module';
import { HostType } from '../../../src/protocol/host';
import { StreamWorld } from './stream-bench';

const STEP_MS = 125;
const STEPS = 12;
const LINK = { simMissing: 2, noNetwork: 4, connecting: 7, noServer: 8 };

let firmware: Firmware;
beforeAll(async () => {
  firmware = await buildFirmware('espruino-wifi');
});

/** Both lights over 1.5 s, one character a step: r, f, both (b) or none (-). */
function seen({ module, clock }: StreamWorld): string {
  const { ready, fault } = firmware.profile.leds;
  let text = '';
  for (let step = 0; step < STEPS; step++) {
    const [isReady, isFault] = [module.board.pin(ready).level, module.board.pin(fault).level];
    if (isReady && isFault) text += 'b';
    else if (isReady) text += 'r';
    else text += isFault ? 'f' : '-';
    clock.advance(STEP_MS);
  }
  return text;
}

/** The same pattern, begun at any step. */
function expectSeen(world: StreamWorld, pattern: string): void {
  const turns = Array.from({ length: STEPS }, (_, at) => pattern.slice(at) + pattern.slice(0, at));
  expect(turns).toContain(seen(world));
}

function provisioned(world: StreamWorld, change: object = {}): StreamWorld {
  const identity = {
    id: 'CS000001',
    key: '000102030405060708090a0b0c0d0e0f',
    host: 'gw.test',
    port: 7001,
    apn: 'cmnet',
    ...change,
  };
  world.host.ask(HostType.Provision, { json: JSON.stringify(identity) });
  world.clock.advance(1000);
  return world;
}

function untilLink(world: StreamWorld, link: number): void {
  expect(world.until(() => world.host.last(HostType.Signal)?.link === link, 300)).toBe(true);
}

describe('the lights', () => {
  it('red, on: the journal cannot be read, because a newer firmware wrote it', () => {
    const store = memoryStore(journalBytes(firmware));
    const header = Buffer.from('EROKCSJ\x02\x01\0\0\0\0\0\0\0GOOD', 'latin1');
    header.writeUInt32LE(crc32(header.subarray(4, 12)), 12);
    store.bytes.set(header);
    const world = new StreamWorld(firmware, 1, store);
    expectSeen(world, 'ffffffffffff');
  });

  it('alternate while the module has no identity', () => {
    expectSeen(new StreamWorld(firmware), 'rfrfrfrfrfrf');
  });

  it('red, one blink: the modem is starting', () => {
    expectSeen(provisioned(new StreamWorld(firmware)), 'f-----------');
  });

  it('red, two blinks: no SIM card', () => {
    const world = new StreamWorld(firmware);
    world.module.modem.card.isInserted = false;
    untilLink(provisioned(world), LINK.simMissing);
    expectSeen(world, 'f-f---------');
  });

  it('red, three blinks: no network', () => {
    const world = StreamWorld.linked(firmware);
    world.network.setCoverage(false);
    untilLink(world, LINK.noNetwork);
    expectSeen(world, 'f-f-f-------');
  });

  it('red, four blinks: no server', () => {
    const world = provisioned(new StreamWorld(firmware), { host: 'nowhere.test' });
    untilLink(world, LINK.noServer);
    expectSeen(world, 'f-f-f-f-----');
  });

  it('red, four blinks: the server is there and says nothing', () => {
    const world = new StreamWorld(firmware);
    world.network.internet.listen('203.0.113.99', 7001, () => {});
    world.network.internet.setName('silent.test', '203.0.113.99');
    provisioned(world, { host: 'silent.test' });
    untilLink(world, LINK.connecting);
    world.clock.advance(3000);
    expect(world.host.last(HostType.Signal)?.link).toBe(LINK.connecting);
    expectSeen(world, 'f-f-f-f-----');
  });

  it('green: orders can be taken; green, slowly: one is open', () => {
    const world = StreamWorld.linked(firmware);
    expectSeen(world, 'rrrrrrrrrrrr');
    world.host.ask(HostType.Pay, { amountFen: 100, channel: 1, ttlS: 0, goods: '', reference: 'r1' });
    expect(world.until(() => world.host.count(HostType.Qr) === 1, 30)).toBe(true);
    world.clock.advance(1500);
    expectSeen(world, 'rr--rr--rr--');
  });
});
