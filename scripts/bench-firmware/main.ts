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
import { hasCallgrind } from './callgrind';
import { countLive, type LiveCounts } from './live';
import { convert, type Conversion, countAlternatives, KNOWN, SEALED_BYTES } from './programs';

/** ARM instructions (docs/architecture.md): what a module at 100 MHz can do without a person noticing. */
const BUDGETS: Readonly<Record<string, number>> = { payToAck: 1_500_000, idleSecond: 100_000 };
/** The F411's build is made for size (-Os) and needs a quarter more instructions than the one that was counted. */
const SIZE_BUILD = 1.25;
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

function rowsOf(live: LiveCounts, alternatives: { seal: number; crc: number }): Row[] {
  const bytes = `${SEALED_BYTES} bytes`;
  return [
    {
      name: 'payToAck',
      what: 'PAY, last byte to ACK',
      count: live.payToAck,
      alternative: live.payToAckPlainCrc,
      against: 'crc in JavaScript',
    },
    {
      name: 'seal',
      what: `seal ${bytes}`,
      count: live.seal,
      alternative: alternatives.seal,
      against: 'aes-js',
    },
    {
      name: 'open',
      what: `open ${bytes}`,
      count: live.open,
      alternative: alternatives.seal,
      against: 'aes-js',
    },
    {
      name: 'statusFrame',
      what: 'make a STATUS frame',
      count: live.statusFrame,
      alternative: live.statusFrame + alternatives.crc,
      against: 'crc in JavaScript',
    },
    { name: 'atLine', what: 'a line from the modem', count: live.atLine },
    { name: 'tunnelUp', what: 'DTU, host to platform', count: live.tunnelUp },
    { name: 'tunnelDown', what: 'DTU, platform to host', count: live.tunnelDown },
    { name: 'directUp', what: 'DTU, host to own server', count: live.directUp },
    { name: 'directDown', what: 'DTU, own server to host', count: live.directDown },
    { name: 'idleSecond', what: 'an idle second', count: live.idleSecond },
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

async function measure(interpreter: Interpreter, folder: string): Promise<void> {
  console.log(`interpreter ${interpreter.version}, counting under callgrind; about two minutes`);
  const conversion = convert(interpreter, path.join(folder, 'known'));
  const alternatives = await countAlternatives(interpreter, path.join(folder, 'alternatives'));
  const troubles: string[] = [];
  const firmware = await buildFirmware('linux');
  const live = await countLive(interpreter, firmware, folder, (text) => troubles.push(text));
  const rows = rowsOf(live, alternatives);
  const over = show(rows, conversion);
  console.log('');
  console.log(
    'Espruino’s own AT and SIM900 modules: not at hand here, so the modem’s line has nothing beside it.',
  );
  for (const trouble of troubles) console.log(`WRONG: ${trouble}`);
  const versus = rows.flatMap(({ name, count, alternative }) =>
    alternative === undefined ? [] : [[name, Math.round((10 * alternative) / count) / 10]],
  );
  console.log(
    JSON.stringify({
      interpreter: interpreter.version,
      instructions: Object.fromEntries(rows.map(({ name, count }) => [name, count])),
      armPerInstruction: Math.round(1000 * conversion.median) / 1000,
      versus: Object.fromEntries(versus),
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
