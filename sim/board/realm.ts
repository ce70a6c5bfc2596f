/**
 * The JavaScript that the firmware runs in: one node:vm context, shared by all virtual boards of the process,
 * from which every global and every method that Espruino lacks has been taken away, and in which JSON and
 * String.fromCharCode behave as on the interpreter. A board runs its bundle there as one function whose
 * parameters are the board's own globals: a reboot is a call, and lookups are as fast as local variables.
 * Leaves the hardware to board.ts. Known difference: the interpreter writes fractions with at most 11 digits.
 * Invariant: nothing of a bundle survives in the realm but its own closures.
 */
import vm from 'node:vm';
import { COMMON_GLOBALS, MEMBERS, STATICS } from '../../scripts/build/espruino-api';
import { parseJson } from './json';

/** Constructors of the realm, for values that the API hands to the firmware. */
export interface Realm {
  readonly Error: ErrorConstructor;
  readonly SyntaxError: SyntaxErrorConstructor;
  readonly Uint8Array: Uint8ArrayConstructor;
  readonly Array: ArrayConstructor;
  readonly Object: ObjectConstructor;
  /** A function with the given parameters and body, strict, compiled once for the same texts. */
  compile(parameters: readonly string[], body: string, filename: string): (...values: unknown[]) => void;
}

/** Globals that stay in the realm; the others of COMMON_GLOBALS are made by each board. */
const LANGUAGE_GLOBALS = COMMON_GLOBALS.filter((name) =>
  /^(?:undefined|NaN|Infinity|is\w+|parse\w+|[A-Z]\w+)$/.test(name),
);
/** Compiled bundles kept at once: a run uses one or two, a test of the build a handful. */
const MAX_COMPILED = 16;

/** What is kept of each prototype; symbols always are. */
const PROTOTYPE_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  Object: ['constructor', ...MEMBERS.Object!],
  Function: ['constructor', ...MEMBERS.Function!],
  String: ['constructor', ...MEMBERS.String!, ...MEMBERS.Object!],
  Number: ['constructor', ...MEMBERS.Number!, ...MEMBERS.Object!],
  Boolean: ['constructor', ...MEMBERS.Object!],
  Array: ['constructor', ...MEMBERS.Array!, ...MEMBERS.Object!],
  DataView: ['constructor', 'buffer', 'byteLength', 'byteOffset', ...MEMBERS.DataView!],
  ArrayBuffer: ['constructor', 'byteLength', 'toJSON'],
  RegExp: ['constructor', 'exec', 'test', 'toString', 'flags', 'global', 'ignoreCase', 'source'],
};
/** Members that a regular expression's own methods need inside V8. */
const TYPED_ARRAY_MEMBERS = ['constructor', ...MEMBERS.TypedArray!, ...MEMBERS.Object!];

/** Runs inside the new context: takes away, then replaces. */
const SETUP = `(function (globals, statics, prototypes, typedArrayMembers, parse) {
  const prune = (object, kept) => {
    for (const name of Object.getOwnPropertyNames(object)) {
      if (!kept.includes(name)) delete object[name];
    }
  };
  const own = Object.getOwnPropertyNames;
  const freeze = Object.freeze;
  const scope = globalThis;
  const typedArray = Object.getPrototypeOf(Uint8Array);
  const realm = { Error, SyntaxError, Uint8Array, Array, Object };
  JSON.parse = (text) => parse(typeof text === 'string' ? text : '' + text);
  // The interpreter walks along the living list, V8 does not: neither is what a program can rely on.
  for (const name of ['forEach', 'map', 'filter', 'some', 'every', 'find', 'findIndex']) {
    const native = Array.prototype[name];
    Array.prototype[name] = function (callback, self) {
      if (typeof callback !== 'function') return native.call(this, callback, self);
      const count = this.length;
      return native.call(this, function (value, index, array) {
        if (array.length !== count || array[index] !== value) throw new Error('the array changes while it is walked along');
        const given = callback.call(self, value, index, array);
        if (array.length !== count) throw new Error('the array changes while it is walked along');
        return given;
      });
    };
  }
  const split = String.prototype.split;
  String.prototype.split = function (separator) { return split.call(this, separator); };
  const stringify = JSON.stringify;
  const fromCharCode = String.fromCharCode;
  const escape = (char) => '\\\\u' + (char.charCodeAt(0) + 65536).toString(16).slice(1).toUpperCase();
  JSON.stringify = function (value) {
    const text = stringify(value);
    return text === undefined ? undefined : text.replace(/[\\x7f-\\uffff]/g, escape).replace(/\\\\u00[0-9a-f]{2}/g,
      (unit) => '\\\\u' + unit.slice(2).toUpperCase());
  };
  String.fromCharCode = function () {
    let text = '';
    for (let index = 0; index < arguments.length; index++) text += fromCharCode(arguments[index] & 255);
    return text;
  };
  const known = {};
  for (const name of own(prototypes)) known[name] = globalThis[name];
  for (const name of own(statics)) if (globalThis[name]) prune(globalThis[name], statics[name].concat('length', 'name'));
  prune(typedArray.prototype, typedArrayMembers);
  const toJSON = (prototype, list) =>
    Object.defineProperty(prototype, 'toJSON', { value: function () { return list(this); } });
  toJSON(typedArray.prototype, (array) => [...array]);
  toJSON(ArrayBuffer.prototype, (buffer) => [...new Uint8Array(buffer)]);
  prune(typedArray, ['prototype', 'length', 'name']);
  prune(globalThis, globals);
  for (const name of own(prototypes)) prune(known[name].prototype, prototypes[name]);
  // One board must not find what another has left behind.
  for (const name of own(scope)) {
    const value = scope[name];
    if (typeof value === 'function') freeze(value.prototype);
    if (typeof value === 'function' || typeof value === 'object') freeze(value);
  }
  freeze(typedArray);
  freeze(typedArray.prototype);
  return realm;
})`;

let shared: Realm | undefined;

/** The realm of this process. */
export function sharedRealm(): Realm {
  shared ??= createRealm();
  return shared;
}

function createRealm(): Realm {
  const context = vm.createContext(Object.create(null) as object, {
    codeGeneration: { strings: false, wasm: false },
  });
  const setUp = vm.runInContext(SETUP, context) as (
    globals: readonly string[],
    statics: typeof STATICS,
    prototypes: typeof PROTOTYPE_MEMBERS,
    typedArrayMembers: readonly string[],
    parse: (text: string) => unknown,
  ) => Omit<Realm, 'compile'>;
  const parse = (text: string): unknown => parseJson(values, text);
  const values = setUp(LANGUAGE_GLOBALS, STATICS, PROTOTYPE_MEMBERS, TYPED_ARRAY_MEMBERS, parse);
  const compiled = new Map<string, (...values: unknown[]) => void>();
  return {
    ...values,
    compile(parameters, body, filename) {
      const text = `(function (${parameters.join(', ')}) { 'use strict';${body}\n})`;
      const known = compiled.get(text);
      if (known) return known;
      const script = new vm.Script(text, { filename });
      const program = script.runInContext(context) as (...values: unknown[]) => void;
      if (compiled.size >= MAX_COMPILED) compiled.delete(compiled.keys().next().value!);
      compiled.set(text, program);
      return program;
    },
  };
}
