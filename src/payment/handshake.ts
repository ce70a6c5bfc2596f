/**
 * The device's part of the key exchange (docs/link-protocol.md, "Handshake"). Needed twice for each connection and
 * never between: @overlay. Nothing of the long-term keys stays in memory but the pre-shared key itself.
 */
import { u32 } from '../protocol/bytes';
import { cmac, deviceKeys } from '../protocol/cmac';
import {
  deviceMac,
  MAC_BYTES,
  RANDOM_BYTES,
  SERVER_ID,
  serverMac,
  type SessionKeys,
  sessionKeys,
} from '../protocol/exchange';
import type { Aes, Random } from '../protocol/ports';

/** What a module is known by (identity.ts). */
export interface Credentials {
  readonly id: string;
  /** 32 hex digits. */
  readonly key: string;
}

/** The two chances of a connection. */
export interface Chances {
  readonly randS: string;
  readonly randP: string;
}

export interface Handshake {
  /** Takes the server's challenge; `starts` and `connections` make the answer new where noise repeats. */
  answer(body: string, random: Random, starts: number, connections: number): Chances | undefined;
  /** The body of the response. */
  response(chances: Chances): string;
  /** Takes the server's proof. */
  keys(body: string, chances: Chances): SessionKeys | undefined;
}

export function handshake(aes: Aes, who: Credentials): Handshake {
  let psk = '';
  for (let at = 0; at < who.key.length; at += 2) {
    psk += String.fromCharCode(parseInt(who.key.substr(at, 2), 16));
  }
  const keys = deviceKeys(aes, psk);
  return {
    answer(body: string, random: Random, starts: number, connections: number): Chances | undefined {
      const randS = body.substr(SERVER_ID.length);
      if (body !== SERVER_ID + randS || randS.length !== RANDOM_BYTES) return undefined;
      const noise = random.bytes(RANDOM_BYTES) + u32(starts) + u32(connections);
      return { randS, randP: cmac(aes, keys.ak, 'rand' + noise) };
    },
    response(chances: Chances): string {
      const mac = deviceMac(aes, keys.ak, who.id, chances.randS, chances.randP);
      return chances.randP + mac + who.id;
    },
    keys(body: string, chances: Chances): SessionKeys | undefined {
      if (body.length !== MAC_BYTES || body !== serverMac(aes, keys.ak, chances.randP)) return undefined;
      return sessionKeys(aes, keys, who.id, chances.randS, chances.randP);
    },
  };
}
