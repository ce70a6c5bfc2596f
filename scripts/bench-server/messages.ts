/** What the parts of the bench say to each other, and the names and key of its devices. */

export const DEVICE_KEY = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');

export function deviceId(index: number): string {
  return `BENCH${String(index).padStart(6, '0')}`;
}

export type Question = 'memory' | 'go' | 'go pipelined' | 'stalls' | 'stop';

export interface Answer {
  readonly gatewayPort?: number;
  readonly httpUrl?: string;
  readonly merchantId?: number;
  readonly bytes?: number;
}

/** What held a server up, since it was last asked. */
export interface Stalls {
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
  /** The longest pause for garbage. */
  readonly gcMaxMs: number;
  /** Of each second, how long its main thread was ready to run and another had the processor. */
  readonly starvedMsPerS: number;
  /** Most statements of orders that the database had not answered at a time. */
  readonly underWay: number;
}
