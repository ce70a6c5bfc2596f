/**
 * Makes RSA keys and X.509 certificates for tests, so that no key lies in the repository and nothing depends on
 * an openssl program. A minimal DER writer: RFC 5280 certificates, version 3, sha256WithRSAEncryption, with
 * basicConstraints. Node's own parser (and @fidm/x509 in alipay-sdk) read them back in the tests.
 */
import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly privatePem: string;
  readonly publicPem: string;
}

export function makeKeyPair(modulusLength = 2048): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
  return {
    privateKey,
    publicKey,
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

export interface CertificateOrder {
  readonly commonName: string;
  readonly issuerName: string;
  readonly serialHex: string;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly fromMs: number;
  readonly toMs: number;
  readonly isAuthority?: boolean;
  /** O= of the subject. */
  readonly organisation?: string;
}

/** A certificate in PEM. */
export function makeCertificate(order: CertificateOrder): string {
  const algorithm = sequence(oid([1, 2, 840, 113549, 1, 1, 11]), tagged(0x05));
  const spki = createPublicKey(order.publicKey.export({ type: 'spki', format: 'pem' })).export({
    type: 'spki',
    format: 'der',
  });
  const constraints = sequence(order.isAuthority ? tagged(0x01, Buffer.from([0xff])) : Buffer.alloc(0));
  const extension = sequence(
    oid([2, 5, 29, 19]),
    tagged(0x01, Buffer.from([0xff])),
    tagged(0x04, constraints),
  );
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    integer(order.serialHex),
    algorithm,
    name(order.issuerName),
    sequence(time(order.fromMs), time(order.toMs)),
    name(order.commonName, order.organisation),
    spki,
    tagged(0xa3, sequence(extension)),
  );
  const signature = sign('RSA-SHA256', body, order.signingKey);
  const der = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 128) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.from(content.length.toString(16).padStart(4, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x82]), length, content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function integer(hex: string): Buffer {
  const digits = hex.replace(/^0+/, '');
  const bytes = Buffer.from(digits.length % 2 ? `0${digits}` : digits, 'hex');
  return tagged(0x02, bytes[0]! & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

function oid(arcs: readonly number[]): Buffer {
  const bytes = [arcs[0]! * 40 + arcs[1]!];
  for (const arc of arcs.slice(2)) {
    const groups = [arc & 0x7f];
    for (let rest = arc >> 7; rest > 0; rest >>= 7) groups.unshift((rest & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}

/** C=CN, O=Coinslot tests, CN=… : two attributes and more, so that their order matters for Alipay's serial. */
function name(commonName: string, organisation = 'Coinslot tests'): Buffer {
  const attribute = (arc: number, text: string): Buffer =>
    tagged(0x31, sequence(oid([2, 5, 4, arc]), tagged(0x0c, Buffer.from(text))));
  return sequence(attribute(6, 'CN'), attribute(10, organisation), attribute(3, commonName));
}

function time(timeMs: number): Buffer {
  const digits = new Date(timeMs).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return tagged(0x18, Buffer.from(`${digits}Z`));
}
