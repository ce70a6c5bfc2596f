/**
 * Makes the provider of a channel from a merchant's parameters. The parameters are checked in full before they
 * are saved (check.ts); here only what cannot work at all throws, without saying values.
 */
import { AlipayProvider } from './alipay/provider';
import type { ParametersOf } from './parameters';
import type { Channel, Provider, ProviderOptions } from './provider';
import { WechatProvider } from './wechat/provider';

/** A provider that can also prove its parameters by a call that changes nothing. */
export type ProbingProvider = WechatProvider | AlipayProvider;

/** The provider of one merchant on one channel. Keep it: it holds the platform's keys and open connections. */
export function createProvider<Of extends Channel>(
  channel: Of,
  parameters: ParametersOf[Of],
  options: ProviderOptions,
): Provider {
  return createProbingProvider(channel, parameters, options);
}

export function createProbingProvider<Of extends Channel>(
  channel: Of,
  parameters: ParametersOf[Of],
  options: ProviderOptions,
): ProbingProvider {
  // Signatures cover the path, so a base address is an origin and nothing more.
  const { baseUrl, ...rest } = options;
  const settled = baseUrl === undefined ? rest : { ...rest, baseUrl: new URL(baseUrl).origin };
  return channel === 'wechat'
    ? new WechatProvider(parameters as ParametersOf['wechat'], settled)
    : new AlipayProvider(parameters as ParametersOf['alipay'], settled);
}
