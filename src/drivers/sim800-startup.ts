/**
 * Brings a SIM800 that answers `AT` as far as an IP address: a row of commands (start-up sequence after the
 * manual), each with a verdict on its answer. Says what stands in the way as a LinkState; waits where waiting
 * helps, up to a limit, and leaves every stronger remedy to the keeper. Lives from the beginning of a start-up to
 * its end: @overlay.
 * Invariant: a PIN is tried once in a lifetime of the module (`info`), so a wrong one never locks the SIM.
 */
import { LinkState } from '../protocol/codes';
import type { Clock } from '../protocol/ports';
import { AtResult, type AtAsker } from './at';
import { BAUD, command, field, isRegistered, type ModemInfo, registrationIn, type Command } from './sim800';

export interface StartupConfig {
  readonly apn: string;
  readonly apnUser: string;
  readonly apnPassword: string;
  /** The SIM's PIN, or ''. */
  readonly pin: string;
}

export interface StartupListener {
  /** There is an IP address (or, with Entry.Socket, still one). */
  onReady(): void;
  /** It does not go on; `state` says why. */
  onStuck(state: LinkState): void;
  /** CFUN=1,1 was given: the modem is restarting. */
  onRestarting(): void;
  /** What the wait is for. */
  onWait(state: LinkState): void;
}

/** Where to begin; the first ones have the numbers of their rungs. */
export const enum Entry {
  /** Bearer and sockets are there; only a look whether the network is, because CIPSTART without takes 75 s. */
  Socket = 0,
  /** The bearer is gone or doubtful: registration, attachment, then a new one. */
  Bearer = 1,
  /** As Bearer, after a detach. */
  Attach = 2,
  /** Ends in a restart of the modem. */
  Radio = 3,
  /** The modem has restarted. */
  Whole = 4,
}

const SETTINGS = '+CMEE=1;+IPR?;+CBATCHK=1;+CLTS=1;+GSN;+CPIN?;+CCID;+CSQ;';
const BEARER =
  '+CREG?;+CGREG?;+CGATT?;+CIPSHUT;+CIPMUX=1;+CIPQSEND=1;+CIPRXGET=1;+CIPTKA=1,120,30,3;+CSTT;+CIICR;+CIFSR';
const ROWS: readonly string[] = [
  '+CREG?;+CGATT?',
  BEARER,
  '+CIPSHUT;+CGATT=0;' + BEARER,
  '+CFUN=1,1',
  SETTINGS + BEARER,
];

/** Pause before an answer that may change is asked for again: shorter than the keeper's tick, so that each tick asks. */
const RECHECK_MS = 750;
/** How long waiting alone may help, by what is waited for. */
const SIM_WAIT_MS = 12000;
const NETWORK_WAIT_MS = 75000;
/** A modem that does not even search (registration 0) started without its SIM: only a restart helps. */
const IDLE_WAIT_MS = 25000;

/** Unanswered commands in one start-up before it is given up. */
const MAX_TIMEOUTS = 3;

const REGISTRATION_DENIED = 3;
/** CME codes of the SIM (manual, chapter 19): not inserted, PIN, PUK, busy. */
const CME_SIM_MISSING = 10;
const CME_SIM_PIN = 11;
const CME_SIM_PUK = 12;
const CME_SIM_BUSY = 14;

/** What to do after an answer. */
const enum Go {
  On = 0,
  /** Ask again in a while. */
  Wait = 1,
  /** Run `extra`, then ask again. */
  Extra = 2,
  Stuck = 3,
}

type Verdict = (self: Row, isOk: boolean, info: string) => Go;

/** True when `text` can stand between quotes in a command. */
function isQuotable(text: string): boolean {
  return /^[^"\x00-\x1f\x7f-\xff]*$/.test(text) && text.length <= 60;
}

function judgeSim(self: Row, isOk: boolean, info: string): Go {
  const cme = isOk ? 0 : parseInt(info);
  if (isOk && info === 'READY') return Go.On;
  if (info === 'SIM PIN' || cme === CME_SIM_PIN) return self.enterPin();
  if (info === 'SIM PUK' || cme === CME_SIM_PUK) return self.judge(LinkState.SimLocked, Go.Stuck);
  if (info === 'NOT INSERTED' || cme === CME_SIM_MISSING) return self.judge(LinkState.SimMissing, Go.Wait);
  return self.judge(cme === CME_SIM_BUSY ? LinkState.ModemStarting : LinkState.SimMissing, Go.Wait);
}

function judgeRegistration(self: Row, isOk: boolean, info: string): Go {
  const status = registrationIn(info);
  if (isOk) self.info.registration = status;
  if (isRegistered(self.info.registration)) return Go.On;
  return self.judge(status === REGISTRATION_DENIED ? LinkState.AttachRefused : LinkState.NoNetwork, Go.Wait);
}

const VERDICTS: { readonly [command: string]: Verdict } = {
  '+GSN': (self, isOk, info) => {
    if (isOk) self.info.imei = info;
    return Go.On;
  },
  '+CCID': (self, isOk, info) => {
    if (isOk) self.info.iccid = info;
    return Go.On;
  },
  '+CSQ': (self, isOk, info) => {
    if (isOk) self.info.csq = parseInt(info);
    return Go.On;
  },
  '+IPR?': (self, isOk, info) => (isOk && parseInt(info) === BAUD ? Go.On : self.fixRate()),
  '+CPIN?': judgeSim,
  '+CREG?': judgeRegistration,
  // GPRS may register only with the attach: only a denial is worth waiting on.
  '+CGREG?': (self, isOk, info) =>
    isOk && field(info, 1) === REGISTRATION_DENIED ? self.judge(LinkState.AttachRefused, Go.Wait) : Go.On,
  '+CGATT?': (self, isOk, info) => (isOk && parseInt(info) === 1 ? Go.On : self.attach()),
};

/** Commands without which it does not go on, and what their refusal means. */
const MUSTS: { readonly [command: string]: LinkState } = {
  '+CGATT': LinkState.AttachRefused,
  '+CIPSHUT': LinkState.Connecting,
  '+CIPMUX': LinkState.Connecting,
  '+CIPQSEND': LinkState.Connecting,
  '+CIPRXGET': LinkState.Connecting,
  '+CSTT': LinkState.ApnRefused,
  '+CIICR': LinkState.ApnRefused,
  '+CIFSR': LinkState.ApnRefused,
  '+CPIN': LinkState.SimLocked,
};

/** A start-up under way. */
export interface Startup {
  /** The next command, or undefined while there is nothing to ask yet. */
  next(): Command | undefined;
  /** Nothing of it counts any more. */
  isOver: boolean;
}

class Row implements Startup, AtAsker {
  isOver: boolean;
  private index: number;
  private extra: string;
  private state: LinkState;
  /** The remedy for what the present row said has been tried. */
  private wasMended: boolean;
  private timeouts: number;
  private waitUntilMs: number;
  private sinceMs: number;

  constructor(
    private readonly config: StartupConfig,
    private readonly clock: Clock,
    private readonly listener: StartupListener,
    readonly info: ModemInfo,
    private readonly rows: readonly string[],
  ) {
    this.isOver = false;
    this.index = 0;
    this.extra = '';
    this.state = LinkState.Off;
    this.wasMended = false;
    this.timeouts = 0;
    this.waitUntilMs = 0;
    this.sinceMs = 0;
  }

  next(): Command | undefined {
    if (this.clock.nowMs() < this.waitUntilMs) return undefined;
    const row = this.extra || this.rows[this.index]!;
    return command(row === '+CSTT' ? this.accessPoint() : row, this, 0, 0);
  }

  onResult(asked: Command, result: AtResult, info: string): void {
    // Aborted, or over: whoever did that has already decided how to go on.
    if (!this.isOver && result !== AtResult.Aborted) this.onAnswer(asked.send.split('=')[0]!, result, info);
  }

  /** Notes what stands in the way and passes the verdict on. */
  judge(state: LinkState, go: Go): Go {
    this.state = state;
    return go;
  }

  enterPin(): Go {
    const pin = this.config.pin;
    // Lengths apart: Espruino's regular expressions know no {4,8}.
    const isPin = /^\d+$/.test(pin) && pin.length >= 4 && pin.length <= 8;
    if (this.info.isPinTried || !isPin) return this.judge(LinkState.SimLocked, Go.Stuck);
    this.info.isPinTried = true;
    this.extra = '+CPIN=' + pin;
    return Go.Extra;
  }

  /** Fixes the rate for good, so that a restart announces itself; flash is written only when it has to be. */
  fixRate(): Go {
    if (this.wasMended) return Go.On;
    this.wasMended = true;
    this.extra = '+IPR=' + BAUD + ';&W';
    return Go.Extra;
  }

  attach(): Go {
    if (this.wasMended) return this.judge(LinkState.AttachRefused, Go.Wait);
    this.wasMended = true;
    this.extra = '+CGATT=1';
    return this.judge(LinkState.AttachRefused, Go.Extra);
  }

  private accessPoint(): string {
    const config = this.config;
    const texts = [config.apn, config.apnUser, config.apnPassword];
    return '+CSTT="' + (texts.every(isQuotable) ? texts.join('","') : '') + '"';
  }

  private onAnswer(name: string, result: AtResult, info: string): void {
    const verdict = VERDICTS[name];
    const wasExtra = this.extra !== '';
    this.extra = '';
    if (result === AtResult.Timeout) {
      // The channel finds out whether the modem is there; then the same is asked again.
      if (++this.timeouts >= MAX_TIMEOUTS) this.listener.onStuck(LinkState.ModemSilent);
      return;
    }
    const isOk = result === AtResult.Ok;
    const must = MUSTS[name];
    let go = Go.On;
    if (verdict) go = verdict(this, isOk, info);
    else if (must && !isOk) go = this.judge(must, Go.Stuck);
    if (go === Go.Stuck) this.listener.onStuck(this.state);
    else if (go === Go.Wait) this.wait();
    else if (go === Go.On && !wasExtra) this.advance();
  }

  private advance(): void {
    this.wasMended = false;
    this.sinceMs = 0;
    if (++this.index < this.rows.length) return;
    if (this.rows.length > 1) this.listener.onReady();
    else this.listener.onRestarting();
  }

  private wait(): void {
    const nowMs = this.clock.nowMs();
    const networkMs = this.info.registration ? NETWORK_WAIT_MS : IDLE_WAIT_MS;
    if (!this.sinceMs) this.sinceMs = nowMs;
    if (nowMs - this.sinceMs >= (this.state >= LinkState.NoNetwork ? networkMs : SIM_WAIT_MS)) {
      this.listener.onStuck(this.state);
      return;
    }
    this.waitUntilMs = nowMs + RECHECK_MS;
    this.listener.onWait(this.state);
  }
}

/** Begins a start-up at `entry`. */
export function beginStartup(
  config: StartupConfig,
  clock: Clock,
  listener: StartupListener,
  info: ModemInfo,
  entry: Entry,
): Startup {
  return new Row(config, clock, listener, info, ROWS[entry]!.split(';'));
}
