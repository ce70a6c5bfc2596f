import fc from 'fast-check';
import { encodeFrame, type Frame, FrameReader } from '../../../src/protocol/frame';
import { hex, nodeCrc32, unhex } from '../ports/ports';
import { holds } from '../../support/random';

interface Heard {
  frames: Frame[];
  bad: number[][];
  reader: FrameReader;
}

function listen(): Heard {
  const frames: Frame[] = [];
  const bad: number[][] = [];
  const reader = new FrameReader(nodeCrc32, {
    onFrame: (frame) => frames.push(frame),
    onBadFrame: (reason, seq, type) => bad.push([reason, seq, type]),
  });
  return { frames, bad, reader };
}

const anyFrame = fc.record({
  flags: fc.integer({ min: 0, max: 15 }),
  seq: fc.integer({ min: 0, max: 255 }),
  type: fc.integer({ min: 0, max: 255 }),
  payload: fc.uint8Array({ maxLength: 512 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
});

const encode = (frame: { flags: number; seq: number; type: number; payload: string }): string =>
  encodeFrame(nodeCrc32, frame.flags, frame.seq, frame.type, frame.payload);

describe('host frames', () => {
  test('stand on the wire as the document says', () => {
    // CRC-32 of 11 07 01 0100 01 by zlib: 0x58209215.
    const wire = encodeFrame(nodeCrc32, 1, 7, 1, '\x01');
    expect(hex(wire).slice(0, 16)).toBe('a55a1107010100' + '01');
    expect(wire.length).toBe(12);
    expect(nodeCrc32(wire.slice(2, 8))).toBe(Buffer.from(wire.slice(8), 'latin1').readUInt32LE(0));
  });

  test('any row of frames comes out whole, however the bytes are cut', () => {
    holds(
      fc.property(
        fc.array(anyFrame, { maxLength: 5 }),
        fc.array(fc.nat(40), { minLength: 1 }),
        (sent, cuts) => {
          const heard = listen();
          let wire = sent.map(encode).join('');
          for (let index = 0; wire; index++) {
            const count = 1 + cuts[index % cuts.length]!;
            heard.reader.push(wire.slice(0, count));
            wire = wire.slice(count);
          }
          expect(heard.bad).toEqual([]);
          expect(
            heard.frames.map(({ flags, seq, type, payload }) => ({ flags, seq, type, payload })),
          ).toEqual(sent);
        },
      ),
    );
  });

  test('a flipped bit is told and costs that frame only', () => {
    holds(
      fc.property(anyFrame, anyFrame, fc.nat(), (first, second, where) => {
        const wire = encode(first);
        const at = 7 + (where % (wire.length - 7));
        const broken =
          wire.slice(0, at) +
          String.fromCharCode(wire.charCodeAt(at) ^ (1 << (where % 8))) +
          wire.slice(at + 1);
        const heard = listen();
        heard.reader.push(broken + encode(second));
        while (heard.reader.isWaiting()) heard.reader.giveUp();
        expect(heard.bad[0]).toEqual([1, first.seq, first.type]);
        expect(
          heard.frames.some((frame) => frame.payload === second.payload && frame.seq === second.seq),
        ).toBe(true);
      }),
    );
  });

  test('a length over 512 is refused at once and the next frame is taken', () => {
    const heard = listen();
    heard.reader.push(unhex('a55a 11 05 02 0102') + encode({ flags: 1, seq: 6, type: 11, payload: '' }));
    expect(heard.bad).toEqual([[2, 5, 2]]);
    expect(heard.frames.map((frame) => frame.seq)).toEqual([6]);
  });

  test('another protocol version is refused', () => {
    const body = unhex('21 09 01 0000');
    const crc = Buffer.alloc(4);
    crc.writeUInt32LE(nodeCrc32(body));
    const heard = listen();
    heard.reader.push(unhex('a55a') + body + crc.toString('latin1'));
    expect(heard.bad).toEqual([[4, 9, 1]]);
    expect(heard.frames).toEqual([]);
  });

  test('noise before a frame is passed over in silence', () => {
    const heard = listen();
    heard.reader.push('\xa5\xa5xyz\x5a' + encode({ flags: 0, seq: 1, type: 11, payload: '' }));
    expect(heard.frames).toHaveLength(1);
    expect(heard.bad).toEqual([]);
  });

  test('what is kept between two chunks never exceeds one frame', () => {
    const beginning = fc
      .record({ declared: fc.integer({ min: 400, max: 515 }), bytes: fc.uint8Array({ maxLength: 700 }) })
      .map(({ declared, bytes }) => {
        const head = Buffer.from([0xa5, 0x5a, 0x11, 1, 2, declared & 255, declared >> 8]);
        return Buffer.concat([head, bytes]).toString('latin1');
      });
    holds(
      fc.property(fc.array(beginning, { maxLength: 8 }), (chunks) => {
        const heard = listen();
        for (const chunk of chunks) {
          heard.reader.push(chunk);
          expect((heard.reader as unknown as { held: string }).held.length).toBeLessThanOrEqual(523);
        }
      }),
    );
  });

  test('an incomplete frame is given up, and one that stood behind its beginning is found', () => {
    const heard = listen();
    const whole = encode({ flags: 1, seq: 4, type: 12, payload: '' });
    heard.reader.push(unhex('a55a 11 03 02 2000') + whole);
    expect(heard.frames).toEqual([]);
    heard.reader.giveUp();
    expect(heard.bad).toEqual([[19, 3, 2]]);
    expect(heard.frames.map((frame) => frame.seq)).toEqual([4]);
  });
});
