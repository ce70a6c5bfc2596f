/**
 * Registration with the cell and attachment to GPRS, with their notices.
 * Leaves the PDP context to `bearer.ts` and coverage itself to the network.
 * Source: SIM800 Series AT Command Manual V1.09, sections 3.2.32 (CREG), 7.2.1 (CGATT), 7.2.10 (CGREG).
 * Invariant: attached implies registered.
 */
import type { Coverage } from '../network/network';
import type { Session } from './session';
import { cme, ERROR, OK, type Result } from './result';

/** <stat> of +CREG and +CGREG. */
export const REGISTRATION = { none: 0, home: 1, searching: 2, denied: 3, roaming: 5 } as const;
type Registration = (typeof REGISTRATION)[keyof typeof REGISTRATION];

const LOCATION_AREA = '1A2B';
const CELL = '3C4D';

export class Radio {
  stat: Registration = REGISTRATION.none;
  isAttached = false;
  /** Set by a rule or a fault: the network turns the card away. */
  isDenied = false;
  isAttachRefused = false;
  /** Added to every attach (a fault). */
  attachDelayMs = 0;
  private wantsAttach = true;
  private epoch = 0;
  private readonly stopWatching: () => void;

  constructor(private readonly session: Session) {
    this.stopWatching = session.network.watchCoverage((coverage) => this.coverageChanged(coverage));
  }

  /** 0 to 31, 99 unknown; nothing is heard while the radio is off. */
  get rssi(): number {
    if (!this.isOn) return 99;
    const { rssi, isCovered } = this.session.network.coverage();
    return isCovered ? rssi : 99;
  }

  get isRegistered(): boolean {
    return this.stat === REGISTRATION.home || this.stat === REGISTRATION.roaming;
  }

  /** Why a command that needs the cell is refused; undefined: it is not. */
  refusal(): Result | undefined {
    if (!this.isOn) return cme(797);
    return this.isRegistered ? undefined : cme(30);
  }

  /** The card is ready, or the radio was switched on. */
  start(): void {
    if (!this.isOn || this.session.card.state !== 'ready') return;
    const epoch = ++this.epoch;
    this.setStat(REGISTRATION.searching);
    this.session.later(() => {
      if (epoch === this.epoch) this.register();
    }, this.session.draw(this.session.timing.registerMs));
  }

  /** The radio is switched off, or the card has gone. */
  stop(): void {
    this.epoch += 1;
    this.setAttached(false);
    this.setStat(REGISTRATION.none);
  }

  /** Registration is gone: searching again, or denied. */
  lose(stat: Registration): void {
    this.epoch += 1;
    if (stat === REGISTRATION.denied) this.setAttached(false);
    this.setStat(stat);
  }

  /** The module is going down: no more callbacks. */
  dispose(): void {
    this.stopWatching();
  }

  /** AT+CGATT=1. */
  attach(onResult: (result: Result) => void): void {
    this.wantsAttach = true;
    if (this.isAttached) {
      onResult(OK);
      return;
    }
    const { session } = this;
    const refusal = this.refusal() ?? (this.isAttachRefused ? cme(107) : undefined);
    const { attachCommandMs, refuseMs } = session.timing;
    session.later(
      () => {
        if (!refusal && this.isRegistered) this.setAttached(true);
        onResult(refusal ?? (this.isAttached ? OK : ERROR));
      },
      this.attachDelayMs + session.draw(refusal ? refuseMs : attachCommandMs),
    );
  }

  /** AT+CGATT=0: the PDP context goes too. */
  detach(): void {
    this.wantsAttach = false;
    this.session.bearer.lose();
    this.setAttached(false);
  }

  /** The network throws the module off GPRS. */
  detachedByNetwork(): void {
    this.setAttached(false);
  }

  private get isOn(): boolean {
    return this.session.settings.functionality === 1;
  }

  private register(): void {
    if (!this.session.network.coverage().isCovered) return;
    if (this.isDenied) {
      this.setStat(REGISTRATION.denied);
      return;
    }
    this.setStat(REGISTRATION.home);
    this.session.moduleClock.fromNetwork();
    this.session.emit('registered');
    const epoch = this.epoch;
    this.session.later(
      () => {
        if (epoch !== this.epoch || !this.wantsAttach || this.isAttachRefused) return;
        if (this.isRegistered) this.setAttached(true);
      },
      this.attachDelayMs + this.session.draw(this.session.timing.attachMs),
    );
  }

  private coverageChanged(coverage: Coverage): void {
    if (this.stat === REGISTRATION.none) return;
    if (coverage.isCovered) {
      if (!this.isRegistered) this.start();
    } else if (this.isRegistered || this.stat === REGISTRATION.denied) {
      this.lose(REGISTRATION.searching);
    }
  }

  private setStat(stat: Registration): void {
    if (stat === this.stat) return;
    this.stat = stat;
    this.tell('+CREG', this.session.settings.registrationNotices, stat);
    this.tellPacket();
  }

  private setAttached(isAttached: boolean): void {
    if (isAttached === this.isAttached) return;
    this.isAttached = isAttached;
    this.tellPacket();
    if (isAttached) this.session.emit('attached');
  }

  /** <stat> of +CGREG. */
  get packetStat(): Registration {
    return this.isAttached || !this.isRegistered ? this.stat : REGISTRATION.none;
  }

  private tellPacket(): void {
    this.tell('+CGREG', this.session.settings.packetNotices, this.packetStat);
  }

  private tell(name: string, mode: number, stat: Registration): void {
    if (mode > 0) this.session.terminal.notice(`${name}: ${stat}${this.place(mode, stat)}`);
  }

  /** `,"lac","ci"` when asked for and known. */
  place(mode: number, stat: number): string {
    const isKnown = stat === REGISTRATION.home || stat === REGISTRATION.roaming;
    return mode === 2 && isKnown ? `,"${LOCATION_AREA}","${CELL}"` : '';
  }
}
