/**
 * What the commands share: the port that was asked for, opened, a host on it, and the first HELLO. `withHost` closes it
 * again whatever happens.
 */
import { DEFAULT_BAUD, Host, HostError, type TraceEntry } from '../host';
import type { Info } from '../host';
import type { Environment } from './environment';
import { describeFrame, frameObject } from './frames';
import type { Output } from './output';

/** Options of every command. */
export interface GlobalOptions {
  readonly port?: string;
  readonly baud: number;
  readonly json?: boolean;
  readonly trace?: boolean;
}

export interface Session {
  readonly environment: Environment;
  readonly output: Output;
  readonly options: GlobalOptions;
}

export interface Connected extends Session {
  readonly host: Host;
  readonly info: Info;
}

export const BAUDS: readonly number[] = [115_200, 57_600, 38_400, 19_200, 9600];
const HELLO_LIMIT_MS = 4000;

/** The port of --port or COINSLOT_PORT. Throws a HostError without one. */
export function portAddress({ environment, options }: Session): string {
  const address = options.port ?? environment.defaultPort;
  if (address === undefined) {
    throw new HostError(
      'argument',
      'which port? --port /dev/ttyUSB0, --port tcp:127.0.0.1:7002, or COINSLOT_PORT',
    );
  }
  return address;
}

/** Prints each frame, when --trace was given. */
export function tracer({ output, options, environment }: Session): ((entry: TraceEntry) => void) | undefined {
  if (!options.trace) return undefined;
  return (entry) =>
    output.say(
      'frame',
      { atMs: environment.clock.nowMs(), ...frameObject(entry) },
      `  ${describeFrame(entry)}`,
    );
}

/** Opens the port, says HELLO, runs `work`, closes. Gives what `work` gives. */
export async function withHost<Result>(
  session: Session,
  work: (connected: Connected) => Promise<Result>,
): Promise<Result> {
  const { environment, options } = session;
  const port = await environment.openPort(portAddress(session), options.baud || DEFAULT_BAUD);
  const onTrace = tracer(session);
  const host = new Host(port, {
    clock: environment.clock,
    name: 'coinslot-cli',
    ...(onTrace && { onTrace }),
  });
  try {
    const info = await host.hello(HELLO_LIMIT_MS);
    return await work({ ...session, host, info });
  } finally {
    host.close();
  }
}

export function pause({ environment }: Session, durationMs: number): Promise<void> {
  return new Promise((resolve) => environment.clock.setTimer(resolve, durationMs));
}
