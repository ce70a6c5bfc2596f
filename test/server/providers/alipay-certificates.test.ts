import { createProvider, type AlipayParameters, type Provider } from '../../../server/providers';
import { AlipayClient, serialOf } from '../../../server/providers/alipay/client';
import { trustedKeyOf } from '../../../server/providers/alipay/certificates';
import { makeKeyPair } from './certificates';
import * as fixture from './alipay-peer';
import { certificateSerialOf } from './alipay-peer';

const peer = new fixture.AlipayPeer();
const rootKeys = makeKeyPair();
const middleKeys = makeKeyPair();
const nextKeys = makeKeyPair();
const root = peer.certificateOf(rootKeys, 'Ant root', rootKeys, 'Ant root', { isAuthority: true });
const middle = peer.certificateOf(middleKeys, 'Ant class 2', rootKeys, 'Ant root', { isAuthority: true });
const present = peer.certificateOf(peer.alipay, 'Alipay', middleKeys, 'Ant class 2') + middle;
const next = peer.certificateOf(nextKeys, 'Alipay next', middleKeys, 'Ant class 2') + middle;
const appCertificate = peer.certificateOf(peer.app, 'App', middleKeys, 'Ant class 2');
const otherMerchant =
  peer.certificateOf(peer.stranger, 'Shop', middleKeys, 'Ant class 2', { organisation: 'A shop' }) + middle;
const strangerRoot = peer.certificateOf(peer.stranger, 'Ant root', peer.stranger, 'Ant root', {
  isAuthority: true,
});
const forged = peer.certificateOf(peer.stranger, 'Alipay next', peer.stranger, 'Ant root') + strangerRoot;

const PAID = {
  out_trade_no: 'CS000001_17',
  trade_no: '1',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '1.50',
};
const QUERY = 'alipay.trade.query';
const DOWNLOAD = 'alipay.open.app.alipaycert.download';
let baseUrl: string;
let provider: Provider;
/** Who signs queries, and what is served for download. */
let signing: { key: typeof nextKeys; serial: string | undefined };
let downloadable: string;

function parameters(change: Partial<AlipayParameters> = {}): AlipayParameters {
  return {
    appId: fixture.APP_ID,
    sellerId: fixture.SELLER_ID,
    appPrivateKey: peer.app.privatePem,
    verification: 'certificate',
    appCertificate,
    alipayCertificate: present,
    alipayRootCertificate: root,
    ...change,
  };
}

const options = (): { baseUrl: string; clock: typeof peer.clock; httpTimeoutMs: number } => ({
  baseUrl,
  clock: peer.clock,
  httpTimeoutMs: 30_000,
});
const methods = (): string[] => peer.requests.map((request) => peer.parametersOf(request).method!);

beforeAll(async () => {
  baseUrl = await peer.start();
});
afterAll(() => peer.stop());
beforeEach(() => {
  peer.requests.length = 0;
  signing = { key: peer.alipay, serial: certificateSerialOf(present) };
  downloadable = next;
  peer.responder = (request) => {
    const { method } = peer.parametersOf(request);
    const { key, serial } = signing;
    const fields =
      method === QUERY ? PAID : { alipay_cert_content: Buffer.from(downloadable).toString('base64') };
    return peer.success(method!, fields, {
      key,
      ...(serial === undefined ? {} : { certificateSerial: serial }),
    });
  };
  provider = createProvider('alipay', parameters(), options());
});

test('requests carry the serials of application and root', async () => {
  expect((await provider.query('CS000001_17')).kind).toBe('ok');
  const sent = peer.parametersOf(peer.requests[0]!);
  expect(sent.app_cert_sn).toBe(certificateSerialOf(appCertificate));
  expect(sent.alipay_root_cert_sn).toBe(certificateSerialOf(root));
  expect(peer.isSignedByApp(peer.requests[0]!)).toBe(true);
});

test('our serial is the one of Alipay’s formula', () => {
  for (const pem of [present, next, appCertificate])
    expect(serialOf(pem, root)).toBe(certificateSerialOf(pem));
});

test('a new certificate is downloaded once, trusted by its chain, and the call repeated', async () => {
  signing = { key: nextKeys, serial: certificateSerialOf(next) };
  expect((await provider.query('CS000001_17')).kind).toBe('ok');
  expect((await provider.query('CS000001_17')).kind).toBe('ok');
  expect(methods()).toEqual([QUERY, DOWNLOAD, QUERY, QUERY]);
  expect(peer.bizContentOf(peer.requests[1]!)).toEqual({ alipay_cert_sn: certificateSerialOf(next) });
  signing = { key: peer.alipay, serial: certificateSerialOf(present) };
  expect((await provider.query('CS000001_17')).kind).toBe('ok');
});

test.each([
  ['a certificate of another root', forged, peer.stranger],
  ['another merchant’s certificate of the same root', otherMerchant, peer.stranger],
  ['another certificate than was asked for', present, nextKeys, next],
  ['no certificate', 'nothing', nextKeys, next],
])('a download of %s is not trusted', async (_name, served, key, asked = served) => {
  downloadable = served;
  signing = { key, serial: certificateSerialOf(asked) };
  expect(await provider.query('CS000001_17')).toMatchObject({
    kind: 'unknown',
    code: 'ANSWER_SERIAL_UNKNOWN',
  });
});

test('unknown serials cause at most one download a minute', async () => {
  downloadable = forged;
  signing = { key: peer.stranger, serial: certificateSerialOf(forged) };
  for (let round = 0; round < 4; round += 1) await provider.query('CS000001_17');
  expect(methods().filter((method) => method === DOWNLOAD)).toHaveLength(1);
  peer.clock.advance(60_000);
  await provider.query('CS000001_17');
  expect(methods().filter((method) => method === DOWNLOAD)).toHaveLength(2);
});

test.each([
  ['no serial', undefined],
  ['a serial that is no MD5', '../../etc'],
])('an answer with %s is unknown and nothing is downloaded', async (_name, serial) => {
  signing = { key: peer.alipay, serial };
  expect(await provider.query('CS000001_17')).toMatchObject({
    kind: 'unknown',
    code: 'ANSWER_SERIAL_UNKNOWN',
  });
  expect(methods()).toEqual([QUERY]);
});

test('a known serial with a stranger’s signature is wrong', async () => {
  signing = { key: peer.stranger, serial: certificateSerialOf(present) };
  expect(await provider.query('CS000001_17')).toMatchObject({
    kind: 'unknown',
    code: 'ANSWER_SIGNATURE_WRONG',
  });
});

test('notifications count under every certificate that is trusted', async () => {
  signing = { key: nextKeys, serial: certificateSerialOf(next) };
  await provider.query('CS000001_17');
  const fields = {
    notify_id: '1',
    notify_type: 'trade_status_sync',
    notify_time: '2026-01-01 08:01:00',
    app_id: fixture.APP_ID,
    seller_id: fixture.SELLER_ID,
    charset: 'utf-8',
    ...PAID,
  };
  for (const key of [peer.alipay, nextKeys]) {
    const outcome = await provider.readNotification({ headers: {}, body: peer.notification(fields, key) });
    expect(outcome.kind).toBe('ok');
  }
  const body = peer.notification(fields, peer.stranger);
  expect(await provider.readNotification({ headers: {}, body })).toMatchObject({
    code: 'NOTIFICATION_SIGNATURE_WRONG',
  });
});

describe('the chain', () => {
  const nowMs = peer.clock.nowMs();
  const year = 365 * 86_400_000;
  const untrue = peer.certificateOf(middleKeys, 'Ant class 2', rootKeys, 'Ant root');
  const expiredLeaf =
    peer.certificateOf(peer.alipay, 'Alipay', middleKeys, 'Ant class 2', { toDays: -1 }) + middle;
  const expiredMiddle = peer.certificateOf(middleKeys, 'Ant class 2', rootKeys, 'Ant root', {
    isAuthority: true,
    toDays: -1,
  });
  const lookalike = peer.certificateOf(peer.stranger, 'Ant class 2', peer.stranger, 'Ant root', {
    isAuthority: true,
  });
  const leaf = present.slice(0, present.indexOf('-----END') + 26);
  test.each([
    ['leads to the root', present, root, nowMs, true],
    [
      'leads there past certificates that cannot be read',
      present,
      `${root}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      nowMs,
      true,
    ],
    ['lacks the one between', leaf, root, nowMs, false],
    ['has one between that is no authority', leaf + untrue, root, nowMs, false],
    ['has one between that only bears the name', leaf + lookalike, root, nowMs, false],
    ['leads to a root that only bears the name', present, strangerRoot, nowMs, false],
    ['has expired', present, root, nowMs + year + 86_400_000, false],
    ['has not begun', present, root, nowMs - year - 86_400_000, false],
    ['has expired under a root that has not', expiredLeaf, root, nowMs, false],
    ['leads through one that has expired', leaf + expiredMiddle, root, nowMs, false],
    ['is empty', '', root, nowMs, false],
    ['has no root', present, '', nowMs, false],
  ])('%s', (_name, pem, rootPem, timeMs, isTrusted) => {
    expect(trustedKeyOf(pem, rootPem, timeMs) !== undefined).toBe(isTrusted);
  });
});

test('a certificate that has expired since it was saved is replaced by the present one', async () => {
  const expired =
    peer.certificateOf(peer.alipay, 'Alipay old', middleKeys, 'Ant class 2', { toDays: -1 }) + middle;
  const late = createProvider('alipay', parameters({ alipayCertificate: expired }), options());
  signing = { key: nextKeys, serial: certificateSerialOf(next) };
  expect((await late.query('CS000001_17')).kind).toBe('ok');
});

test('the client throws without a private key, and says nothing of it', () => {
  expect(() => new AlipayClient(parameters({ appPrivateKey: 'not-a-key-xyzzy' }), options())).toThrow(
    /^The private key is not an RSA key of 2048 bits or more\.$/,
  );
});
