/**
 * What each reason code means to a maker and what to do about it, in English: shown by the command, and the same
 * text stands in docs/host-protocol.md (a test compares). Numbers and names are those of src/protocol/reasons.ts.
 * Leaves the texts for a machine's own display to the machine.
 */
import { REASON_NAMES } from '../../src/protocol/reasons';

export interface ReasonText {
  /** What has happened. */
  readonly meaning: string;
  /** What the host, or the person at it, should do. */
  readonly advice: string;
}

const text = (meaning: string, advice: string): ReasonText => ({ meaning, advice });

/** By name; a name that is not here is a mistake, which a test finds. */
const TEXTS: { readonly [name: string]: ReasonText } = {
  NONE: text('no reason', 'nothing'),
  BAD_CRC: text(
    'the frame arrived damaged',
    'repeat it (the 300 ms time-out does); often: check ground, cable and baud rate',
  ),
  BAD_LENGTH: text(
    'the length is above 512, or above what the receiver can take',
    'repeat it; if it happens again, the frame is too long',
  ),
  BAD_TYPE: text('the receiver does not know this type', 'do not repeat; compare the version in INFO'),
  BAD_VERSION: text(
    'the frame has another protocol version',
    'do not repeat; host and module do not fit together',
  ),
  BAD_PAYLOAD: text('a field is missing, too long or out of range', 'do not repeat; correct the program'),
  BAD_AMOUNT: text(
    'the amount is 0, or the relay cannot deliver it (mode 2: not a multiple of fenPerPulse or more than 200 pulses; mode 3: more than 4 hours)',
    'correct the price or the settings',
  ),
  OVER_LIMIT: text('the amount is above the setting maxFen', 'correct the price, or raise maxFen'),
  BAD_CHANNEL: text('the channel is neither 1 nor 2', 'correct the program'),
  BAD_TEXT: text('goods is longer than 48 bytes, not UTF-8, or has control characters', 'correct the text'),
  BAD_REFERENCE: text(
    'the reference is empty, longer than 32 bytes, or not made of ! to ~',
    'correct the program',
  ),
  CONFLICT: text(
    'the reference was used before, for an order with other content',
    'use a new reference; look at how references are made',
  ),
  BUSY: text(
    'six orders are open, memory is short, the relay is in use, or a data stream is open',
    'wait until an order ends, then send it again with the same reference',
  ),
  OFFLINE: text(
    'the server has not been reachable lately',
    'show "out of service", ask again later with the same reference; GET_SIGNAL says where it hangs',
  ),
  UNKNOWN_ORDER: text(
    'no such order in the memory of the module',
    'check the number; an old order is known to the platform only',
  ),
  BAD_STATE: text(
    'the state of the order does not allow this',
    'look at its STATUS (QUERY); often somebody else was faster',
  ),
  NOT_PROVISIONED: text('the module has no identity yet', 'provision it at the bench (PROVISION)'),
  NOT_SYNCED: text(
    'the module is new or lost its memory and has not spoken to the server yet',
    'wait for the link; then send it again',
  ),
  STORAGE: text(
    'the flash did not take it; nothing has happened',
    'send it again; if it happens again, replace the module',
  ),
  INCOMPLETE: text(
    'the rest of the frame did not come',
    'repeat it (the 300 ms time-out does); often: bytes get lost on the line',
  ),
  NOT_ALLOWED: text('not permitted, or permitted once only and done already', 'do not repeat'),
  NO_STREAM: text('no data stream is open', 'DTU_OPEN first'),
  NO_CREDIT: text('more bytes than the credit allows', 'wait for DTU_GRANTED; the bytes were not taken'),
  HOST_CANCELLED: text('the host cancelled', 'nothing'),
  HOST_FAILED: text(
    'the host reported that the goods did not come out',
    'nothing; the customer gets the money back',
  ),
  GRANT_LAPSED: text(
    'paid, but delivery could not begin in time',
    'tell the customer that the money comes back',
  ),
  POWER_CUT: text(
    'the power failed while delivering',
    'report DISPENSED or FAILED if the host knows; otherwise the merchant decides',
  ),
  HOST_SILENT: text(
    'the host did not report in time, or did not take data of the stream',
    'report DISPENSED or FAILED now, if the host knows; stream: open it again',
  ),
  HOST_REFUND: text('the host asked for the money back', 'nothing'),
  UNREACHABLE: text(
    'nobody answers at the far end of the data stream',
    'mode 2: check address and port, and that the server runs; mode 1: the maker’s program has to be connected to the platform',
  ),
  DEVICE_UNKNOWN: text(
    'the platform does not know this module or its key',
    'register the module at the platform',
  ),
  DEVICE_DISABLED: text('the module was switched off at the platform', 'ask the merchant'),
  CHANNEL_OFF: text(
    'the merchant does not take this channel',
    'offer the other channel; the merchant enters the payment parameters',
  ),
  AMOUNT_LIMIT: text('the amount is above the limit set at the platform', 'ask the merchant to raise it'),
  REFERENCE_REUSED: text(
    'the platform has an order with this reference and other content',
    'use a new reference; look at how references are made',
  ),
  RATE_LIMIT: text('too many orders, or too much data, in a short time', 'wait a minute'),
  TOO_MANY_OPEN: text('too many unpaid orders of this merchant', 'wait until some expire'),
  PROVIDER_REFUSED: text(
    'WeChat Pay or Alipay refused the order',
    'the merchant checks the payment parameters',
  ),
  PROVIDER_DOWN: text('WeChat Pay or Alipay does not answer', 'offer the other channel, or try later'),
  EXPIRED: text('nobody paid in time', 'nothing; make a new order if the customer still wants it'),
  WITHDRAWN: text(
    'paid, but the module could not be reached in time',
    'tell the customer that the money comes back',
  ),
  MERCHANT_REFUND: text('the merchant gave the money back', 'nothing'),
  BAD_MESSAGE: text('the platform did not understand the module', 'update the firmware'),
  NOT_PAID: text('a refund was asked for an order that was not paid', 'nothing'),
  TOO_LATE: text('too late for this: the order was settled before', 'look at its STATUS (QUERY)'),
  POLICY_REFUND: text('the outcome was uncertain, and the merchant’s rule gives the money back', 'nothing'),
};

/** The text for a reason's number, also for numbers that a newer module may send. */
export function reasonText(reason: number): ReasonText {
  return (
    TEXTS[reasonName(reason)] ??
    text('a reason that this program does not know', 'see the newest docs/host-protocol.md')
  );
}

/** `BUSY`, or `REASON_77` for a number without a name. */
export function reasonName(reason: number): string {
  return REASON_NAMES[reason] || `REASON_${reason}`;
}
