/**
 * Waits for something that other processes or the database bring about, but never for good. The limit is no measure
 * of speed: it is far beyond what a starved machine needs, and below a test's own, so that the failure says what
 * did not happen.
 */
const PAUSE_MS = 20;
export const LIMIT_MS = 90_000;

/** Resolves with the first value that is not undefined or false; fails when none comes in time. */
export async function until<Value>(
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  limitMs = LIMIT_MS,
): Promise<Value> {
  const deadlineMs = performance.now() + limitMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadlineMs)
      throw new Error(`it did not happen within ${limitMs} ms: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
