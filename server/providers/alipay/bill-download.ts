/**
 * Fetches the file of a bill from the address that Alipay's signed answer gave. The address is a token: it is
 * not logged. The file itself is neither signed nor hashed; what proves it is the signed address, the zip's
 * CRC-32 and the totals in it (bills/).
 */
import { request } from 'urllib';
import { decodeGbk, isAlipayDetail, parseAlipayBill } from '../bills/alipay-bill';
import { unzip } from '../bills/unzip';
import { ok, unknown } from '../outcome';
import type { BillLine, Outcome } from '../provider';

const MAXIMUM_ZIP_BYTES = 67_108_864;

/** Downloads, unpacks and reads a bill; `url` comes from an authentic answer. */
export async function downloadAlipayBill(
  url: string,
  sellerId: string,
  timeoutMs: number,
): Promise<Outcome<readonly BillLine[]>> {
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol !== 'https:' && protocol !== 'http:') return unknown('ANSWER_MALFORMED');
  const file = await download(url, timeoutMs);
  if (file.kind !== 'ok') return file;
  const texts = (await unzip(file.value))?.map(decodeGbk).filter((text) => text !== undefined) ?? [];
  const details = texts.filter(isAlipayDetail);
  const lines = details.length === 1 ? parseAlipayBill(details[0]!, sellerId) : undefined;
  return lines === undefined ? unknown('BILL_MALFORMED') : ok(lines);
}

async function download(url: string, timeoutMs: number): Promise<Outcome<Buffer>> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { status, res } = await request(url, {
      dataType: 'stream',
      followRedirect: true,
      socketErrorRetry: 0,
      signal,
    });
    if (status !== 200) return unknown('PROVIDER_FAILED');
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of res as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAXIMUM_ZIP_BYTES) return unknown('ANSWER_MALFORMED');
      chunks.push(chunk);
    }
    return ok(Buffer.concat(chunks));
  } catch {
    return unknown(signal.aborted ? 'TIMEOUT' : 'CONNECTION_FAILED');
  }
}
