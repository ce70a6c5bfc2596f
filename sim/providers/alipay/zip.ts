/**
 * A ZIP archive (PKWARE APPNOTE 6.3, 4.3): local headers with deflated data, central directory, end record. No
 * ZIP64, no encryption. File names are given as bytes, because Alipay writes them in GBK without saying so.
 */

import { crc32 } from 'crc';
import { deflateRawSync } from 'node:zlib';
import { toAlipayTime } from '../core/beijing';

export interface ZipEntry {
  readonly name: Buffer;
  readonly bytes: Buffer;
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;
const VERSION_NEEDED = 20;
const METHOD_DEFLATE = 8;

/** The whole archive; times are written as China Standard Time. */
export function zip(entries: readonly ZipEntry[], atMs: number): Buffer {
  const stamp = dosTime(atMs);
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offsetBytes = 0;
  for (const entry of entries) {
    const deflated = deflateRawSync(entry.bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(VERSION_NEEDED, 0);
    common.writeUInt16LE(0, 2);
    common.writeUInt16LE(METHOD_DEFLATE, 4);
    common.writeUInt32LE(stamp, 6);
    common.writeUInt32LE(crc32(entry.bytes), 10);
    common.writeUInt32LE(deflated.length, 14);
    common.writeUInt32LE(entry.bytes.length, 18);
    common.writeUInt16LE(entry.name.length, 22);
    common.writeUInt16LE(0, 24);
    const local = Buffer.concat([word(LOCAL_HEADER), common, entry.name, deflated]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offsetBytes, 10);
    directory.push(
      Buffer.concat([word(CENTRAL_HEADER), Buffer.from([VERSION_NEEDED, 0]), common, tail, entry.name]),
    );
    parts.push(local);
    offsetBytes += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offsetBytes, 12);
  return Buffer.concat([...parts, central, word(END_OF_DIRECTORY), end]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

/** MS-DOS time in the low, date in the high half. */
function dosTime(atMs: number): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = toAlipayTime(atMs)
    .split(/[- :]/)
    .map(Number);
  const date = ((year - 1980) << 9) | (month << 5) | day;
  const time = (hour << 11) | (minute << 5) | (second >> 1);
  return ((date << 16) | time) >>> 0;
}
