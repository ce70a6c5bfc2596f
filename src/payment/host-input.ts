/** What a host may send, held against docs/host-protocol.md before anything is done with it. */
import { Reason } from '../protocol/codes';
import { isText } from '../protocol/host-wire';

const MIN_TTL_S = 30;
const MAX_TTL_S = 7200;
const MAX_REFERENCE_BYTES = 32;
const MAX_GOODS_BYTES = 48;
/** JSON.parse calls itself for each bracket, and a board's stack takes some two hundred of them; a password may have 48. */
const MAX_NESTED = 50;

/** Checks a PAY in the documented order of reasons; None when it is good. */
export function payReason(
  amountFen: number,
  channel: number,
  ttlS: number,
  reference: string,
  goods: string,
): Reason {
  if (!/^[\x21-\x7e]+$/.test(reference) || reference.length > MAX_REFERENCE_BYTES) return Reason.BadReference;
  if (amountFen === 0) return Reason.BadAmount;
  if (channel !== 1 && channel !== 2) return Reason.BadChannel;
  if (ttlS && (ttlS < MIN_TTL_S || ttlS > MAX_TTL_S)) return Reason.BadPayload;
  if (goods.length > MAX_GOODS_BYTES || !isText(goods)) return Reason.BadText;
  return Reason.None;
}

/** Whether JSON text has more brackets than may safely be parsed. */
export function isTooNested(json: string): boolean {
  return json.replace(/[^\[{]/g, '').length > MAX_NESTED;
}
