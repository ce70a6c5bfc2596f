/**
 * Puts a program into a board's Storage and reads it back. The program closes the console with its first words, and
 * Espruino runs what is there of a file; so a guard stands in front of it. Its token of a long string is written
 * first of all: the length behind it is erased flash still, and takes in the rest of the file. Its true length, none,
 * comes last. A board that loses its cable in between starts into its console and can be flashed again.
 */
import { type BoardConsole, FlashError } from './console';

const PROGRAM = '.bootcde';
/** Bytes of a line: Espruino holds a line in RAM, and a board has 1 kB for what comes in. */
const PIECE_BYTES = 240;
/** Bytes read back at once: what goes out is not held. */
const READ_BYTES = 1200;
/** LEX_RAW_STRING16, its length, and the end of the statement; the token alone makes the file. */
const GUARD = '\xd2\0\0;';
const TOKEN_BYTES = 1;
/** Storage may have to be compacted, which erases flash. */
const ERASE_MS = 30_000;
/** The firmware's watchdog goes on when its program has gone; it is kicked by Espruino itself then. */
const KEEP_ALIVE = 'try{E.enableWatchdog(30,true)}catch(e){}';

export interface Sending {
  /** Storage files by name; the program is `.bootcde`. */
  readonly files: Readonly<Record<string, string>>;
  readonly onProgress: (done: number, total: number) => void;
}

/** Stops what runs on the board; from then on only the console is there. */
export async function stopProgram(board: BoardConsole): Promise<void> {
  await board.evaluate(`(function(){${KEEP_ALIVE}return 1})()`);
  board.type('reset()');
  await new Promise((resolve) => setTimeout(resolve, 500));
  await board.evaluate(`(function(){${KEEP_ALIVE}return 1})()`);
}

/** Writes all files and reads them back, byte by byte. */
export async function sendFiles(board: BoardConsole, sending: Sending): Promise<void> {
  const { onProgress } = sending;
  const files: Record<string, string> = { ...sending.files, [PROGRAM]: GUARD + sending.files[PROGRAM]! };
  const total = 2 * Object.values(files).reduce((sum, text) => sum + text.length, 0);
  // Each file has a header of 32 bytes, and begins at a word.
  const needed = Object.values(files).reduce((sum, text) => sum + text.length + 64, 0);
  let done = 0;
  await board.evaluate(
    `(function(){var s=require("Storage");${JSON.stringify(Object.keys(files))}.forEach(function(f){s.erase(f)});if(s.getFree()<${needed})s.compact();return s.getFree()})()`,
    ERASE_MS,
  );
  const order = Object.keys(files).sort(
    (left, right) => Number(left === PROGRAM) - Number(right === PROGRAM),
  );
  for (const name of order) {
    const text = files[name]!;
    for (const [at, piece] of piecesOf(text)) {
      const taken = await board.evaluate(
        `require("Storage").write(${JSON.stringify(name)},atob("${base64(piece)}"),${at},${text.length})`,
        ERASE_MS,
      );
      if (taken !== true) throw new FlashError(`the board’s Storage has no room for ${text.length} bytes`);
      onProgress((done += piece.length), total);
    }
  }
  for (const name of order) {
    const text = files[name]!;
    for (const at of offsets(text, READ_BYTES)) {
      const read = await board.evaluate(
        `btoa(require("Storage").read(${JSON.stringify(name)},${at},${READ_BYTES}))`,
      );
      const piece = text.slice(at, at + READ_BYTES);
      if (read !== base64(piece)) {
        throw new FlashError(`${name} differs from what was sent at byte ${at}: run the same command again`);
      }
      onProgress((done += piece.length), total);
    }
  }
}

function* offsets(text: string, stepBytes: number): Generator<number> {
  for (let at = 0; at < text.length; at += stepBytes) yield at;
}

/** Pieces in the order in which they are written: what follows the first byte comes last. */
function* piecesOf(text: string): Generator<readonly [number, string]> {
  yield [0, text.slice(0, TOKEN_BYTES)];
  const rest = text.slice(TOKEN_BYTES);
  for (const at of offsets(rest, PIECE_BYTES)) {
    if (at > 0) yield [TOKEN_BYTES + at, rest.slice(at, at + PIECE_BYTES)];
  }
  if (rest) yield [TOKEN_BYTES, rest.slice(0, PIECE_BYTES)];
}

function base64(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64');
}
