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
import { DIRECT, type DirectPeer, MeasuredSite } from '../budget/site';
import type { StreamPeer } from '../../sim/interpreter/stream-peer';
import { HostStream, type StreamWish, TUNNEL } from '../../sim/product/host-stream';
import { callbackCommand, MARK_CALL, readCounts } from './callgrind';
import { MODEM_LINE, PACKET_BYTES, SEALED_BYTES } from './programs';

/** Instructions of the interpreter on this machine. */
export interface LiveCounts {
  /** From the last byte of PAY to the first byte of its ACK; and with CRC-32 in JavaScript. */
  readonly payToAck: number;
  readonly seal: number;
  readonly open: number;
  readonly statusFrame: number;
  readonly atLine: number;
  /** Callbacks of one second in which nothing happens. */
  readonly idleSecond: number;
  /** One packet of a data stream, with everything that it brings about: frames, answers, credit, AT commands. */
  readonly tunnelUp: number;
  readonly tunnelDown: number;
  readonly directUp: number;
  readonly directDown: number;
}

const IDLE_S = 60;
const PAYS = 3;
const SETTLE_MS = 3000;
const PACKETS = 8;
/** Between two packets, so that each is on its own: under callgrind one takes the better part of a second. */
const PACKET_PAUSE_MS = 1000;

/**
 * In front of the bundle: the host port's callback and the end of an answer, and a listener that runs lines beginning
 * with `!`. Its functions are global, as the lines are; nothing of it runs while the module works by itself.
 */
const SHIM = `${MARK_CALL}
var parts=0,marking=false,hostData;
function part(){parts++;mark()}
function piece(f){part();f();part()}
(function(){
var rest="";
var on=Serial1.on.bind(Serial1);
Serial1.on=function(event,f){hostData=f;on(event,f)};
var write=Serial1.write.bind(Serial1);
Serial1.write=function(data){if(marking){marking=false;part()}write(data)};
function take(line){
var value="NaN";
if(line[0]!="!")return;
try{value=eval(line.substr(1))}catch(e){Serial3.write("e "+e+"\\n")}
Serial3.write("m "+value+"\\n")
}
Serial3.on("data",function(data){var lines=(rest+data).split("\\n");rest=lines.pop();lines.forEach(take)});
})();
function pay(frame){part();marking=true;hostData(frame);part();return parts}
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

  /** Runs a line, whose value is how many parts there are now; the last of them are called `names`. */
  async run(line: string, ...names: string[]): Promise<void> {
    const parts = await this.site.box.ask(`!${line}`);
    if (!(parts >= this.names.length + names.length)) {
      throw new Error(`${line}: it threw, or gave something wrong`);
    }
    while (this.names.length < parts - names.length) this.names.push('');
    this.names.push(...names);
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
    await this.run('part(),parts');
    await this.run('part(),parts', 'idle line');
    await this.site.pause(IDLE_S * 1000);
    await this.run('part(),parts', 'idle');
  }

  /** PAY, and what is left of it after the ACK. */
  async pay(name: string): Promise<void> {
    const reference = `b${++this.orders}`;
    const fields = { amountFen: 100, channel: 1, ttlS: 600, reference, goods: 'tea' };
    const payload = encodeHost(HostType.Pay, fields);
    const frame = encodeFrame(crc, FLAG_ACK_WANTED, 100 + this.orders, HostType.Pay, payload);
    const bytes = Buffer.from(frame, 'latin1').toString('base64');
    await this.run(`pay(atob("${bytes}"))`, name, 'rest of PAY');
    await this.site.pause(SETTLE_MS);
  }

  /** Packets each way, and as long a time with the stream open and nothing in it. */
  async packets(name: string, wish: StreamWish, peer: DirectPeer | StreamPeer): Promise<void> {
    const stream = new HostStream(this.site.machine, Infinity);
    const packet = 'x'.repeat(PACKET_BYTES);
    const each = async (part: string, pass: () => Promise<void>): Promise<void> => {
      await this.run('part(),parts');
      for (let count = 0; count < PACKETS; count++) {
        await pass();
        await this.site.pause(PACKET_PAUSE_MS);
      }
      await this.run('part(),parts', `${name} ${part}`);
    };
    peer.isEcho = false;
    await stream.open(wish);
    await this.site.pause(SETTLE_MS);
    await each('nothing', () => Promise.resolve());
    await each('up', () => stream.write(packet));
    await each('down', async () => peer.send(packet));
    const wanted = PACKETS * PACKET_BYTES;
    if (peer.receivedBytes !== wanted || stream.received.length !== wanted) {
      throw new Error(
        `${name}: ${peer.receivedBytes} bytes up and ${stream.received.length} down, not ${wanted}`,
      );
    }
    await stream.close();
    await this.site.pause(SETTLE_MS);
  }

  async calls(): Promise<void> {
    const short = (name: string): string => this.short(name);
    const text = 'x'.repeat(SEALED_BYTES);
    const salt = '123456789';
    const ccm = `${short('session')}.${this.method('ccm')}`;
    const [key, from] = ['0123456789abcdef', `ccm:${ccm}`];
    await this.run(
      `bench={${from},text:"${text}"},bench.s=new ${short('Sealer')}(bench.ccm,"${key}","${salt}"),bench.o=new ${short('Opener')}(bench.ccm,"${key}","${salt}"),bench.sealed=bench.s.${this.method('seal')}(16,bench.text),parts`,
    );
    // The first of each has other work to do than the second: tables are made, memory is found.
    const open = `bench.o.${this.method('open')}(16,bench.sealed.substr(3))`;
    await this.run(`piece(function(){bench.opened=${open}}),parts`, 'open');
    await this.run('bench.opened===bench.text?parts:-1');
    await this.run(`piece(function(){bench.s.${this.method('seal')}(16,bench.text)}),parts`, 'seal');
    const book = `${short('book')}.${this.method('open')}`;
    const status = `${short('desk')}.${this.method('status')}(bench.order)`;
    const frame = `${short('encodeFrame')}(${short('crc32')},1,5,${HostType.Status},${status})`;
    await this.run(`bench.order=${book}[0],piece(function(){${frame}}),parts`, 'status');
    const line = JSON.stringify(MODEM_LINE);
    await this.run(`piece(function(){${short('keeper')}.${this.method('receive')}(${line})}),parts`, 'at');
    await this.run(`piece(function(){}),parts`, 'nothing');
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
  const wrapped = { ...interpreter, wrapper: callbackCommand(output) };
  const site = await MeasuredSite.start(wrapped, firmware, onTrouble, SHIM);
  const bench = new LiveBench(site, firmware);
  try {
    await bench.idle();
    for (let count = 0; count < PAYS; count++) await bench.pay('pay');
    await bench.calls();
    await bench.packets('tunnel', TUNNEL, site.platform.streams);
    await bench.packets('direct', DIRECT, site.direct);
  } finally {
    await site.stop();
  }
  const counts = readCounts(output);
  if (counts.length !== bench.partCount) {
    throw new Error(`callgrind wrote ${counts.length} parts, the module says ${bench.partCount}`);
  }
  const nothing = bench.total(counts, 'nothing');
  const packet = (mode: string, way: string): number =>
    Math.round((bench.total(counts, `${mode} ${way}`) - bench.total(counts, `${mode} nothing`)) / PACKETS);
  const net = (name: string): number => Math.round(bench.mean(counts, name) - nothing);
  return {
    payToAck: net('pay'),
    seal: net('seal'),
    open: net('open'),
    statusFrame: net('status'),
    atLine: net('at'),
    tunnelUp: packet('tunnel', 'up'),
    tunnelDown: packet('tunnel', 'down'),
    directUp: packet('direct', 'up'),
    directDown: packet('direct', 'down'),
    idleSecond: Math.round((bench.total(counts, 'idle') - bench.total(counts, 'idle line')) / IDLE_S),
  };
}
