/**
 * Hands out the provider of a merchant's channel, made once for each version of its parameters: it holds the
 * platform's keys and open connections.
 * Invariant: a provider is never used with parameters older than those in the database when it was asked for.
 */
import type { Providers } from '../orders/tasks';
import type { Channel, ParametersOf, Provider } from '../providers';
import type { Merchants } from './merchants';

export type ProviderFactory = (channel: Channel, parameters: ParametersOf[Channel]) => Provider;

export class ProviderRegistry implements Providers {
  private readonly known = new Map<string, { readonly version: number; readonly provider: Provider }>();

  /** Questions for a version that are about to be sent: whoever asks by then shares the answer. */
  private readonly asked = new Map<string, Promise<number | undefined>>();

  constructor(
    private readonly merchants: Merchants,
    private readonly make: ProviderFactory,
  ) {}

  async get(merchantId: number, channel: Channel): Promise<Provider | undefined> {
    const key = `${merchantId}/${channel}`;
    const version = await this.version(key, merchantId, channel);
    if (version === undefined) return undefined;
    const known = this.known.get(key);
    if (known?.version === version) return known.provider;
    const stored = await this.merchants.parameters(merchantId, channel);
    if (!stored) return undefined;
    const provider = this.make(channel, stored.parameters);
    this.known.set(key, { version: stored.version, provider });
    return provider;
  }

  private version(key: string, merchantId: number, channel: Channel): Promise<number | undefined> {
    const asked = this.asked.get(key) ?? this.ask(key, merchantId, channel);
    this.asked.set(key, asked);
    return asked;
  }

  private async ask(key: string, merchantId: number, channel: Channel): Promise<number | undefined> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    // From here on the question is under way: who comes now asks anew.
    this.asked.delete(key);
    return this.merchants.parametersVersion(merchantId, channel);
  }
}
