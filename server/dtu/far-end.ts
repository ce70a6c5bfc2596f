/**
 * The maker's backend as a stream sees it, whether it came over TCP, a WebSocket or another process, and why
 * streams end. Invariant: of what was given to `write` nothing is dropped by `end`, and nothing is read while
 * reading is off.
 */
import { Reason } from '../../src/protocol/codes';

/** Why a stream ended, as the backend is told; NONE: the device closed it in order. */
export type EndName =
  | 'NONE'
  | 'OFFLINE'
  | 'HOST_SILENT'
  | 'RATE_LIMIT'
  | 'UNREACHABLE'
  | 'DEVICE_CLOSED'
  | 'REPLACED'
  | 'UNAUTHORIZED'
  | 'UNAVAILABLE';

/** Close codes of the WebSocket (docs/dtu.md); those from 4000 on are ours. */
export const CLOSE_CODES: Readonly<Record<EndName, number>> = {
  NONE: 1000,
  UNAVAILABLE: 1001,
  OFFLINE: 4013,
  HOST_SILENT: 4027,
  UNREACHABLE: 4029,
  RATE_LIMIT: 4037,
  DEVICE_CLOSED: 4099,
  REPLACED: 4100,
  UNAUTHORIZED: 4101,
};

/** The name of a close code; anything that is not ours means that the way to the backend broke. */
export function endNameOf(code: number): EndName {
  const found = (Object.keys(CLOSE_CODES) as EndName[]).find((name) => CLOSE_CODES[name] === code);
  return found ?? 'OFFLINE';
}

/** What a device's reason for `shut` means to the backend. */
export function endNameOfReason(reason: number): EndName {
  if (reason === Reason.None) return 'NONE';
  return reason === Reason.HostSilent ? 'HOST_SILENT' : 'DEVICE_CLOSED';
}

export interface FarEnd {
  /** For the log: never a token. */
  readonly label: string;
  /** Number of its token; 0 for another process, which has checked it. */
  readonly tokenId: number;
  /** Hands bytes on; `done` once they have left our memory. */
  write(bytes: Buffer, done: () => void): void;
  /** Stops and starts reading; it begins stopped. */
  setReading(isOn: boolean): void;
  /** The stream is open. */
  opened(): void;
  /** No more after what was written. */
  end(reason: EndName): void;
  onBytes: (bytes: Buffer) => void;
  /** It closed or broke; called at most once, and not after `end`. */
  onEnd: () => void;
}
