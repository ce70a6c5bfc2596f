/** The board's AES, which keeps its ciphers ready, against a cipher that is made anew for each message. */
import { createCipheriv } from 'node:crypto';
import { nativeCrypto } from '../../../sim/board/crypto';
import { sharedRealm } from '../../../sim/board/realm';
import { Random } from '../../../sim/time/random';

const random = new Random(7);
const { AES } = nativeCrypto(sharedRealm(), () => undefined);

function fresh(mode: 'cbc' | 'ecb', key: Buffer, iv: Buffer | null, text: Buffer): string {
  const cipher = createCipheriv(`aes-${key.length * 8}-${mode}`, key, iv);
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(text), cipher.final()]).toString('hex');
}

test.each([16, 24, 32])(
  'messages under keys of %i bytes, mixed, are each encrypted from the beginning',
  (keyBytes) => {
    const keys = [random.bytes(keyBytes), random.bytes(keyBytes)];
    for (let round = 0; round < 60; round++) {
      const key = random.pick(keys);
      const text = random.bytes(16 * random.between(0, 6));
      const iv = random.chance(0.5) ? random.bytes(16) : Buffer.alloc(16);
      const chained = Buffer.from(AES.encrypt(text.toString('latin1'), key, { mode: 'CBC', iv })!);
      expect(chained.toString('hex')).toBe(fresh('cbc', key, iv, text));
      const blocks = Buffer.from(AES.encrypt(text.toString('latin1'), key, { mode: 'ECB' })!);
      expect(blocks.toString('hex')).toBe(fresh('ecb', key, null, text));
    }
  },
);

test('what was given is not changed, and an earlier answer stays as it was', () => {
  const key = random.bytes(16);
  const text = new Uint8Array(random.bytes(32));
  const before = Buffer.from(text).toString('hex');
  const first = AES.encrypt(text, key, { mode: 'CBC' })!;
  const said = Buffer.from(first).toString('hex');
  AES.encrypt(random.bytes(48), key, { mode: 'CBC' });
  expect(Buffer.from(text).toString('hex')).toBe(before);
  expect(Buffer.from(first).toString('hex')).toBe(said);
});
