/** Any message between host and module, by its layout in the document; the small values that mean something often. */
import fc from 'fast-check';
import { HOST_LAYOUTS, type HostFields } from '../../../src/protocol/host';

export const bytesOf = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));

const KINDS: Record<string, fc.Arbitrary<number | string>> = {
  '1': fc.oneof(fc.nat(3), fc.nat(0xff)),
  '2': fc.oneof(fc.nat(600), fc.nat(0xffff)),
  '4': fc.oneof(fc.nat(5), fc.integer({ min: 0, max: 0xffffffff })),
  s: fc.oneof(fc.constantFrom('', 'R1', '127.0.0.1'), bytesOf(60)),
  r: bytesOf(200),
};

export interface AnyMessage {
  readonly type: number;
  readonly fields: HostFields;
}

/** One of `types`. */
export const messageOf = (types: readonly number[]): fc.Arbitrary<AnyMessage> =>
  fc.constantFrom(...types).chain((type) => {
    const parts = HOST_LAYOUTS[type] ? HOST_LAYOUTS[type].split(' ') : [];
    const fields = Object.fromEntries(parts.map((part) => [part.slice(0, -2), KINDS[part.slice(-1)]!]));
    return fc.record({ type: fc.constant(type), fields: fc.record(fields) });
  });
