/** What others may use of the provider sandbox. */

export { startSandbox, SandboxError, type Sandbox, type SandboxOptions } from './sandbox';
export { StoreError } from './store/journal';
export { ProviderModel, type ModelPorts, type Outcome, type ProviderRequest } from './core/model';
export { DOCUMENTED_SETTINGS, type Deliver, type Delivery, type ModelSettings } from './core/context';
export type { Answer } from './core/adapter';
export type { FaultKind, FaultOptions, FaultRule } from './core/faults';
export type { WalletResult, WalletView } from './core/wallet';
export type { MerchantAccount, Movement, Notice, Refund, Trade } from './core/records';
export type { TradeReport } from './control/routes';
export { wechatAdapter } from './wechat/adapter';
export { alipayAdapter } from './alipay/adapter';
export { newMerchant, type MerchantOptions, type MerchantParameters } from './keys/merchant';
export { parameterForm, type ParameterForm } from './keys/forms';
export { newPlatformKeys, type PlatformKeys } from './keys/platform';
