/**
 * The SIM card: present or not, its PIN and PUK with their attempts, and the moments after boot in which it
 * is busy. The card outlives the module's power; what was unlocked does not.
 * Source: SIM800 Series AT Command Manual V1.09, section 3.2.28 (AT+CPIN); attempts as in 3GPP TS 11.11.
 */
import { cme, type Result } from './result';

const PIN_ATTEMPTS = 3;
const PUK_ATTEMPTS = 10;

export interface CardOptions {
  isInserted?: boolean;
  /** Asks for this PIN after each start; undefined: none. */
  pin?: string;
  puk?: string;
  imsi?: string;
  iccid?: string;
  /** Milliseconds that the card stays busy after boot; undefined: as the timing profile says. */
  busyMs?: number;
  /** The card is broken: CME 13. */
  isFaulty?: boolean;
}

export type CardState = 'busy' | 'missing' | 'faulty' | 'pin' | 'puk' | 'blocked' | 'ready';

/** CME code of each state in which the card cannot serve a command. */
const REFUSAL = { busy: 14, missing: 10, faulty: 13, pin: 11, puk: 12, blocked: 13 } as const;

export class Card {
  readonly imsi: string;
  readonly iccid: string;
  readonly busyMs: number | undefined;
  isInserted: boolean;
  isFaulty: boolean;
  private pin: string | undefined;
  private readonly puk: string;
  private pinAttempts = PIN_ATTEMPTS;
  private pukAttempts = PUK_ATTEMPTS;
  private isUnlocked = false;
  private isBusy = true;

  constructor(options: CardOptions = {}) {
    this.isInserted = options.isInserted ?? true;
    this.isFaulty = options.isFaulty ?? false;
    this.pin = options.pin;
    this.puk = options.puk ?? '12345678';
    this.imsi = options.imsi ?? '460001234567890';
    this.iccid = options.iccid ?? '89860012345678901234';
    this.busyMs = options.busyMs;
  }

  /** The module starts: what was unlocked is locked again. */
  powerUp(): void {
    this.isUnlocked = false;
    this.isBusy = true;
  }

  settle(): void {
    this.isBusy = false;
  }

  get state(): CardState {
    if (!this.isInserted) return 'missing';
    if (this.isBusy) return 'busy';
    if (this.isFaulty) return 'faulty';
    if (this.pukAttempts === 0) return 'blocked';
    if (this.pinAttempts === 0) return 'puk';
    if (this.pin !== undefined && !this.isUnlocked) return 'pin';
    return 'ready';
  }

  /** Attempts left for PIN, PIN2, PUK, PUK2 (AT+SPIC). */
  get attemptsLeft(): string {
    return [this.pinAttempts, PIN_ATTEMPTS, this.pukAttempts, PUK_ATTEMPTS].join(',');
  }

  /** Why a command that needs the card is refused; undefined: it is not. */
  refusal(): Result | undefined {
    const { state } = this;
    return state === 'ready' ? undefined : cme(REFUSAL[state]);
  }

  /** AT+CPIN=pin. Gives undefined when it was right. */
  enterPin(pin: string): Result | undefined {
    if (this.state !== 'pin') return this.state === 'ready' ? cme(3) : this.refusal();
    if (pin === this.pin) {
      this.pinAttempts = PIN_ATTEMPTS;
      this.isUnlocked = true;
      return undefined;
    }
    this.pinAttempts -= 1;
    return cme(this.pinAttempts === 0 ? 12 : 16);
  }

  /** AT+CPIN=puk,newpin. */
  enterPuk(puk: string, newPin: string): Result | undefined {
    if (this.state !== 'puk') return this.state === 'ready' ? cme(3) : this.refusal();
    if (puk !== this.puk) {
      this.pukAttempts -= 1;
      return cme(this.pukAttempts === 0 ? 13 : 16);
    }
    this.pin = newPin;
    this.pinAttempts = PIN_ATTEMPTS;
    this.pukAttempts = PUK_ATTEMPTS;
    this.isUnlocked = true;
    return undefined;
  }
}
