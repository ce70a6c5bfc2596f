/**
 * The module's six links together, and the IP state that AT+CIPSTATUS shows.
 * Source: SIM800 Series AT Command Manual V1.09, section 8.2.12.
 */
import { Link, type LinkState } from './link';
import type { Session } from './session';

/** Link numbers 0 to 5 (section 8.2.2). */
export const LINK_COUNT = 6;

/** The state's name with one link, once the address is known. */
const SINGLE_STATE: Readonly<Record<LinkState, string>> = {
  INITIAL: 'IP STATUS',
  CONNECTING: 'TCP CONNECTING',
  CONNECTED: 'CONNECT OK',
  'REMOTE CLOSING': 'CONNECT OK',
  CLOSING: 'TCP CLOSING',
  CLOSED: 'TCP CLOSED',
};

const PHASE_STATE = {
  INITIAL: 'IP INITIAL',
  START: 'IP START',
  CONFIG: 'IP CONFIG',
  GPRSACT: 'IP GPRSACT',
  DEACT: 'PDP DEACT',
} as const;

export class Links {
  readonly all: readonly Link[];

  constructor(private readonly session: Session) {
    this.all = Array.from({ length: LINK_COUNT }, (_, index) => new Link(session, index));
  }

  /** The link of a command: number `index`, or the only one. */
  get(index: number): Link {
    return this.all[index]!;
  }

  /** As after `STATE: ` in AT+CIPSTATUS. */
  get ipState(): string {
    const { phase } = this.session.bearer;
    if (phase !== 'STATUS') return PHASE_STATE[phase];
    if (!this.session.settings.multiLink) return SINGLE_STATE[this.get(0).state];
    return this.all.every((link) => link.state === 'INITIAL') ? 'IP STATUS' : 'IP PROCESSING';
  }

  closeAll(): void {
    for (const link of this.all) link.close();
  }

  /** The context is gone; link states go back with AT+CIPSHUT only. */
  abandonAll(): void {
    const isStart = this.session.bearer.phase !== 'DEACT';
    for (const link of this.all) {
      link.abandon();
      if (isStart) link.state = 'INITIAL';
    }
  }
}
