/**
 * Keeps the book in one file of JSON lines, `[table, key, record]`, appended before the answer leaves. At each
 * start, and when it has grown too long, the file is written anew with each record once and put in place by an
 * atomic rename. Mode 0600: the vault holds private keys. A lock file keeps a second sandbox out.
 * Invariant: what was answered survives a kill of the process; a torn last line is dropped, any other damage is
 * an error that names the line.
 */

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { TABLE_NAMES, type Book, type TableName } from '../core/book';

const FILE_NAME = 'sandbox.jsonl';
const LOCK_NAME = 'sandbox.lock';
const PRIVATE_MODE = 0o600;
const PRIVATE_FOLDER_MODE = 0o700;
/** Rewritten when it has this many lines more than the book has records. */
const SPARE_LINES = 100_000;

export class StoreError extends Error {}

export class Journal {
  private descriptor: number;
  private lines = 0;

  private constructor(
    private readonly folder: string,
    private readonly book: Book,
  ) {
    this.descriptor = this.rewrite();
    book.onChange = (table, key, record) => this.append(table, key, record);
  }

  /** Fills the book from the folder (made if missing) and follows it from then on. */
  static open(folder: string, book: Book): Journal {
    mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER_MODE });
    takeLock(folder);
    try {
      load(join(folder, FILE_NAME), book);
      return new Journal(folder, book);
    } catch (error) {
      rmSync(join(folder, LOCK_NAME), { force: true });
      throw error;
    }
  }

  close(): void {
    this.book.onChange = undefined;
    fsyncSync(this.descriptor);
    closeSync(this.descriptor);
    rmSync(join(this.folder, LOCK_NAME), { force: true });
  }

  private append(table: TableName, key: string, record: unknown): void {
    writeSync(this.descriptor, lineOf(table, key, record));
    this.lines += 1;
    const records = TABLE_NAMES.reduce((sum, name) => sum + this.book.count(name), 0);
    if (this.lines <= records + SPARE_LINES) return;
    closeSync(this.descriptor);
    this.descriptor = this.rewrite();
  }

  /** Writes the whole book to a new file, puts it in place and leaves it open for appending. */
  private rewrite(): number {
    const path = join(this.folder, FILE_NAME);
    const temporary = `${path}.new`;
    const descriptor = openSync(temporary, 'w', PRIVATE_MODE);
    this.lines = 0;
    for (const table of TABLE_NAMES) {
      for (const [key, record] of this.book.entries(table)) {
        writeSync(descriptor, lineOf(table, key, record));
        this.lines += 1;
      }
    }
    fsyncSync(descriptor);
    renameSync(temporary, path);
    return descriptor;
  }
}

function lineOf(table: TableName, key: string, record: unknown): string {
  return `${JSON.stringify([table, key, record])}\n`;
}

function load(path: string, book: Book): void {
  if (!existsSync(path)) return;
  const lines = readFileSync(path, 'utf8').split('\n');
  // After the last line break there is either nothing or a line that a kill has torn.
  lines.pop();
  lines.forEach((line, index) => {
    const [table, key, record] = parseLine(line, `${path}:${index + 1}`);
    book.put(table, key, record as never);
  });
}

function parseLine(line: string, place: string): [TableName, string, unknown] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw new StoreError(`${place} is damaged; move the file away to start afresh`);
  }
  const [table, key, record] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
  if (!TABLE_NAMES.includes(table as TableName) || typeof key !== 'string') {
    throw new StoreError(`${place} is no record`);
  }
  return [table as TableName, key, record];
}

function takeLock(folder: string): void {
  const path = join(folder, LOCK_NAME);
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx', mode: PRIVATE_MODE });
  } catch {
    const owner = Number(readFileSync(path, 'utf8'));
    if (owner !== process.pid && isAlive(owner)) {
      throw new StoreError(`${folder} is in use by another sandbox (process ${owner})`);
    }
    if (owner === process.pid) throw new StoreError(`${folder} is in use by this process already`);
    writeFileSync(path, String(process.pid), { mode: PRIVATE_MODE });
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
