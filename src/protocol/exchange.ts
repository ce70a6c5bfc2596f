/**
 * The key exchange of the link (docs/link-protocol.md): AKEP2 as profiled by EAP-PSK (RFC 4764). Both sides use it;
 * who says what when is left to payment/handshake.ts on the device and to the gateway's session on the server.
 */
import { cmac, sessionKeyBlocks, type DeviceKeys } from './cmac';
import type { Aes } from './ports';

/** Name of the server in the exchange; carries the protocol's version, so that it is authenticated with it. */
export const SERVER_ID = 'coinslot/1';
export const RANDOM_BYTES = 16;
export const MAC_BYTES = 16;

/** MAC_P: the device proves that it knows AK (RFC 4764, section 5.2). */
export function deviceMac(aes: Aes, ak: string, deviceId: string, randS: string, randP: string): string {
  return cmac(aes, ak, deviceId + SERVER_ID + randS + randP);
}

/** MAC_S: the server proves that it knows AK (RFC 4764, section 5.3). */
export function serverMac(aes: Aes, ak: string, randP: string): string {
  return cmac(aes, ak, SERVER_ID + randP);
}

export interface SessionKeys {
  readonly upKey: string;
  readonly downKey: string;
  readonly upSalt: string;
  readonly downSalt: string;
}

/**
 * Session keys. RFC 4764 seeds them with RAND_P alone; ours mixes RAND_S in, so that a device with a poor
 * source of chance cannot repeat a key, and with it a nonce.
 */
export function sessionKeys(
  aes: Aes,
  keys: DeviceKeys,
  deviceId: string,
  randS: string,
  randP: string,
): SessionKeys {
  const blocks = sessionKeyBlocks(aes, keys.kdk, cmac(aes, keys.ak, 'session' + randS + randP + deviceId));
  return {
    upKey: blocks.substr(0, 16),
    downKey: blocks.substr(16, 16),
    upSalt: blocks.substr(32, 9),
    downSalt: blocks.substr(48, 9),
  };
}
