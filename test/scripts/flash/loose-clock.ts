/** Real time whose timers do not keep a test from ending: the modem's run on in the dark. */
import { RealClock, type Timer } from '../../../sim/time/clock';

export class LooseClock extends RealClock {
  override setTimer(callback: () => void, delayMs: number): Timer {
    const timer = super.setTimer(callback, delayMs) as Timer & { readonly handle: NodeJS.Timeout };
    timer.handle.unref();
    return timer;
  }
}
