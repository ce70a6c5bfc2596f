/**
 * Every message of docs/host-protocol.md with plausible values, as literal rows; generate.ts turns them into
 * docs/host-vectors.json, and the document quotes them. Broken input is in streams.ts and refusals.ts.
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
  '{"version":0,"mode":1,"relay":1,"onMs":500,"offMs":500,"fenPerPulse":100,"msPerFen":600,"maxFen":100000,"hostReportS":120,"statusS":5,"baud":115200}';

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
      ['reset', '1', 1],
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
      ['text', 'r', '42 PAID NONE 1767225600 SERVER_GRANT'],
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
