/**
 * Writes docs/host-vectors.json from the rows of frames.ts, streams.ts and refusals.ts: `npx tsx maker/vectors/generate.ts`. With `--check`
 * it writes nothing and fails when the file is not what it would write.
 * The file is for every implementation in every language; it is checked in, and a test holds it up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { FRAMES } from './frames';
import { REFUSALS } from './refusals';
import { STREAM_FRAMES, STREAMS, type Input } from './streams';
import { frameAround, frameOf, payloadOf, spaced, type FrameDescription } from './encode';

export const VECTORS_PATH = join(__dirname, '../../docs/host-vectors.json');

const byName = new Map<string, Buffer>();
for (const description of [...FRAMES, ...STREAM_FRAMES]) byName.set(description.name, frameOf(description));

const NAMES = [...byName.keys()].sort((left, right) => right.length - left.length);

/** One `@NAME…` or a run of hex digits. */
function takePiece(text: string): [piece: Buffer, rest: string] {
  if (!text.startsWith('@')) {
    const hex = /^[0-9a-f ]+/.exec(text);
    if (!hex) throw new SyntaxError(`neither hex nor @NAME: ${text}`);
    return [Buffer.from(hex[0].replace(/ /g, ''), 'hex'), text.slice(hex[0].length)];
  }
  const name = NAMES.find((candidate) => text.startsWith(candidate, 1));
  if (name === undefined) throw new SyntaxError(`no frame of that name: ${text}`);
  const whole = Buffer.from(byName.get(name)!);
  const after = text.slice(1 + name.length);
  const change = /^(?:\^(\d+)\.(\d)|<(\d+)|\[(\d+),(\d+)\])/.exec(after);
  const rest = after.slice(change?.[0].length ?? 0);
  if (!change) return [whole, rest];
  if (change[1] !== undefined) whole[Number(change[1])]! ^= 1 << Number(change[2]);
  if (change[3] !== undefined) return [whole.subarray(0, Number(change[3])), rest];
  if (change[4] !== undefined) return [whole.subarray(Number(change[4]), Number(change[5])), rest];
  return [whole, rest];
}

function expand(text: string): Buffer {
  const pieces: Buffer[] = [];
  for (let rest = text.trim(); rest !== ''; rest = rest.trim()) {
    const [piece, after] = takePiece(rest);
    pieces.push(piece);
    rest = after;
  }
  return Buffer.concat(pieces);
}

function describeInput(input: Input): object {
  return 'silenceMs' in input ? input : { hex: spaced(expand(input.bytes)) };
}

function describeFrame(row: FrameDescription): object {
  const { name, from, type, seq, ackWanted, fields, note } = row;
  return {
    name,
    from,
    type,
    seq,
    ackWanted,
    fields: fields.map(([field, kind, value]) => ({ name: field, kind, value })),
    ...(note ? { note } : {}),
    hex: spaced(frameOf(row)),
  };
}

/** The whole file as text, formatted as everything here is. */
export async function vectorsText(): Promise<string> {
  const refusal = (row: (typeof REFUSALS)[number], index: number): object => ({
    name: row.name,
    type: row.type,
    seq: index,
    reason: row.reason,
    hex: spaced(frameAround(payloadOf(row.payload), row.type, index, true)),
  });
  const file = {
    about:
      'Vectors of docs/host-protocol.md. frames: fields and bytes of every message. streams: what a reader is given ' +
      'and what it must find. refusals: frames that a module answers with NAK and this reason. Written by maker/vectors.',
    version: 1,
    crc: { of: '123456789', value: 'CBF43926' },
    frames: FRAMES.map(describeFrame),
    streams: STREAMS.map((row) => ({
      name: row.name,
      input: row.input.map(describeInput),
      frames: row.frames.map((name) => spaced(byName.get(name)!)),
      broken: row.broken,
    })),
    refusals: REFUSALS.map(refusal),
  };
  const style = await resolveConfig(VECTORS_PATH);
  return format(JSON.stringify(file), { ...style, parser: 'json' });
}

async function main(): Promise<void> {
  const text = await vectorsText();
  if (process.argv.includes('--check')) {
    const isCurrent = readFileSync(VECTORS_PATH, 'utf8') === text;
    console.log(isCurrent ? 'up to date' : 'docs/host-vectors.json is not what maker/vectors would write');
    process.exitCode = isCurrent ? 0 : 1;
    return;
  }
  writeFileSync(VECTORS_PATH, text);
  console.log(`wrote ${FRAMES.length} frames, ${STREAMS.length} streams, ${REFUSALS.length} refusals`);
}

if (require.main === module) void main();
