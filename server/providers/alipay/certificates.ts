/**
 * Alipay's certificate mode: which certificates of Alipay's are trusted, and how a new one becomes so. Answers
 * name the certificate that signed them by `alipay_cert_sn`; when Alipay changes it, the new one is downloaded
 * and accepted only if it was issued under the root certificate that the merchant has, to the organisation that
 * the present one names: merchants' application certificates come from the same root. The chain is what makes
 * it trusted: the download's own signature would be checked with the certificate that is being downloaded.
 * Source: Alipay open platform, 公钥证书方式, alipay.open.app.alipaycert.download; the serial is MD5 of issuer and
 * number, taken from alipay-sdk.
 */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { isValidAt, publicKeyOf, readCertificates } from '../keys';

const MAXIMUM_CHAIN = 5;

/**
 * The key of the first certificate of `pem`, if it leads to a certificate of `rootPem` by signatures, every one
 * valid at `timeMs`. Further certificates in `pem` serve as intermediates.
 */
export function trustedKeyOf(pem: string, rootPem: string, timeMs: number): KeyObject | undefined {
  const [leaf, ...intermediates] = readCertificates(pem);
  const roots = readCertificates(rootPem).filter((root) => publicKeyOf(root) !== undefined);
  if (!leaf || !leadsToRoot(leaf, intermediates, roots, timeMs)) return undefined;
  return publicKeyOf(leaf);
}

/** Whether the first certificates of both texts were issued to the same organisation (and name one). */
export function isSameOrganisation(leftPem: string, rightPem: string): boolean {
  const left = organisationOf(leftPem);
  return left !== undefined && left === organisationOf(rightPem);
}

function organisationOf(pem: string): string | undefined {
  const lines = readCertificates(pem)[0]?.subject.split('\n') ?? [];
  const organisations = lines.filter((line) => line.startsWith('O='));
  return organisations.length === 1 ? organisations[0] : undefined;
}

function leadsToRoot(
  leaf: X509Certificate,
  intermediates: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  timeMs: number,
): boolean {
  let current = leaf;
  for (let depth = 0; depth < MAXIMUM_CHAIN; depth += 1) {
    if (!isValidAt(current, timeMs)) return false;
    const subject = current;
    if (roots.some((root) => isValidAt(root, timeMs) && isIssuedBy(subject, root))) return true;
    const next = intermediates.find((candidate) => isIssuedBy(subject, candidate));
    if (!next) return false;
    current = next;
  }
  return false;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}
