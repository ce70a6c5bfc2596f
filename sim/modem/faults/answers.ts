/**
 * Faults of the conversation: answers that are late, missing or other than hoped, and notices in the wrong
 * place. Each is something that users of public drivers report.
 */
import { cme, ERROR, isCmeCode } from '../result';
import { arms, seconds, type FaultContext, type FaultTable } from './fault';

function connectedPlace({ session }: FaultContext): string {
  return session.settings.multiLink ? `,${session.links.all.find((link) => link.canSend)?.index ?? 0}` : '';
}

export const ANSWER_FAULTS: FaultTable = {
  ...arms('no-prompt', 'AT+CIPSEND is taken and no prompt ever comes; the module then waits for nothing'),
  ...arms('split-prompt', 'the prompt and its space come 200 ms apart'),
  ...arms('send-refused', 'AT+CIPSEND on an open connection gets CME 3 or ERROR in place of the prompt'),
  ...arms('send-fail', 'a payload is lost inside the module and answered with SEND FAIL'),
  ...arms('send-fail-delivered', 'a payload goes out and is answered with SEND FAIL all the same'),
  ...arms('forgotten-notice', 'data arrives and +CIPRXGET: 1 is not told until something has been read'),
  'notice-in-prompt': {
    description: 'news of data comes between the prompt and the result of a send',
    trigger: 'prompt',
    strike: (context) => context.session.terminal.notice(`+CIPRXGET: 1${connectedPlace(context)}`),
  },
  'close-in-prompt': {
    description: 'the connection closes, and says so, between the prompt and the result of a send',
    trigger: 'prompt',
    strike: ({ session }) => session.links.all.find((link) => link.canSend)?.lost(),
  },
  'stray-notice': {
    description: 'a line that nobody asked for, as given',
    parameter: { name: 'text', unit: 'text', fallback: '+CMTI: "SM",1' },
    trigger: '10s',
    strike: ({ session }, _value, text) => session.terminal.notice(text),
  },
  'late-answer': {
    description: 'the command runs and its final result is held back, long after a driver has given up',
    parameter: seconds('delay', 20),
    trigger: '+CIPSTATUS',
    strike: ({ modem, command }, value) => modem.interceptNext(command, { delayMs: value * 1_000 }),
  },
  'no-answer': {
    description: 'a command is swallowed: nothing happens, nothing is said, the next one works',
    trigger: '+CSQ',
    strike: ({ modem, command }) => modem.interceptNext(command, { isSilent: true }),
  },
  error: {
    description: 'a command is answered with a bare ERROR and not run',
    trigger: '+CIPSTATUS',
    strike: ({ modem, command }) => modem.interceptNext(command, { result: ERROR }),
  },
  cme: {
    description: 'a command is answered with this CME error and not run',
    parameter: { name: 'code', unit: 'number', fallback: 100, low: 0, high: 999 },
    trigger: '+CIPSTATUS',
    strike: ({ modem, command }, value) =>
      modem.interceptNext(command, { result: cme(isCmeCode(value) ? value : 100) }),
  },
  'echo-on': {
    description: 'the echo is back, as after an unnoticed profile reload',
    trigger: '10s',
    strike: ({ session }) => session.set('echo', 1),
  },
};
