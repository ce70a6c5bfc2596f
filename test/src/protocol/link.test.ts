import AES from 'aes-js';
import fc from 'fast-check';
import { cmac, deviceKeys, sessionKeyBlocks } from '../../../src/protocol/cmac';
import { encodeUnit, Opener, Sealer, UnitKind, UnitReader } from '../../../src/protocol/link';
import { composeCcm } from '../../../src/payment/packet';
import { hex, nodeAes, nodeCcm, unhex } from '../ports/ports';
import { holds } from '../../support/random';

const ours = composeCcm(nodeAes);

describe('AES-CMAC', () => {
  const key = unhex('2b7e151628aed2a6abf7158809cf4f3c');
  const text = unhex(
    '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
  );
  test.each([
    [0, 'bb1d6929e95937287fa37d129b756746'],
    [16, '070a16b46b4d4144f79bdd9dd04a287c'],
    [40, 'dfa66747de9ae63030ca32611497c827'],
    [64, '51f0bebf7e3b9d92fc49741779363cfe'],
  ])('RFC 4493, section 4: %i bytes', (count, expected) => {
    expect(hex(cmac(nodeAes, key, text.slice(0, count)))).toBe(expected);
  });
});

describe('EAP-PSK keys (RFC 4764)', () => {
  // The RFC's formulas, written down again with another AES (aes-js).
  const block = (key: Buffer, input: Buffer): Buffer =>
    Buffer.from(new AES.ModeOfOperation.ecb([...key]).encrypt([...input]));
  const xor = (input: Buffer, counter: number): Buffer => {
    const result = Buffer.from(input);
    result[15]! ^= counter;
    return result;
  };

  test('AK and KDK are AES(PSK, AES(PSK, 0) xor 1 and 2)', () => {
    const psk = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
    const base = block(psk, Buffer.alloc(16));
    const keys = deviceKeys(nodeAes, psk.toString('latin1'));
    expect(hex(keys.ak)).toBe(block(psk, xor(base, 1)).toString('hex'));
    expect(hex(keys.kdk)).toBe(block(psk, xor(base, 2)).toString('hex'));
  });

  test('MSK blocks are AES(KDK, AES(KDK, seed) xor 2 … 5)', () => {
    const kdk = Buffer.from('ffeeddccbbaa99887766554433221100', 'hex');
    const seed = Buffer.from('101112131415161718191a1b1c1d1e1f', 'hex');
    const base = block(kdk, seed);
    const expected = [2, 3, 4, 5].map((counter) => block(kdk, xor(base, counter)).toString('hex')).join('');
    expect(hex(sessionKeyBlocks(nodeAes, kdk.toString('latin1'), seed.toString('latin1')))).toBe(expected);
  });
});

describe('AES-CCM', () => {
  const key = unhex('c0c1c2c3c4c5c6c7c8c9cacbcccdcecf');
  test.each([
    [
      '00000003020100a0a1a2a3a4a5',
      '0001020304050607',
      '08090a0b0c0d0e0f101112131415161718191a1b1c1d1e',
      '588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0',
    ],
    [
      '00000004030201a0a1a2a3a4a5',
      '0001020304050607',
      '08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
      '72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3ba091d56e10400916',
    ],
    [
      '00000005040302a0a1a2a3a4a5',
      '0001020304050607',
      '08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20',
      '51b1e5f44a197d1da46b0f8e2d282ae871e838bb64da8596574adaa76fbd9fb0c5',
    ],
    [
      '00000006050403a0a1a2a3a4a5',
      '000102030405060708090a0b',
      '0c0d0e0f101112131415161718191a1b1c1d1e',
      'a28c6865939a9a79faaa5c4c2a9d4a91cdac8c96c861b9c9e61ef1',
    ],
  ])('RFC 3610, section 8: nonce %s', (nonce, aad, plain, sealed) => {
    expect(hex(ours.seal(key, unhex(nonce), unhex(aad), unhex(plain)))).toBe(sealed);
    expect(hex(ours.open(key, unhex(nonce), unhex(aad), unhex(sealed))!)).toBe(plain);
  });

  const text = (maxLength: number, minLength = 0): fc.Arbitrary<string> =>
    fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));

  test('composed from CBC and CTR it is the same as OpenSSL’s', () => {
    holds(
      fc.property(text(16, 16), text(13, 13), text(14, 1), text(200), (aKey, nonce, aad, plain) => {
        const sealed = ours.seal(aKey, nonce, aad, plain);
        expect(sealed).toBe(nodeCcm.seal(aKey, nonce, aad, plain));
        expect(ours.open(aKey, nonce, aad, sealed)).toBe(plain);
      }),
    );
  });

  test('a flipped bit anywhere gives nothing', () => {
    holds(
      fc.property(text(60), fc.nat(), (plain, where) => {
        const nonce = 'n'.repeat(13);
        const sealed = Buffer.from(ours.seal(key, nonce, 'head', plain), 'latin1');
        sealed[where % sealed.length]! ^= 1 << (where % 8);
        expect(ours.open(key, nonce, 'head', sealed.toString('latin1'))).toBeUndefined();
      }),
    );
  });
});

describe('records', () => {
  const pair = (): [Sealer, Opener] => [
    new Sealer(nodeCcm, 'k'.repeat(16), 's'.repeat(9)),
    new Opener(ours, 'k'.repeat(16), 's'.repeat(9)),
  ];
  const body = (unit: string): string => unit.slice(3);

  test('come out in order, once', () => {
    const [sealer, opener] = pair();
    const units = ['a', 'bc', ''].map((plain) => sealer.seal(UnitKind.Message, plain));
    expect(units.map((unit) => opener.open(UnitKind.Message, body(unit)))).toEqual(['a', 'bc', '']);
    expect(opener.open(UnitKind.Message, body(units[2]!))).toBeUndefined();
  });

  test('out of order, truncated, of another kind or another key: nothing', () => {
    const [sealer, opener] = pair();
    const first = sealer.seal(UnitKind.Message, 'first');
    const second = sealer.seal(UnitKind.Message, 'second');
    expect(opener.open(UnitKind.Message, body(second))).toBeUndefined();
    expect(opener.open(UnitKind.Data, body(first))).toBeUndefined();
    expect(opener.open(UnitKind.Message, body(first).slice(0, -1))).toBeUndefined();
    expect(opener.open(UnitKind.Message, '')).toBeUndefined();
    expect(
      new Opener(ours, 'x'.repeat(16), 's'.repeat(9)).open(UnitKind.Message, body(first)),
    ).toBeUndefined();
    expect(opener.open(UnitKind.Message, body(first))).toBe('first');
  });
});

describe('units', () => {
  test('come out whole, however the stream is cut', () => {
    holds(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'))),
        fc.integer({ min: 1, max: 90 }),
        (bodies, chunk) => {
          const heard: string[] = [];
          const reader = new UnitReader({
            onUnit: (_kind, unit) => heard.push(unit),
            onBroken: () => heard.push('!'),
          });
          const wire = bodies.map((unit) => encodeUnit(UnitKind.Message, unit)).join('');
          for (let at = 0; at < wire.length; at += chunk) reader.push(wire.slice(at, at + chunk));
          expect(heard).toEqual(bodies);
        },
      ),
    );
  });

  test('one longer than 1,024 bytes ends the stream', () => {
    const heard: string[] = [];
    const reader = new UnitReader({ onUnit: () => heard.push('unit'), onBroken: () => heard.push('broken') });
    reader.push(unhex('10 0104') + encodeUnit(UnitKind.Message, 'late'));
    expect(heard).toEqual(['broken']);
  });
});
