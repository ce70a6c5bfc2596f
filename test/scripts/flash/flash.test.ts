/**
 * `npm run flash` against the interpreter's own console over a pseudo-terminal: what is written is what was built, and
 * every way to get it wrong ends in a sentence and a board that can be flashed again.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildFirmware } from '../../../scripts/build/build';
import { CabledBoard, command, interpreter } from './board';

const FLASH = 'scripts/flash.ts';
const onInterpreter = interpreter ? describe : describe.skip;
if (!interpreter) console.warn('No Espruino interpreter on PATH: flashing was not tried.');

describe('flash', () => {
  it('says that there is no such port', async () => {
    const { status, text } = await command(FLASH, '--port', '/dev/no-such-port', '--board', 'linux');
    expect(text).toContain('there is no /dev/no-such-port: is the board plugged in?');
    expect(status).toBe(1);
  });

  it('says which profiles there are', async () => {
    const { status, text } = await command(FLASH, '--port', '/dev/null', '--board', 'nosuch');
    expect(text).toMatch(/no profile "nosuch"; there are: espruino-wifi, pico/);
    expect(status).toBe(1);
  });
});

onInterpreter('flash, on a board', () => {
  const boards: CabledBoard[] = [];

  function newBoard(): CabledBoard {
    const board = new CabledBoard();
    boards.push(board);
    return board;
  }

  afterEach(() => {
    for (const board of boards.splice(0)) board.close();
  });

  it('refuses a board that the profile is not for, before anything is written', async () => {
    const board = newBoard();
    const port = await board.plugIn();
    const { status, text } = await command(FLASH, '--port', port, '--board', 'espruino-wifi');
    expect(text).toMatch(/this board is LINUX, the profile espruino-wifi is for ESPRUINOWIFI/);
    expect(status).toBe(1);
    expect(existsSync(path.join(board.folder, 'espruino.flash'))).toBe(false);
  });

  it('refuses an image that was built for another board', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'coinslot-image-'));
    const file = path.join(folder, 'pico.bin');
    writeFileSync(file, 'a program for PICO_R1_3');
    const port = await newBoard().plugIn();
    const { status, text } = await command(FLASH, '--port', port, '--board', 'linux', '--image', file);
    rmSync(folder, { recursive: true });
    expect(text).toMatch(/pico\.bin was not built for LINUX/);
    expect(status).toBe(1);
  });

  it('ends with a sentence when the cable is pulled in the midst, and then flashes the same board', async () => {
    const board = newBoard();
    board.bytesLeft = 20_000;
    const broken = await command(FLASH, '--port', await board.plugIn(), '--board', 'linux');
    expect(broken.status).toBe(1);
    expect(broken.text).toMatch(/broke off: is the cable in\? Run the same command again|nobody answers at/);
    board.restart();
    board.bytesLeft = Infinity;
    let whole = await command(FLASH, '--port', await board.plugIn(), '--board', 'linux');
    // As its sentence says: the same command again.
    for (let crashes = 0; whole.status !== 0 && board.crashes > crashes; crashes = board.crashes) {
      whole = await command(FLASH, '--port', await board.plugIn(), '--board', 'linux');
    }
    expect(whole.text).toMatch(/read back byte by byte\nrunning: firmware \d+\.\d+\.\d+\n$/);
    expect(whole.status).toBe(0);
    const flash = readFileSync(path.join(board.folder, 'espruino.flash'), 'latin1');
    expect(flash.includes((await buildFirmware('linux')).image)).toBe(true);
  }, 400_000);
});
