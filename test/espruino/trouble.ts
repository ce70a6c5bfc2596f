/**
 * Trouble inside the program on the real interpreter: an exception out of a callback stands in the log and the module goes
 * on; memory that runs short is seen before it is gone, the module starts anew and tells why.
 */
import { type HostFields, HostType } from '../../src/protocol/host';
import { STEP_LIMIT_MS } from './purchase';
import type { Suite } from './suite';

/** Runs both; the module has no open order. */
export async function troubles(suite: Suite): Promise<void> {
  const { box, machine, options } = suite;
  const { starts } = box;
  box.trouble('throw');
  await machine.request(HostType.Hello, { version: 1, name: 'test' });
  const faults = (await log(suite)).filter((line) => line.startsWith('0 FAULT thrown_by_the_shim '));
  suite.check(faults.length === 1, `an exception in a callback: ${faults.length} entries in the log`);
  suite.check(box.starts === starts, 'one exception, and the module started anew');
  const announced = machine.waitFor(HostType.Info, () => true, STEP_LIMIT_MS);
  box.trouble('hog');
  await announced;
  const lines = (await log(suite)).slice(-2).join(', ');
  suite.check(/0 RESTART MEMORY \S+, 0 START /.test(lines), `memory ran short: the log ends with ${lines}`);
  options.say(
    'an exception stands in the log; memory that runs short leads to a new start, and the log tells why',
  );
}

async function log(suite: Suite): Promise<string[]> {
  const { machine } = suite;
  const lines: string[] = [];
  const listener = (type: HostType, { text }: HostFields): void => {
    if (type === HostType.Log) lines.push(text as string);
  };
  machine.listeners.add(listener);
  const last = machine.waitFor(HostType.Log, ({ left }) => left === 0, STEP_LIMIT_MS);
  await machine.request(HostType.GetLog, { order: 0, count: 20 });
  await last;
  machine.listeners.delete(listener);
  return lines;
}
