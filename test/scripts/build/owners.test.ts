/** Which source declared a name of the bundle, read from what esbuild writes. */
import { declaredBySource } from '../../../scripts/build/owners';

const BUNDLED = `"use strict";
// src/protocol/bytes.ts
var ZERO = "\\0";
function u16(value) { return value; }

// board-profile:board-profile
var hostPort = Serial1, journalFlash = new InternalFlash();

// src/payment/book.ts
var Book = class {
  constructor() { this.open = []; }
  find(n) { return n; }
  add(order) { var inner = order; return inner; }
};
class Desk { onData() {} }

// src/main.ts
var book = new Book();
start();
`;

describe('names of the bundle', () => {
  const owned = declaredBySource(BUNDLED);
  const sourceOf = (name: string): string | undefined => owned.find((one) => one.name === name)?.source;

  it('belong to the source whose comment stands above them', () => {
    expect(sourceOf('ZERO')).toBe('src/protocol/bytes.ts');
    expect(sourceOf('u16')).toBe('src/protocol/bytes.ts');
    expect(sourceOf('Book')).toBe('src/payment/book.ts');
    expect(sourceOf('Desk')).toBe('src/payment/book.ts');
    expect(sourceOf('book')).toBe('src/main.ts');
  });

  it('of a module that the build makes go to it, without its namespace', () => {
    expect(sourceOf('hostPort')).toBe('board-profile');
    expect(sourceOf('journalFlash')).toBe('board-profile');
  });

  it('of a class come with its methods, by which it is known when its name is gone', () => {
    expect(owned.find(({ name }) => name === 'Book')!.methods).toEqual(
      new Set(['constructor', 'find', 'add']),
    );
    expect(owned.find(({ name }) => name === 'Desk')!.methods).toEqual(new Set(['onData']));
    expect(owned.find(({ name }) => name === 'u16')!.methods).toBeUndefined();
  });

  it('are those of the top level alone', () => {
    expect(sourceOf('inner')).toBeUndefined();
    expect(owned).toHaveLength(7);
  });
});
