/**
 * AT+CFUN: minimum (0), full (1) and RF off (4), and the notices of the card that go with them.
 * Source: SIM800 Series AT Command Manual V1.09, sections 3.2.42, 19.3 and the example in 20.1.
 */
import type { Session } from './session';

export const FUNCTIONALITY: readonly number[] = [0, 1, 4];

/** Every level but the minimum is written to flash. */
export function applyFunctionality(session: Session, level: number, onDone: () => void): void {
  const before = session.settings.functionality;
  session.later(() => {
    if (level !== 0) session.host.store.keepOne('functionality', level);
    if (level === before) {
      onDone();
      return;
    }
    session.settings.functionality = level;
    if (level === 1) {
      switchOn(session, before);
      onDone();
    } else {
      session.bearer.lose();
      session.radio.stop();
      if (level === 0) session.terminal.notice('+CPIN: NOT READY');
      onDone();
    }
  }, session.draw(session.timing.closeMs));
}

function switchOn(session: Session, before: number): void {
  if (before === 0) announceCard(session);
  session.radio.start();
  if (before === 0) session.later(() => announceReady(session), session.draw(session.timing.registerMs));
}

/** The state of the card, as after boot. */
export function announceCard(session: Session): void {
  const { state } = session.card;
  if (state === 'ready') session.terminal.notice('+CPIN: READY');
  else if (state === 'pin' || state === 'puk') session.terminal.notice(`+CPIN: SIM ${state.toUpperCase()}`);
  else if (state === 'missing') session.terminal.notice('+CPIN: NOT INSERTED');
  else session.terminal.notice('+CPIN: NOT READY');
}

/** Told when phone book and messages are ready, unless AT+CIURC=0. */
export function announceReady(session: Session): void {
  if (session.card.state !== 'ready' || !session.settings.initNotices) return;
  session.emit('ready');
  session.terminal.notice('Call Ready');
  session.terminal.notice('SMS Ready');
}
