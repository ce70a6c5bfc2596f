/**
 * The module's serial conversation: assembles command lines, echoes, collects payloads after a prompt, and
 * spells answers and notices. Works on whole chunks, never byte by byte.
 * Leaves the meaning of a line to the executor and bits on copper to the serial port.
 * Source: SIM800 Series AT Command Manual V1.09, sections 1.4 (syntax), 2.2.7 (ATE), 2.2.25 (ATV).
 * Invariant: one answer or notice is written whole; nothing comes between its parts.
 */
import { LONGEST_LINE } from './command-line';
import { resultLine, type Result } from './result';
import type { Settings } from './settings';
import type { Counters, ModemWatch } from './watch';

/** Input kept while a command runs; more is lost. */
const BACKLOG_BYTES = 2_048;
const CTRL_Z = '\x1a';
const ESCAPE = '\x1b';

/** How the terminal reaches the wire. */
export interface Wire {
  /** False: the serial port does not speak yet, the bytes are gone. */
  write(bytes: Buffer): boolean;
}

export interface PayloadRequest {
  /** Fixed length, or undefined: until Ctrl-Z (Esc cancels). */
  byteCount: number | undefined;
  /** A payload of unknown length keeps no more than this. */
  mostBytes: number;
  onPayload: (bytes: Buffer) => void;
  onCancel: () => void;
}

export class Terminal {
  private line = '';
  private backlog = '';
  private request: PayloadRequest | undefined;
  private payload: string[] = [];
  private payloadBytes = 0;
  private isBusy = false;
  private lastBody = '';

  constructor(
    private readonly wire: Wire,
    private readonly settings: Settings,
    private readonly counters: Counters,
    private readonly watch: ModemWatch,
    /** Gets the body of a command line; must call `done` once, later or at once. */
    private readonly onLine: (body: string) => void,
  ) {}

  /** Bytes from the host, as latin1 text. */
  receive(text: string): void {
    this.counters.bytesFromHost += text.length;
    let rest = text;
    while (rest.length > 0) {
      if (this.request) rest = this.collect(rest);
      else if (this.isBusy) rest = this.keepForLater(rest);
      else rest = this.takeLine(rest);
    }
  }

  /** The running command line is over; what came meanwhile is read now. */
  done(): void {
    this.isBusy = false;
    const { backlog } = this;
    this.backlog = '';
    let rest = backlog;
    while (rest.length > 0 && !this.isBusy) rest = this.takeLine(rest);
    this.backlog = rest + this.backlog;
  }

  /** A line of an answer. */
  info(text: string): void {
    this.write(this.settings.isVerbose ? `\r\n${text}\r\n` : `${text}\r\n`, text);
  }

  /** The final result of a command line. */
  result(result: Result): void {
    const line = resultLine(result, this.settings.errorMode, this.settings.isVerbose === 1);
    if (result.kind === 'cme' || result.kind === 'error') this.counters.errors += 1;
    if (line === undefined || this.settings.quiet) return;
    const isNumeric = !this.settings.isVerbose && !line.startsWith('+');
    this.write(isNumeric ? `${line}\r` : `\r\n${line}\r\n`, line);
  }

  /** An unsolicited line. */
  notice(text: string): void {
    this.write(`\r\n${text}\r\n`, text);
  }

  /** Payload for the host, after a line that counts it. */
  data(bytes: Buffer): void {
    this.write(bytes.toString('latin1'), `[${bytes.length} bytes]`);
  }

  /** The prompt, or a part of it. */
  prompt(text: string): void {
    this.write(text, text.trim());
  }

  /** From now on input is payload. Input from before is lost: the host had to wait for the prompt. */
  collectPayload(request: PayloadRequest): void {
    this.counters.droppedBytes += this.backlog.replace(/^\n/, '').length;
    this.backlog = '';
    this.payload = [];
    this.payloadBytes = 0;
    this.request = request;
  }

  /** What is there of a payload of free length is taken as it is (AT+CIPATS). */
  endPayload(): void {
    if (this.request?.byteCount === undefined && this.request) this.finishPayload();
  }

  private write(text: string, shown: string): void {
    if (!this.wire.write(Buffer.from(text, 'latin1'))) return;
    this.counters.bytesToHost += text.length;
    if (shown.length > 0) this.watch.onOutput?.(shown);
  }

  private echo(text: string): void {
    if (this.settings.echo) this.write(text, '');
  }

  private keepForLater(text: string): string {
    this.counters.impatientBytes += text.replace(/^\n/, '').length;
    const room = BACKLOG_BYTES - this.backlog.length;
    if (text.length > room) this.counters.droppedBytes += text.length - room;
    this.backlog += text.slice(0, room);
    return '';
  }

  /** Takes one command line off the text; gives what follows it. */
  private takeLine(text: string): string {
    const end = text.indexOf('\r');
    const piece = end < 0 ? text : text.slice(0, end + 1);
    this.echo(piece);
    if (this.line.length <= LONGEST_LINE + 2) this.line += piece;
    if (end < 0 && !this.isRepeat()) return '';
    const line = this.line;
    this.line = '';
    this.runLine(end < 0 ? `AT${this.lastBody}` : line);
    return text.slice(piece.length);
  }

  /** `A/` repeats the last command line without a carriage return (section 2.2.1). */
  private isRepeat(): boolean {
    return /^\s*A\/$/i.test(this.line);
  }

  private runLine(raw: string): void {
    const line = raw.includes('\b') ? withoutBackspaces(raw) : raw;
    const start = line.search(/at/i);
    if (start < 0) return;
    const body = line.slice(start + 2).replace(/[\r\n]+$/, '');
    this.lastBody = body;
    this.watch.onCommand?.(body);
    this.isBusy = true;
    this.onLine(body);
  }

  private collect(text: string): string {
    const request = this.request!;
    let end: number;
    if (request.byteCount === undefined) {
      end = text.search(/[\x1a\x1b]/);
      if (end < 0) end = text.length;
    } else {
      end = Math.min(text.length, request.byteCount - this.payloadBytes);
    }
    const part = text.slice(0, end);
    this.echo(part);
    const room = request.mostBytes - this.payloadBytes;
    this.counters.droppedBytes += Math.max(0, part.length - room);
    this.payload.push(part.slice(0, Math.max(0, room)));
    this.payloadBytes += Math.min(part.length, Math.max(0, room));
    if (request.byteCount === undefined) return this.endVariable(text, end);
    if (this.payloadBytes === request.byteCount) this.finishPayload();
    return text.slice(end);
  }

  private endVariable(text: string, end: number): string {
    const request = this.request!;
    const mark = text[end];
    if (mark === CTRL_Z) {
      this.finishPayload();
    } else if (mark === ESCAPE) {
      this.request = undefined;
      request.onCancel();
    }
    return text.slice(end + 1);
  }

  private finishPayload(): void {
    const request = this.request!;
    this.request = undefined;
    request.onPayload(Buffer.from(this.payload.join(''), 'latin1'));
  }
}

/** Applies backspaces (S5) to a typed line. */
function withoutBackspaces(line: string): string {
  let text = line;
  while (/[^\x08]\x08/.test(text)) text = text.replace(/[^\x08]\x08/g, '');
  return text.replaceAll('\b', '');
}
