/**
 * Why a program must not be written to the board that is there: another board, or an Espruino that lacks what the program
 * needs. The board is asked, because two builds for the same board may differ.
 */
import { journalSectors, type BoardProfile } from '../build/profile';

/** What a board tells of itself. */
export interface BoardFacts {
  readonly boardId: string;
  readonly version: string;
  readonly hasAes: boolean;
  readonly jsVars: number;
  /** Flash that nobody uses, as Espruino knows it. */
  readonly free: readonly { readonly addr: number; readonly length: number }[];
}

/** Expression whose value the facts are. */
export const FACTS = `(function(){var a=false;try{a=!!require("crypto").AES}catch(e){}return{boardId:process.env.BOARD,version:process.version,hasAes:a,jsVars:process.memory().total,free:require("Flash").getFree()}})()`;

/** A sentence for the first thing that does not fit; undefined when all does. */
export function misfit(profile: BoardProfile, facts: BoardFacts): string | undefined {
  const { name, boardId } = profile;
  if (facts.boardId !== boardId) {
    return `this board is ${facts.boardId}, the profile ${name} is for ${boardId}: choose another with --board`;
  }
  if (profile.nativeAes && !facts.hasAes) {
    return `the Espruino on this board has no AES: it needs a build with the library CRYPTO`;
  }
  if (facts.jsVars < profile.jsVars) {
    return `the Espruino on this board has ${facts.jsVars} JsVars, the profile ${name} counts on ${profile.jsVars}`;
  }
  if (profile.journal.kind !== 'flash') return undefined;
  const taken = journalSectors(profile).find(
    ({ address, bytes }) =>
      !facts.free.some((area) => address >= area.addr && address + bytes <= area.addr + area.length),
  );
  return (
    taken &&
    `flash at 0x${taken.address.toString(16)}, where the journal is to be, is in use on this board: its Espruino is larger than the profile ${name} allows for`
  );
}
