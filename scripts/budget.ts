/**
 * `npm run budget`: bytes of the firmware bundle for each board, by source, against the limit of
 * espruino.config.js.
 * Exits 1 when a limit is passed or a bundle does not build. Last line: one JSON object.
 */
import { buildFirmware } from './build/build';
import { limits, profileNames } from './build/profile';

/** Sources shown; the rest is summed up. */
const SHOWN_SOURCES = 12;

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

async function main(): Promise<void> {
  const { rows, failures } = await bundleRows();
  process.exitCode = failures.length > 0 ? 1 : 0;
  console.log(
    JSON.stringify({
      ok: failures.length === 0,
      limitBytes: limits.bundleBytes,
      bundles: Object.fromEntries(rows.map(({ profile, bytes }) => [profile, bytes])),
    }),
  );
}

void main();
