/**
 * The part of Espruino's API that the firmware may use: what the check of the bundle allows and what the
 * virtual board offers. Names are from Espruino's own tables (2v29) and compared with the interpreter by
 * test/conformance. Left out on purpose: `eval`, `Function`, `load` and their like (nothing received may become
 * code), `Date` and `Promise` (time and order come from our own clock), everything a board may lack.
 */
import type { BoardProfile } from './profile';

export interface BoardApi {
  readonly boardId: string;
  readonly globals: ReadonlySet<string>;
  /** Members of global objects, by object. */
  readonly statics: ReadonlyMap<string, ReadonlySet<string>>;
  /** Members of values (strings, arrays, ports, …), all together. */
  readonly members: ReadonlySet<string>;
  /** Names for `require`. */
  readonly modules: ReadonlySet<string>;
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Global functions and values that every build has. */
export const COMMON_GLOBALS = words(`
  undefined NaN Infinity arguments
  Object Array String Number Boolean Error TypeError SyntaxError ReferenceError RegExp Math JSON
  ArrayBuffer DataView Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Uint8ClampedArray
  Float32Array Float64Array
  isNaN isFinite parseInt parseFloat atob btoa
  E process console print require
  setTimeout setInterval clearTimeout clearInterval changeInterval getTime setTime
  digitalWrite digitalRead digitalPulse pinMode getPinMode setWatch clearWatch peek32 poke32
`);

export const STATICS: Readonly<Record<string, readonly string[]>> = {
  Object: words(`assign create defineProperty defineProperties entries fromEntries getOwnPropertyDescriptor
    getOwnPropertyNames getPrototypeOf keys setPrototypeOf values prototype`),
  Array: words('isArray prototype'),
  String: words('fromCharCode prototype'),
  Number: words('MAX_VALUE MIN_VALUE NEGATIVE_INFINITY POSITIVE_INFINITY NaN prototype'),
  Math: words(`E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2 abs acos asin atan atan2 ceil cos exp floor log max
    min pow random round sign sin sqrt tan`),
  JSON: words('parse stringify'),
  console: words('log'),
  E: words(`CRC32 toString toUint8Array toArrayBuffer hwRand getErrorFlags on enableWatchdog kickWatchdog
    reboot setConsole setPassword lockConsole`),
  process: words('memory env version on'),
};

/** Members of values, by what has them. */
export const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  Object: words('hasOwnProperty toString valueOf'),
  Function: words('apply bind call prototype'),
  String: words(`length charAt charCodeAt concat endsWith includes indexOf lastIndexOf match padEnd padStart
    repeat replace replaceAll slice split startsWith substr substring toLowerCase toUpperCase trim`),
  Number: words('toFixed'),
  Array: words(`length concat every fill filter find findIndex forEach includes indexOf join map pop push
    reduce reverse shift slice some sort splice unshift`),
  TypedArray: words(`length buffer byteLength byteOffset every fill filter find findIndex forEach includes
    indexOf join map reduce reverse set slice some sort subarray`),
  DataView: words(`getUint8 getInt8 getUint16 getInt16 getUint32 getInt32 getFloat32 getFloat64
    setUint8 setInt8 setUint16 setInt16 setUint32 setInt32 setFloat32 setFloat64`),
  RegExp: words('exec test lastIndex'),
  Match: words('index input'),
  Error: words('message stack'),
  Serial: words('setup unsetup on write removeAllListeners'),
  SPI: words('setup send write'),
  Flash: words('read write erasePage getPage getFree'),
  crypto: words('AES SHA256 encrypt decrypt'),
  /** The module file of boards without native AES. */
  'aes-js': words('ModeOfOperation ecb cbc'),
  FlashPage: words('addr length'),
  Memory: words('free usage total history'),
  Environment: words('BOARD VERSION SERIAL'),
  WatchEvent: words('state time lastTime pin'),
};

/** The API of a profile's board. */
export function boardApi(profile: BoardProfile): BoardApi {
  const globals = new Set([...COMMON_GLOBALS, profile.host.port, profile.modem.port]);
  for (const led of Object.keys(profile.ledGlobals)) globals.add(led);
  if (profile.fram) globals.add(profile.fram.bus);
  return {
    boardId: profile.boardId,
    globals,
    statics: new Map(Object.entries(STATICS).map(([name, members]) => [name, new Set(members)])),
    // A global object may be handed on under another name, so its members count as members of values too.
    members: new Set([...Object.values(MEMBERS).flat(), ...STATICS.E!, ...STATICS.process!]),
    modules: new Set(profile.nativeAes ? ['Flash', 'crypto'] : ['Flash', 'aes-js']),
  };
}
