/**
 * The data stream of docs/host-protocol.md, section 12, played against a module. With a far end that sends back what it gets,
 * every byte is followed there and back; without one, only that nobody is there.
 */
import { Reason } from '../../src/protocol/codes';
import { HostType } from '../../src/protocol/host';
import { type Checks, Skipped } from './checks';
import { type ModuleContext, STEP_MS } from './module-context';
import type { Seen } from './probe';

const OPEN_LIMIT_MS = 61_000;
const TUNNEL = { mode: 1, port: 0, address: '' };
/** More than any buffer on the way, with every value of a byte. */
const BYTES = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7 + (index >> 8)) & 255));
const FIRST_WINDOW = 100;
const PIECE_BYTES = 200;

export async function dtu(context: ModuleContext, checks: Checks): Promise<void> {
  const { probe, hands } = context;
  const data = { data: 'x' };
  checks.equal('DTU_DATA without a stream', await probe.ask(HostType.DtuData, data), { reason: 'NO_STREAM' });
  const from = probe.seen.length;
  checks.equal('DTU_OPEN is taken', await probe.ask(HostType.DtuOpen, TUNNEL), { order: 0 });
  checks.equal('a second one is not', await probe.ask(HostType.DtuOpen, TUNNEL), { reason: 'BUSY' });
  const isOutcome = ({ type }: Seen): boolean => type === HostType.DtuOpened || type === HostType.DtuClosed;
  const outcome = await probe.expect('DTU_OPENED or DTU_CLOSED', isOutcome, OPEN_LIMIT_MS, from);
  if (!hands.hasEcho) {
    const isAbsent = outcome.type === HostType.DtuClosed && outcome.fields.reason === Reason.Unreachable;
    if (outcome.type === HostType.DtuOpened) await close(context, checks, from);
    else
      checks.that(
        'UNREACHABLE, as nobody is at the far end',
        isAbsent,
        `reason ${String(outcome.fields.reason)}`,
      );
    throw new Skipped('no far end that sends back what it gets');
  }
  checks.equal('it opens', outcome.type, HostType.DtuOpened);
  const credit = outcome.fields.credit as number;
  checks.that('DTU_OPENED gives credit', credit > 0, String(credit));
  if (credit < 512) {
    const tooMuch = await probe.ask(HostType.DtuData, { data: 'x'.repeat(credit + 1) });
    checks.equal('more than the credit', tooMuch, { reason: 'NO_CREDIT' });
  }
  await thereAndBack(context, checks, credit, from);
  await close(context, checks, from);
  checks.equal('afterwards there is none', await probe.ask(HostType.DtuCredit, { credit: 0 }), {
    reason: 'NO_STREAM',
  });
}

/** Sends the bytes as credit allows, one frame twice, and gives back credit for what comes. */
async function thereAndBack(
  { probe, clock, pause }: ModuleContext,
  checks: Checks,
  firstCredit: number,
  from: number,
): Promise<void> {
  const sum = (type: HostType, bytesOf: (seen: Seen) => number): number =>
    distinct(probe.seen.slice(from))
      .filter((seen) => seen.type === type)
      .reduce((total, seen) => total + bytesOf(seen), 0);
  const granted = (): number => sum(HostType.DtuGranted, ({ fields }) => fields.credit as number);
  const arrived = (): number => sum(HostType.DtuReceived, ({ fields }) => String(fields.data).length);
  const opened = await probe.ask(HostType.DtuCredit, { credit: FIRST_WINDOW });
  checks.equal('DTU_CREDIT is taken', opened, { order: 0 });
  let [sent, window, overrun] = [0, FIRST_WINDOW, 0];
  const endMs = clock.nowMs() + 3 * STEP_MS;
  while ((sent < BYTES.length || arrived() < BYTES.length) && clock.nowMs() < endMs) {
    const room = Math.min(PIECE_BYTES, firstCredit + granted() - sent, BYTES.length - sent);
    if (room > 0) {
      const piece = BYTES.subarray(sent, sent + room).toString('latin1');
      const seq = probe.nextSeq();
      const before = probe.seen.length;
      // The same frame twice: taken once.
      for (let sends = 0; sends < 2; sends++) probe.send(HostType.DtuData, { data: piece }, { seq });
      const answer = await probe.answerTo(seq, HostType.DtuData, before);
      if (answer === 'nothing' || 'reason' in answer)
        throw new Error(`DTU_DATA was answered with ${JSON.stringify(answer)}`);
      sent += room;
    }
    overrun = Math.max(overrun, arrived() - window);
    if (arrived() > window - FIRST_WINDOW) {
      const more = arrived() + FIRST_WINDOW - window;
      window += more;
      await probe.ask(HostType.DtuCredit, { credit: more });
    }
    await pause(20);
  }
  const back = distinct(probe.seen.slice(from))
    .filter((seen) => seen.type === HostType.DtuReceived)
    .map(({ fields }) => Buffer.from(String(fields.data), 'latin1'));
  checks.that(
    'every byte comes back, once and in order',
    Buffer.concat(back).equals(BYTES),
    `${arrived()} of ${BYTES.length}`,
  );
  checks.that('never more than the host gave credit for', overrun <= 0, `${overrun} bytes`);
  const isAllBack = await probe.find(() => granted() >= sent, STEP_MS, from);
  checks.that(
    'all credit comes back',
    isAllBack !== undefined && granted() === sent,
    `${granted()} of ${sent}`,
  );
}

/** Without the frames that the module repeated. */
function distinct(seen: readonly Seen[]): Seen[] {
  return seen.filter(
    (frame, index) => !seen.slice(0, index).some((older) => older.bytes.equals(frame.bytes)),
  );
}

async function close({ probe }: ModuleContext, checks: Checks, from: number): Promise<void> {
  checks.equal('DTU_CLOSE is taken', await probe.ask(HostType.DtuClose, {}), { order: 0 });
  const closed = await probe.frame(HostType.DtuClosed, STEP_MS, undefined, from);
  checks.equal('DTU_CLOSED has no reason', closed.fields.reason, 0);
}
