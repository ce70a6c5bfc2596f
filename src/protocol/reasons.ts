/**
 * Names of all reasons, the module's and the server's: for the server, PCs and tests. The firmware knows its own
 * alone (codes.ts), so this is a file apart.
 */
import { MODULE_REASON_NAMES } from './codes';

/** The server's reasons, from number 32 on. */
const SERVER_REASON_NAMES =
  'DEVICE_UNKNOWN DEVICE_DISABLED CHANNEL_OFF AMOUNT_LIMIT REFERENCE_REUSED RATE_LIMIT TOO_MANY_OPEN PROVIDER_REFUSED PROVIDER_DOWN EXPIRED WITHDRAWN MERCHANT_REFUND BAD_MESSAGE NOT_PAID TOO_LATE POLICY_REFUND';
const FIRST_SERVER_REASON = 32;

/** Name of each reason, in the order of its number; '' where no number is given. */
export const REASON_NAMES: readonly string[] = MODULE_REASON_NAMES.concat(
  Array<string>(FIRST_SERVER_REASON - MODULE_REASON_NAMES.length).fill(''),
  SERVER_REASON_NAMES.split(' '),
);
