/**
 * AT+CFUN: minimum (0), full (1) and flight mode (4).
 * Source: SIM800 Series AT Command Manual V1.09, section 3.2.18; notices as the module sends them.
 */
import type { Session } from './session';

export function applyFunctionality(session: Session, level: number, onDone: () => void): void {
  const before = session.settings.functionality;
  if (level === before) {
    session.later(onDone, 0);
    return;
  }
  session.later(() => {
    session.settings.functionality = level;
    if (level === 1) {
      session.card.settle();
      announceCard(session);
      session.radio.start();
      onDone();
      session.later(() => announceReady(session), session.draw(session.timing.registerMs));
    } else {
      session.bearer.lose();
      session.radio.stop();
      if (level === 0) session.terminal.notice('+CPIN: NOT READY');
      onDone();
    }
  }, session.draw(session.timing.closeMs));
}

/** The state of the card, as after boot. */
export function announceCard(session: Session): void {
  const { state } = session.card;
  if (state === 'ready') session.terminal.notice('+CPIN: READY');
  else if (state === 'pin' || state === 'puk') session.terminal.notice(`+CPIN: SIM ${state.toUpperCase()}`);
  else if (state === 'missing') session.terminal.notice('+CPIN: NOT INSERTED');
  else session.terminal.notice('+CPIN: NOT READY');
}

export function announceReady(session: Session): void {
  if (session.card.state !== 'ready' || !session.settings.initNotices) return;
  session.terminal.notice('Call Ready');
  session.terminal.notice('SMS Ready');
}
