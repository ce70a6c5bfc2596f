/**
 * Streams of bytes with what a reader must find in them: whole frames, broken ones, noise and silence. Literal
 * rows for docs/host-vectors.json. Source: docs/host-protocol.md, "The frame".
 */
import type { FrameDescription } from './encode';

/** One thing that is done to a reader. Bytes in hex, or a silence of so many milliseconds. */
export type Input = { readonly bytes: string } | { readonly silenceMs: number };

/**
 * What a reader is given and what it must make of it. `@NAME` in the bytes stands for the frame of that name;
 * `@NAME^offset.bit` for the same with one bit flipped; `@NAME<count` for its first bytes; `@NAME[from,to]` for a
 * piece of it. Blanks separate.
 */
export interface StreamDescription {
  readonly name: string;
  readonly input: readonly Input[];
  /** Names of the frames found, in order. */
  readonly frames: readonly string[];
  /** Reasons of the broken ones, with the seq and type as they were read. */
  readonly broken: readonly { readonly reason: string; readonly seq: number; readonly type: number }[];
}

const bytes = (text: string): Input => ({ bytes: text });
const silence: Input = { silenceMs: 201 };

export const STREAMS: readonly StreamDescription[] = [
  { name: 'one frame', input: [bytes('@PAY')], frames: ['PAY'], broken: [] },
  { name: 'two frames back to back', input: [bytes('@HELLO @PAY')], frames: ['HELLO', 'PAY'], broken: [] },
  {
    name: 'a frame in three pieces',
    input: [bytes('@CANCEL<1'), bytes('@CANCEL[1,9]'), bytes('@CANCEL[9,99]')],
    frames: ['CANCEL'],
    broken: [],
  },
  { name: 'noise before a frame', input: [bytes('00ff a5 00 5a 7e @PAY')], frames: ['PAY'], broken: [] },
  { name: 'half a sync before a frame', input: [bytes('a5 a5 @PAY')], frames: ['PAY'], broken: [] },
  { name: 'the sync inside a payload', input: [bytes('@DTU_DATA')], frames: ['DTU_DATA'], broken: [] },
  {
    name: 'a flipped bit in the payload',
    input: [bytes('@PAY^9.3')],
    frames: [],
    broken: [{ reason: 'BAD_CRC', seq: 1, type: 0x02 }],
  },
  {
    name: 'a flipped bit in the seq',
    input: [bytes('@PAY^3.7')],
    frames: [],
    broken: [{ reason: 'BAD_CRC', seq: 129, type: 0x02 }],
  },
  {
    name: 'a flipped bit in the checksum',
    input: [bytes('@CANCEL^12.0')],
    frames: [],
    broken: [{ reason: 'BAD_CRC', seq: 4, type: 0x04 }],
  },
  {
    name: 'a flipped bit in the sync: nobody notices',
    input: [bytes('@CANCEL^0.0')],
    frames: [],
    broken: [],
  },
  {
    name: 'a broken frame costs itself only',
    input: [bytes('@PAY^9.3 @CANCEL')],
    frames: ['CANCEL'],
    broken: [{ reason: 'BAD_CRC', seq: 1, type: 0x02 }],
  },
  {
    name: 'a length of 513',
    input: [bytes('a55a 11 07 02 0102'), bytes('@CANCEL')],
    frames: ['CANCEL'],
    broken: [{ reason: 'BAD_LENGTH', seq: 7, type: 0x02 }],
  },
  {
    name: 'a length of 65535',
    input: [bytes('a55a 11 07 02 ffff'), bytes('@CANCEL')],
    frames: ['CANCEL'],
    broken: [{ reason: 'BAD_LENGTH', seq: 7, type: 0x02 }],
  },
  {
    name: 'a length made longer swallows the next frame, which is found again',
    input: [bytes('@CANCEL^5.4 @DISPENSED @HELLO')],
    frames: ['DISPENSED', 'HELLO'],
    broken: [{ reason: 'BAD_CRC', seq: 4, type: 0x04 }],
  },
  {
    name: 'half a frame, then silence',
    input: [bytes('@PAY<20'), silence],
    frames: [],
    broken: [{ reason: 'INCOMPLETE', seq: 1, type: 0x02 }],
  },
  {
    name: 'half a frame, silence, then a whole one',
    input: [bytes('@PAY<20'), silence, bytes('@PAY')],
    frames: ['PAY'],
    broken: [{ reason: 'INCOMPLETE', seq: 1, type: 0x02 }],
  },
  {
    name: 'a swallowed frame is found when the silence comes',
    input: [bytes('@PAY<30 @CANCEL'), silence],
    frames: ['CANCEL'],
    broken: [{ reason: 'BAD_CRC', seq: 1, type: 0x02 }],
  },
  {
    name: 'three bytes, then silence',
    input: [bytes('a55a11'), silence],
    frames: [],
    broken: [{ reason: 'INCOMPLETE', seq: 0, type: 0 }],
  },
  {
    name: 'a lone A5, silence, a frame',
    input: [bytes('a5'), silence, bytes('@PAY')],
    frames: ['PAY'],
    broken: [],
  },
  {
    name: 'another version',
    input: [bytes('@version 2'), bytes('@CANCEL')],
    frames: ['CANCEL'],
    broken: [{ reason: 'BAD_VERSION', seq: 9, type: 0x01 }],
  },
  { name: 'the longest payload', input: [bytes('@longest')], frames: ['longest'], broken: [] },
];

/** Frames for the streams only. */
export const STREAM_FRAMES: readonly FrameDescription[] = [
  {
    name: 'version 2',
    from: 'host',
    type: 0x01,
    version: 2,
    ackWanted: true,
    seq: 9,
    fields: [['payload', 'r', 'new']],
    note: 'a version that this document does not describe',
  },
  {
    name: 'longest',
    from: 'host',
    type: 0x11,
    ackWanted: true,
    seq: 255,
    fields: [['data', 'r', { hex: 'a55a1100'.repeat(128) }]],
    note: '512 bytes full of syncs',
  },
];
