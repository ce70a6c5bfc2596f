/**
 * AT dialogue over a UART (ITU-T V.250): cuts the stream into lines, prompts and counted payloads, runs one
 * command at a time and tells apart how it ended. Knows no modem: commands, heads and probe come from outside.
 * There is no queue here: whenever the channel is free it asks its owner for the next command, so priority is
 * decided at the last moment and nothing can pile up.
 * Invariant: a final result is credited only to a command that was written before the result arrived, and
 * after a time-out to none until `AT` probes have been answered and the line has been quiet.
 */
import type { Clock, TimerId } from '../protocol/ports';

/** How a dialogue ended. */
export const enum AtResult {
  Ok = 0,
  /** The modem said no before it took any payload: nothing was done. */
  Refused = 1,
  /** Cut short: by a reset, by garbled data, or refused after the payload had left. */
  Aborted = 2,
  Timeout = 3,
}

/** What a line means to the dialogue that is running: an AtResult, or `Info` = keep the line, go on. */
export const enum AtMatch {
  Ok = 0,
  Refused = 1,
  Aborted = 2,
  Info = 4,
}

/**
 * Meaning of each head. A key ending in ':' matches as prefix (the line up to its first colon), any other key
 * the exact line, `#` every line that begins with a digit. A leading `n,` (channel number) is not part of it.
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
  /**
   * Bytes that follow `line` as counted payload; -1 when it announces none, NaN when it cannot be right.
   * Undefined for a command whose answer has no such payload.
   */
  readonly count?: (line: string, dialogue: AtDialogue) => number;
  /** Replaces `send` in traces: the command holds a password or a PIN. */
  readonly shown?: string;
  readonly asker: AtAsker;
}

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

export interface AtTimes {
  /** The command that finds out whether anybody answers; must be harmless at any moment. */
  readonly probe: string;
  readonly probeTimeoutMs: number;
  /** Probes after a time-out before the modem counts as silent. */
  readonly probeCount: number;
  /** How long the line must stay quiet before and after a probe. */
  readonly quietMs: number;
  /** Wait for a prompt; then the payload is written anyway (see `onTimer`). */
  readonly promptTimeoutMs: number;
  /** Written when probes stay unanswered after a payload: fills up what the modem may still be waiting for. */
  readonly filler: string;
  readonly fillerCount: number;
}

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
  /** Waits for silence on the line, before or after a probe. */
  Quiet = 4,
  Probe = 5,
}

export class AtChannel {
  /** Sees what is said on the line, secrets and payloads left out; undefined when nobody watches. */
  trace: ((direction: string, text: string) => void) | undefined;
  private stage: Stage;
  private dialogue: AtDialogue | undefined;
  private info: string;
  private buffer: string;
  /** Drop everything up to the next line end. */
  private isOverlong: boolean;
  /** Drop everything until the line is quiet. */
  private isGarbled: boolean;
  /** Bytes that a counted payload has; 0 in line mode. */
  private wantedBytes: number;
  private payload: string;
  private isAfterPayload: boolean;
  /** The rest of a payload that is being written. */
  private unwritten: string;
  private readonly writeOn: () => void;
  private isFeeding: boolean;
  private timer: TimerId;
  private readonly fire: () => void;
  private probesLeft: number;
  private isAnswered: boolean;
  private quietRestarts: number;
  /** The last command had a payload: the modem may be waiting for the rest of it. */
  private mayHunger: boolean;

  constructor(
    private readonly write: (bytes: string) => void,
    private readonly clock: Clock,
    private readonly times: AtTimes,
    private readonly owner: AtOwner,
  ) {
    this.stage = Stage.Rest;
    this.info = '';
    this.buffer = '';
    this.isOverlong = false;
    this.isGarbled = false;
    this.wantedBytes = 0;
    this.payload = '';
    this.isAfterPayload = false;
    this.unwritten = '';
    this.isFeeding = false;
    this.probesLeft = 0;
    this.isAnswered = false;
    this.quietRestarts = 0;
    this.mayHunger = false;
    this.writeOn = () => {
      if (!this.unwritten) return;
      this.write(this.unwritten.substr(0, PIECE_BYTES));
      this.unwritten = this.unwritten.substr(PIECE_BYTES);
      if (this.unwritten) this.clock.after(PIECE_GAP_MS, this.writeOn);
    };
    this.fire = () => {
      this.timer = undefined;
      this.onTimer();
    };
  }

  /** True while a command may be started. */
  isIdle(): boolean {
    return this.stage === Stage.Idle;
  }

  /** True while nothing is written until `settle`. */
  isResting(): boolean {
    return this.stage === Stage.Rest;
  }

  /** Asks the owner for work, if the channel is free. */
  wake(): void {
    if (this.stage !== Stage.Idle || this.isFeeding) return;
    const dialogue = this.owner.next();
    if (dialogue === undefined || this.stage !== Stage.Idle) return;
    this.dialogue = dialogue;
    this.info = '';
    const hasPrompt = dialogue.payload !== undefined;
    this.enter(
      hasPrompt ? Stage.Prompt : Stage.Result,
      hasPrompt ? this.times.promptTimeoutMs : dialogue.timeoutMs,
    );
    this.say('>', dialogue.shown || dialogue.send);
    this.write('AT' + dialogue.send + '\r');
  }

  /** Ends what is running as aborted and finds the modem again with at most `probeCount` probes. */
  settle(probeCount: number): void {
    this.drain(probeCount, AtResult.Aborted);
  }

  /** Ends what is running as aborted and writes nothing until `settle`. */
  rest(): void {
    this.enter(Stage.Rest, 0);
    this.mayHunger = false;
    this.end(AtResult.Aborted, '');
  }

  /** Takes received bytes. */
  feed(data: string): void {
    const isOutermost = !this.isFeeding;
    this.isFeeding = true;
    this.take(data);
    if (!isOutermost) return;
    this.isFeeding = false;
    this.wake();
  }

  private take(data: string): void {
    if (this.wantedBytes) {
      this.payload += data;
      if (this.payload.length < this.wantedBytes) return;
      data = this.payload.substr(this.wantedBytes);
      this.payload = this.payload.substr(0, this.wantedBytes);
      this.wantedBytes = 0;
      this.isAfterPayload = true;
    }
    if (this.stage === Stage.Quiet) this.hush();
    if (this.isGarbled || !data) return;
    if (this.isAfterPayload) {
      this.isAfterPayload = false;
      // Anything but a line end here means that bytes were lost or the count was wrong.
      if (data.charAt(0) !== '\r') {
        this.garble();
        return;
      }
    }
    this.buffer += data;
    this.takeLines();
  }

  private takeLines(): void {
    let end = this.buffer.indexOf('\n');
    while (end >= 0) {
      const line = this.buffer.substr(0, end);
      this.buffer = this.buffer.substr(end + 1);
      if (this.isOverlong) this.isOverlong = false;
      else this.onLine(line.trim());
      if (this.wantedBytes || this.isGarbled) {
        const rest = this.buffer;
        this.buffer = '';
        this.take(rest);
        return;
      }
      end = this.buffer.indexOf('\n');
    }
    if (this.stage === Stage.Prompt && this.buffer.trim().charAt(0) === '>') {
      this.buffer = '';
      this.writePayload();
    }
    if (this.buffer.length > MAX_LINE_CHARS) {
      this.buffer = '';
      this.isOverlong = true;
    }
  }

  private onLine(line: string): void {
    if (!line || line.charCodeAt(0) >= FIRST_LOWER_CASE) return;
    const dialogue = this.dialogue;
    if (line.startsWith('AT')) {
      if (dialogue && line === 'AT' + dialogue.send) this.owner.onEcho();
      return;
    }
    this.say('<', line);
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
    else if (this.stage === Stage.Probe && line === 'OK') this.onProbeAnswered();
    else this.owner.onLine(head, args, channel);
  }

  private answer(dialogue: AtDialogue, head: string, args: string, channel: number): void {
    let match = dialogue.expect[head];
    if (match === undefined && channel < 0 && head >= '0' && head < ':') {
      match = dialogue.expect['#'];
      args = head;
    }
    if (match === undefined) {
      this.owner.onLine(head, args, channel);
    } else if (match === AtMatch.Info) {
      this.info = args;
    } else {
      const wasSent = dialogue.payload !== undefined && this.stage === Stage.Result;
      this.enter(Stage.Idle, 0);
      this.mayHunger = false;
      this.end(
        match === AtMatch.Refused && wasSent ? AtResult.Aborted : (match as number as AtResult),
        args || this.info,
      );
      // Whoever wrote the table may need to hear of it besides, e.g. a bearer that fell.
      if (match === AtMatch.Aborted) this.owner.onLine(head, args, channel);
    }
  }

  /** Gives whether the line announced a payload. */
  private beginCounted(byteCount: number, line: string): boolean {
    if (byteCount < 0) return false;
    this.info = line;
    if (byteCount >= 0) this.wantedBytes = byteCount;
    else this.garble();
    return true;
  }

  /** The stream cannot be followed: nothing that comes is looked at until the line is quiet. */
  private garble(): void {
    this.isGarbled = true;
    this.settle(this.times.probeCount);
  }

  private writePayload(): void {
    const dialogue = this.dialogue!;
    this.enter(Stage.Result, dialogue.timeoutMs);
    this.mayHunger = true;
    this.say('>', '(' + dialogue.payload!.length + ' bytes)');
    this.unwritten = dialogue.payload!;
    this.writeOn();
  }

  /** Something came while quiet is wanted: waits again, but not for ever. */
  private hush(): void {
    if (++this.quietRestarts <= MAX_QUIET_RESTARTS) this.enter(Stage.Quiet, this.times.quietMs);
  }

  private onProbeAnswered(): void {
    this.isAnswered = true;
    this.enter(Stage.Quiet, this.times.quietMs);
  }

  private onTimer(): void {
    const stage = this.stage;
    if (stage === Stage.Prompt) {
      // A modem whose prompt got lost waits for exactly this payload; one that never heard the command
      // ignores it. Not writing it would leave the first kind deaf until it had swallowed as many bytes.
      this.writePayload();
    } else if (stage === Stage.Result) {
      this.isGarbled = this.wantedBytes > 0;
      this.drain(this.times.probeCount, AtResult.Timeout);
    } else if (stage === Stage.Quiet) {
      this.isGarbled = false;
      this.isOverlong = false;
      this.buffer = '';
      if (this.isAnswered) {
        this.enter(Stage.Idle, 0);
        this.wake();
      } else this.probe();
    } else if (stage === Stage.Probe) this.onProbeUnanswered();
  }

  private probe(): void {
    if (this.probesLeft-- <= 0) {
      this.rest();
      this.owner.onSilent();
      return;
    }
    this.enter(Stage.Probe, this.times.probeTimeoutMs);
    this.say('>', this.times.probe);
    this.write('AT' + this.times.probe + '\r');
  }

  private onProbeUnanswered(): void {
    if (this.mayHunger) {
      this.mayHunger = false;
      this.write(this.times.filler.repeat(this.times.fillerCount));
    }
    this.probe();
  }

  private drain(probeCount: number, result: AtResult): void {
    this.probesLeft = probeCount;
    this.isAnswered = false;
    this.quietRestarts = 0;
    this.enter(Stage.Quiet, this.times.quietMs);
    this.end(result, '');
  }

  private enter(stage: Stage, timeoutMs: number): void {
    if (this.timer !== undefined) this.clock.cancel(this.timer);
    this.timer = undefined;
    this.stage = stage;
    if (timeoutMs) this.timer = this.clock.after(timeoutMs, this.fire);
  }

  /** Takes the dialogue off before its callback runs. */
  private end(result: AtResult, info: string): void {
    const dialogue = this.dialogue;
    const payload = this.payload;
    this.dialogue = undefined;
    this.wantedBytes = 0;
    this.payload = '';
    this.isAfterPayload = false;
    this.unwritten = '';
    if (dialogue) dialogue.asker.onResult(dialogue, result, info, payload);
  }

  private say(direction: string, text: string): void {
    if (this.trace) this.trace(direction, text);
  }
}
