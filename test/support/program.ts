import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildFirmware, type Firmware } from '../../scripts/build/build';

/** Builds a program as the firmware of a board is built. */
export async function buildProgram(profileName: string, source: string): Promise<Firmware> {
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-program-'));
  try {
    const entry = path.join(folder, 'program.ts');
    writeFileSync(entry, source);
    return await buildFirmware(profileName, { entry });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
