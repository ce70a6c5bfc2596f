/**
 * The two memories a journal can live in: sectors of the chip's own flash (Espruino's `Flash` library) and a
 * SPI FRAM (MB85RS256B data sheet: commands WREN, READ, WRITE; 16-bit addresses). What is kept there, and the
 * care about torn writes, is the journal's (src/payment/journal.ts).
 * Invariant: addresses and lengths are multiples of 4; the caller keeps to it, the chip would not.
 */

/** The part of `require('Flash')` that is used. */
export interface NativeFlash {
  read(byteCount: number, address: number): Uint8Array;
  write(bytes: string, address: number): void;
  erasePage(address: number): void;
  getPage(address: number): { addr: number; length: number } | undefined;
}

/** The part of a hardware SPI port that is used; `send` answers with as many bytes as it was given. */
export interface NativeSpi {
  send(bytes: string, selectPin: string): string;
}

/** Longest transfer: more than the journal reads or writes at once. */
const TRANSFER_BYTES = 512;
const WRITE_ENABLE = '\x06';
const WRITE = '\x02';
const READ = '\x03';

/** Sectors of the chip's own flash. A write can only clear bits. */
export class InternalFlash {
  constructor(
    private readonly flash: NativeFlash,
    private readonly bytesToString: (bytes: Uint8Array) => string,
    /** Size of a journal sector: may be several pages of the chip, which are then erased one by one. */
    private readonly sectorBytes: number,
  ) {}

  read(address: number, count: number): string {
    return this.bytesToString(this.flash.read(count, address));
  }

  write(address: number, bytes: string): void {
    this.flash.write(bytes, address);
  }

  erase(address: number): void {
    const end = address + this.sectorBytes;
    let at = address;
    while (at < end) {
      const page = this.flash.getPage(at);
      if (!page) throw new Error('FLASH_PAGE');
      this.flash.erasePage(at);
      at = page.addr + page.length;
    }
  }
}

/** A SPI FRAM: no erase, no stalls. A write replaces what stood there, so it can also set bits. */
export class FramFlash {
  private readonly blank: string;

  constructor(
    private readonly spi: NativeSpi,
    private readonly selectPin: string,
    private readonly sectorBytes: number,
  ) {
    this.blank = '\xff'.repeat(TRANSFER_BYTES);
  }

  /** At most 512 bytes. */
  read(address: number, count: number): string {
    const header = this.header(READ, address);
    return this.spi.send(header + this.blank.substr(0, count), this.selectPin).substr(header.length);
  }

  write(address: number, bytes: string): void {
    this.spi.send(WRITE_ENABLE, this.selectPin);
    this.spi.send(this.header(WRITE, address) + bytes, this.selectPin);
  }

  erase(address: number): void {
    for (let done = 0; done < this.sectorBytes; done += TRANSFER_BYTES) {
      this.write(address + done, this.blank.substr(0, this.sectorBytes - done));
    }
  }

  private header(command: string, address: number): string {
    return command + String.fromCharCode((address >> 8) & 255, address & 255);
  }
}
