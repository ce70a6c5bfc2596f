export { VirtualBoard, type VirtualBoardOptions } from './board';
export type { PinChange } from './pins';
export type { ResetReason } from './reset';
