/**
 * What a campaign of power cuts has done so far, in a file, so that it can be stopped at any time and go on later: a
 * line of JSON for each first point. Invariant: only what the same firmware, simulators and server have done counts.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import type { CutResult } from './worker';

/** Names the code that a result belongs to. */
export function fingerprint(...codes: readonly string[]): string {
  const hash = createHash('sha256');
  for (const code of codes) hash.update(code).update('\0');
  return hash.digest('hex').slice(0, 16);
}

export class ProgressFile {
  private readonly done = new Map<string, CutResult>();

  /** Reads the file; throws when another code, or another choice of pairs, has written it. */
  constructor(
    private readonly path: string,
    owner: string,
  ) {
    const head = JSON.stringify({ owner });
    if (!existsSync(path)) {
      appendFileSync(path, `${head}\n`);
      return;
    }
    const text = readFileSync(path, 'utf8');
    // A last line without an end was being written when the campaign was killed.
    const sound = text.slice(0, text.lastIndexOf('\n') + 1);
    if (sound.length < text.length) truncateSync(path, Buffer.byteLength(sound));
    const [first, ...lines] = sound.split('\n').slice(0, -1);
    if (first !== head) throw new Error(`${path} is of another firmware, simulator or choice of cuts`);
    for (const line of lines) {
      const { key, result } = JSON.parse(line) as { key: string; result: CutResult };
      this.done.set(key, result);
    }
  }

  find(key: string): CutResult | undefined {
    return this.done.get(key);
  }

  add(key: string, result: CutResult): void {
    appendFileSync(this.path, `${JSON.stringify({ key, result })}\n`);
  }
}
