/**
 * The built firmware on the virtual board does what docs/host-protocol.md and docs/host-vectors.json say: every stream and
 * every refusal of the vectors, its own frames as their examples, and all situations, in virtual time.
 */
import { pauseOf, playSituation } from '../../../maker/conform/checks';
import type { ModuleContext } from '../../../maker/conform/module-context';
import { LINE_SITUATIONS } from '../../../maker/conform/module-line';
import { ORDER_SITUATIONS } from '../../../maker/conform/module-orders';
import { Probe } from '../../../maker/conform/probe';
import { type DeviceIdentity, Platform } from '../../../maker/noise/platform';
import { readVectors } from '../../../maker/vectors/read';
import { buildFirmware, type Firmware } from '../../../scripts/build/build';
import { memoryStore } from '../../../sim/flash';
import { IDEAL } from '../../../sim/network/profile';
import { SimulatedNetwork } from '../../../sim/network/simulated-network';
import { linePort } from '../../../sim/product/machine';
import { journalBytes, VirtualModule } from '../../../sim/product/module';
import { VirtualClock } from '../../../sim/time/clock';
import { Random } from '../../../sim/time/random';
import { LinkState } from '../../../src/protocol/codes';
import { HostType } from '../../../src/protocol/host';
import { drive } from '../support/drive';

const IDENTITY: DeviceIdentity = {
  id: 'CS000001',
  keyHex: '000102030405060708090a0b0c0d0e0f',
  host: 'pay.example.com',
  port: 7000,
};
const OFF_MS = 1000;
const LINK_LIMIT_MS = 300_000;

let firmware: Firmware;
let clock: VirtualClock;
let board: VirtualModule;
let context: ModuleContext;
const crashes: unknown[] = [];

async function start(): Promise<void> {
  clock = new VirtualClock();
  const random = new Random(8);
  const network = new SimulatedNetwork({ clock, random: random.fork('network'), profile: IDEAL });
  const platform = new Platform(clock, random.fork('platform'), network.internet, IDENTITY, false);
  board = new VirtualModule({
    firmware,
    clock,
    random,
    store: memoryStore(journalBytes(firmware)),
    network,
    onCrash: (error) => crashes.push(error),
  });
  const pause = pauseOf(clock);
  const probe = new Probe(linePort(board.host), clock);
  context = {
    probe,
    clock,
    pause,
    hands: {
      pay: (url) => {
        expect(platform.pay(url)).toBe(true);
        return Promise.resolve();
      },
      cutPower: async () => {
        board.cutPower();
        await pause(OFF_MS);
        board.powerOn();
      },
      setNetwork: (isThere) => Promise.resolve(network.setCoverage(isThere)),
      hasEcho: true,
    },
  };
  board.powerOn();
  await probe.frame(HostType.Info, 5000, undefined, 0);
  const { id, keyHex, host, port } = IDENTITY;
  const json = JSON.stringify({ id, key: keyHex, host, port, apn: 'cmnet' });
  expect(await probe.ask(HostType.Provision, { json })).toEqual({ order: 0 });
  const isReady = ({ type, fields }: { type: number; fields: object }): boolean =>
    type === HostType.Signal && (fields as { link: number }).link === LinkState.Ready;
  await probe.expect('SIGNAL READY', isReady, LINK_LIMIT_MS, 0);
}

beforeAll(async () => {
  firmware = await buildFirmware('espruino-wifi');
  const begun = start();
  await drive(clock, begun);
});

afterAll(() => board.cutPower());

const ALL = [...LINE_SITUATIONS, ...ORDER_SITUATIONS];

test.each(ALL)('$name: $title', async (situation) => {
  const result = await drive(clock, playSituation(situation, context));
  expect(result.skipped).toBeUndefined();
  expect(result.checks.filter((check) => !check.isPassed)).toEqual([]);
  expect(result.checks.length).toBeGreaterThan(0);
  expect(crashes).toEqual([]);
});

// Bytes of a stream, and credit for them: test/sim/product/stream.test.ts.
test('every kind of frame that the vectors have from a module was seen, with the layout of its example', () => {
  const wanted = readVectors().frames.filter(
    ({ from, name }) => from === 'module' && !/^DTU_(RECEIVED|GRANTED)$/.test(name),
  );
  const seen = new Set(
    context.probe.seen.filter(({ fields }) => Object.keys(fields).length).map(({ type }) => type),
  );
  const missing = wanted.filter((frame) => !seen.has(frame.type)).map((frame) => frame.name);
  expect(missing).toEqual([]);
});
