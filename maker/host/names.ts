/**
 * Names of message types, and what each state of the link means with what to do about it. The texts are those of
 * docs/host-protocol.md, section 10 (a test compares).
 */
import { CHANNEL_NAMES, LINK_STATE_NAMES, LinkState, ORDER_STATE_NAMES } from '../../src/protocol/codes';
import { HostType } from '../../src/protocol/host';

const TYPE_NAMES: { readonly [type: number]: string } = {
  [HostType.Hello]: 'HELLO',
  [HostType.Pay]: 'PAY',
  [HostType.Query]: 'QUERY',
  [HostType.Cancel]: 'CANCEL',
  [HostType.Dispensed]: 'DISPENSED',
  [HostType.Failed]: 'FAILED',
  [HostType.Refund]: 'REFUND',
  [HostType.Relay]: 'RELAY',
  [HostType.SetSettings]: 'SET_SETTINGS',
  [HostType.GetSettings]: 'GET_SETTINGS',
  [HostType.GetTime]: 'GET_TIME',
  [HostType.GetSignal]: 'GET_SIGNAL',
  [HostType.GetLog]: 'GET_LOG',
  [HostType.Provision]: 'PROVISION',
  [HostType.DtuOpen]: 'DTU_OPEN',
  [HostType.DtuData]: 'DTU_DATA',
  [HostType.DtuCredit]: 'DTU_CREDIT',
  [HostType.DtuClose]: 'DTU_CLOSE',
  [HostType.Info]: 'INFO',
  [HostType.Qr]: 'QR',
  [HostType.Status]: 'STATUS',
  [HostType.Settings]: 'SETTINGS',
  [HostType.Time]: 'TIME',
  [HostType.Signal]: 'SIGNAL',
  [HostType.Log]: 'LOG',
  [HostType.DtuOpened]: 'DTU_OPENED',
  [HostType.DtuReceived]: 'DTU_RECEIVED',
  [HostType.DtuGranted]: 'DTU_GRANTED',
  [HostType.DtuClosed]: 'DTU_CLOSED',
  [HostType.Ack]: 'ACK',
  [HostType.Nak]: 'NAK',
};

/** `PAY`, or `0x3F` for a type without a name. */
export function typeName(type: number): string {
  return TYPE_NAMES[type] ?? `0x${type.toString(16).toUpperCase().padStart(2, '0')}`;
}

export function stateName(state: number): string {
  return ORDER_STATE_NAMES[state] ?? `STATE_${state}`;
}

export function channelName(channel: number): string {
  return CHANNEL_NAMES[channel] || `channel ${channel}`;
}

export function linkName(link: number): string {
  return LINK_STATE_NAMES[link] ?? `LINK_${link}`;
}

export interface LinkText {
  readonly meaning: string;
  readonly advice: string;
}

const LINK_TEXTS: { readonly [link: number]: LinkText } = {
  [LinkState.Off]: { meaning: 'the modem is not in use (no identity yet)', advice: 'provision the module' },
  [LinkState.ModemStarting]: { meaning: 'the modem starts', advice: 'wait' },
  [LinkState.SimMissing]: { meaning: 'no SIM card', advice: 'put one in' },
  [LinkState.SimLocked]: {
    meaning: 'the SIM card wants a PIN that the module does not have',
    advice: 'take the PIN off the card, or provision with `pin`',
  },
  [LinkState.NoNetwork]: {
    meaning: 'no GSM network',
    advice: 'antenna, place, does the operator still run 2G here?',
  },
  [LinkState.AttachRefused]: {
    meaning: 'the network gives no packet data',
    advice: 'is data enabled and paid for on this card?',
  },
  [LinkState.ApnRefused]: { meaning: 'the APN does not work', advice: 'provision with the operator’s APN' },
  [LinkState.Connecting]: { meaning: 'on the way to the server', advice: 'wait' },
  [LinkState.NoServer]: {
    meaning: 'the server does not answer',
    advice: 'the platform, or its address in the module',
  },
  [LinkState.KeyRefused]: {
    meaning: 'the server does not accept this module',
    advice: 'register it at the platform with its key',
  },
  [LinkState.Ready]: { meaning: 'PAY works', advice: 'nothing' },
  [LinkState.ModemSilent]: {
    meaning: 'the modem does not answer',
    advice: 'supply (2 A peaks); the module tries by itself',
  },
};

export function linkText(link: number): LinkText {
  return LINK_TEXTS[link] ?? { meaning: 'a state that this program does not know', advice: 'wait' };
}

/** Why the module started, by number. */
export const RESET_NAMES: readonly string[] = [
  'UNKNOWN',
  'POWER',
  'BROWN_OUT',
  'PIN',
  'SOFTWARE',
  'WATCHDOG',
];

/** 2.50 for 250 fen. */
export function yuan(amountFen: number): string {
  return `${Math.floor(amountFen / 100)}.${String(amountFen % 100).padStart(2, '0')}`;
}
