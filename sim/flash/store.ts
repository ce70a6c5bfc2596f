/**
 * Where a simulated flash keeps its bytes: memory, or a file, so that a virtual board finds its journal again
 * after the whole program has been stopped. Invariant: when `save` of a file store returns, a killed process
 * loses nothing of it (the operating system has the bytes); a crash of the machine is not what it is for.
 */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { BLANK, type FlashStore } from './chip';

/** A blank flash in memory, or one with given contents. */
export function memoryStore(byteCount: number, contents?: Uint8Array): FlashStore {
  const bytes = new Uint8Array(byteCount).fill(BLANK);
  if (contents) bytes.set(contents.subarray(0, byteCount));
  return { bytes, save: () => {} };
}

/** A flash in a file; a file that is missing or too short is filled up with 0xFF. */
export class FileStore implements FlashStore {
  readonly bytes: Uint8Array;
  private readonly descriptor: number;

  constructor(path: string, byteCount: number) {
    this.bytes = new Uint8Array(byteCount).fill(BLANK);
    const contents = existsSync(path) ? readFileSync(path).subarray(0, byteCount) : new Uint8Array(0);
    this.bytes.set(contents);
    this.descriptor = openSync(path, contents.length > 0 ? 'r+' : 'w+');
    if (contents.length < byteCount) this.save(contents.length, byteCount - contents.length);
  }

  save(offset: number, count: number): void {
    writeSync(this.descriptor, this.bytes, offset, count, offset);
  }

  /** Gives the file back; the store is not used any more. */
  close(): void {
    closeSync(this.descriptor);
  }
}
