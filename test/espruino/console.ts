/**
 * Nobody on the host's port reaches Espruino's prompt: what a person would type there, and what Espruino's own tools
 * send, is taken for noise. Evaluated text would move a relay, print, or stop the module; none of it may happen.
 */
import type { InterpreterBox } from '../../sim/interpreter/box';
import type { Clock } from '../../sim/time/clock';

/** Moves a relay, which can be seen from outside, and says something, which can be heard. */
const PROOF = 'digitalWrite("D10",1);print("P"+"WNED")';

const ATTEMPTS: readonly (readonly [string, string])[] = [
  ['a line', `${PROOF}\n`],
  ['Ctrl-C and a line', `\x03\x03\n${PROOF}\r\n`],
  ['a line without echo', `\x10${PROOF}\n`],
  ['the debugger', `\x03\ndebugger\n${PROOF}\n`],
  ['a packet of evaluation', `\x10\x01\x20\x28${PROOF.padEnd(40)}`],
  ['reset and load', `\n\nreset();load();E.reboot();\n${PROOF}\n`],
  ['setConsole', `\nE.setConsole(Serial1);\n${PROOF}\n`],
  ['a frame with text in it', `\xa5\x5a\x11\x07\x02${PROOF}\n`],
  ['settings that are code', `{"x":${PROOF}}\n`],
];

/** What came of it that should not; empty when the port is closed. */
export async function attackConsole(
  box: InterpreterBox,
  clock: Clock,
  pauseMs: number,
): Promise<readonly string[]> {
  const faults: string[] = [];
  let heard = '';
  const serve = box.host.onData;
  box.host.onData = (bytes) => {
    heard += bytes.toString('latin1');
    serve(bytes);
  };
  const { starts } = box;
  for (const [what, bytes] of ATTEMPTS) {
    heard = '';
    const pulses = box.relayPulses[1]!;
    box.host.write(Buffer.from(bytes, 'latin1'));
    await new Promise<void>((resolve) => clock.setTimer(resolve, pauseMs));
    if (/PWNED|[\r\n]>|ESPRUINO/i.test(heard)) faults.push(`${what}: a prompt on the host's port`);
    if (box.relayPulses[1] !== pulses) faults.push(`${what}: it was evaluated`);
    if (box.starts !== starts) faults.push(`${what}: the module started anew`);
  }
  box.host.onData = serve;
  return faults;
}
