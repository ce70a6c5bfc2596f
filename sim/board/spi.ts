/**
 * The SPI bus of a virtual board with one FRAM on it (MB85RS256B data sheet: WREN 06h, READ 03h, WRITE 02h,
 * 16-bit addresses, a write needs WREN before it). The bytes are kept by a FlashChip whose rules do not fit, so
 * they live in a store of their own; each write can be cut like one of a flash.
 */
import { PowerCut, type CutPhase, type FlashOperation, type FlashStore } from '../flash';
import type { Random } from '../time/random';
import { bytesOf, stringOf } from './bytes';

const WRITE_ENABLE = 0x06;
const READ = 0x03;
const WRITE = 0x02;
const HEADER_BYTES = 3;

export class SpiBus {
  /** Asked before each write, as with FlashChip. */
  onOperation: (operation: FlashOperation) => CutPhase | undefined = () => undefined;
  private isWritable = false;
  private operationCount = 0;

  constructor(
    private readonly store: FlashStore,
    private readonly random: Random,
  ) {}

  /** Writes so far. */
  get operations(): number {
    return this.operationCount;
  }

  /** Espruino's SPI object, as far as the driver uses it; `onCut` hears of a power cut before it is thrown. */
  api(onCut: (cut: PowerCut) => void): Record<string, unknown> {
    const transfer = (data: unknown): Buffer => {
      try {
        return this.transfer(bytesOf(data) ?? Buffer.alloc(0));
      } catch (error) {
        if (error instanceof PowerCut) onCut(error);
        throw error;
      }
    };
    return {
      setup: () => {},
      send: (data: unknown) => stringOf(transfer(data)),
      write: (data: unknown) => {
        transfer(data);
      },
    };
  }

  private transfer(sent: Buffer): Buffer {
    const answer = Buffer.alloc(sent.length);
    const command = sent[0];
    if (command === WRITE_ENABLE) this.isWritable = true;
    if (sent.length < HEADER_BYTES) return answer;
    const address = sent.readUInt16BE(1) % this.store.bytes.length;
    if (command === READ) {
      for (let index = HEADER_BYTES; index < sent.length; index++) {
        answer[index] = this.store.bytes[(address + index - HEADER_BYTES) % this.store.bytes.length]!;
      }
    } else if (command === WRITE && this.isWritable) {
      this.isWritable = false;
      this.write(address, sent.subarray(HEADER_BYTES));
    }
    return answer;
  }

  private write(address: number, bytes: Buffer): void {
    this.operationCount += 1;
    const operation: FlashOperation = {
      number: this.operationCount,
      kind: 'write',
      address,
      bytes: bytes.length,
    };
    const phase = this.onOperation(operation);
    if (phase === 'before') throw new PowerCut(operation, phase);
    const written = phase === 'during' ? this.random.between(0, bytes.length - 1) : bytes.length;
    for (let index = 0; index < written; index++) {
      const at = (address + index) % this.store.bytes.length;
      this.store.bytes[at] = bytes[index]!;
      this.store.save(at, 1);
    }
    if (phase !== undefined) throw new PowerCut(operation, phase);
  }
}
