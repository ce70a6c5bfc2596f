/** What the rest of the server uses of the payment providers. */
export * from './provider';
export { PROVIDER_CODES, type ProviderCode } from './codes';
export { createProvider } from './create';
export { checkParameters, type CheckResult } from './check';
export {
  alipayParametersSchema,
  readParameters,
  wechatParametersSchema,
  type AlipayParameters,
  type ParametersOf,
  type ParametersResult,
  type WechatParameters,
} from './parameters';
export {
  compareBill,
  RULES,
  type Difference,
  type DifferenceKind,
  type LedgerRow,
  type Rule,
} from './reconciliation';
export { fenToYuan, yuanToFen } from './money';
