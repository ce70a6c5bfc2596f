/**
 * How a request to the module can fail, as one error class with a code; programs look at the code, people read the
 * message. Refusals carry the reason of the NAK.
 */
import { reasonName, reasonText } from './reasons';

/**
 * argument: the caller's mistake, nothing was sent. closed: the port is gone. no-answer: sent four times, nobody answered.
 * refused: NAK. timeout: answered, but what should have followed did not come.
 */
export type HostErrorCode = 'argument' | 'closed' | 'no-answer' | 'refused' | 'timeout';

export class HostError extends Error {
  constructor(
    readonly code: HostErrorCode,
    message: string,
    /** Number of the reason, when refused; else 0. */
    readonly reason = 0,
  ) {
    super(message);
    this.name = 'HostError';
  }

  static refused(reason: number): HostError {
    return new HostError('refused', `${reasonName(reason)}: ${reasonText(reason).meaning}`, reason);
  }

  static noAnswer(what: string): HostError {
    return new HostError('no-answer', `the module did not answer ${what}`);
  }
}
