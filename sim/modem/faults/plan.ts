/**
 * Reads a fault as a person writes it: `name[:parameter][@trigger]`.
 *
 *   pdp-deact@30s                30 s after the start
 *   outage:90@every:10m          again and again
 *   send-fail@prompt#3           at the third prompt
 *   remote-close@connect+5s      5 s after a connection is open
 *   late-answer:40@+CIICR        for that command
 *
 * Leaves striking to `injector.ts`. Invariant: a plan that is accepted can be carried out.
 */
import { MODEM_EVENTS, type ModemEvent } from '../watch';
import type { FaultKind, FaultParameter } from './fault';
import { ALL_FAULTS } from './index';

export type Trigger =
  | { kind: 'time'; delayMs: number; everyMs: number }
  | { kind: 'event'; event: ModemEvent; occurrence: number; delayMs: number }
  | { kind: 'command'; command: string; occurrence: number; delayMs: number };

export interface PlannedFault {
  name: string;
  fault: FaultKind;
  value: number;
  text: string;
  trigger: Trigger;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const SHAPE = /^([a-z-]+)(?::([^@]*))?(?:@(.+))?$/;
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const OCCASION = /^(\+[A-Za-z]+|[a-z]+)(?:#(\d{1,6}))?(?:\+(\d+(?:\.\d+)?(?:ms|s|m|h)))?$/;

/** Reads one fault; throws an error of one sentence when it cannot be understood. */
export function planFault(text: string): PlannedFault {
  const match = SHAPE.exec(text);
  if (!match) throw new Error(`'${text}' is not a fault; write name[:parameter][@trigger]`);
  const [, name, parameterText, triggerText] = match;
  const fault = ALL_FAULTS[name!];
  if (!fault) throw new Error(`there is no fault '${name}'; --list-faults names them all`);
  const { value, text: plain } = readParameter(name!, fault.parameter, parameterText);
  return {
    name: name!,
    fault,
    value,
    text: plain,
    trigger: readTrigger(name!, triggerText ?? fault.trigger),
  };
}

function readParameter(
  name: string,
  parameter: FaultParameter | undefined,
  text: string | undefined,
): { value: number; text: string } {
  if (!parameter) {
    if (text !== undefined) throw new Error(`fault ${name} takes no parameter, got '${text}'`);
    return { value: 0, text: '' };
  }
  const given = text ?? String(parameter.fallback);
  if (parameter.unit === 'text') return { value: 0, text: given };
  const value = Number(given.replace(new RegExp(`${parameter.unit}$`), ''));
  const low = parameter.low ?? 0;
  const high = parameter.high ?? Number.MAX_SAFE_INTEGER;
  if (given === '' || !(value >= low && value <= high)) {
    throw new Error(
      `fault ${name}: ${parameter.name} must be a number from ${low} to ${high}, got '${given}'`,
    );
  }
  return { value, text: given };
}

function readTrigger(name: string, text: string): Trigger {
  if (text === 'now') return { kind: 'time', delayMs: 0, everyMs: 0 };
  if (text.startsWith('every:')) {
    const everyMs = durationMs(text.slice('every:'.length));
    if (everyMs === undefined || everyMs === 0) throw wrongTrigger(name, text);
    return { kind: 'time', delayMs: everyMs, everyMs };
  }
  const delayMs = durationMs(text);
  if (delayMs !== undefined) return { kind: 'time', delayMs, everyMs: 0 };
  return readOccasion(name, text);
}

function readOccasion(name: string, text: string): Trigger {
  const match = OCCASION.exec(text);
  if (!match) throw wrongTrigger(name, text);
  const occurrence = match[2] === undefined ? 1 : Number(match[2]);
  const delayMs = match[3] === undefined ? 0 : durationMs(match[3])!;
  if (occurrence === 0) throw wrongTrigger(name, text);
  const subject = match[1]!;
  if (subject.startsWith('+'))
    return { kind: 'command', command: subject.toUpperCase(), occurrence, delayMs };
  const event = MODEM_EVENTS.find((known) => known === subject);
  if (!event) throw wrongTrigger(name, text);
  return { kind: 'event', event, occurrence, delayMs };
}

function durationMs(text: string): number | undefined {
  const match = DURATION.exec(text);
  return match ? Number(match[1]) * UNIT_MS[match[2]!]! : undefined;
}

function wrongTrigger(name: string, text: string): Error {
  return new Error(
    `fault ${name}: '@${text}' is no trigger; write a time (30s), every:60s, a command (+CIPSEND) or one of ${MODEM_EVENTS.join(', ')}`,
  );
}
