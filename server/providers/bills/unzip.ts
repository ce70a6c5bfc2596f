/**
 * Takes a small zip archive apart, in memory, through yauzl. Names are kept as bytes: Alipay writes them in GBK
 * without saying so, and nothing is ever written to disk under them. Sizes are limited before and while
 * unpacking, and CRC-32 is checked, which yauzl leaves to its caller.
 */
import { crc32 } from 'crc';
import { fromBuffer, type Entry, type ZipFile } from 'yauzl';

const MAXIMUM_ENTRIES = 16;
const MAXIMUM_FILE_BYTES = 268_435_456;

/** The files of the archive, in its order; undefined when it is not a sound one within the limits. */
export async function unzip(
  archive: Buffer,
  maximumFileBytes = MAXIMUM_FILE_BYTES,
): Promise<Buffer[] | undefined> {
  try {
    const zip = await open(archive);
    if (zip.entryCount > MAXIMUM_ENTRIES) return undefined;
    const files: Buffer[] = [];
    for (const entry of await entriesOf(zip)) {
      if (entry.uncompressedSize > maximumFileBytes) return undefined;
      const file = await unpack(zip, entry);
      if (crc32(file) >>> 0 !== entry.crc32) return undefined;
      files.push(file);
    }
    return files;
  } catch {
    return undefined;
  }
}

function open(archive: Buffer): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    const options = { lazyEntries: true, decodeStrings: false, validateEntrySizes: true, autoClose: false };
    fromBuffer(archive, options, (error, zip) => (error ? reject(error) : resolve(zip)));
  });
}

function entriesOf(zip: ZipFile): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = [];
    zip.on('error', reject);
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      entries.push(entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

function unpack(zip: ZipFile, entry: Entry): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) return reject(error);
      const chunks: Buffer[] = [];
      // validateEntrySizes ends the stream with an error as soon as it is longer than the entry says.
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('end', () => resolve(Buffer.concat(chunks)));
    });
  });
}
