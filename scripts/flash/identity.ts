/**
 * Whether a board's journal holds an identity, asked at the console while no program runs. Such a module shuts its console
 * when it starts, so nothing can be asked of it at that port afterwards. Reads only.
 */
import { journalSectors, type BoardProfile } from '../build/profile';

/** A name that stands in an identity and in no other record (docs/journal.md). */
const MARK = '"apn":';
const PIECE_BYTES = 1024;
const FRAM_PIECE_BYTES = 256;
const FRAM_BAUD = 1_000_000;

/** Expression that is true when an identity was found. */
export function identityExpression(profile: BoardProfile): string {
  const sectors = journalSectors(profile).map(({ address, bytes }) => [address, bytes]);
  const { fram } = profile;
  const isFram = profile.journal.kind === 'fram' && fram !== undefined;
  const piece = isFram ? FRAM_PIECE_BYTES : PIECE_BYTES;
  const begin = isFram
    ? `${fram.bus}.setup({sck:"${fram.sck}",miso:"${fram.miso}",mosi:"${fram.mosi}",baud:${FRAM_BAUD}});`
    : '';
  const read = isFram
    ? `${fram.bus}.send("\\x03"+String.fromCharCode(a>>8,a&255)+"\\xff".repeat(n),"${fram.cs}")`
    : 'E.toString(require("Flash").read(n,a))';
  // Pieces overlap by what the mark is long.
  return `(function(){${begin}return ${JSON.stringify(sectors)}.some(function(s){for(var i=0;i<s[1];i+=${piece}){var a=s[0]+i,n=Math.min(${piece + 8},s[1]-i);if(${read}.indexOf(${JSON.stringify(MARK)})>=0)return true}return false})})()`;
}
