/** The virtual board is held to the interpreter: the same programs, the same answers. */
import { findInterpreter } from '../../sim/interpreter/interpreter';
import { API_PROGRAMS } from './api-programs';
import { DIFFERENCES } from './differences';
import { runOnBoard, runOnInterpreter } from './hosts';
import { PROGRAMS } from './programs';

const interpreter = findInterpreter();
const onInterpreter = interpreter ? describe : describe.skip;
if (!interpreter) {
  console.warn('No Espruino interpreter on PATH: the virtual board was not compared with it.');
}
const ALL = [...PROGRAMS, ...API_PROGRAMS];

describe('virtual board', () => {
  it.each(ALL)('$name', ({ code, peer, expected }) => {
    expect(runOnBoard(code, peer)).toEqual(expected);
  });

  it.each(DIFFERENCES)('differs as it is known to: $name', ({ code, onBoard }) => {
    expect(runOnBoard(code)).toEqual(onBoard);
  });
});

onInterpreter('real interpreter', () => {
  it.each(ALL)('$name', async ({ code, peer, expected }) => {
    expect(await runOnInterpreter(interpreter!, code, peer)).toEqual(expected);
  });

  it.each(DIFFERENCES)('differs as it is known to: $name', async ({ code, onInterpreter: expected }) => {
    expect(await runOnInterpreter(interpreter!, code)).toEqual(expected);
  });
});
