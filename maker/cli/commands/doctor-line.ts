/**
 * The wire's part of `coinslot doctor`: can the port be opened, does somebody answer, and if not, what does the
 * silence or the garbage say? Tries other baud rates before it gives up.
 */
import { FLAG_ACK_WANTED } from '../../../src/protocol/frame';
import { Host, type HostError, type HostPort, type Info, type TraceEntry } from '../../host';
import { BAUDS, portAddress, type Session, tracer } from '../session';
import type { Finding } from './doctor';

/** What passed by on the wire. */
export interface LineCounts {
  bytes: number;
  /** Sound frames of the other side, answers included. */
  frames: number;
  /** Frames of our own that came back. */
  echoes: number;
  broken: number;
  /** Requests that we had to send again. */
  repeats: number;
}

export interface Line {
  readonly host: Host;
  readonly info: Info;
  readonly counts: LineCounts;
}

const HELLO_LIMIT_MS = 2000;
const FIRST_MODULE_TYPE = 0x40;

/** What to do when a port cannot be opened, by what the system says. */
const OPEN_ADVICE: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /no such file|ENOENT|cannot find|unknown error code 2/i,
    'is the adapter plugged in? `coinslot ports` lists what there is',
  ],
  [
    /permission|EACCES|access denied/i,
    'your user may not use it: on Linux, sudo usermod -aG dialout $USER, then sign in again',
  ],
  [/busy|lock|EBUSY/i, 'another program has it: close the terminal program or IDE monitor'],
  [/ECONNREFUSED/, 'nothing listens there: start the virtual module, npm run module -- --tcp 7002'],
];

type Say = (finding: Finding) => void;

/** Opens the port and gets an answer, or says why not. */
export async function findLine(session: Session, say: Say): Promise<Line | undefined> {
  const address = portAddress(session);
  const first = session.options.baud;
  const others = address.startsWith('tcp:') ? [] : BAUDS.filter((baud) => baud !== first);
  let heard: LineCounts | undefined;
  for (const baud of [first, ...others]) {
    let port: HostPort;
    try {
      port = await session.environment.openPort(address, baud);
    } catch (error) {
      const { message } = error as HostError;
      const advice =
        OPEN_ADVICE.find(([pattern]) => pattern.test(message))?.[1] ?? 'look at the name of the port';
      say({ check: 'port', result: 'fault', message, advice });
      return undefined;
    }
    if (!heard) say({ check: 'port', result: 'ok', message: `${address} is open` });
    session.output.progress(`asking at ${baud} baud`);
    const attempt = await greet(session, port);
    if (attempt.info) {
      say(answered(baud, first, attempt.info));
      return { host: attempt.host, info: attempt.info, counts: attempt.counts };
    }
    attempt.host.close();
    heard ??= attempt.counts;
    if (isConclusive(attempt.counts)) break;
  }
  say(explain(heard!, others.length > 0));
  return undefined;
}

function answered(baud: number, first: number, info: Info): Finding {
  const message = `the module answers: ${info.deviceId || 'not provisioned'}, protocol ${info.version}`;
  if (baud === first) return { check: 'answer', result: 'ok', message };
  return {
    check: 'answer',
    result: 'warning',
    message: `${message}, but at ${baud} baud`,
    advice: `use --baud ${baud}`,
  };
}

async function greet(
  session: Session,
  port: HostPort,
): Promise<{ host: Host; info?: Info; counts: LineCounts }> {
  const counts: LineCounts = { bytes: 0, frames: 0, echoes: 0, broken: 0, repeats: 0 };
  const trace = tracer(session);
  let lastSent = '';
  const onTrace = (entry: TraceEntry): void => {
    trace?.(entry);
    count(counts, entry);
    if (entry.direction !== 'sent' || !((entry.frame?.flags ?? 0) & FLAG_ACK_WANTED)) return;
    const hex = entry.bytes.toString('hex');
    if (hex === lastSent) counts.repeats += 1;
    lastSent = hex;
  };
  const host = new Host(port, { clock: session.environment.clock, name: 'coinslot-doctor', onTrace });
  const take = port.onData;
  port.onData = (bytes) => {
    counts.bytes += bytes.length;
    take(bytes);
  };
  try {
    return { host, info: await host.hello(HELLO_LIMIT_MS), counts };
  } catch {
    return { host, counts };
  }
}

function count(counts: LineCounts, { direction, frame, broken }: TraceEntry): void {
  if (direction !== 'received') return;
  if (broken !== undefined) counts.broken += 1;
  else if (frame && frame.type < FIRST_MODULE_TYPE) counts.echoes += 1;
  else counts.frames += 1;
}

/** Whether another baud rate cannot make a difference. */
function isConclusive({ echoes, frames }: LineCounts): boolean {
  return echoes > 0 || frames > 0;
}

/** What the silence, the garbage or the echo means. */
function explain({ bytes, echoes, frames, broken }: LineCounts, triedRates: boolean): Finding {
  const fault = (message: string, advice: string): Finding => ({
    check: 'answer',
    result: 'fault',
    message,
    advice,
  });
  if (echoes > 0)
    return fault(
      'our own frames come back',
      'TX and RX are joined, or the adapter echoes: TX goes to the module’s RX, RX to its TX',
    );
  if (frames > 0)
    return fault(
      'the module talks but does not hear us',
      'the wire from the PC’s TX to the module’s RX; its level (3.3 V)',
    );
  const rates = triedRates ? ' at any baud rate' : '';
  if (broken > 0)
    return fault(`frames arrive, all of them damaged${rates}`, 'ground wire, levels, length of the cable');
  if (bytes > 0)
    return fault(
      `${bytes} bytes arrive, but no frame${rates}`,
      'is this the module’s host port? Levels: TTL, not RS-232',
    );
  return fault(
    `nothing arrives${rates}`,
    'in this order: supply of the module, TX and RX swapped, ground, the right port',
  );
}
