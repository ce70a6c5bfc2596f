/**
 * `npm run budget`: bytes of the firmware bundle for each board, by source, and its JsVars on the real interpreter
 * where one is on PATH, against the limits of espruino.config.js; and how long a start takes with a full journal, where
 * valgrind is there too. `--bytes` leaves the interpreter out.
 * Exits 1 when a limit is passed, a bundle does not build or a measurement fails. Last line: one JSON object.
 */
import { findInterpreter } from '../sim/interpreter/interpreter';
import { buildFirmware } from './build/build';
import { command } from './command-line';
import { hasCallgrind } from './bench-firmware/callgrind';
import { limits, profileNames } from './build/profile';
import { measureJournalStart, type StartFigures } from './budget/journal-start';
import { type JsVarFigures, measureJsVars } from './budget/jsvars';

/** Sources and names shown; the rest is summed up. */
const SHOWN_SOURCES = 12;
const SHOWN_NAMES = 12;
/** The profile that runs on the Linux build of the interpreter. */
const INTERPRETER_PROFILE = 'linux';
/** INFO is promised within 5 s of power (docs/host-protocol.md); interpreter and bootloader take some of them. */
const FULL_START_MS = 3_000;

interface Row {
  readonly profile: string;
  readonly bytes: number;
}

async function bundleRows(): Promise<{ rows: Row[]; failures: string[] }> {
  const rows: Row[] = [];
  const failures: string[] = [];
  for (const name of profileNames()) {
    try {
      const { bytes, bytesBySource, profile } = await buildFirmware(name);
      if (rows.length === 0) showSources(name, bytesBySource);
      const verdict = bytes > limits.bundleBytes ? 'OVER' : 'ok';
      console.log(
        `${name.padEnd(16)} ${String(bytes).padStart(6)} of ${limits.bundleBytes} bytes  ${verdict}  ${profile.title}`,
      );
      rows.push({ profile: name, bytes });
      if (bytes > limits.bundleBytes) failures.push(`${name}: ${bytes} bytes`);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      console.error(text);
      failures.push(text.split('\n')[0]!);
    }
  }
  return { rows, failures };
}

/** What each source takes in the bundle of one profile, before the last shrinking. */
function showSources(profile: string, bytesBySource: Readonly<Record<string, number>>): void {
  const sources = Object.entries(bytesBySource).sort((left, right) => right[1] - left[1]);
  console.log(`Where the bytes of ${profile} go (before terser):`);
  for (const [source, bytes] of sources.slice(0, SHOWN_SOURCES)) {
    console.log(`  ${String(bytes).padStart(6)}  ${source}`);
  }
  const rest = sources.slice(SHOWN_SOURCES).reduce((sum, [, bytes]) => sum + bytes, 0);
  console.log(`  ${String(rest).padStart(6)}  ${Math.max(0, sources.length - SHOWN_SOURCES)} more\n`);
}

/** Measures on the interpreter; undefined where there is none, and where it fails, which is a failure. */
async function jsVarFigures(failures: string[]): Promise<JsVarFigures | undefined> {
  const interpreter = findInterpreter();
  if (!interpreter) {
    console.log(
      '\nJsVars: not measured, there is no Espruino interpreter (Linux build) on PATH; README tells where to get one.',
    );
    return undefined;
  }
  console.log(`\nJsVars on ${interpreter.version} (${INTERPRETER_PROFILE}), measuring for half a minute …`);
  try {
    return await measureJsVars(interpreter, await buildFirmware(INTERPRETER_PROFILE));
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    console.log(`NOT MEASURED: ${text}`);
    failures.push(`not measured: ${text}`);
    return undefined;
  }
}

/** Counts a start with a full journal; undefined where it cannot, and where it fails, which is a failure. */
async function startFigures(failures: string[]): Promise<StartFigures | undefined> {
  const interpreter = findInterpreter();
  if (!interpreter) return undefined;
  if (!hasCallgrind()) {
    console.log('\nStart with a full journal: not measured, there is no valgrind on PATH.');
    return undefined;
  }
  try {
    const figures = await measureJournalStart(interpreter, await buildFirmware(INTERPRETER_PROFILE));
    const { full, empty, records, fullMs } = figures;
    const verdict = fullMs > FULL_START_MS ? 'OVER' : 'ok';
    console.log(
      `\nstart until INFO with a full journal (${records} changes of orders): ${full} instructions, ${empty} with an empty one;`,
    );
    console.log(`on an F411 about ${fullMs} of ${FULL_START_MS} ms  ${verdict}`);
    if (fullMs > FULL_START_MS) failures.push(`start with a full journal: ${fullMs} ms`);
    return figures;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    console.log(`NOT MEASURED: ${text}`);
    failures.push(`not measured: ${text}`);
    return undefined;
  }
}

function showJsVars({ idle, peak, tunnelPeak, perOpenOrder, shares }: JsVarFigures): void {
  console.log('Where they go when idle: functions and their parameters, then tables and objects');
  for (const { source, code, state } of shares.bySource) {
    console.log(
      `  ${String(code + state).padStart(5)} = ${String(code).padStart(4)} + ${String(state).padStart(4)}  ${source}`,
    );
  }
  console.log('The biggest names:');
  for (const { name, source, size } of shares.byName.slice(0, SHOWN_NAMES)) {
    console.log(`  ${String(size).padStart(5)}  ${name}, ${source}`);
  }
  const row = (what: string, vars: number, limit: number): void =>
    console.log(`${what.padEnd(44)} ${vars} of ${limit} JsVars  ${vars > limit ? 'OVER' : 'ok'}`);
  console.log('');
  row('idle, linked', idle, limits.idleJsVars);
  row('peak, purchase, data through the platform', tunnelPeak, limits.peakJsVars);
  row('peak, purchase, link reconnects, data flows', peak, limits.peakJsVars);
  console.log(`${'each open order'.padEnd(44)} ${perOpenOrder} JsVars`);
}

async function main(): Promise<void> {
  const { bytes: isBytesOnly } = command(
    'budget',
    'bytes, JsVars and start of the firmware against their limits',
  )
    .option('--bytes', 'leaves the interpreter out', false)
    .parse()
    .opts<{ bytes: boolean }>();
  const { rows, failures } = await bundleRows();
  const figures = isBytesOnly ? undefined : await jsVarFigures(failures);
  if (figures) {
    showJsVars(figures);
    failures.push(...figures.troubles);
    if (figures.idle > limits.idleJsVars) failures.push(`idle: ${figures.idle} JsVars`);
    if (figures.peak > limits.peakJsVars) failures.push(`peak: ${figures.peak} JsVars`);
    for (const trouble of figures.troubles) console.log(`WRONG: ${trouble}`);
  }
  const start = isBytesOnly ? undefined : await startFigures(failures);
  console.log(
    JSON.stringify({
      ok: failures.length === 0,
      limitBytes: limits.bundleBytes,
      bundles: Object.fromEntries(rows.map(({ profile, bytes }) => [profile, bytes])),
      jsVars: figures && {
        idle: figures.idle,
        peak: figures.peak,
        tunnelPeak: figures.tunnelPeak,
        perOpenOrder: figures.perOpenOrder,
        limits: { idle: limits.idleJsVars, peak: limits.peakJsVars },
      },
      fullJournalStart: start && { ...start, limitMs: FULL_START_MS },
    }),
  );
  process.exitCode = failures.length > 0 ? 1 : 0;
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
