/**
 * The codes that cross the serial line, the link and the API: reasons, channels, order states, link states.
 * One table each; docs/host-protocol.md, the C header and the server's texts are compared with them by tests.
 * A number, once published, never changes its meaning.
 */

/** Why a frame or an order was refused, or why an order ended. 1 to 31: said by the module; 32 and up: by the server. */
export const enum Reason {
  None = 0,
  BadCrc = 1,
  BadLength = 2,
  BadType = 3,
  BadVersion = 4,
  BadPayload = 5,
  BadAmount = 6,
  OverLimit = 7,
  BadChannel = 8,
  BadText = 9,
  BadReference = 10,
  Conflict = 11,
  Busy = 12,
  Offline = 13,
  UnknownOrder = 14,
  BadState = 15,
  NotProvisioned = 16,
  NotSynced = 17,
  Storage = 18,
  Incomplete = 19,
  NotAllowed = 20,
  NoStream = 21,
  NoCredit = 22,
  HostCancelled = 23,
  HostFailed = 24,
  GrantLapsed = 25,
  PowerCut = 26,
  HostSilent = 27,
  HostRefund = 28,
  Unreachable = 29,
  DeviceUnknown = 32,
  DeviceDisabled = 33,
  ChannelOff = 34,
  AmountLimit = 35,
  ReferenceReused = 36,
  RateLimit = 37,
  TooManyOpen = 38,
  ProviderRefused = 39,
  ProviderDown = 40,
  Expired = 41,
  Withdrawn = 42,
  MerchantRefund = 43,
  BadMessage = 44,
  NotPaid = 45,
  TooLate = 46,
  PolicyRefund = 47,
}

/** Names of the reasons that the module gives itself: one text, which stays in flash. */
const MODULE_REASONS =
  'NONE,BAD_CRC,BAD_LENGTH,BAD_TYPE,BAD_VERSION,BAD_PAYLOAD,BAD_AMOUNT,OVER_LIMIT,BAD_CHANNEL,BAD_TEXT,BAD_REFERENCE,CONFLICT,BUSY,OFFLINE,UNKNOWN_ORDER,BAD_STATE,NOT_PROVISIONED,NOT_SYNCED,STORAGE,INCOMPLETE,NOT_ALLOWED,NO_STREAM,NO_CREDIT,HOST_CANCELLED,HOST_FAILED,GRANT_LAPSED,POWER_CUT,HOST_SILENT,HOST_REFUND,UNREACHABLE';

/** The same for PCs, in the order of their numbers. */
export const MODULE_REASON_NAMES: readonly string[] = /* @__PURE__ */ MODULE_REASONS.split(',');

/** Name of a reason that the module gives itself; undefined for one of the server's. */
export function reasonName(reason: Reason): string | undefined {
  return MODULE_REASONS.split(',')[reason];
}

export const enum ChannelCode {
  Wechat = 1,
  Alipay = 2,
}

/** Name of each channel, in the order of its number. */
export const CHANNEL_NAMES: readonly string[] = ['', 'wechat', 'alipay'];

/** An order's state on the device. From `Done` on it is final. */
export const enum OrderState {
  None = 0,
  Accepted = 1,
  Requested = 2,
  AwaitingPayment = 3,
  Cancelling = 4,
  Paid = 5,
  Dispensing = 6,
  Dispensed = 7,
  Refunding = 8,
  Uncertain = 9,
  Done = 10,
  Refused = 11,
  Closed = 12,
  Refunded = 13,
}

/** Name of each order state, in the order of its number. */
export const ORDER_STATES =
  'NONE,ACCEPTED,REQUESTED,AWAITING_PAYMENT,CANCELLING,PAID,DISPENSING,DISPENSED,REFUNDING,UNCERTAIN,DONE,REFUSED,CLOSED,REFUNDED';

/** The same for PCs. */
export const ORDER_STATE_NAMES: readonly string[] = /* @__PURE__ */ ORDER_STATES.split(',');

/** The first final state. */
export const FIRST_FINAL_STATE = OrderState.Done;

/** Where the way to the server stands, for INFO and SIGNAL. */
export const enum LinkState {
  Off = 0,
  ModemStarting = 1,
  SimMissing = 2,
  SimLocked = 3,
  NoNetwork = 4,
  AttachRefused = 5,
  ApnRefused = 6,
  Connecting = 7,
  NoServer = 8,
  KeyRefused = 9,
  Ready = 10,
  ModemSilent = 11,
}

/** Name of each link state, in the order of its number. */
export const LINK_STATE_NAMES: readonly string[] =
  /* @__PURE__ */
  'OFF,MODEM_STARTING,SIM_MISSING,SIM_LOCKED,NO_NETWORK,ATTACH_REFUSED,APN_REFUSED,CONNECTING,NO_SERVER,KEY_REFUSED,READY,MODEM_SILENT'.split(
    ',',
  );

/** Why the module last started. */
export const enum ResetReason {
  Unknown = 0,
  Power = 1,
  BrownOut = 2,
  Pin = 3,
  Software = 4,
  Watchdog = 5,
}

/** Name of each reason for a start, in the order of its number. */
export const RESET_REASONS = 'UNKNOWN,POWER,BROWN_OUT,PIN,SOFTWARE,WATCHDOG';
