/**
 * Builds frames from literal descriptions for docs/host-vectors.json. Written from docs/host-protocol.md on its
 * own, without src/protocol, so that a mistake there shows as a difference instead of being copied here.
 * Leaves the choice of what to describe to frames.ts, streams.ts and refusals.ts.
 */
import { crc32 } from 'crc';

/** A field's value: a number, UTF-8 text, or bytes written in hex. */
export type Value = number | string | { readonly hex: string };

/** Name, kind (1, 2, 4: integer of so many bytes; s: length byte and bytes; r: the rest) and value. */
export type Field = readonly [name: string, kind: string, value: Value];

export interface FrameDescription {
  readonly name: string;
  readonly from: 'host' | 'module' | 'both';
  readonly type: number;
  /** Version nibble; 1 unless the row is about another one. */
  readonly version?: number;
  readonly ackWanted: boolean;
  readonly seq: number;
  readonly fields: readonly Field[];
  readonly note: string;
}

const INTEGER_WRITERS: { readonly [kind: string]: (value: number) => Buffer } = {
  '1': (value) => Buffer.from([value]),
  '2': (value) => Buffer.from([value % 256, Math.floor(value / 256)]),
  '4': (value) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  },
};

function valueBytes(value: string | { readonly hex: string }): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value.hex, 'hex');
}

function fieldBytes([name, kind, value]: Field): Buffer {
  if (typeof value === 'number') return INTEGER_WRITERS[kind]!(value);
  const bytes = valueBytes(value);
  if (kind === 'r') return bytes;
  if (bytes.length > 255) throw new RangeError(`${name}: ${bytes.length} bytes do not fit one length byte`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

export function payloadOf(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.map(fieldBytes));
}

/** A frame around any payload; `version` and `ackWanted` make its third byte. */
export function frameAround(
  payload: Buffer,
  type: number,
  seq: number,
  ackWanted: boolean,
  version = 1,
): Buffer {
  const body = Buffer.concat([
    Buffer.from([version * 16 + (ackWanted ? 1 : 0), seq, type]),
    INTEGER_WRITERS['2']!(payload.length),
    payload,
  ]);
  return Buffer.concat([Buffer.from('a55a', 'hex'), body, INTEGER_WRITERS['4']!(crc32(body))]);
}

export function frameOf(description: FrameDescription): Buffer {
  const { fields, type, seq, ackWanted, version } = description;
  return frameAround(payloadOf(fields), type, seq, ackWanted, version);
}

/** `A5 5A 11 …`: hex as people read it. */
export function spaced(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase().replace(/..\B/g, '$& ');
}
