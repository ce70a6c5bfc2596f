/**
 * Small programs counted on the bare interpreter: operations whose ARM instructions are known, and the
 * straightforward alternatives to what the firmware does natively.
 */
import { transform } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Interpreter } from '../../sim/interpreter/interpreter';
import { aesJsModule } from '../build/aes-js-source';
import { COUNTED_CALL, pieceCommand, readCounts } from './callgrind';

/** Counts pieces of one program, by name; what calling costs is taken off. */
export function countPieces(
  interpreter: Interpreter,
  folder: string,
  setUp: string,
  pieces: Readonly<Record<string, string>>,
): Record<string, number> {
  mkdirSync(folder, { recursive: true });
  const names = Object.keys(pieces);
  const calls = names.map((name) => {
    const code = `f=function(){${pieces[name]}};f();counted(f);`;
    return code;
  });
  const program = `${COUNTED_CALL}\nvar f;${setUp}\ncounted(function(){});\n${calls.join('\n')}\nprint("all counted");`;
  writeFileSync(path.join(folder, 'program.js'), program, 'latin1');
  const [command, ...options] = pieceCommand(folder);
  const run = spawnSync(command!, [...options, interpreter.binary, 'program.js'], {
    cwd: folder,
    encoding: 'latin1',
    input: '',
  });
  if (!run.stdout.includes('all counted')) throw new Error(`the program failed:\n${run.stdout}${run.stderr}`);
  const [nothing, ...counts] = readCounts(folder);
  return Object.fromEntries(names.map((name, index) => [name, counts[index]! - nothing!]));
}

interface Known {
  readonly code: string;
  /** ARM instructions of one execution. */
  readonly arm: number;
  /** Executions in the piece. */
  readonly times: number;
}

const loop = (times: number, body: string): string => `for(i=0;i<${times};i++){${body}}`;

/**
 * Operations with their ARM instructions, counted on the unmodified STM32F405RG build (-O3) under QEMU with
 * -icount; the F411 build (-Os) needs about a quarter more.
 */
export const KNOWN: Readonly<Record<string, Known>> = {
  'empty for iteration': { code: loop(100, ''), arm: 4_700, times: 100 },
  'E.CRC32 of 64 bytes': { code: 'E.CRC32(s64)', arm: 11_900, times: 1 },
  'indexOf in 64 bytes': { code: 's64.indexOf("\\xA5\\x5A")', arm: 15_400, times: 1 },
  'string + (64 + 64)': { code: 's64+s64', arm: 10_200, times: 1 },
  substr: { code: 's64.substr(8,32)', arm: 10_600, times: 1 },
  charCodeAt: { code: 's64.charCodeAt(9)', arm: 6_800, times: 1 },
  split: { code: '"a,b,c,d".split(",")', arm: 11_400, times: 1 },
  'JSON.parse of 80 bytes': { code: 'JSON.parse(j80)', arm: 22_900, times: 1 },
  'JSON.stringify of 80 bytes': { code: 'JSON.stringify(o80)', arm: 35_200, times: 1 },
  'AES of one block': { code: 'A.encrypt(s16,s16,{mode:"ECB"})', arm: 26_000, times: 1 },
  'AES-CBC of 112 bytes': { code: 'A.encrypt(s112,s16,{mode:"CBC",iv:s16})', arm: 32_500, times: 1 },
  'SHA-256 of 64 bytes': { code: 'C.SHA256(s64)', arm: 19_200, times: 1 },
};

const KNOWN_SET_UP = `
var i,C=require("crypto"),A=C.AES,s16="0123456789abcdef",s64=s16+s16+s16+s16,s112=s64+s16+s16+s16;
var j80='{"type":"grant","order":1234,"amount":100,"channel":1,"until":1700000000,"ok":true}',o80=JSON.parse(j80);
`;

export interface Conversion {
  /** ARM instructions for one of the Linux build: the median over the known operations, the least and the most. */
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** How many instructions of an ARM one of this interpreter's stands for. */
export function convert(interpreter: Interpreter, folder: string): Conversion {
  const pieces = Object.fromEntries(Object.entries(KNOWN).map(([name, { code }]) => [name, code]));
  const counts = countPieces(interpreter, folder, KNOWN_SET_UP, pieces);
  const ratios = Object.entries(KNOWN)
    .map(([name, { arm, times }]) => (arm * times) / counts[name]!)
    .sort((left, right) => left - right);
  return {
    median: ratios[ratios.length >> 1]!,
    least: ratios[0]!,
    most: ratios[ratios.length - 1]!,
  };
}

/** Bytes of plain text sealed and opened, and of a frame that is checked. */
export const SEALED_BYTES = 64;
export const FRAME_BYTES = 38;
/** One packet of a data stream. */
export const PACKET_BYTES = 64;

/** The same work without native help: aes-js for the cipher, the table of the crc package for the check. */
export async function countAlternatives(
  interpreter: Interpreter,
  folder: string,
): Promise<{ readonly seal: number; readonly crc: number }> {
  const aesJs = await aesJsModule();
  const crc = await plainCrc();
  const setUp = `
Modules.addCached("aes-js",${JSON.stringify(aesJs)});
${crc}
var L=require("aes-js"),M=L.ModeOfOperation,key=E.toUint8Array("0123456789abcdef");
var text=new Uint8Array(${SEALED_BYTES}),mac=new Uint8Array(${SEALED_BYTES + 32}),frame=new Uint8Array(${FRAME_BYTES});
var counter=new L.Counter(1);`;
  const counts = countPieces(interpreter, folder, setUp, {
    // CCM: a CBC-MAC over two blocks of head and the text, then counter mode over text and tag.
    seal: `new M.cbc(key,key).encrypt(mac);new M.ctr(key,counter).encrypt(text);new M.ctr(key,counter).encrypt(key)`,
    crc: `crc32(frame)`,
  });
  return { seal: counts.seal!, crc: counts.crc! };
}

/** A line of the modem, as programs.ts and live.ts count it. */
export const MODEM_LINE = '\r\n+CSQ: 20,0\r\n';

/**
 * The same line taken by Espruino's own driver for such modems: `AT.js` with `SIM900.js` on it, from a folder that holds
 * copies of them (github.com/espruino/EspruinoDocs, modules/ and devices/). Undefined when it does not.
 */
export function countPeerLine(interpreter: Interpreter, folder: string, modules: string): number | undefined {
  const sources = ['AT', 'SIM900'].map((name) => path.join(modules, `${name}.js`));
  if (!sources.every((file) => existsSync(file))) return undefined;
  const [at, sim900] = sources.map((file) => JSON.stringify(readFileSync(file, 'latin1')));
  const setUp = `
Modules.addCached("AT",${at});Modules.addCached("SIM900",${sim900});
Modules.addCached("NetworkJS","exports.create=function(){}");
var feed,taken=0,gprs=require("SIM900").connect({on:function(e,f){feed=f},write:function(){}},undefined,function(){});
gprs.at.registerLine("+CSQ",function(){taken++});`;
  const line = JSON.stringify(MODEM_LINE);
  const counts = countPieces(interpreter, folder, setUp, { line: `feed(${line});if(!taken)throw 1` });
  return counts.line;
}

/** `crc32(bytes)` of the crc package, in Espruino's subset. */
async function plainCrc(): Promise<string> {
  const root = path.join(__dirname, '..', '..', 'node_modules');
  const file = path.join(root, 'crc', 'mjs', 'calculators', 'crc32.js');
  const source = readFileSync(file, 'latin1').replace(/^export default crc32;/m, '');
  const { code } = await transform(source, { target: 'es2015', minify: false, legalComments: 'none' });
  return code;
}
