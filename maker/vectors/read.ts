/**
 * The shape of docs/host-vectors.json, for the programs and tests that read it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Value } from './encode';

export interface FrameVector {
  readonly name: string;
  readonly from: 'host' | 'module' | 'both';
  readonly type: number;
  readonly seq: number;
  readonly ackWanted: boolean;
  readonly fields: readonly { readonly name: string; readonly kind: string; readonly value: Value }[];
  readonly note?: string;
  readonly hex: string;
}

export interface StreamVector {
  readonly name: string;
  readonly input: readonly ({ readonly hex: string } | { readonly silenceMs: number })[];
  readonly frames: readonly string[];
  readonly broken: readonly { readonly reason: string; readonly seq: number; readonly type: number }[];
}

export interface RefusalVector {
  readonly name: string;
  readonly type: number;
  readonly seq: number;
  readonly reason: string;
  readonly hex: string;
}

export interface Vectors {
  readonly version: number;
  readonly crc: { readonly of: string; readonly value: string };
  readonly frames: readonly FrameVector[];
  readonly streams: readonly StreamVector[];
  readonly refusals: readonly RefusalVector[];
}

export function readVectors(): Vectors {
  return JSON.parse(readFileSync(join(__dirname, '../../docs/host-vectors.json'), 'utf8')) as Vectors;
}

/** Bytes of hex with or without blanks. */
export function unhex(text: string): Buffer {
  return Buffer.from(text.replace(/ /g, ''), 'hex');
}

/** A field's value as bytes in a binary string, or as the number it is. */
export function valueOf(value: Value): number | string {
  if (typeof value === 'number') return value;
  return typeof value === 'string'
    ? Buffer.from(value, 'utf8').toString('latin1')
    : unhex(value.hex).toString('latin1');
}
