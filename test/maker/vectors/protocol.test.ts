/** src/protocol does what docs/host-vectors.json says, frame by frame and stream by stream. */
import { crc32 } from 'crc';
import { execFileSync } from 'node:child_process';
import { readVectors, unhex, valueOf } from '../../../maker/vectors/read';
import { REASON_NAMES } from '../../../src/protocol/reasons';
import { encodeFrame, FrameReader, type Frame } from '../../../src/protocol/frame';
import { decodeHost, encodeHost, HOST_LAYOUTS, type HostFields } from '../../../src/protocol/host';

const vectors = readVectors();
const crc = (bytes: string): number => crc32(Buffer.from(bytes, 'latin1')) >>> 0;
const latin1 = (hex: string): string => unhex(hex).toString('latin1');

interface Found {
  frames: Frame[];
  broken: { reason: string; seq: number; type: number }[];
}

function readStream(input: readonly ({ hex: string } | { silenceMs: number })[], piece: number): Found {
  const found: Found = { frames: [], broken: [] };
  const reader = new FrameReader(crc, {
    onFrame: (frame) => found.frames.push(frame),
    onBadFrame: (reason, seq, type) => found.broken.push({ reason: REASON_NAMES[reason]!, seq, type }),
  });
  for (const item of input) {
    if ('silenceMs' in item) {
      reader.giveUp();
      continue;
    }
    const bytes = latin1(item.hex);
    for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.substr(at, piece));
  }
  return found;
}

test('the file is what its rows give', () => {
  const script = require.resolve('../../../maker/vectors/generate.ts');
  expect(execFileSync('npx', ['tsx', script, '--check'], { encoding: 'utf8' })).toContain('up to date');
});

test('the checksum is the CRC-32 of zlib', () => {
  expect(crc(vectors.crc.of).toString(16).toUpperCase()).toBe('CBF43926');
  expect(vectors.crc.value).toBe('CBF43926');
});

test('every message type of the protocol has an example, and no other', () => {
  const described = new Set(vectors.frames.map((frame) => frame.type));
  expect([...described].sort((a, b) => a - b)).toEqual(Object.keys(HOST_LAYOUTS).map(Number));
});

test.each(vectors.frames)('encodes $name to the bytes of its example', (vector) => {
  const fields: HostFields = {};
  for (const field of vector.fields) fields[field.name] = valueOf(field.value);
  const layout = vector.fields.map((field) => `${field.name}:${field.kind}`).join(' ');
  expect(HOST_LAYOUTS[vector.type]).toBe(layout);
  const payload = encodeHost(vector.type, fields);
  expect(encodeFrame(crc, vector.ackWanted ? 1 : 0, vector.seq, vector.type, payload)).toBe(
    latin1(vector.hex),
  );
});

test.each(vectors.frames)('decodes the example of $name to its fields', (vector) => {
  const { frames, broken } = readStream([{ hex: vector.hex }], 1000);
  expect(broken).toEqual([]);
  expect(frames).toHaveLength(1);
  const frame = frames[0]!;
  expect([frame.type, frame.seq, frame.flags & 1]).toEqual([
    vector.type,
    vector.seq,
    vector.ackWanted ? 1 : 0,
  ]);
  const fields = decodeHost(frame.type, frame.payload)!;
  expect(Object.entries(fields)).toEqual(vector.fields.map((field) => [field.name, valueOf(field.value)]));
});

test.each(vectors.frames)('no frame with a flipped bit passes for $name', (vector) => {
  const bytes = unhex(vector.hex);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    const { frames } = readStream([{ hex: flipped.toString('hex') }, { silenceMs: 201 }], 1000);
    expect(frames).toEqual([]);
  }
});

test.each(vectors.streams)('reads a stream: $name', (vector) => {
  for (const piece of [1, 7, 32, 4096]) {
    const { frames, broken } = readStream(vector.input, piece);
    const asHex = frames.map((frame) =>
      Buffer.from(encodeFrame(crc, frame.flags, frame.seq, frame.type, frame.payload), 'latin1').toString(
        'hex',
      ),
    );
    expect(asHex).toEqual(vector.frames.map((hex) => unhex(hex).toString('hex')));
    expect(broken).toEqual(vector.broken);
  }
});

test.each(vectors.refusals)('$name: the frame itself is sound', (vector) => {
  const { frames, broken } = readStream([{ hex: vector.hex }], 1000);
  expect(broken).toEqual([]);
  const fields = decodeHost(vector.type, frames[0]!.payload);
  const isMalformed = fields === undefined;
  const isShapeReason = vector.reason === 'BAD_PAYLOAD' || vector.reason === 'BAD_TYPE';
  expect(REASON_NAMES).toContain(vector.reason);
  if (isMalformed) expect(isShapeReason).toBe(true);
});
