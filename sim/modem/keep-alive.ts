/**
 * TCP keepalive of one connection (AT+CIPTKA): after an idle time a probe, repeated; no answer to any of them
 * and the connection is given up. Source: SIM800 Series AT Command Manual V1.09, section 8.2.30.
 * Invariant: probes go out only on an idle connection, and an answer starts the idle time anew.
 */
import type { Timer } from '../time/clock';
import type { Session } from './session';

export interface KeepAliveActions {
  probe: () => void;
  /** All probes stayed without an answer. */
  giveUp: () => void;
}

export class KeepAlive {
  private timer: Timer | undefined;
  private heardAtMs = 0;
  private unanswered = 0;

  constructor(
    private readonly session: Session,
    private readonly actions: KeepAliveActions,
  ) {}

  /** The connection is open. */
  start(): void {
    this.heard();
    if (this.session.settings.keepAlive) this.wait(this.idleMs);
  }

  /** Anything came from the peer. Costs no timer: the running one looks again when it is due. */
  heard(): void {
    this.heardAtMs = this.session.clock.nowMs();
    this.unanswered = 0;
  }

  stop(): void {
    this.session.clock.clearTimer(this.timer);
    this.timer = undefined;
  }

  private get idleMs(): number {
    return this.session.settings.keepIdleS * 1_000;
  }

  private wait(delayMs: number): void {
    this.timer = this.session.later(() => this.look(), delayMs);
  }

  private look(): void {
    const { settings, clock } = this.session;
    const leftMs = this.idleMs - (clock.nowMs() - this.heardAtMs);
    if (leftMs > 0) {
      this.wait(leftMs);
    } else if (this.unanswered >= settings.keepCount) {
      this.actions.giveUp();
    } else {
      this.unanswered += 1;
      this.actions.probe();
      this.wait(settings.keepIntervalS * 1_000);
    }
  }
}
