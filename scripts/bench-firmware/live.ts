/**
 * The built bundle counted while it does its work: provisioned and linked on the interpreter under callgrind, between a
 * machine, a simulated modem and a platform in memory. Frames are handed to the module's own callback, so that one
 * call is one piece; time only decides how many timers an idle second has.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'crc';
import type { Interpreter } from '../../sim/interpreter/interpreter';
import { encodeFrame, FLAG_ACK_WANTED } from '../../src/protocol/frame';
import { encodeHost, HostType } from '../../src/protocol/host';
import type { Firmware } from '../build/build';
import { MeasuredSite } from '../budget/site';
import { callgrindCommand, COUNTING, readCounts } from './callgrind';
import { plainCrc, SEALED_BYTES } from './programs';

/** Instructions of the interpreter on this machine. */
export interface LiveCounts {
  /** From the last byte of PAY to the first byte of its ACK; and with CRC-32 in JavaScript. */
  readonly payToAck: number;
  readonly payToAckPlainCrc: number;
  readonly seal: number;
  readonly open: number;
  readonly statusFrame: number;
  readonly atLine: number;
  /** Callbacks of one second in which nothing happens. */
  readonly idleSecond: number;
}

const IDLE_S = 20;
const PAYS = 3;
const SETTLE_MS = 3000;

/**
 * In front of the bundle: callbacks that can be counted, and a listener that runs lines beginning with `!`. Its
 * functions are global, as the lines are.
 */
const SHIM = `${COUNTING}
var parts=0,armed=false,marking=false,hostData;
function piece(f){parts++;counted(f)}
(function(){
var rest="",later=setTimeout,often=setInterval;
function wrapped(f){return function(a){if(armed)piece(function(){f(a)});else f(a)}}
[Serial1,Serial2].forEach(function(port){
var on=port.on.bind(port);
port.on=function(event,f){if(port===Serial1)hostData=f;on(event,wrapped(f))};
});
var write=Serial1.write.bind(Serial1);
Serial1.write=function(data){if(marking){marking=false;parts++;mark()}write(data)};
global.setTimeout=function(f,ms){return later(wrapped(f),ms)};
global.setInterval=function(f,ms){return often(wrapped(f),ms)};
function take(line){
var value="NaN";
if(line[0]!="!")return;
try{value=eval(line.substr(1))}catch(e){Serial3.write("e "+e+"\\n")}
Serial3.write("m "+value+"\\n")
}
Serial3.on("data",function(data){var lines=(rest+data).split("\\n");rest=lines.pop();lines.forEach(take)});
})();
function pay(frame){marking=true;piece(function(){hostData(frame)});marking=false;return parts}
`;

const crc = (bytes: string): number => crc32(Buffer.from(bytes, 'latin1')) >>> 0;

class LiveBench {
  /** Name of what each part of callgrind's output was. */
  private readonly names: string[] = [];
  private orders = 0;

  constructor(
    private readonly site: MeasuredSite,
    private readonly firmware: Firmware,
  ) {}

  /** Runs a line; its value is how many parts there are now. */
  async run(name: string, line: string): Promise<void> {
    const parts = await this.site.box.ask(`!${line}`);
    if (!(parts >= this.names.length)) throw new Error(`${name || line}: it threw, or gave something wrong`);
    while (this.names.length < parts) this.names.push(name);
  }

  /** The short name of a top-level name. */
  short(name: string): string {
    const found = [...this.firmware.names.topLevel].find(([, owned]) => owned.name === name);
    if (!found) throw new Error(`the bundle has no ${name}`);
    return found[0];
  }

  method(name: string): string {
    const found = [...this.firmware.names.properties].find(([, full]) => full === name);
    return found ? found[0] : name;
  }

  async idle(): Promise<void> {
    await this.site.pause(SETTLE_MS);
    await this.run('', 'armed=true,parts');
    await this.site.pause(IDLE_S * 1000);
    await this.run('idle', 'armed=false,parts');
  }

  /** PAY, and what is left of it after the ACK. */
  async pay(name: string): Promise<void> {
    const reference = `b${++this.orders}`;
    const fields = { amountFen: 100, channel: 1, ttlS: 600, reference, goods: 'tea' };
    const payload = encodeHost(HostType.Pay, fields);
    const frame = encodeFrame(crc, FLAG_ACK_WANTED, 100 + this.orders, HostType.Pay, payload);
    const bytes = Buffer.from(frame, 'latin1').toString('base64');
    const before = this.names.length;
    await this.run('rest of PAY', `pay(atob("${bytes}"))`);
    this.names[before] = name;
    await this.site.pause(SETTLE_MS);
  }

  async calls(): Promise<void> {
    const short = (name: string): string => this.short(name);
    const text = 'x'.repeat(SEALED_BYTES);
    const salt = '123456789';
    const ccm = `${short('composeCcm')}(${short('nativeAes')}(${short('AES')},E))`;
    const [key, from] = ['0123456789abcdef', `ccm:${ccm}`];
    await this.run(
      '',
      `bench={${from},text:"${text}"},bench.s=new ${short('Sealer')}(bench.ccm,"${key}","${salt}"),bench.o=new ${short('Opener')}(bench.ccm,"${key}","${salt}"),bench.sealed=bench.s.${this.method('seal')}(16,bench.text),parts`,
    );
    // The first of each has other work to do than the second: tables are made, memory is found.
    const open = `bench.o.${this.method('open')}(16,bench.sealed.substr(3))`;
    await this.run('open', `piece(function(){bench.opened=${open}}),parts`);
    await this.run('', 'bench.opened===bench.text?parts:-1');
    await this.run('seal', `piece(function(){bench.s.${this.method('seal')}(16,bench.text)}),parts`);
    const values = `${short('encodeValues')}(${HostType.Status},[7,3,0,100,1,300,"r7"])`;
    const frame = `${short('encodeFrame')}(${short('crc32')},1,5,${HostType.Status},${values})`;
    await this.run('status', `piece(function(){${frame}}),parts`);
    const line = JSON.stringify('\r\n+CSQ: 20,0\r\n');
    await this.run('at', `piece(function(){${short('keeper')}.${this.method('receive')}(${line})}),parts`);
    await this.run('nothing', `piece(function(){}),parts`);
  }

  get partCount(): number {
    return this.names.length;
  }

  mean(counts: readonly number[], name: string): number {
    const chosen = counts.filter((_count, index) => this.names[index] === name);
    if (chosen.length === 0) throw new Error(`${name} was not counted`);
    return this.total(counts, name) / chosen.length;
  }

  total(counts: readonly number[], name: string): number {
    return counts.reduce((sum, count, index) => sum + (this.names[index] === name ? count : 0), 0);
  }
}

/** Counts; takes about a minute and a half. */
export async function countLive(
  interpreter: Interpreter,
  firmware: Firmware,
  folder: string,
  onTrouble: (text: string) => void,
): Promise<LiveCounts> {
  const output = path.join(folder, 'live');
  mkdirSync(output, { recursive: true });
  const wrapped = { ...interpreter, wrapper: callgrindCommand(output) };
  const site = await MeasuredSite.start(wrapped, firmware, onTrouble, SHIM + (await plainCrc()));
  const bench = new LiveBench(site, firmware);
  try {
    await bench.idle();
    for (let count = 0; count < PAYS; count++) await bench.pay('pay');
    await bench.calls();
    await bench.run('', 'E.CRC32=function(text){return crc32(E.toUint8Array(text))>>>0},parts');
    await bench.pay('pay with plain CRC');
  } finally {
    await site.stop();
  }
  const counts = readCounts(output);
  if (counts.length !== bench.partCount) {
    throw new Error(`callgrind wrote ${counts.length} parts, the module says ${bench.partCount}`);
  }
  const nothing = bench.total(counts, 'nothing');
  const net = (name: string): number => Math.round(bench.mean(counts, name) - nothing);
  return {
    payToAck: net('pay'),
    payToAckPlainCrc: net('pay with plain CRC'),
    seal: net('seal'),
    open: net('open'),
    statusFrame: net('status'),
    atLine: net('at'),
    idleSecond: Math.round(bench.total(counts, 'idle') / IDLE_S),
  };
}
