/** Pseudo-terminals for the interpreter: eight bits wide both ways, and deaf for what was said to nobody. */
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { openPty } from '../../../sim/interpreter/pty';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
const FLAGS = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Reads what is there, again and again, until `count` bytes have come. */
async function readAll(descriptor: number, count: number): Promise<Buffer> {
  let got = Buffer.alloc(0);
  const part = Buffer.alloc(4096);
  while (got.length < count) {
    try {
      const size = readSync(descriptor, part);
      got = Buffer.concat([got, part.subarray(0, size)]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return got;
}

describe('pseudo-terminal', () => {
  it('passes every byte value both ways', async () => {
    const pty = await openPty();
    const slave = openSync(pty.path, FLAGS);
    try {
      pty.write(ALL_BYTES);
      expect(await readAll(slave, 256)).toEqual(ALL_BYTES);
      const heard = new Promise<Buffer>((resolve) => {
        let got = Buffer.alloc(0);
        pty.onData = (bytes) => {
          got = Buffer.concat([got, bytes]);
          if (got.length === 256) resolve(got);
        };
      });
      writeSync(slave, ALL_BYTES);
      expect(await heard).toEqual(ALL_BYTES);
    } finally {
      closeSync(slave);
      pty.close();
    }
  });

  it('forgets what nobody has read when it is drained', async () => {
    const pty = await openPty();
    const slave = openSync(pty.path, FLAGS);
    try {
      pty.write(Buffer.from('lost'));
      const first = await readAll(slave, 1);
      expect(first.toString()).toMatch(/^l/);
      pty.drain();
      pty.write(Buffer.from('kept'));
      expect((await readAll(slave, 4)).toString()).toBe('kept');
    } finally {
      closeSync(slave);
      pty.close();
    }
  });
});
