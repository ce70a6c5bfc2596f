/**
 * What the operator does with data streams: tokens of makers' backends, a device's limits, and a look at its use.
 * Invariant: a token comes out once, when it is made.
 */
import { z } from 'zod';
import type { Devices } from '../devices/devices';
import type { StreamToken, StreamTokens } from '../dtu/access';
import type { EndName } from '../dtu/far-end';
import type { FairUse, Usage, UsageDay } from '../dtu/usage';
import type { Clock } from '../time';
import { ApiError } from './errors';
import { line } from './text';
import { readBody } from './shop';

const tokenSchema = z.strictObject({
  name: line(1, 100),
  merchantId: z.int().min(1),
  deviceId: z
    .string()
    .regex(/^[A-Z0-9]{4,12}$/)
    .optional(),
});
const limitsSchema = z.strictObject({
  dayBytes: z.int().min(0).max(1_000_000_000_000).optional(),
  bytesPerSecond: z.int().min(1_000).max(1_000_000).optional(),
});

export interface StreamDeskOptions {
  readonly devices: Pick<Devices, 'find'>;
  readonly tokens: StreamTokens;
  readonly usage: Usage;
  readonly clock: Clock;
  /** Tells the server's processes. */
  readonly signals: { streamTokenRevoked(tokenId: number): void };
}

export interface StreamView {
  readonly limits: FairUse;
  readonly lastEnd: EndName;
  readonly days: readonly UsageDay[];
}

export class StreamDesk {
  constructor(private readonly options: StreamDeskOptions) {}

  async addToken(body: unknown): Promise<{ readonly id: number; readonly token: string }> {
    const { name, merchantId, deviceId } = readBody(tokenSchema, body);
    const wish = { name, merchantId, ...(deviceId !== undefined && { deviceId }) };
    const made = await this.options.tokens.add(wish, Math.round(this.options.clock.nowMs()));
    if (!made) throw new ApiError('NOT_FOUND');
    return made;
  }

  listTokens(merchantId?: number): Promise<readonly StreamToken[]> {
    return this.options.tokens.list(merchantId);
  }

  /** Ends what goes on with it, in every process. */
  async revokeToken(id: number): Promise<{ readonly ok: boolean }> {
    const ok = await this.options.tokens.revoke(id, Math.round(this.options.clock.nowMs()));
    if (!ok) throw new ApiError('NOT_FOUND');
    this.options.signals.streamTokenRevoked(id);
    return { ok };
  }

  async show(deviceId: string): Promise<StreamView> {
    await this.demandDevice(deviceId);
    const { usage } = this.options;
    return {
      limits: await usage.limits(deviceId),
      lastEnd: await usage.lastEnd(deviceId),
      days: await usage.days(deviceId),
    };
  }

  /** A device's own limits, from its next stream on; what is not given is the server's again. */
  async setLimits(deviceId: string, body: unknown): Promise<FairUse> {
    const { dayBytes, bytesPerSecond } = readBody(limitsSchema, body);
    await this.demandDevice(deviceId);
    await this.options.usage.setLimits(deviceId, {
      ...(dayBytes !== undefined && { dayBytes }),
      ...(bytesPerSecond !== undefined && { bytesPerSecond }),
    });
    return this.options.usage.limits(deviceId);
  }

  private async demandDevice(deviceId: string): Promise<void> {
    if (!(await this.options.devices.find(deviceId))) throw new ApiError('NOT_FOUND');
  }
}
