/** What of AT traffic people may see. */
import { shownAnswer, shownCommand } from '../../../sim/modem/trace';

it.each([
  ['E0V1', 'E0;V1'],
  ['+CSQ', '+CSQ'],
  ['+CREG?', '+CREG?'],
  ['+CPIN?', '+CPIN?'],
  ['+CIPSTART=0,"TCP","link.example",7700', '+CIPSTART=0,"TCP","link.example",7700'],
  ['+IPR=115200;&W', '+IPR=115200;&W'],
  ['+CSTT="cmnet","kunde","geheim"', '+CSTT=…'],
  ['+cstt="cmnet","kunde","geheim"', '+CSTT=…'],
  ['+CPIN=4711', '+CPIN=…'],
  ['+CPIN="12345678","4711"', '+CPIN=…'],
  ['+CSQ;+CPIN=4711', '+CSQ;+CPIN=…'],
  ['+CGDCONT=1,"IP","geheim"', '+CGDCONT=…'],
  // Spoilt by noise, or bytes that the module took for a line.
  ['+CSXT="cmnet","kunde","geheim"', '(not a command of the module)'],
  ['+CPIM=4711', '(not a command of the module)'],
  ['geheim', '(not a command of the module)'],
  ['+CSTT"cmnet","kunde","geheim"', '(not a command of the module)'],
])('AT%s is shown as %s', (body, text) => {
  expect(shownCommand(body)).toBe(text);
});

it.each([
  ['+CSQ: 20,0', '+CSQ: 20,0'],
  ['+CSTT: "cmnet","kunde","geheim"', '+CSTT: …'],
  ['+CPIN: READY', '+CPIN: READY'],
  ['[26 bytes]', '[26 bytes]'],
])('the answer %s is shown as %s', (line, text) => {
  expect(shownAnswer(line)).toBe(text);
});

it('shows a person’s own driver the names of commands that the module does not know', () => {
  expect(shownCommand('^CURC=0', true)).toBe('^CURC… (not a command of the module)');
  expect(shownCommand('+CPIM=4711', true)).toBe('+CPIM… (not a command of the module)');
  expect(shownCommand('geheim', true)).toBe('(not a command of the module)');
});
