/**
 * Shows a frame byte by byte, one line a field: the form in which docs/host-protocol.md prints its examples.
 * The blocks of the documents are refreshed by document.ts; what the fields mean stands there.
 */
import { spaced } from './encode';
import { unhex, type FrameVector } from './read';

const HEADER_BYTES = 7;
const CRC_BYTES = 4;
const BYTES_A_LINE = 16;
const HEX_WIDTH = BYTES_A_LINE * 3 + 1;

/** Lines of at most 16 bytes; the remark stands behind the first. */
function lines(bytes: Buffer, remark: string): string[] {
  const result: string[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += BYTES_A_LINE) {
    const hex = spaced(bytes.subarray(at, at + BYTES_A_LINE));
    result.push(at === 0 ? hex.padEnd(HEX_WIDTH) + remark : hex);
  }
  return result;
}

function show(field: FrameVector['fields'][number]): string {
  const { name, value } = field;
  if (typeof value === 'number') return `${name} ${value}`;
  if (typeof value === 'object') return `${name}, ${unhex(value.hex).length} bytes`;
  return value.length > 40 ? name : `${name} "${value}"`;
}

function fieldBytes(kind: string, payload: Buffer): number {
  if (kind === 'r') return payload.length;
  return kind === 's' ? 1 + payload[0]! : Number(kind);
}

/** The lines of a vector: header, fields, checksum. */
export function annotate(vector: FrameVector): string[] {
  const frame = unhex(vector.hex);
  let payload = frame.subarray(HEADER_BYTES, frame.length - CRC_BYTES);
  const type = vector.name.split(' ')[0]!;
  const wanted = vector.ackWanted ? 'answer wanted' : 'no answer wanted';
  const result = lines(
    frame.subarray(0, HEADER_BYTES),
    `sync, version 1, ${wanted}, seq ${vector.seq}, ${type}, ${payload.length} bytes`,
  );
  for (const field of vector.fields) {
    const count = fieldBytes(field.kind, payload);
    result.push(...lines(payload.subarray(0, count), show(field)));
    payload = payload.subarray(count);
  }
  result.push(...lines(frame.subarray(frame.length - CRC_BYTES), 'CRC-32'));
  return result;
}
