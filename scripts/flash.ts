/**
 * `npm run flash -- --port /dev/ttyACM0 [--board espruino-wifi]`: builds the firmware, refuses a board that it
 * is not for, writes it, reads back every byte, restarts the board and says which version runs. Leaves identity and
 * server address to `npm run provision`. Every failure is one sentence, exit code 1, and a board that can be flashed
 * again.
 */
import { existsSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import { decodeHost, HostType } from '../src/protocol/host';
import { buildFirmware, type Firmware } from './build/build';
import { loadProfile, type BoardProfile } from './build/profile';
import { BoardConsole, FlashError } from './flash/console';
import { identityExpression } from './flash/identity';
import { type BoardFacts, FACTS, misfit } from './flash/misfits';
import { sendFiles, stopProgram } from './flash/send';

/** A board looks through its journal for an identity. */
const SEARCH_MS = 15_000;
const RESTART_MS = 3000;
const RESTART_TRIES = 10;

interface Options {
  readonly port: string;
  readonly board: string;
  readonly image?: string;
}

function readOptions(): Options {
  return new Command('npm run flash --')
    .description('builds the firmware and writes it to a board over USB')
    .requiredOption('--port <device>', 'the board’s serial port, as in /dev/ttyACM0')
    .option('--board <profile>', 'a profile of espruino.config.js', 'espruino-wifi')
    .option('--image <file>', 'an image of dist/ that was built before, instead of building one')
    .parse()
    .opts<Options>();
}

/** The image to send; one that was built before must be for the same board. */
async function imageOf(
  options: Options,
  profile: BoardProfile,
): Promise<{ image: string; firmware: Firmware }> {
  if (options.image === undefined) {
    const firmware = await buildFirmware(options.board);
    return { image: firmware.image, firmware };
  }
  if (!existsSync(options.image)) throw new FlashError(`there is no ${options.image}`);
  const image = readFileSync(options.image, 'latin1');
  if (!image.includes(profile.boardId)) {
    throw new FlashError(`${options.image} was not built for ${profile.boardId}`);
  }
  return { image, firmware: await buildFirmware(options.board) };
}

/** Refuses a board that the program is not for. */
async function checkBoard(board: BoardConsole, profile: BoardProfile): Promise<void> {
  const facts = (await board.evaluate(FACTS)) as BoardFacts;
  const reason = misfit(profile, facts);
  if (reason !== undefined) throw new FlashError(reason);
  console.log(`${facts.boardId} with Espruino ${facts.version}`);
}

async function flash(options: Options): Promise<void> {
  const profile = loadProfile(options.board);
  if (!existsSync(options.port))
    throw new FlashError(`there is no ${options.port}: is the board plugged in?`);
  const board = await BoardConsole.open(options.port);
  let firmware: Firmware;
  let hasIdentity: unknown;
  try {
    await board.wake();
    await checkBoard(board, profile);
    const built = await imageOf(options, profile);
    const { image } = built;
    ({ firmware } = built);
    console.log(`${image.length} bytes to ${options.port}`);
    await stopProgram(board);
    await sendFiles(board, { files: { ...firmware.modules, '.bootcde': image }, onProgress: showProgress });
    console.log('written, and read back byte by byte');
    hasIdentity = await board.evaluate(identityExpression(profile), SEARCH_MS);
    board.type('E.reboot()');
  } finally {
    await board.close();
  }
  if (hasIdentity === true) {
    console.log(
      'this module has kept its identity and its orders, so it shuts its console when it starts: its host port tells the version (coinslot info)',
    );
  } else await sayVersion(options, firmware);
}

/** An expression that is the INFO of the firmware that runs, in base64; empty when another program runs. */
function infoExpression({ names }: Firmware): string {
  const unit = [...names.topLevel].find(([, owned]) => owned.name === 'unit')?.[0];
  const info = [...names.properties].find(([, full]) => full === 'info')?.[0];
  if (unit === undefined || info === undefined) throw new FlashError('the bundle does not tell its version');
  return `typeof ${unit}=="object"&&${unit}.${info}?btoa(${unit}.${info}()):""`;
}

/** The board is there again after its restart, with this firmware's version in its memory. */
async function sayVersion({ port }: Options, firmware: Firmware): Promise<void> {
  const expression = infoExpression(firmware);
  for (let tries = 1; ; tries++) {
    await new Promise((resolve) => setTimeout(resolve, RESTART_MS / 3));
    try {
      const board = await BoardConsole.open(port);
      try {
        await board.wake();
        const info = Buffer.from(String(await board.evaluate(expression)), 'base64').toString('latin1');
        const version = decodeHost(HostType.Info, info)?.firmware;
        if (!version) throw new FlashError('the board started, but not with this firmware: flash it again');
        console.log(`running: firmware ${String(version)}`);
        return;
      } finally {
        await board.close();
      }
    } catch (error) {
      if (!(error instanceof FlashError) || tries === RESTART_TRIES) throw error;
    }
  }
}

let shownPercent = -1;

function showProgress(done: number, total: number): void {
  const percent = Math.floor((100 * done) / total);
  if (percent % 25 === 0 && percent !== shownPercent) console.log(`${percent} %`);
  shownPercent = percent;
}

flash(readOptions()).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
