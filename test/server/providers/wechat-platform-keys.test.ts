import { createProvider, type Provider } from '../../../server/providers';
import * as fixture from './wechat-peer';

const peer = new fixture.WechatPeer();
const OLD = peer.newPlatformCertificate('1A2B3C4D5E6F70819A0B');
const NEW = peer.newPlatformCertificate('007F7E7D7C7B7A797877');
const EXPIRED = peer.newPlatformCertificate('11112222333344445555', -400, -1);
const FUTURE = peer.newPlatformCertificate('22223333444455556666', 30, 400);
let baseUrl: string;
let provider: Provider;
/** The certificate that signs ordinary answers. */
let signer = OLD;

function make(change: object = {}): Provider {
  return createProvider(
    'wechat',
    {
      mchid: fixture.MCHID,
      appid: fixture.APPID,
      merchantSerial: fixture.MERCHANT_SERIAL,
      merchantPrivateKey: peer.merchant.privatePem,
      apiV3Key: fixture.API_V3_KEY,
      verification: 'certificates',
      ...change,
    },
    { baseUrl, clock: peer.clock, httpTimeoutMs: 30_000 },
  );
}

const downloads = (): number => peer.requests.filter(({ url }) => url === '/v3/certificates').length;
const query = (): Promise<{ kind: string; code?: string }> => provider.query('CS000001_17');

beforeAll(async () => {
  baseUrl = await peer.start();
});
afterAll(() => peer.stop());
beforeEach(() => {
  peer.requests.length = 0;
  peer.certificates = [OLD];
  signer = OLD;
  peer.responder = ({ url }) =>
    url === '/v3/certificates'
      ? peer.certificatesAnswer()
      : peer.answer(200, fixture.PAID_TRADE, { key: signer.keys, serial: signer.serial });
  provider = make();
});

test('are downloaded once, by a signed request, and then kept', async () => {
  for (let round = 0; round < 3; round += 1) expect((await query()).kind).toBe('ok');
  expect(downloads()).toBe(1);
  expect(peer.requests.every((request) => peer.isSignedByMerchant(request))).toBe(true);
});

test('several calls at once share one download', async () => {
  const outcomes = await Promise.all([query(), query(), query(), query()]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['ok', 'ok', 'ok', 'ok']);
  expect(downloads()).toBe(1);
});

test('a new certificate is fetched when it first signs, and the old one goes on while it is listed', async () => {
  await query();
  peer.certificates = [OLD, NEW];
  peer.clock.advance(60_000);
  signer = NEW;
  expect((await query()).kind).toBe('ok');
  signer = OLD;
  expect((await query()).kind).toBe('ok');
  expect(downloads()).toBe(2);
});

test('a certificate that is no longer listed no longer counts', async () => {
  peer.certificates = [OLD, NEW];
  await query();
  peer.certificates = [NEW];
  peer.clock.advance(12 * 3_600_000);
  expect(await query()).toMatchObject({ kind: 'unknown', code: 'ANSWER_SERIAL_UNKNOWN' });
});

test('unknown serials cause at most one download a minute', async () => {
  await query();
  signer = NEW;
  peer.clock.advance(60_000);
  for (let round = 0; round < 5; round += 1) {
    expect(await query()).toMatchObject({ kind: 'unknown', code: 'ANSWER_SERIAL_UNKNOWN' });
  }
  expect(downloads()).toBe(2);
  peer.clock.advance(59_999);
  await query();
  expect(downloads()).toBe(2);
  peer.clock.advance(1);
  await query();
  expect(downloads()).toBe(3);
});

test('the set is renewed after twelve hours, and kept when that fails', async () => {
  await query();
  peer.clock.advance(12 * 3_600_000);
  const ordinary = peer.responder;
  peer.responder = (request, response) =>
    request.url === '/v3/certificates' ? { status: 503 } : ordinary(request, response);
  expect((await query()).kind).toBe('ok');
  expect(downloads()).toBe(2);
});

test('a first download that failed is tried again after two seconds', async () => {
  const ordinary = peer.responder;
  peer.responder = (request, response) =>
    request.url === '/v3/certificates' ? { status: 503 } : ordinary(request, response);
  expect(await query()).toMatchObject({ kind: 'unknown', code: 'KEYS_UNAVAILABLE' });
  peer.responder = ordinary;
  expect(await query()).toMatchObject({ kind: 'unknown', code: 'KEYS_UNAVAILABLE' });
  expect(downloads()).toBe(1);
  peer.clock.advance(2000);
  expect((await query()).kind).toBe('ok');
});

describe('are not trusted', () => {
  test.each([
    ['when encrypted under another key', () => peer.certificatesAnswer(OLD, 'z'.repeat(32))],
    [
      'when the list is signed by a stranger',
      () => {
        const stranger = { ...NEW, serial: OLD.serial };
        return peer.certificatesAnswer(stranger);
      },
    ],
    ['when the list is signed by a certificate outside it', () => peer.certificatesAnswer(NEW)],
    ['when the list is not signed', () => ({ ...peer.certificatesAnswer(), headers: {} })],
    [
      'when the list is old',
      () => {
        const body = peer.certificatesAnswer().body as string;
        return {
          status: 200,
          headers: peer.signatureHeaders(body, { key: OLD.keys, serial: OLD.serial, offsetSeconds: -301 }),
          body,
        };
      },
    ],
    [
      'when the list is empty',
      () => {
        const body = '{"data":[]}';
        return {
          status: 200,
          headers: peer.signatureHeaders(body, { key: OLD.keys, serial: OLD.serial }),
          body,
        };
      },
    ],
    [
      'when the listed serial is not the certificate’s',
      () => {
        peer.certificates = [{ ...OLD, serial: 'ABCDEF0123456789ABCD' }];
        return peer.certificatesAnswer();
      },
    ],
    [
      'when what is encrypted is no certificate',
      () => {
        peer.certificates = [{ ...OLD, pem: OLD.keys.publicPem }];
        return peer.certificatesAnswer();
      },
    ],
  ])('%s', async (_name, answer) => {
    const ordinary = peer.responder;
    peer.responder = (request, response) =>
      request.url === '/v3/certificates' ? answer() : ordinary(request, response);
    expect(await query()).toMatchObject({ kind: 'unknown', code: 'KEYS_UNAVAILABLE' });
  });

  test.each([
    ['after they expire', EXPIRED],
    ['before they begin', FUTURE],
  ])('%s', async (_name, certificate) => {
    peer.certificates = [OLD, certificate];
    signer = certificate;
    expect(await query()).toMatchObject({ kind: 'unknown', code: 'ANSWER_SERIAL_UNKNOWN' });
  });
});

test('serials are compared without regard to case', async () => {
  const ordinary = peer.responder;
  peer.responder = (request, response) => {
    const reply = ordinary(request, response)!;
    return { ...reply, headers: { ...reply.headers, 'Wechatpay-Serial': OLD.serial.toLowerCase() } };
  };
  expect((await query()).kind).toBe('ok');
});

test('during the change-over both the public key and certificates count', async () => {
  provider = make({
    platformPublicKeyId: fixture.PUBLIC_KEY_ID,
    platformPublicKey: peer.platform.publicPem,
  });
  expect((await query()).kind).toBe('ok');
  peer.responder = () => peer.answer(200, fixture.PAID_TRADE);
  expect((await query()).kind).toBe('ok');
});

test('in public-key mode certificates do not count and are not asked for', async () => {
  provider = make({
    verification: 'publicKey',
    platformPublicKeyId: fixture.PUBLIC_KEY_ID,
    platformPublicKey: peer.platform.publicPem,
  });
  expect(await query()).toMatchObject({ kind: 'unknown', code: 'ANSWER_SERIAL_UNKNOWN' });
  expect(downloads()).toBe(0);
});
