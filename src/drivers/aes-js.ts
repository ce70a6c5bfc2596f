/**
 * AES for boards whose Espruino has no crypto library: aes-js behind the shape of `require('crypto').AES`, as
 * far as drivers/aes.ts uses it (ECB over any number of blocks, CBC encryption). Put in by the board profile
 * only; aes-js itself stands in Storage as a module file (scripts/build/aes-js-source.ts). About 600 times
 * slower a block than native AES, and 6,000 JsVars.
 */
import type { NativeAes } from './aes';

interface NativeAesJsMode {
  encrypt(data: Uint8Array): Uint8Array;
}

/** The part of aes-js that is used. */
export interface NativeAesJs {
  readonly ModeOfOperation: {
    readonly ecb: new (key: Uint8Array) => NativeAesJsMode;
    readonly cbc: new (key: Uint8Array, iv: Uint8Array) => NativeAesJsMode;
  };
}

/** aes-js with the native shape; `toBytes` is `E.toUint8Array`. */
export function aesJs(library: NativeAesJs, toBytes: (text: string) => Uint8Array): NativeAes {
  const modes = library.ModeOfOperation;

  function bytesOf(data: unknown): Uint8Array {
    return typeof data === 'string' ? toBytes(data) : new Uint8Array(data as ArrayBuffer);
  }

  return {
    encrypt(data: unknown, key: unknown, options: { mode: string; iv?: unknown }): ArrayBuffer {
      const mode =
        options.mode === 'ECB'
          ? new modes.ecb(bytesOf(key))
          : new modes.cbc(bytesOf(key), bytesOf(options.iv));
      return mode.encrypt(bytesOf(data)).buffer as ArrayBuffer;
    },
  };
}
