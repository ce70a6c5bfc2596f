/** Encryption of payment parameters at rest. */
export { MasterKeys, generateMasterKey } from './master-keys';
export { SealedBox, type OpenFailure, type OpenResult, type SecretOwner } from './sealed-box';
