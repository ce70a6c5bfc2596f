/**
 * What operators and merchants do with merchants, payment parameters and devices: the same functions for the
 * command line, the API and the console. Who may do what is decided here.
 * Invariant: a secret goes in or is shown once, when it is made; it never comes out again.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Device, Devices } from '../devices/devices';
import { settingsSchema } from '../devices/settings';
import { DEFAULT_GATEWAY_LIMITS } from '../gateway/gateway';
import type { ChannelInfo, Merchant, Merchants, MerchantSettings } from '../merchants/merchants';
import type { Channel, CheckResult } from '../providers';
import type { Clock } from '../time';
import { demandMerchant, demandOperator, type Actor } from './actor';
import { ApiError } from './errors';
import { isIdentifier, line } from './text';

/** Tells the gateways, in whichever process, what a change means for a device that is connected. */
export interface DeviceSignals {
  switchedOff(deviceId: string): void;
  settingsChanged(deviceId: string): void;
}

export interface ShopOptions {
  readonly merchants: Merchants;
  readonly devices: Devices;
  readonly clock: Clock;
  readonly signals: DeviceSignals;
}

const MAX_FEN = 100_000_000;
/** `set` must fit one unit of the link. */
const MAX_SETTINGS_CHARS = 900;

const name = line(1, 100);
const amountFen = z.int().min(1).max(MAX_FEN);

export const merchantSchema = z.strictObject({
  name,
  isEnabled: z.boolean().optional(),
  maxAmountFen: amountFen.optional(),
  maxOpenOrders: z.int().min(1).max(1_000_000).optional(),
  uncertainPolicy: z.enum(['refund', 'dispensed', 'person']).optional(),
  refundWindowMs: z
    .int()
    .min(0)
    .max(365 * 86_400_000)
    .optional(),
});
export const merchantChangeSchema = merchantSchema.partial();

export const deviceSchema = z.strictObject({
  id: z.string().regex(/^[A-Z0-9]{4,12}$/),
  merchantId: z.int().min(1),
  name: line(0, 100).default(''),
  maxAmountFen: amountFen.default(20_000),
});
export const deviceChangeSchema = z.strictObject({
  name: line(0, 100).optional(),
  isEnabled: z.boolean().optional(),
  maxAmountFen: amountFen.optional(),
  settings: settingsSchema.optional(),
});
export type DeviceChange = z.infer<typeof deviceChangeSchema>;

/** What the bench needs to give a module its identity (PROVISION, docs/host-protocol.md); APN and SIM are its own. */
export interface Provisioning {
  readonly id: string;
  /** 32 hexadecimal digits. */
  readonly key: string;
}

const KEY_BYTES = 16;
const UNIQUE_VIOLATION = '23505';

/** Checks a request's body. @throws ApiError BAD_REQUEST naming the fields, not their values. */
export function readBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new ApiError('BAD_REQUEST', faults.join('; '));
}

/** The longest silence of a session, and the time until a sign of life is noted, twice. */
const ONLINE_WITHIN_MS = DEFAULT_GATEWAY_LIMITS.idleTimeoutMs + 60_000;

export class Shop {
  constructor(private readonly options: ShopOptions) {}

  async addMerchant(actor: Actor, body: unknown): Promise<Merchant> {
    demandOperator(actor);
    const settings = readBody(merchantSchema, body);
    return this.options.merchants.add(
      definedOf(settings) as typeof settings & { name: string },
      this.nowMs(),
    );
  }

  async changeMerchant(actor: Actor, merchantId: number, body: unknown): Promise<Merchant> {
    demandMerchant(actor, merchantId);
    const change = definedOf(readBody(merchantChangeSchema, body)) as Partial<MerchantSettings>;
    // Limits and the switch are the operator's; name and policies the merchant's own.
    const isOperators = 'isEnabled' in change || 'maxAmountFen' in change || 'maxOpenOrders' in change;
    if (isOperators) demandOperator(actor);
    if (Object.keys(change).length === 0) throw new ApiError('BAD_REQUEST', 'nothing to change');
    const merchant = await this.options.merchants.update(merchantId, change);
    if (!merchant) throw new ApiError('NOT_FOUND');
    if (change.isEnabled === false) await this.switchOffAll(merchantId);
    return merchant;
  }

  async merchant(actor: Actor, merchantId: number): Promise<Merchant & { channels: readonly ChannelInfo[] }> {
    demandMerchant(actor, merchantId);
    const merchant = await this.options.merchants.find(merchantId);
    if (!merchant) throw new ApiError('NOT_FOUND');
    return { ...merchant, channels: await this.options.merchants.channels(merchantId) };
  }

  async merchantList(actor: Actor): Promise<readonly Merchant[]> {
    const all = await this.options.merchants.list();
    return all.filter((merchant) => actor.merchantId === undefined || merchant.id === actor.merchantId);
  }

  /** Proves payment parameters with the provider and keeps them. @throws ApiError PARAMETERS_WRONG, saying why. */
  async setParameters(actor: Actor, merchantId: number, channel: Channel, candidate: unknown): Promise<void> {
    await this.merchant(actor, merchantId);
    demandRight(await this.options.merchants.setParameters(merchantId, channel, candidate, this.nowMs()));
  }

  /** Proves the parameters that are kept. */
  async checkParameters(actor: Actor, merchantId: number, channel: Channel): Promise<void> {
    demandMerchant(actor, merchantId);
    const result = await this.options.merchants.checkStored(merchantId, channel);
    if (!result) throw new ApiError('NOT_FOUND', 'no parameters for this channel');
    demandRight(result);
  }

  async setChannelEnabled(
    actor: Actor,
    merchantId: number,
    channel: Channel,
    isEnabled: boolean,
  ): Promise<void> {
    demandMerchant(actor, merchantId);
    const isThere = await this.options.merchants.setChannelEnabled(merchantId, channel, isEnabled);
    if (!isThere) throw new ApiError('NOT_FOUND', 'no parameters for this channel');
  }

  /** Registers a device and makes its key, which is shown here and never again. */
  async addDevice(actor: Actor, body: unknown): Promise<Provisioning> {
    demandOperator(actor);
    const device = readBody(deviceSchema, body);
    await this.merchant(actor, device.merchantId);
    const key = randomBytes(KEY_BYTES);
    try {
      await this.options.devices.add({ ...device, key }, this.nowMs());
    } catch (error) {
      if ((error as { code?: string }).code === UNIQUE_VIOLATION) throw new ApiError('EXISTS', device.id);
      throw error;
    }
    return { id: device.id, key: key.toString('hex') };
  }

  /** Gives a device another key; the old one opens no session any more. */
  async renewKey(actor: Actor, id: string): Promise<Provisioning> {
    demandOperator(actor);
    const key = randomBytes(KEY_BYTES);
    if (!isIdentifier(id) || !(await this.options.devices.setKey(id, key))) throw new ApiError('NOT_FOUND');
    this.options.signals.switchedOff(id);
    return { id, key: key.toString('hex') };
  }

  async changeDevice(actor: Actor, id: string, body: unknown): Promise<Device> {
    const before = await this.device(actor, id);
    const { settings, ...change } = readBody(deviceChangeSchema, body);
    if (change.maxAmountFen !== undefined) demandOperator(actor);
    const merged = settings && { ...before.settings, ...definedOf(settings) };
    if (merged && JSON.stringify(merged).length > MAX_SETTINGS_CHARS)
      throw new ApiError('BAD_REQUEST', 'settings: too long');
    // Nothing may be refused from here on.
    const plain = definedOf(change);
    if (Object.keys(plain).length > 0) await this.options.devices.update(id, plain);
    if (change.isEnabled === false) this.options.signals.switchedOff(id);
    if (merged) {
      await this.options.devices.setSettings(id, merged);
      this.options.signals.settingsChanged(id);
    }
    return this.device(actor, id);
  }

  async device(actor: Actor, id: string): Promise<Device> {
    const device = isIdentifier(id) && (await this.options.devices.find(id));
    if (!device) throw new ApiError('NOT_FOUND');
    demandMerchant(actor, device.merchantId);
    return this.asOfNow(device);
  }

  async deviceList(actor: Actor): Promise<readonly Device[]> {
    return (await this.options.devices.list(actor.merchantId)).map((device) => this.asOfNow(device));
  }

  /** A process that was killed has noted no ends: who was silent for longer than any session lasts is away. */
  private asOfNow(device: Device): Device {
    const isHeard = (device.seenAtMs ?? 0) > this.nowMs() - ONLINE_WITHIN_MS;
    return { ...device, isOnline: device.isOnline && isHeard };
  }

  private async switchOffAll(merchantId: number): Promise<void> {
    for (const device of await this.options.devices.list(merchantId))
      this.options.signals.switchedOff(device.id);
  }

  private nowMs(): number {
    return Math.round(this.options.clock.nowMs());
  }
}

function demandRight(result: CheckResult): void {
  if (!result.ok) throw new ApiError('PARAMETERS_WRONG', `${result.code}: ${result.message}`);
}

/** Without the fields that were not given: `undefined` must not overwrite anything. */
function definedOf(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}
