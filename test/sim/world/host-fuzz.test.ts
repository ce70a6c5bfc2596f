/**
 * Host commands in any order and at any moment, as sequences, against the built bundle in a whole world: every
 * request gets an answer, the module is alive afterwards, and the laws are whole.
 */
import * as fc from 'fast-check';
import { buildFirmware, type Firmware } from '../../../scripts/build/build';
import { HOST_COMMANDS, type Plan, type PurchaseStep, type Step } from '../../../sim/world/plan';
import { Play } from '../../../sim/world/play';
import { encodeHost, HOST_LAYOUTS, HostType } from '../../../src/protocol/host';
import { messageOf } from '../../src/protocol/any-message';
import { holds, ROUNDS } from '../../support/random';

// A round is 100 whole worlds: seconds, and more on a busy machine.
jest.setTimeout(120_000 * ROUNDS);

let firmware: Firmware;
beforeAll(async () => {
  firmware = await buildFirmware('espruino-wifi');
});

const SPAN_MS = 20_000;
const atMs = fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: SPAN_MS }));
const hex = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString('hex'));

const purchase: fc.Arbitrary<PurchaseStep> = fc.record({
  kind: fc.constant('purchase' as const),
  atMs,
  site: fc.constant(0),
  reference: fc.constantFrom('P1', 'P2', 'P3', 'P4'),
  amountFen: fc.constantFrom(100, 300, 500),
  channel: fc.constantFrom(1 as const, 2 as const),
  ttlS: fc.constantFrom(30, 60),
  customer: fc.constantFrom('pays' as const, 'pays' as const, 'ignores' as const, 'late' as const),
  thinkMs: fc.integer({ min: 50, max: 8_000 }),
  cancelMs: fc.constantFrom(0, 0, 0, 400, 2_000),
  report: fc.constantFrom('dispensed' as const, 'failed' as const, 'silent' as const),
  reportMs: fc.integer({ min: 0, max: 2_000 }),
  refundMs: fc.constantFrom(0, 0, 500),
  merchantRefundMs: fc.constantFrom(0, 0, 0, 3_000),
});
const command = fc.record({
  kind: fc.constant('command' as const),
  atMs,
  site: fc.constant(0),
  command: fc.constantFrom(...HOST_COMMANDS),
  back: fc.integer({ min: 0, max: 3 }),
});
/** Types without an answer of their own, and what `command` says instead, because the auditor must know of it. */
const NOT_AT_RANDOM: readonly number[] = [
  HostType.Ack,
  HostType.Nak,
  HostType.Relay,
  HostType.Dispensed,
  HostType.Failed,
  HostType.Refund,
];
const isAtRandom = (type: number): boolean => !NOT_AT_RANDOM.includes(type);
const TYPES = Object.keys(HOST_LAYOUTS).map(Number).filter(isAtRandom);
/** Orders that last ten minutes at most: the auditor waits fifty. */
const sound = messageOf(TYPES).filter(({ fields }) => Number(fields.ttlS ?? 0) <= 600);
/** A sound frame of any other type, with any bytes or with a payload of its layout. */
const frame = fc
  .oneof(
    fc.record({ type: fc.nat(255).filter(isAtRandom), hex: hex(40) }),
    sound.map(({ type, fields }) => ({
      type,
      hex: Buffer.from(encodeHost(type, fields), 'latin1').toString('hex'),
    })),
  )
  .chain((what) => atMs.map((at) => ({ kind: 'frame' as const, atMs: at, site: 0, ...what })));
const babble = fc.record({ kind: fc.constant('babble' as const), atMs, site: fc.constant(0), hex: hex(60) });

const story: fc.Arbitrary<{ steps: Step[]; mode: number }> = fc.record({
  mode: fc.integer({ min: 0, max: 3 }),
  steps: fc.array(
    fc.oneof(
      { weight: 3, arbitrary: purchase },
      { weight: 6, arbitrary: command },
      { weight: 3, arbitrary: frame },
      { weight: 1, arbitrary: babble },
    ),
    { maxLength: 30 },
  ),
});

function planOf({ steps, mode }: { steps: readonly Step[]; mode: number }): Plan {
  const site = {
    mode,
    clockRate: 1,
    freeBytes: 6_000,
    isSynced: true,
    lastOrder: 0,
    unstableBits: false,
    enduranceErases: 10_000,
  };
  return { seed: 1, cell: 'ideal', uncertain: 'person', sites: [site], spanMs: SPAN_MS, steps };
}

test('any sequence of host frames leaves the laws whole and gets its answers', async () => {
  await holds(
    fc.asyncProperty(story, async (told) => {
      const play = new Play(firmware, planOf(told), undefined);
      const { violations } = await play.run();
      expect(violations).toEqual([]);
      const { host } = play.world.sites[0]!;
      const hasNoise = told.steps.some((step) => step.kind === 'babble');
      // Noise may cost the frame beside it; nothing else may cost an answer.
      if (!hasNoise) expect(host.unanswered).toBe(0);
      let info: unknown;
      host.onFrame = (type, fields) => {
        if (type === HostType.Info) info = fields.deviceId;
      };
      host.request(HostType.Hello, { version: 1, name: 'test' });
      await play.world.loop.run(2_000);
      expect(info).toBe('CS000001');
    }),
    100,
  );
});
