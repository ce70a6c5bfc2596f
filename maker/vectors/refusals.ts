/**
 * Well-formed frames that a module must refuse, each with one thing wrong, and the reason of the NAK. Literal rows
 * for docs/host-vectors.json. Source: docs/host-protocol.md, "Messages from the host".
 */
import type { Field } from './encode';

/** A well-formed frame that a module must refuse. Each reason by itself, everything else being right. */
export interface RefusalDescription {
  readonly name: string;
  readonly type: number;
  readonly payload: readonly Field[];
  readonly reason: string;
}

interface PayValues {
  amountFen?: number;
  channel?: number;
  ttlS?: number;
  reference?: string;
  goods?: string | { readonly hex: string };
}

const pay = (values: PayValues, extra: readonly Field[] = []): readonly Field[] => [
  ['amountFen', '4', values.amountFen ?? 250],
  ['channel', '1', values.channel ?? 1],
  ['ttlS', '2', values.ttlS ?? 120],
  ['reference', 's', values.reference ?? 'refused'],
  ['goods', 's', values.goods ?? ''],
  ...extra,
];

export const REFUSALS: readonly RefusalDescription[] = [
  { name: 'an unknown type', type: 0x3f, payload: [], reason: 'BAD_TYPE' },
  { name: 'a type that only modules send', type: 0x43, payload: [['rest', 'r', '']], reason: 'BAD_TYPE' },
  { name: 'PAY without a payload', type: 0x02, payload: [], reason: 'BAD_PAYLOAD' },
  {
    name: 'PAY with a byte too many',
    type: 0x02,
    payload: pay({}, [['extra', '1', 0]]),
    reason: 'BAD_PAYLOAD',
  },
  {
    name: 'PAY whose reference runs over the end',
    type: 0x02,
    payload: [['rest', 'r', { hex: 'fa0000000178000a4131' }]],
    reason: 'BAD_PAYLOAD',
  },
  { name: 'PAY of nothing', type: 0x02, payload: pay({ amountFen: 0 }), reason: 'BAD_AMOUNT' },
  { name: 'PAY over the limit', type: 0x02, payload: pay({ amountFen: 100001 }), reason: 'OVER_LIMIT' },
  { name: 'PAY of 2^32 - 1 fen', type: 0x02, payload: pay({ amountFen: 0xffffffff }), reason: 'OVER_LIMIT' },
  { name: 'PAY by channel 0', type: 0x02, payload: pay({ channel: 0 }), reason: 'BAD_CHANNEL' },
  { name: 'PAY by channel 3', type: 0x02, payload: pay({ channel: 3 }), reason: 'BAD_CHANNEL' },
  { name: 'PAY payable for 29 s', type: 0x02, payload: pay({ ttlS: 29 }), reason: 'BAD_PAYLOAD' },
  { name: 'PAY payable for 7201 s', type: 0x02, payload: pay({ ttlS: 7201 }), reason: 'BAD_PAYLOAD' },
  { name: 'PAY without a reference', type: 0x02, payload: pay({ reference: '' }), reason: 'BAD_REFERENCE' },
  {
    name: 'PAY with a space in the reference',
    type: 0x02,
    payload: pay({ reference: 'a b' }),
    reason: 'BAD_REFERENCE',
  },
  {
    name: 'PAY with 33 bytes of reference',
    type: 0x02,
    payload: pay({ reference: 'x'.repeat(33) }),
    reason: 'BAD_REFERENCE',
  },
  {
    name: 'PAY with a line feed in the goods',
    type: 0x02,
    payload: pay({ goods: 'a\nb' }),
    reason: 'BAD_TEXT',
  },
  {
    name: 'PAY with broken UTF-8',
    type: 0x02,
    payload: pay({ goods: { hex: 'e58faf e4b9'.replace(' ', '') } }),
    reason: 'BAD_TEXT',
  },
  {
    name: 'PAY with 49 bytes of goods',
    type: 0x02,
    payload: pay({ goods: 'x'.repeat(49) }),
    reason: 'BAD_TEXT',
  },
  {
    name: 'QUERY of an order that never was',
    type: 0x03,
    payload: [
      ['order', '4', 4000000000],
      ['reference', 's', ''],
    ],
    reason: 'UNKNOWN_ORDER',
  },
  {
    name: 'QUERY of a reference that never was',
    type: 0x03,
    payload: [
      ['order', '4', 0],
      ['reference', 's', 'never'],
    ],
    reason: 'UNKNOWN_ORDER',
  },
  {
    name: 'CANCEL of an order that never was',
    type: 0x04,
    payload: [['order', '4', 4000000000]],
    reason: 'UNKNOWN_ORDER',
  },
  { name: 'CANCEL of order 0', type: 0x04, payload: [['order', '4', 0]], reason: 'UNKNOWN_ORDER' },
  {
    name: 'DISPENSED for an order that never was',
    type: 0x05,
    payload: [['order', '4', 4000000000]],
    reason: 'UNKNOWN_ORDER',
  },
  {
    name: 'RELAY 3',
    type: 0x08,
    payload: [
      ['relay', '1', 3],
      ['count', '1', 1],
      ['onMs', '2', 100],
      ['offMs', '2', 100],
    ],
    reason: 'BAD_PAYLOAD',
  },
  {
    name: 'RELAY for 19 ms',
    type: 0x08,
    payload: [
      ['relay', '1', 1],
      ['count', '1', 1],
      ['onMs', '2', 19],
      ['offMs', '2', 100],
    ],
    reason: 'BAD_PAYLOAD',
  },
  {
    name: 'SET_SETTINGS with broken JSON',
    type: 0x09,
    payload: [['json', 'r', '{"mode":']],
    reason: 'BAD_PAYLOAD',
  },
  {
    name: 'SET_SETTINGS with an unknown name',
    type: 0x09,
    payload: [['json', 'r', '{"colour":1}']],
    reason: 'BAD_PAYLOAD',
  },
  {
    name: 'SET_SETTINGS out of range',
    type: 0x09,
    payload: [['json', 'r', '{"mode":4}']],
    reason: 'BAD_PAYLOAD',
  },
  {
    name: 'DTU_OPEN in mode 3',
    type: 0x10,
    payload: [
      ['mode', '1', 3],
      ['port', '2', 0],
      ['address', 's', ''],
    ],
    reason: 'BAD_PAYLOAD',
  },
  {
    name: 'DTU_OPEN in mode 1 with an address',
    type: 0x10,
    payload: [
      ['mode', '1', 1],
      ['port', '2', 0],
      ['address', 's', 'data.example.com'],
    ],
    reason: 'BAD_PAYLOAD',
  },
  {
    name: 'DTU_OPEN in mode 2 without an address',
    type: 0x10,
    payload: [
      ['mode', '1', 2],
      ['port', '2', 8080],
      ['address', 's', ''],
    ],
    reason: 'BAD_PAYLOAD',
  },
  {
    name: 'DTU_OPEN in mode 2 without a port',
    type: 0x10,
    payload: [
      ['mode', '1', 2],
      ['port', '2', 0],
      ['address', 's', 'data.example.com'],
    ],
    reason: 'BAD_PAYLOAD',
  },
  {
    name: 'DTU_OPEN of an address with a quotation mark',
    type: 0x10,
    payload: [
      ['mode', '1', 2],
      ['port', '2', 8080],
      ['address', 's', 'a"b'],
    ],
    reason: 'BAD_PAYLOAD',
  },
  { name: 'DTU_DATA without a payload', type: 0x11, payload: [], reason: 'BAD_PAYLOAD' },
  { name: 'DTU_CLOSE without a stream', type: 0x13, payload: [], reason: 'NO_STREAM' },
  { name: 'DTU_DATA without a stream', type: 0x11, payload: [['data', 'r', 'x']], reason: 'NO_STREAM' },
  { name: 'DTU_CREDIT without a stream', type: 0x12, payload: [['credit', '2', 0]], reason: 'NO_STREAM' },
];
