/**
 * Those who must not get in: noise, oversized units, a device with a wrong key, a handshake that was overheard and
 * is said again, connections that never speak. Any of them that is given a proof has broken L5.
 */
import * as net from 'node:net';
import { deviceKeys } from '../../src/protocol/cmac';
import {
  deviceMac,
  encodeUnit,
  RANDOM_BYTES,
  SERVER_ID,
  UnitKind,
  UnitReader,
} from '../../src/protocol/link';
import { nodeAes } from '../../server/gateway/node-crypto';
import { systemClock } from '../../server/time';
import type { Random } from '../../sim/time/random';

const KINDS = ['noise', 'oversized', 'wrongKey', 'replay', 'silent', 'early'] as const;
const LIFE_MS = 1_500;
const UNIT_HEADER_BYTES = 3;

export class Attackers {
  tried = 0;
  private overheard = '';

  constructor(
    private readonly random: Random,
    private readonly victim: string,
    private readonly onBreach: (what: string) => void,
  ) {}

  /** One connection of a random kind. */
  attack(port: number): void {
    const kind = this.random.pick(KINDS);
    const socket = net.connect(port, '127.0.0.1');
    this.tried += 1;
    const timer = systemClock.setTimer(() => socket.destroy(), LIFE_MS);
    socket.setEncoding('latin1');
    socket.on('error', () => undefined);
    socket.on('close', () => systemClock.clearTimer(timer));
    const reader = new UnitReader({
      onUnit: (unit, body) => {
        if (unit === UnitKind.Challenge) this.answer(kind, socket, body);
        else if (unit !== UnitKind.Goodbye) this.onBreach(`${kind}: the server went on with unit ${unit}`);
      },
      onBroken: () => undefined,
    });
    socket.on('data', (data: unknown) => reader.push(data as string));
  }

  private answer(kind: (typeof KINDS)[number], socket: net.Socket, body: string): void {
    const noise = (count: number): string => this.random.bytes(count).toString('latin1');
    if (kind === 'noise') socket.write(noise(this.random.between(1, 400)), 'latin1');
    else if (kind === 'oversized')
      socket.write(`${String.fromCharCode(UnitKind.Response)}\xff\xff${noise(64)}`, 'latin1');
    else if (kind === 'early') socket.write(encodeUnit(UnitKind.Message, noise(40)), 'latin1');
    else if (kind === 'replay' && this.overheard) socket.write(this.overheard, 'latin1');
    else if (kind !== 'silent') socket.write(this.response(body.slice(SERVER_ID.length), noise), 'latin1');
  }

  /** A well-formed response under a key that is not the victim's; it serves as what was overheard too. */
  private response(randS: string, noise: (count: number) => string): string {
    const { ak } = deviceKeys(nodeAes, noise(16));
    const randP = noise(RANDOM_BYTES);
    const unit = encodeUnit(
      UnitKind.Response,
      randP + deviceMac(nodeAes, ak, this.victim, randS, randP) + this.victim,
    );
    if (unit.length > UNIT_HEADER_BYTES) this.overheard = unit;
    return unit;
  }
}
