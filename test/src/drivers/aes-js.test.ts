/** aes-js behind the native shape, built and run as on an RP2040, against FIPS 197, SP 800-38A and RFC 3610. */
import path from 'node:path';
import { loadProfile } from '../../../scripts/build/profile';
import { memoryStore } from '../../../sim/flash';
import { bench } from '../../sim/board/bench';
import { buildProgram } from '../../support/program';

/** Hex out; the counter begins at 0 as in a record. */
const PROGRAM = `import { AES } from 'board-profile';
import { nativeAes } from ${JSON.stringify(path.join(__dirname, '..', '..', '..', 'src', 'drivers', 'aes'))};
const aes = nativeAes(AES, E);
function bytes(hex) { let text = ''; for (let at = 0; at < hex.length; at += 2) text += String.fromCharCode(parseInt(hex.substr(at, 2), 16)); return text; }
function hex(text) { let out = ''; for (let at = 0; at < text.length; at++) out += (text.charCodeAt(at) + 256).toString(16).substr(1); return out; }
print(hex(aes.ecb(bytes('000102030405060708090a0b0c0d0e0f'), bytes('00112233445566778899aabbccddeeff'))));
print(hex(aes.cbc(bytes('2b7e151628aed2a6abf7158809cf4f3c'), bytes('6bc1bee22e409f96e93d7e117393172a'))));
const iv = bytes('0100000003020100a0a1a2a3a4a50000');
print(hex(aes.ctr(bytes('c0c1c2c3c4c5c6c7c8c9cacbcccdcecf'), iv, bytes('00'.repeat(20)))));`;

async function run(profileName: string): Promise<string[]> {
  const { code, modules } = await buildProgram(profileName, PROGRAM);
  const made = bench(code, { profile: loadProfile(profileName), modules, fram: memoryStore(32768) });
  made.board.powerOn();
  made.clock.advance(1000);
  expect(made.crashes).toEqual([]);
  return made.lines;
}

describe('AES of the boards', () => {
  it.each(['rp2040', 'espruino-wifi'])('%s agrees with the published vectors', async (name) => {
    const lines = await run(name);
    expect(lines.slice(0, 2)).toEqual([
      '69c4e0d86a7b0430d8cdb78070b4c55a',
      '3ad77bb40d7a3660a89ecaf32466ef97',
    ]);
    // RFC 3610, packet vector 1: CTR[MAC] and the beginning of CTR[0001].
    expect(lines[2]).toMatch(/^3a2e46c8ec33a548.{16}50859d91$/);
  });
});
