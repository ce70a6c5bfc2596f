/**
 * `npm run flash -- --port /dev/ttyACM0 [--board espruino-wifi]`: builds the firmware and sends it to a board with the
 * Espruino CLI, to be started from flash. Leaves identity and server address to PROVISION (docs/host-protocol.md).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { buildFirmware } from './build/build';
import { loadProfile } from './build/profile';

const CLI = path.join(__dirname, '..', 'node_modules', 'espruino', 'bin', 'espruino-cli.js');

async function main(): Promise<void> {
  const { port, board } = new Command('npm run flash --')
    .description('builds the firmware and writes it to a board over USB')
    .requiredOption('--port <device>', 'the board’s serial port, as in /dev/ttyACM0')
    .option('--board <profile>', 'a profile of espruino.config.js', 'espruino-wifi')
    .parse()
    .opts<{ port: string; board: string }>();
  const { boardId } = loadProfile(board);
  if (!existsSync(port)) throw new Error(`there is no ${port}: is the board plugged in?`);
  const firmware = await buildFirmware(board);
  const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-flash-'));
  try {
    const file = path.join(folder, 'firmware.js');
    writeFileSync(file, firmware.code, 'latin1');
    console.log(`${firmware.bytes} bytes for ${boardId} to ${port}`);
    // SAVE_ON_SEND=1: into flash, to be run at every start; nothing is minified twice.
    const sent = spawnSync(
      process.execPath,
      [CLI, '--port', port, '--config', 'SAVE_ON_SEND=1', '--no-ble', file],
      { stdio: 'inherit' },
    );
    if (sent.status !== 0) throw new Error('the board did not take it: see the message above');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
