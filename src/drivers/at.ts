/**
 * AT dialogue over a UART (ITU-T V.250): cuts the stream into lines, prompts and counted payloads, runs one
 * command at a time and tells apart how it ended. Knows no modem: commands and heads come from outside.
 * There is no queue here: whenever the channel is free it asks its owner for the next command, so priority is
 * decided at the last moment and nothing can pile up.
 * Invariant: a final result is credited only to a command that was written before the result arrived, and
 * after a time-out to none until `AT` probes have been answered and the line has been quiet.
 */
import type { Clock, TimerId } from '../protocol/ports';

/** How a dialogue ended. */
export const enum AtResult {
  Ok = 1,
  /** The modem said no before it took any payload: nothing was done. */
  Refused = 2,
  /** Cut short: by a reset, by garbled data, or refused after the payload had left. */
  Aborted = 3,
  Timeout = 4,
}

/** What a line means to the dialogue that is running: an AtResult, or `Info` = keep the line, go on. */
export const enum AtMatch {
  Ok = 1,
  Refused = 2,
  Info = 5,
}

/**
 * Meaning of each head. A key ending in ':' matches as prefix (the line up to its first colon), any other key
 * the exact line, `#` every line that begins with a digit. A leading `n,` (channel number) is not part of it.
 * Without a key of their own, lines that bear the command's own name and bare numbers count as Info, except in
 * a command with a counted payload.
 */
export interface AtExpect {
  readonly [head: string]: AtMatch;
}

export interface AtDialogue {
  /** What follows `AT`, without the line end. */
  readonly send: string;
  readonly expect: AtExpect;
  /** Longest wait for the final result, after the prompt where there is one. */
  readonly timeoutMs: number;
  /** Bytes to write at the prompt; undefined for a command without one. */
  readonly payload?: string;
  /** Bytes of counted payload behind `line`, NO_PAYLOAD, or BAD_COUNT: it cannot be right. Undefined: never any. */
  readonly count?: (line: string, dialogue: AtDialogue) => number;
  readonly asker: AtAsker;
}

export const NO_PAYLOAD = -1;
export const BAD_COUNT = -2;

/** Who asked, and is told how it ended; an object rather than a closure for each command, which costs RAM. */
export interface AtAsker {
  /** `info`: the last Info line's text behind its head, or what follows the final result's head. */
  onResult(dialogue: AtDialogue, result: AtResult, info: string, payload: string): void;
}

export interface AtOwner {
  /** The next command to run, most urgent first; undefined when there is nothing to do. */
  next(): AtDialogue | undefined;
  /** A line that belongs to no dialogue. `channel` is its leading number, or -1. */
  onLine(head: string, args: string, channel: number): void;
  /** The modem echoes again though echo had been switched off: it has restarted. */
  onEcho(): void;
  /** The probes asked for by `settle` went unanswered; the channel rests until it is settled again. */
  onSilent(): void;
}

export interface AtPorts {
  /** Bytes to the modem; a payload comes in pieces of at most 256 bytes. */
  write(bytes: string): void;
  readonly clock: Clock;
}

/** Finds out whether anybody answers, and mends echo and numeric results of a modem that came back with them. */
const PROBE = 'E0V1';
const PROBE_TIMEOUT_MS = 600;
/** Probes after a time-out before the modem counts as silent. */
const PROBES = 4;
/** How long the line must stay quiet before and after a probe. */
const QUIET_MS = 200;
/** Wait for a prompt; then the payload is written anyway (see `onTimer`). */
const PROMPT_TIMEOUT_MS = 3000;
/** For a modem that still waits for a payload: ESC cancels a prompt, or is only data of a doomed connection. */
const FILLER = '\x1b';
const FILLER_BYTES = 1460;
/** Longest line kept; a longer one is dropped to its end. */
const MAX_LINE_CHARS = 200;
/** A line that never gets quiet is probed all the same after so many chunks. */
const MAX_QUIET_RESTARTS = 40;
/** A payload leaves in pieces, so that others have a turn while the UART is busy: 256 bytes are 22 ms. */
const PIECE_BYTES = 256;
const PIECE_GAP_MS = 1;
/** Heads begin with '+', a digit or a capital; anything from 'a' on could only be noise. */
const FIRST_LOWER_CASE = 97;

const enum Stage {
  /** Silent or stopped: writes nothing. */
  Rest = 0,
  Idle = 1,
  Prompt = 2,
  Result = 3,
  /** Waits for silence on the line before a probe. */
  Quiet = 4,
  Probe = 5,
  /** A probe was answered: waits for silence, in which whatever was late would come. */
  Calm = 6,
}

const enum Drop {
  Nothing = 0,
  /** All up to the next line end: the line is too long. */
  Line = 1,
  /** All until the line is quiet: the stream cannot be followed. */
  All = 2,
}

/** In `wantedBytes`: the payload is whole, and a line end must follow. */
const LINE_END = -1;

export class AtChannel {
  private stage: Stage;
  private dialogue: AtDialogue | undefined;
  private info!: string;
  private buffer: string;
  private drop: Drop;
  /** Bytes that a counted payload has, LINE_END, or 0 in line mode. */
  private wantedBytes!: number;
  private payload!: string;
  /** The rest of a payload that is being written. */
  private unwritten!: string;
  private readonly writeOn: () => void;
  private isFeeding!: boolean;
  private timer: TimerId;
  private readonly fire: () => void;
  private probesLeft!: number;
  private quietRestarts!: number;
  /** A silent modem may be waiting for a payload. Nothing ends that: a good end can be noise, a filler get lost. */
  private mayHunger!: boolean;
  /** The filler has been written since the last `settle`. */
  private isFed!: boolean;

  constructor(
    private readonly ports: AtPorts,
    private readonly owner: AtOwner,
  ) {
    this.stage = Stage.Rest;
    this.buffer = '';
    this.drop = Drop.Nothing;
    this.writeOn = () => {
      if (!this.unwritten) return;
      ports.write(this.unwritten.substr(0, PIECE_BYTES));
      this.unwritten = this.unwritten.substr(PIECE_BYTES);
      if (this.unwritten) ports.clock.after(PIECE_GAP_MS, this.writeOn);
    };
    this.fire = () => {
      this.timer = undefined;
      this.onTimer();
    };
  }

  /** True while nothing is written until `settle`. */
  isResting(): boolean {
    return this.stage === Stage.Rest;
  }

  /** Asks the owner for work, if the channel is free. */
  wake(): void {
    if (this.stage !== Stage.Idle || this.isFeeding) return;
    const dialogue = this.owner.next();
    if (!dialogue || this.stage !== Stage.Idle) return;
    this.dialogue = dialogue;
    this.info = '';
    if (dialogue.payload) {
      this.mayHunger = true;
      this.enter(Stage.Prompt, PROMPT_TIMEOUT_MS);
    } else this.enter(Stage.Result, dialogue.timeoutMs);
    this.ports.write('AT' + dialogue.send + '\r');
  }

  /** Ends what is running as aborted and finds the modem again with at most `probes` probes. */
  settle(probes: number): void {
    this.quarantine(probes, AtResult.Aborted);
  }

  /** Ends what is running as aborted and writes nothing until `settle`. */
  rest(): void {
    this.enter(Stage.Rest, 0);
    this.end(AtResult.Aborted, '');
  }

  /** Takes received bytes. */
  feed(data: string): void {
    if (
      this.stage >= Stage.Quiet &&
      this.stage !== Stage.Probe &&
      ++this.quietRestarts <= MAX_QUIET_RESTARTS
    ) {
      this.enter(this.stage, QUIET_MS);
    }
    if (this.drop === Drop.All) return;
    this.buffer += data;
    // The middle of a counted payload: it comes in dozens of pieces.
    if (this.wantedBytes > this.buffer.length) return;
    this.isFeeding = true;
    while (this.takeOne());
    this.isFeeding = false;
    this.wake();
  }

  /** Handles what stands first in the buffer; gives whether there may be more. */
  private takeOne(): boolean {
    const buffer = this.buffer;
    if (this.wantedBytes) return this.takeCounted(buffer);
    // Nearly every line has a blank one in front, which costs less here than as a line.
    const start = !this.drop && buffer.startsWith('\r\n') ? 2 : 0;
    const end = buffer.indexOf('\n', start);
    if (end < 0) {
      this.takeRest();
      return false;
    }
    this.buffer = buffer.substr(end + 1);
    if (this.drop) this.drop = Drop.Nothing;
    else this.onLine(buffer.substring(start, end).trim());
    return this.buffer !== '';
  }

  /** The same while a counted payload, or the line end behind it, is awaited. */
  private takeCounted(buffer: string): boolean {
    const wantedBytes = this.wantedBytes;
    if (wantedBytes > 0) {
      if (buffer.length < wantedBytes) return false;
      this.payload = buffer.substr(0, wantedBytes);
      this.buffer = buffer.substr(wantedBytes);
      this.wantedBytes = LINE_END;
    } else if (buffer) {
      this.wantedBytes = 0;
      // Anything but a line end here means that bytes were lost or the count was wrong.
      if (buffer.charAt(0) !== '\r') this.garble();
    }
    return buffer !== '';
  }

  /** The beginning of a line: a prompt, or more than a line can be. */
  private takeRest(): void {
    if (this.stage === Stage.Prompt && this.buffer.trim().charAt(0) === '>') {
      this.buffer = '';
      this.writePayload(this.dialogue!.timeoutMs);
    }
    if (this.buffer.length > MAX_LINE_CHARS) {
      this.buffer = '';
      this.drop = Drop.Line;
    }
  }

  private onLine(line: string): void {
    const dialogue = this.dialogue;
    if (dialogue && line === 'OK') {
      // Half of all lines: nothing below would find anything else in it.
      this.answer(dialogue, line, '', -1);
      return;
    }
    if (!line || line.charCodeAt(0) >= FIRST_LOWER_CASE) return;
    if (line.startsWith('AT')) {
      if (line === 'AT' + (dialogue ? dialogue.send : PROBE)) this.owner.onEcho();
      return;
    }
    if (dialogue && dialogue.count && this.beginCounted(dialogue.count(line, dialogue), line)) return;
    let channel = -1;
    if (line.charAt(1) === ',') {
      channel = line.charCodeAt(0) - 48;
      line = line.substr(2).trim();
    }
    const colon = line.indexOf(':') + 1;
    const head = colon ? line.substr(0, colon) : line;
    const args = colon ? line.substr(colon).trim() : '';
    if (dialogue) this.answer(dialogue, head, args, channel);
    else if (this.stage === Stage.Probe && line === 'OK') this.enter(Stage.Calm, QUIET_MS);
    else this.owner.onLine(head, args, channel);
  }

  private answer(dialogue: AtDialogue, head: string, args: string, channel: number): void {
    let match: AtMatch | undefined = dialogue.expect[head];
    if (match === AtMatch.Ok && !dialogue.payload) {
      this.enter(Stage.Idle, 0);
      this.end(AtResult.Ok, args || this.info);
      return;
    }
    if (match === undefined && channel < 0 && !dialogue.count) {
      if (head >= '0' && head < ':') {
        match = dialogue.expect['#'] || AtMatch.Info;
        args = head;
      } else if (args && dialogue.send.startsWith(head.substr(0, head.length - 1))) {
        match = AtMatch.Info;
      }
    }
    if (match === undefined) {
      this.owner.onLine(head, args, channel);
    } else if (match === AtMatch.Info) {
      this.info = args;
    } else if (this.unwritten || (match === AtMatch.Ok && this.stage === Stage.Prompt)) {
      // No good end can come before the payload is whole: whose it is, and what the modem took, is unknown.
      this.settle(PROBES);
    } else {
      const wasSent = dialogue.payload && this.stage === Stage.Result;
      this.enter(Stage.Idle, 0);
      this.end(
        match === AtMatch.Refused && wasSent ? AtResult.Aborted : (match as number as AtResult),
        args || this.info,
      );
    }
  }

  /** Gives whether the line announced a payload. */
  private beginCounted(byteCount: number, line: string): boolean {
    if (byteCount === NO_PAYLOAD) return false;
    this.info = line;
    if (byteCount === BAD_COUNT) this.garble();
    else this.wantedBytes = byteCount || LINE_END;
    return true;
  }

  private garble(): void {
    this.drop = Drop.All;
    this.buffer = '';
    this.settle(PROBES);
  }

  private writePayload(timeoutMs: number): void {
    this.enter(Stage.Result, timeoutMs);
    this.unwritten = this.dialogue!.payload!;
    this.writeOn();
  }

  private onTimer(): void {
    const stage = this.stage;
    if (stage === Stage.Prompt) {
      // A modem whose prompt got lost waits for exactly this payload; one that never heard the command
      // ignores it. Not writing it would leave the first kind deaf until it had swallowed as many bytes.
      this.writePayload(PROMPT_TIMEOUT_MS);
    } else if (stage === Stage.Result) {
      if (this.wantedBytes > 0) this.drop = Drop.All;
      this.quarantine(PROBES, AtResult.Timeout);
    } else if (stage === Stage.Probe) {
      // Not while other rates are tried, with one probe each.
      if (this.mayHunger && this.probesLeft && !this.isFed) {
        this.isFed = true;
        this.ports.write(FILLER.repeat(FILLER_BYTES));
        this.ports.write('\r');
      }
      this.probe();
    } else {
      this.drop = Drop.Nothing;
      this.buffer = '';
      if (stage === Stage.Calm) {
        this.stage = Stage.Idle;
        this.wake();
      } else this.probe();
    }
  }

  private probe(): void {
    if (this.probesLeft-- > 0) {
      this.enter(Stage.Probe, PROBE_TIMEOUT_MS);
      this.ports.write('AT' + PROBE + '\r');
    } else {
      this.rest();
      this.owner.onSilent();
    }
  }

  private quarantine(probes: number, result: AtResult): void {
    this.probesLeft = probes;
    this.quietRestarts = 0;
    this.isFed = false;
    this.enter(Stage.Quiet, QUIET_MS);
    this.end(result, '');
  }

  private enter(stage: Stage, timeoutMs: number): void {
    const clock = this.ports.clock;
    if (this.timer !== undefined) clock.cancel(this.timer);
    this.stage = stage;
    this.timer = timeoutMs ? clock.after(timeoutMs, this.fire) : undefined;
  }

  /** Takes the dialogue off before its asker is told. */
  private end(result: AtResult, info: string): void {
    const dialogue = this.dialogue;
    const payload = this.payload;
    this.dialogue = undefined;
    this.wantedBytes = 0;
    this.payload = '';
    this.unwritten = '';
    if (dialogue) dialogue.asker.onResult(dialogue, result, info, payload);
  }
}
