/**
 * `npm run bench:firmware`: work of the built bundle in instructions, counted by callgrind on the Linux interpreter,
 * beside the straightforward alternative, as ARM instructions and as time on an F4 at 100 MHz, against the budgets of
 * the design. Two runs agree to the instruction where no time is involved (the idle second has timers in it).
 * Exits 1 when a budget is passed. Last line: one JSON object.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findInterpreter, type Interpreter } from '../../sim/interpreter/interpreter';
import { buildFirmware } from '../build/build';
import { command } from '../command-line';
import { hasCallgrind } from './callgrind';
import { countLive, type LiveCounts } from './live';
import { convert, type Conversion, countAlternatives, countPeerLine, KNOWN, SEALED_BYTES } from './programs';

/** ARM instructions (docs/firmware-speed.md, with the reasons). */
const BUDGETS: Readonly<Record<string, number>> = {
  payToAck: 1_500_000,
  seal: 800_000,
  open: 900_000,
  tunnelUp: 6_500_000,
  tunnelDown: 6_500_000,
  directUp: 6_500_000,
  directDown: 6_500_000,
  idleSecond: 100_000,
};
/** The F411's build is made for size (-Os) and needs a quarter more instructions than the one that was counted. */
const SIZE_BUILD = 1.25;
/** Of the frame, of the journal's record and of the ACK. */
const PAY_CRCS = 3;
/** Flash wait states at 100 MHz. */
const CYCLES_PER_INSTRUCTION = 1.75;
const CYCLES_PER_MS = 100_000;

interface Row {
  readonly name: string;
  readonly what: string;
  readonly count: number;
  readonly alternative?: number;
  readonly against?: string;
}

interface Alternatives {
  readonly seal: number;
  readonly crc: number;
  /** Undefined where Espruino's modules are not at hand. */
  readonly atLine: number | undefined;
}

function rowsOf(live: LiveCounts, alternatives: Alternatives): Row[] {
  const bytes = `${SEALED_BYTES} bytes`;
  const row = (
    name: keyof LiveCounts,
    what: string,
    alternative?: number,
    against = 'crc in JavaScript',
  ): Row => ({ name, what, count: live[name], ...(alternative !== undefined && { alternative, against }) });
  const byAesJs = (count: number, native: number): number => count - native + alternatives.seal;
  return [
    row('payToAck', 'PAY, last byte to ACK', live.payToAck + PAY_CRCS * alternatives.crc),
    row('seal', `seal ${bytes}`, alternatives.seal, 'aes-js'),
    row('open', `open ${bytes}`, alternatives.seal, 'aes-js'),
    row('statusFrame', 'make a STATUS frame', live.statusFrame + alternatives.crc),
    row('atLine', 'a line from the modem', alternatives.atLine, 'AT.js and SIM900.js'),
    row('tunnelUp', 'DTU, host to platform', byAesJs(live.tunnelUp, live.seal), 'aes-js'),
    row('tunnelDown', 'DTU, platform to host', byAesJs(live.tunnelDown, live.open), 'aes-js'),
    row('directUp', 'DTU, host to own server', live.directUp + alternatives.crc),
    row('directDown', 'DTU, own server to host', live.directDown + alternatives.crc),
    row('idleSecond', 'an idle second'),
  ];
}

function show(rows: readonly Row[], { median, least, most }: Conversion): string[] {
  const over: string[] = [];
  const arm = (count: number): number => Math.round(count * median);
  console.log(
    `\nOne instruction of this interpreter stands for ${median.toFixed(2)} of an ARM (${least.toFixed(2)} to ${most.toFixed(2)}),`,
  );
  console.log(`from ${Object.keys(KNOWN).length} operations that were counted on both.`);
  console.log(
    `F4 at 100 MHz: a quarter more for the -Os build, ${CYCLES_PER_INSTRUCTION} cycles an instruction for the wait states of its flash.\n`,
  );
  console.log('                            counted   ARM about    F4, ms   alternative');
  for (const { name, what, count, alternative, against } of rows) {
    const armCount = arm(count);
    const ms = (armCount * SIZE_BUILD * CYCLES_PER_INSTRUCTION) / CYCLES_PER_MS;
    const beside =
      alternative === undefined ? '' : `${(alternative / count).toFixed(1)} times with ${against}`;
    const budget = BUDGETS[name];
    const verdict = budget === undefined ? '' : `  budget ${budget}: ${armCount > budget ? 'OVER' : 'ok'}`;
    if (budget !== undefined && armCount > budget) over.push(`${name}: ${armCount} of ${budget}`);
    console.log(
      `${what.padEnd(24)} ${String(count).padStart(10)} ${String(armCount).padStart(11)} ${ms.toFixed(1).padStart(9)}   ${beside}${verdict}`,
    );
  }
  return over;
}

const { modules } = command('bench:firmware', 'work of the firmware, in instructions on the interpreter')
  .option('--modules <folder>', 'Espruino’s AT.js and SIM900.js, for a peer')
  .parse()
  .opts<{ modules?: string }>();

function peerLine(interpreter: Interpreter, folder: string): number | undefined {
  const count = modules === undefined ? undefined : countPeerLine(interpreter, folder, modules);
  if (count === undefined) {
    const why = modules === undefined ? 'no --modules <folder>' : `no AT.js and SIM900.js in ${modules}`;
    console.log(`Skipped, ${why}: Espruino’s own driver beside a line of the modem.`);
  }
  return count;
}

async function measure(interpreter: Interpreter, folder: string): Promise<void> {
  console.log(`interpreter ${interpreter.version}, counting under callgrind; about four minutes`);
  const conversion = convert(interpreter, path.join(folder, 'known'));
  const alternatives = {
    ...(await countAlternatives(interpreter, path.join(folder, 'alternatives'))),
    atLine: peerLine(interpreter, path.join(folder, 'peer')),
  };
  const troubles: string[] = [];
  const firmware = await buildFirmware('linux');
  const live = await countLive(interpreter, firmware, folder, (text) => troubles.push(text));
  const rows = rowsOf(live, alternatives);
  const over = show(rows, conversion);
  for (const trouble of troubles) console.log(`WRONG: ${trouble}`);
  const versus = rows.flatMap(({ name, count, alternative }) =>
    alternative === undefined ? [] : [[name, Math.round((10 * alternative) / count) / 10]],
  );
  const counts = Object.fromEntries(rows.map(({ name, count }) => [name, count]));
  console.log(
    JSON.stringify({
      instructions: {
        payToAck: live.payToAck,
        seal: live.seal,
        open: live.open,
        // One packet through the platform: the mean of both ways.
        dtuPacket: Math.round((live.tunnelUp + live.tunnelDown) / 2),
        idleSecond: live.idleSecond,
        ...counts,
      },
      versus: Object.fromEntries(versus),
      armPerInstruction: Math.round(1000 * conversion.median) / 1000,
      interpreter: interpreter.version,
      over,
    }),
  );
  process.exitCode = over.length + troubles.length > 0 ? 1 : 0;
}

async function main(): Promise<void> {
  const interpreter = findInterpreter();
  if (!interpreter || !hasCallgrind()) {
    const missing = interpreter ? 'valgrind' : 'Espruino interpreter (Linux build)';
    console.log(`skipped: there is no ${missing} on PATH. Not counted: any work of the firmware.`);
    console.log(JSON.stringify({ skipped: true, reason: `no ${missing}` }));
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-bench-'));
  try {
    await measure(interpreter, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
