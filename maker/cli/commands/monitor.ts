/**
 * `coinslot monitor`: every frame both ways, as it passes. It is a host itself (it answers, so it must be alone on the
 * wire), or with --passive only listens: to the module's line, and with --host-line to the machine's line as well.
 */
import { FRAME_TIMEOUT_MS, FrameReader } from '../../../src/protocol/frame';
import { Host, type HostPort, type TraceEntry } from '../../host';
import { crcOf } from '../../host/exchange';
import { Exit } from '../exit-codes';
import { describeFrame, frameObject } from '../frames';
import { portAddress, type Session } from '../session';

export interface MonitorOptions {
  readonly passive?: boolean;
  readonly hostLine?: string;
  readonly bytes?: boolean;
  readonly for?: number;
}

const KEEP_ALIVE_MS = 30_000;

/** 12:01:03.123 */
function clockTime(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(11, 23);
}

export async function monitor(session: Session, options: MonitorOptions): Promise<Exit> {
  const { environment, output } = session;
  const { clock } = environment;
  const show = (entry: TraceEntry): void => {
    const atMs = clock.nowMs();
    const hex =
      options.bytes && entry.bytes.length
        ? `\n             ${entry.bytes.toString('hex').replace(/..\B/g, '$& ')}`
        : '';
    output.say('frame', { atMs, ...frameObject(entry) }, `${clockTime(atMs)} ${describeFrame(entry)}${hex}`);
  };
  const port = await environment.openPort(portAddress(session), session.options.baud);
  const second = options.hostLine
    ? await environment.openPort(options.hostLine, session.options.baud)
    : undefined;
  const whyOfEnd = new Promise<string>((resolve) => {
    if (options.passive) {
      watch(session, port, 'received', show, resolve);
      if (second) watch(session, second, 'sent', show, resolve);
    } else {
      talk(session, port, show, resolve);
    }
    environment.onInterrupt(() => resolve(''));
    if (options.for !== undefined) clock.setTimer(() => resolve(''), options.for * 1000);
  });
  const why = await whyOfEnd;
  port.close();
  second?.close();
  if (why === '') return Exit.Ok;
  output.complain('closed', `the port is gone: ${why}`);
  return Exit.NoModule;
}

/** A host that says HELLO now and then and answers. */
function talk(
  session: Session,
  port: HostPort,
  show: (entry: TraceEntry) => void,
  end: (why: string) => void,
): void {
  const { clock } = session.environment;
  const host = new Host(port, { clock, name: 'coinslot-monitor', onTrace: show });
  host.listen((event) => {
    if (event.kind === 'closed') end(event.why);
  });
  const greet = (): void => {
    host.hello().catch(() => session.output.note('nobody answers; still listening'));
    clock.setTimer(greet, KEEP_ALIVE_MS);
  };
  greet();
}

/** Only listens. */
function watch(
  session: Session,
  port: HostPort,
  direction: TraceEntry['direction'],
  show: (entry: TraceEntry) => void,
  end: (why: string) => void,
): void {
  const { clock } = session.environment;
  const reader = new FrameReader(crcOf, {
    onFrame: (frame) => show({ direction, frame, bytes: Buffer.from(frame.payload, 'latin1') }),
    onBadFrame: (broken) => show({ direction, broken, bytes: Buffer.alloc(0) }),
  });
  let timer = clock.setTimer(() => {}, 0);
  port.onData = (bytes) => {
    clock.clearTimer(timer);
    reader.push(bytes.toString('latin1'));
    if (reader.isWaiting()) timer = clock.setTimer(() => reader.giveUp(), FRAME_TIMEOUT_MS);
  };
  port.onClose = end;
}
