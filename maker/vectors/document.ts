/**
 * Refreshes the hex examples in docs/host-protocol.md and its Chinese twin: every block that begins with
 * "```hex NAME" gets the bytes of the vector NAME. Run as `npx tsx maker/vectors/document.ts`; a test holds the
 * documents up to date. Prose and tables are written by hand.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { annotate } from './annotate';
import { readVectors, type Vectors } from './read';

export const DOCUMENTS = ['docs/host-protocol.md', 'docs/host-protocol.zh.md'];

const BLOCK = /```hex ([^\n]+)\n[^`]*```/g;

/** The document with every example as the vectors have it. Throws for a name that has no vector. */
export function withExamples(document: string, vectors: Vectors): string {
  return document.replace(BLOCK, (_block, name: string) => {
    const vector = vectors.frames.find((frame) => frame.name === name);
    if (!vector) throw new Error(`no vector is called ${name}`);
    return ['```hex ' + name, ...annotate(vector), '```'].join('\n');
  });
}

if (require.main === module) {
  const vectors = readVectors();
  for (const path of DOCUMENTS.map((name) => join(__dirname, '../..', name))) {
    writeFileSync(path, withExamples(readFileSync(path, 'utf8'), vectors));
  }
}
