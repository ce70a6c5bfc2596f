import { createDecipheriv } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { generateMasterKey, MasterKeys, SealedBox } from '../../../server/secrets';
import { holds } from '../../support/random';

const OLD = `old:${Buffer.alloc(32, 7).toString('base64')}`;
const NEW = `new:${Buffer.alloc(32, 9).toString('base64')}`;
const owner = { merchantId: 'm1', channel: 'wechat' };
const oldBox = new SealedBox(MasterKeys.parse(OLD));
const bothBox = new SealedBox(MasterKeys.parse(`${NEW}, ${OLD}`));
const newBox = new SealedBox(MasterKeys.parse(NEW));

test('what was sealed opens for its owner', () => {
  holds(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.string(), (plaintext, merchantId, channel) => {
      const opened = oldBox.open(oldBox.seal(plaintext, { merchantId, channel }), { merchantId, channel });
      return opened.ok && opened.plaintext === plaintext;
    }),
  );
});

test('the form is the documented one: AES-256-GCM, 12-byte nonce, 16-byte tag, owner as associated data', () => {
  const [format, keyId, nonce, ciphertext, tag] = oldBox.seal('{"mchid":"1"}', owner).split('.');
  expect([format, keyId]).toEqual(['cs1', 'old']);
  const bytes = (part: string | undefined): Buffer => Buffer.from(part!, 'base64url');
  expect([bytes(nonce).length, bytes(tag).length]).toEqual([12, 16]);
  const decipher = createDecipheriv('aes-256-gcm', Buffer.alloc(32, 7), bytes(nonce));
  decipher.setAAD(Buffer.from('["cs1","old","m1","wechat"]'));
  decipher.setAuthTag(bytes(tag));
  expect(Buffer.concat([decipher.update(bytes(ciphertext)), decipher.final()]).toString()).toBe(
    '{"mchid":"1"}',
  );
});

test('two seals of the same text differ', () => {
  const seals = new Set(Array.from({ length: 200 }, () => oldBox.seal('x', owner)));
  expect(seals.size).toBe(200);
});

test('any changed character is refused', () => {
  const sealed = oldBox.seal('parameters of a merchant', owner);
  for (let at = 0; at < sealed.length; at += 1) {
    for (const other of ['A', 'b', '_', '.']) {
      if (sealed[at] === other) continue;
      const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
      expect(oldBox.open(changed, owner).ok).toBe(false);
    }
  }
});

test.each([
  ['another merchant', { merchantId: 'm2', channel: 'wechat' }],
  ['another channel', { merchantId: 'm1', channel: 'alipay' }],
  ['parts that run together', { merchantId: 'm', channel: '1wechat' }],
  ['a name with quotes', { merchantId: 'm1","wechat', channel: '' }],
])('does not open for %s', (_name, other) => {
  expect(oldBox.open(oldBox.seal('x', owner), other)).toEqual({ ok: false, code: 'NOT_AUTHENTIC' });
});

test.each([
  ['nothing', ''],
  ['another format', oldBox.seal('x', owner).replace('cs1', 'cs2')],
  ['a part less', oldBox.seal('x', owner).split('.').slice(0, 4).join('.')],
  ['a part more', `${oldBox.seal('x', owner)}.AAAA`],
  ['a short tag', oldBox.seal('x', owner).slice(0, -4)],
  ['plain JSON', '{"mchid":"1"}'],
])('%s is malformed', (_name, sealed) => {
  expect(oldBox.open(sealed, owner)).toEqual({ ok: false, code: 'MALFORMED' });
});

describe('rotation', () => {
  const sealed = oldBox.seal('parameters', owner);

  test('a new key in front seals, the old one still opens', () => {
    expect(bothBox.open(sealed, owner)).toEqual({ ok: true, plaintext: 'parameters' });
    expect(bothBox.isCurrent(sealed)).toBe(false);
    expect(bothBox.seal('y', owner).startsWith('cs1.new.')).toBe(true);
  });

  test('resealing moves it to the new key, and the old one can go', () => {
    const moved = bothBox.reseal(sealed, owner);
    expect(moved.ok && bothBox.isCurrent(moved.sealed)).toBe(true);
    expect(moved.ok && newBox.open(moved.sealed, owner)).toEqual({ ok: true, plaintext: 'parameters' });
    expect(newBox.open(sealed, owner)).toEqual({ ok: false, code: 'KEY_UNKNOWN' });
  });

  test('what does not open is not resealed', () => {
    expect(bothBox.reseal(sealed, { ...owner, merchantId: 'm2' })).toEqual({
      ok: false,
      code: 'NOT_AUTHENTIC',
    });
  });

  test('the same name with another key does not open', () => {
    const impostor = new SealedBox(MasterKeys.parse(generateMasterKey('old')));
    expect(impostor.open(sealed, owner)).toEqual({ ok: false, code: 'NOT_AUTHENTIC' });
  });
});

describe('master keys', () => {
  test('a generated one is read, and each is another', () => {
    const [first, second] = [generateMasterKey('k1'), generateMasterKey('k1')];
    expect(MasterKeys.parse(first).currentId).toBe('k1');
    expect(first).not.toBe(second);
  });

  const secret = Buffer.alloc(32, 9).toString('base64');
  test.each([
    ['', 'master key 1: wanted id:base64'],
    [secret, 'master key 1: wanted id:base64'],
    [`k 1:${secret}`, 'master key 1: wanted id:base64'],
    [`k1:${secret.slice(4)}`, 'master key 1: wanted 32 bytes in base64'],
    [`k1:${secret}${secret}`, 'master key 1: wanted 32 bytes in base64'],
    [`k1:${secret},k2:`, 'master key 2: wanted 32 bytes in base64'],
    [`k1:${secret},k1:${secret}`, 'master key 2: this id comes twice'],
    [`k1:${secret},`, 'master key 2: wanted id:base64'],
    [Array.from({ length: 9 }, (_, at) => `k${at}:${secret}`).join(','), 'more than 8 master keys'],
  ])('%#: a wrong configuration is told by position, without the key', (text, message) => {
    expect(() => MasterKeys.parse(text)).toThrow(new Error(message));
  });

  test('neither inspection nor JSON shows a key', () => {
    const keys = MasterKeys.parse(NEW);
    const shown = inspect(
      { keys, box: new SealedBox(keys), key: keys.get('new') },
      { depth: 9, showHidden: true },
    );
    const forms = [Buffer.alloc(32, 9).toString('base64'), Buffer.alloc(32, 9).toString('hex'), '09 09 09'];
    for (const form of forms)
      expect(shown + JSON.stringify({ keys, key: keys.get('new') })).not.toContain(form);
  });
});
