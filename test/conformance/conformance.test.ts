/** The virtual board is held to the interpreter: the same programs, the same answers. */
import { findInterpreter } from '../../sim/interpreter/interpreter';
import { runOnBoard, runOnInterpreter } from './hosts';
import { PROGRAMS } from './programs';

const interpreter = findInterpreter();
const onInterpreter = interpreter ? describe : describe.skip;
if (!interpreter) {
  console.warn('No Espruino interpreter on PATH: the virtual board was not compared with it.');
}

describe('virtual board', () => {
  it.each(PROGRAMS)('$name', ({ code, expected }) => {
    expect(runOnBoard(code)).toEqual(expected);
  });
});

onInterpreter('real interpreter', () => {
  it.each(PROGRAMS)('$name', async ({ code, expected }) => {
    expect(await runOnInterpreter(interpreter!, code)).toEqual(expected);
  });
});
