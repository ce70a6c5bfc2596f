/**
 * The host protocol in examples: every message of docs/host-protocol.md with plausible values, broken input with
 * what a reader must make of it, and well-formed frames that a module must refuse. Literal rows only; generate.ts
 * turns them into docs/host-vectors.json.
 * Source: docs/host-protocol.md. One story runs through the examples: module CS000001, order 42, 2.50 yuan.
 */
import type { Field, FrameDescription } from './encode';

const from =
  (side: 'host' | 'module' | 'both', ackWanted: boolean) =>
  (name: string, type: number, seq: number, fields: readonly Field[], note: string): FrameDescription => ({
    name,
    from: side,
    type,
    ackWanted,
    seq,
    fields,
    note,
  });

const request = from('host', true);
const notice = from('module', false);
const event = from('module', true);
const answer = from('both', false);

const GOODS = '可乐 330ml';
const WECHAT_URL = 'weixin://wxpay/bizpayurl?pr=Ab3dE6g';
const SETTINGS_JSON =
  '{"version":0,"mode":1,"relay":1,"onMs":500,"offMs":500,"fenPerPulse":100,"msPerFen":600,"maxFen":100000,"hostReportS":120,"statusS":5}';

const PROVISION_JSON =
  '{"id":"CS000001","key":"000102030405060708090a0b0c0d0e0f","host":"pay.example.com","port":7000,"apn":"cmnet"}';

export const FRAMES: readonly FrameDescription[] = [
  request(
    'HELLO',
    0x01,
    0,
    [
      ['version', '1', 1],
      ['name', 's', 'vendo-8'],
    ],
    'the host has started',
  ),
  request(
    'PAY',
    0x02,
    1,
    [
      ['amountFen', '4', 250],
      ['channel', '1', 1],
      ['ttlS', '2', 120],
      ['reference', 's', '41.1'],
      ['goods', 's', GOODS],
    ],
    '2.50 yuan by WeChat Pay, payable for two minutes',
  ),
  request(
    'QUERY',
    0x03,
    2,
    [
      ['order', '4', 42],
      ['reference', 's', ''],
    ],
    'how does order 42 stand?',
  ),
  request(
    'QUERY by reference',
    0x03,
    3,
    [
      ['order', '4', 0],
      ['reference', 's', '41.1'],
    ],
    'is there an order with this reference?',
  ),
  request('CANCEL', 0x04, 4, [['order', '4', 42]], 'the customer walked away'),
  request('DISPENSED', 0x05, 5, [['order', '4', 42]], 'the goods came out'),
  request(
    'FAILED',
    0x06,
    6,
    [
      ['order', '4', 42],
      ['text', 's', 'motor jam'],
    ],
    'the goods did not come out',
  ),
  request(
    'REFUND',
    0x07,
    7,
    [
      ['order', '4', 42],
      ['text', 's', 'warm'],
    ],
    'give the money back',
  ),
  request(
    'RELAY',
    0x08,
    8,
    [
      ['relay', '1', 1],
      ['count', '1', 3],
      ['onMs', '2', 100],
      ['offMs', '2', 400],
    ],
    'three pulses on relay 1, for service',
  ),
  request(
    'SET_SETTINGS',
    0x09,
    9,
    [['json', 'r', '{"mode":2,"fenPerPulse":100}']],
    'coin pulses, 1 yuan each',
  ),
  request('GET_SETTINGS', 0x0a, 10, [], ''),
  request('GET_TIME', 0x0b, 11, [], ''),
  request('GET_SIGNAL', 0x0c, 12, [], ''),
  request(
    'GET_LOG',
    0x0d,
    13,
    [
      ['order', '4', 42],
      ['count', '1', 20],
    ],
    'at most 20 lines about order 42',
  ),
  request(
    'PROVISION',
    0x0e,
    19,
    [['json', 'r', PROVISION_JSON]],
    'at the bench, once; the key is an example',
  ),
  request(
    'DTU_OPEN tunnel',
    0x10,
    14,
    [
      ['mode', '1', 1],
      ['port', '2', 0],
      ['address', 's', ''],
    ],
    'a stream through the platform',
  ),
  request(
    'DTU_OPEN direct',
    0x10,
    15,
    [
      ['mode', '1', 2],
      ['port', '2', 8080],
      ['address', 's', 'data.example.com'],
    ],
    'a TCP connection to a server of the maker',
  ),
  request(
    'DTU_DATA',
    0x11,
    16,
    [['data', 'r', { hex: '68656c6c6f00a55aff' }]],
    'nine bytes; any values, also A5 5A',
  ),
  request('DTU_CREDIT', 0x12, 17, [['credit', '2', 128]], 'the host has room for 128 bytes more'),
  request('DTU_CLOSE', 0x13, 18, [], ''),
  notice(
    'INFO',
    0x41,
    200,
    [
      ['version', '1', 1],
      ['reset', '1', 0],
      ['link', '1', 10],
      ['openOrders', '1', 1],
      ['lastOrder', '4', 42],
      ['deviceId', 's', 'CS000001'],
      ['firmware', 's', '1.0.0'],
      ['board', 's', 'CS1'],
      ['imei', 's', '868120000000001'],
    ],
    'one open order; the link is ready',
  ),
  event(
    'QR',
    0x42,
    201,
    [
      ['order', '4', 42],
      ['channel', '1', 1],
      ['leftS', '2', 118],
      ['reference', 's', '41.1'],
      ['url', 'r', WECHAT_URL],
    ],
    'show this as a QR code for 118 s',
  ),
  event(
    'STATUS',
    0x43,
    202,
    [
      ['order', '4', 42],
      ['state', '1', 3],
      ['reason', '1', 0],
      ['amountFen', '4', 250],
      ['channel', '1', 1],
      ['leftS', '2', 118],
      ['reference', 's', '41.1'],
    ],
    'a change: order 42 waits for payment',
  ),
  notice(
    'STATUS repeated',
    0x43,
    203,
    [
      ['order', '4', 42],
      ['state', '1', 6],
      ['reason', '1', 0],
      ['amountFen', '4', 250],
      ['channel', '1', 1],
      ['leftS', '2', 0],
      ['reference', 's', '41.1'],
    ],
    'told again every five seconds; no answer wanted',
  ),
  event(
    'STATUS refused',
    0x43,
    204,
    [
      ['order', '4', 43],
      ['state', '1', 11],
      ['reason', '1', 34],
      ['amountFen', '4', 250],
      ['channel', '1', 2],
      ['leftS', '2', 0],
      ['reference', 's', '41.2'],
    ],
    'final: the merchant has no Alipay',
  ),
  notice('SETTINGS', 0x46, 205, [['json', 'r', SETTINGS_JSON]], ''),
  notice(
    'TIME',
    0x47,
    206,
    [
      ['unixS', '4', 1767225600],
      ['errorMs', '4', 420],
    ],
    '2026-01-01 00:00:00 UTC, +/- 0.42 s',
  ),
  notice(
    'SIGNAL',
    0x48,
    207,
    [
      ['link', '1', 10],
      ['csq', '1', 21],
      ['registration', '1', 1],
    ],
    'link ready, -71 dBm, home network',
  ),
  notice(
    'LOG',
    0x49,
    208,
    [
      ['left', '1', 0],
      ['text', 'r', '42 PAID'],
    ],
    'the last line',
  ),
  event(
    'DTU_OPENED',
    0x50,
    209,
    [
      ['mode', '1', 1],
      ['credit', '2', 512],
    ],
    'the host may send 512 bytes',
  ),
  event('DTU_RECEIVED', 0x51, 210, [['data', 'r', { hex: '4f4b0d0a' }]], 'four bytes for the host'),
  event('DTU_GRANTED', 0x52, 211, [['credit', '2', 256]], 'the host may send 256 bytes more'),
  event('DTU_CLOSED', 0x53, 212, [['reason', '1', 13]], 'the link went down'),
  answer(
    'ACK',
    0x7e,
    213,
    [
      ['seq', '1', 1],
      ['type', '1', 0x02],
      ['order', '4', 42],
    ],
    'PAY is taken: order 42',
  ),
  answer(
    'NAK',
    0x7f,
    214,
    [
      ['seq', '1', 1],
      ['type', '1', 0x02],
      ['reason', '1', 7],
      ['text', 'r', 'OVER_LIMIT'],
    ],
    'PAY is refused: more than maxFen',
  ),
];

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
  { name: 'DTU_DATA without a stream', type: 0x11, payload: [['data', 'r', 'x']], reason: 'NO_STREAM' },
  { name: 'DTU_CREDIT without a stream', type: 0x12, payload: [['credit', '2', 0]], reason: 'NO_STREAM' },
];
