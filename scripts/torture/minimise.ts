/**
 * Makes a failing trace small: takes ever smaller parts of it away as long as it still fails (delta debugging,
 * Zeller and Hildebrandt 2002). Knows nothing of what a step is.
 */

/** Plays after which it stops: a trace that is small enough to read is enough. */
const MAX_TRIES = 400;

/** Numbers of the steps, of `count`, that are enough for `isFailing`; in their old order. */
export async function minimise(
  count: number,
  isFailing: (kept: readonly number[]) => Promise<boolean>,
): Promise<readonly number[]> {
  let kept = Array.from({ length: count }, (_, index) => index);
  let tries = 0;
  for (let pieceSize = Math.ceil(count / 2); pieceSize >= 1 && tries < MAX_TRIES;) {
    let hasShrunk = false;
    for (let at = 0; at < kept.length && tries < MAX_TRIES;) {
      const rest = [...kept.slice(0, at), ...kept.slice(at + pieceSize)];
      tries += 1;
      if (await isFailing(rest)) {
        kept = rest;
        hasShrunk = true;
      } else at += pieceSize;
    }
    if (pieceSize === 1 && !hasShrunk) break;
    pieceSize = pieceSize === 1 ? 1 : Math.ceil(pieceSize / 2);
  }
  return kept;
}
