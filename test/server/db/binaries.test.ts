/** What PostgreSQL's own user must reach when we are root, whatever root keeps to itself otherwise. */
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { makeOpenFolder, ROOT_STATE_DIR } from '../../../server/db/binaries';

const isRoot = process.getuid?.() === 0;

(isRoot ? test : test.skip)('as root with umask 077: folders are open all the same, old ones too', () => {
  const top = path.join(ROOT_STATE_DIR, `test-${randomUUID()}`);
  const modeOf = (folder: string): number => fs.statSync(folder).mode & 0o777;
  const before = process.umask(0o077);
  try {
    fs.mkdirSync(top, { recursive: true });
    expect(modeOf(top)).toBe(0o700);
    const deep = path.join(top, 'clusters', '1');
    makeOpenFolder(deep);
    expect([deep, path.dirname(deep), top, ROOT_STATE_DIR].map(modeOf)).toEqual([0o755, 0o755, 0o755, 0o755]);
    expect(modeOf(path.dirname(ROOT_STATE_DIR))).toBe(0o755);
  } finally {
    process.umask(before);
    fs.rmSync(top, { recursive: true, force: true });
  }
});
