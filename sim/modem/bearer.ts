/**
 * The PDP context and the IP states that follow from it: IP INITIAL, IP START, IP CONFIG, IP GPRSACT,
 * IP STATUS, and PDP DEACT, out of which only AT+CIPSHUT leads.
 * Leaves connections to `links.ts`. Source: SIM800 Series AT Command Manual V1.09, sections 8.2.7 (CIPSHUT),
 * 8.2.9 (CSTT), 8.2.10 (CIICR), 8.2.11 (CIFSR), 8.2.12 (CIPSTATUS).
 * Invariant: links exist only while the context is active.
 */
import type { Timer } from '../time/clock';
import type { Session } from './session';
import { cme, ERROR, OK, type Result } from './result';

export type BearerPhase = 'INITIAL' | 'START' | 'CONFIG' | 'GPRSACT' | 'STATUS' | 'DEACT';

/** The manual's default access point name (section 8.2.9). */
export const DEFAULT_APN = 'CMNET';

export interface AccessPoint {
  apn: string;
  user: string;
  password: string;
}

/** What the carrier says to an access point: let in, unknown name, or wrong credentials. */
export type AccessRule = (accessPoint: AccessPoint) => 'accept' | 'refuse' | 'unauthorised';

export class Bearer {
  phase: BearerPhase = 'INITIAL';
  accessPoint: AccessPoint = { apn: DEFAULT_APN, user: '', password: '' };
  address = '0.0.0.0';
  private epoch = 0;
  private coverageTimer: Timer | undefined;
  private readonly stopWatching: () => void;

  constructor(private readonly session: Session) {
    this.stopWatching = session.network.watchCoverage(({ isCovered }) => this.coverageChanged(isCovered));
  }

  get isActive(): boolean {
    return this.phase === 'GPRSACT' || this.phase === 'STATUS';
  }

  /** AT+CSTT. */
  start(accessPoint: AccessPoint): Result {
    if (this.phase !== 'INITIAL') return this.session.wrongState();
    this.accessPoint = accessPoint;
    this.phase = 'START';
    return OK;
  }

  /** AT+CIICR, and AT+CIPSTART in IP INITIAL. */
  activate(onResult: (result: Result) => void): void {
    const { session } = this;
    if (this.phase !== 'START') {
      onResult(session.wrongState());
      return;
    }
    this.phase = 'CONFIG';
    const epoch = ++this.epoch;
    const refusal = this.activationRefusal();
    const { activateMs, refuseMs } = session.timing;
    session.later(
      () => {
        if (epoch !== this.epoch) return;
        if (refusal || !session.radio.isAttached) {
          this.deactivated(false);
          onResult(refusal ?? ERROR);
        } else {
          this.becomeActive();
          onResult(OK);
        }
      },
      session.draw(refusal ? refuseMs : activateMs),
    );
  }

  /** AT+CIFSR: gives the address, and the state becomes IP STATUS. */
  readAddress(): string | undefined {
    if (!this.isActive) return undefined;
    this.phase = 'STATUS';
    return this.address;
  }

  /** AT+CIPSHUT, from every state. */
  shut(onDone: () => void): void {
    const { session } = this;
    session.links.closeAll();
    this.epoch += 1;
    session.later(() => {
      this.lose();
      onDone();
    }, session.draw(session.timing.shutMs));
  }

  /** The context is gone without a word (detached, radio off). */
  lose(): void {
    this.epoch += 1;
    this.session.links.abandonAll();
    this.phase = 'INITIAL';
    this.address = '0.0.0.0';
  }

  /** The network takes the context away; `isSilent`: nobody is told. */
  deactivatedByNetwork(isSilent = false): void {
    if (this.isActive) this.deactivated(isSilent);
  }

  dispose(): void {
    this.stopWatching();
  }

  /** A private address as the carrier hands them out. */
  newAddress(): string {
    const { random } = this.session;
    return `10.${random.between(1, 254)}.${random.between(0, 254)}.${random.between(1, 254)}`;
  }

  private activationRefusal(): Result | undefined {
    const { session } = this;
    if (session.takeFault('activate-fail')) return ERROR;
    const refusal = session.radio.refusal();
    if (refusal) return ERROR;
    const verdict = session.accessRule(this.accessPoint);
    if (verdict === 'accept') return session.radio.isAttached ? undefined : ERROR;
    return verdict === 'refuse' ? ERROR : cme(149);
  }

  private becomeActive(): void {
    this.address = this.newAddress();
    this.phase = 'GPRSACT';
    this.session.emit('pdp');
  }

  private deactivated(isSilent: boolean): void {
    this.epoch += 1;
    this.phase = 'DEACT';
    this.address = '0.0.0.0';
    this.session.links.abandonAll();
    if (!isSilent) this.session.terminal.notice('+PDP: DEACT');
  }

  /** The context outlives a short loss of coverage, and not a long one. */
  private coverageChanged(isCovered: boolean): void {
    const { session } = this;
    session.clock.clearTimer(this.coverageTimer);
    this.coverageTimer = isCovered
      ? undefined
      : session.later(() => this.deactivatedByNetwork(), session.timing.contextHoldMs);
  }
}
