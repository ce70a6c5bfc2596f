/**
 * Situations for a module that are about frames: the vectors, repeats, broken input, and the module's own patience.
 * Source: docs/host-protocol.md, sections 3 and 4.
 */
import { isDeepStrictEqual } from 'node:util';
import { OrderState } from '../../src/protocol/codes';
import { HostType } from '../../src/protocol/host';
import { readVectors, unhex } from '../vectors/read';
import { reasonName } from '../host/reasons';
import type { Checks, Situation } from './checks';
import { type ModuleContext, openOrder, payFields, STEP_MS } from './module-context';
import type { Answer, Probe } from './probe';

const vectors = readVectors();
const QUIET_MS = 700;
const STREAM_TRIES = 3;
const BROKEN = ['BAD_CRC', 'BAD_LENGTH', 'BAD_VERSION', 'INCOMPLETE'];

/** NAKs that came from frame number `from` on. */
function naks(probe: Probe, from: number): { reason: string; seq: number; type: number }[] {
  return probe.seen
    .slice(from)
    .filter((seen) => seen.type === HostType.Nak)
    .map(({ fields }) => ({
      reason: reasonName(fields.reason as number),
      seq: fields.seq as number,
      type: fields.type as number,
    }));
}

async function hello(context: ModuleContext, checks: Checks): Promise<void> {
  const { probe } = context;
  const from = probe.seen.length;
  checks.equal(
    'HELLO is answered with ACK',
    await probe.ask(HostType.Hello, { version: 1, name: 'conform' }),
    { order: 0 },
  );
  const info = await probe.frame(HostType.Info, 2000, undefined, from);
  checks.equal('INFO names version 1', info.fields.version, 1);
  checks.that('INFO wants no answer', !info.isAckWanted);
  const statuses = probe.seen.slice(from).filter((seen) => seen.type === HostType.Status && seen.isAckWanted);
  await context.pause(QUIET_MS);
  checks.that(
    'as many STATUS as INFO says are open',
    statuses.length <= (info.fields.openOrders as number) * 2,
  );
}

/** Broken input: each broken frame gets its NAK, and the frames around it are found. */
async function streams(context: ModuleContext, checks: Checks): Promise<void> {
  for (const vector of vectors.streams) {
    const wanted = { broken: vector.broken, answers: vector.frames.length };
    let heard = await playStream(context, vector);
    // A CPU that stood still (it erased flash) has lost bytes of its own; a module that reads wrongly does so each time.
    for (let tries = 1; tries < STREAM_TRIES && !isDeepStrictEqual(heard, wanted); tries++)
      heard = await playStream(context, vector);
    checks.equal(`stream "${vector.name}"`, heard, wanted);
  }
  await closeVectorOrder(context);
}

/** What the module says to a stream: NAKs about broken frames, and how many frames it answers. */
async function playStream(
  { probe, pause }: ModuleContext,
  vector: (typeof vectors.streams)[number],
): Promise<{ broken: object[]; answers: number }> {
  const from = probe.seen.length;
  for (const item of vector.input) {
    if ('silenceMs' in item) await pause(item.silenceMs + 150);
    else probe.sendBytes(unhex(item.hex));
  }
  await pause(QUIET_MS);
  const isAboutBroken = (reason: string): boolean => BROKEN.includes(reason);
  const answers = probe.seen
    .slice(from)
    .filter(
      ({ type, fields }) => isAnswer(type) && !isAboutBroken(reasonName((fields.reason as number) ?? 0)),
    );
  return { broken: naks(probe, from).filter(({ reason }) => isAboutBroken(reason)), answers: answers.length };
}

const isAnswer = (type: number): boolean => type === HostType.Ack || type === HostType.Nak;

/** The PAY of the vectors opens an order; it is cancelled again. */
async function closeVectorOrder({ probe }: ModuleContext): Promise<void> {
  const answer = await probe.ask(HostType.Query, { order: 0, reference: '41.1' });
  if (answer === 'nothing' || 'reason' in answer) return;
  await probe.ask(HostType.Cancel, { order: answer.order });
  await probe.find(
    ({ type, fields }) =>
      type === HostType.Status &&
      fields.order === answer.order &&
      (fields.state as number) >= OrderState.Done,
    STEP_MS,
  );
}

async function refusals({ probe }: ModuleContext, checks: Checks): Promise<void> {
  for (const vector of vectors.refusals) {
    const answer = await probe.askBytes(unhex(vector.hex), vector.seq, vector.type);
    checks.equal(vector.name, answer, { reason: vector.reason });
  }
}

async function repeats(context: ModuleContext, checks: Checks): Promise<void> {
  const { probe, pause } = context;
  const fields = payFields(context);
  const seq = probe.nextSeq();
  const answers: Answer[] = [];
  for (let sends = 0; sends < 3; sends++) {
    const from = probe.seen.length;
    probe.send(HostType.Pay, fields, { seq });
    answers.push(await probe.answerTo(seq, HostType.Pay, from));
  }
  const first = answers[0]!;
  if (first === 'nothing' || 'reason' in first)
    throw new Error(`PAY was answered with ${JSON.stringify(first)}`);
  checks.equal('a repeated PAY gets the same answer', answers, [first, first, first]);
  const again = await probe.ask(HostType.Pay, fields);
  checks.equal('the same reference in a new frame gets the same order', again, first);
  const other = await probe.ask(HostType.Pay, { ...fields, amountFen: 200 });
  checks.equal('with another amount it gets CONFLICT', other, { reason: 'CONFLICT' });
  const hellos = probe.seen.length;
  const helloSeq = probe.nextSeq();
  for (let sends = 0; sends < 2; sends++) {
    probe.send(HostType.Hello, { version: 1, name: 'conform' }, { seq: helloSeq });
    await pause(QUIET_MS);
  }
  const infos = probe.seen.slice(hellos).filter((seen) => seen.type === HostType.Info);
  checks.equal('a repeated HELLO is done again', infos.length, 2);
  const silent = probe.seen.length;
  probe.send(HostType.GetTime, {}, { isAckWanted: false });
  await pause(QUIET_MS);
  const answered = probe.seen.slice(silent).filter((seen) => isAnswer(seen.type));
  checks.equal('a frame without the flag is not answered', answered.length, 0);
  await probe.ask(HostType.Cancel, { order: first.order });
  await probe.status(first.order, [OrderState.Closed], STEP_MS);
}

async function patience(context: ModuleContext, checks: Checks): Promise<void> {
  const { probe, pause } = context;
  const { order } = await openOrder(context);
  await pause(QUIET_MS);
  probe.isAnswering = false;
  const from = probe.seen.length;
  await probe.ask(HostType.Cancel, { order });
  await pause(4 * 500 + QUIET_MS);
  probe.isAnswering = true;
  const changes = probe.seen
    .slice(from)
    .filter((seen) => seen.type === HostType.Status && seen.isAckWanted && seen.fields.order === order);
  const sends = changes.filter((seen) => seen.seq === changes[0]?.seq);
  checks.equal('a STATUS that nobody answers is sent four times', sends.length, 4);
  checks.that(
    'each time the same bytes',
    sends.every((seen) => seen.bytes.equals(sends[0]!.bytes)),
  );
  const gaps = sends.slice(1).map((seen, index) => Math.round(seen.atMs - sends[index]!.atMs));
  checks.that(
    '500 ms apart',
    gaps.every((gapMs) => gapMs >= 450 && gapMs <= 700),
    `${gaps.join(', ')} ms`,
  );
  await probe.ask(HostType.Query, { order, reference: '' });
  await probe.status(order, [OrderState.Closed], STEP_MS, from);
}

export const LINE_SITUATIONS: readonly Situation<ModuleContext>[] = [
  { name: 'hello', title: 'HELLO and INFO', play: hello },
  { name: 'broken-input', title: 'every stream of the vectors', play: streams },
  { name: 'refusals', title: 'every refusal of the vectors', play: refusals },
  { name: 'repeats', title: 'repeated frames are answered, not done again', play: repeats },
  { name: 'patience', title: 'the module repeats what nobody answers', play: patience },
];
