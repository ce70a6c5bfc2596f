/** Waits for something that other processes or the database bring about, but never for good. */
const PAUSE_MS = 20;

/** Resolves with the first value that is not undefined or false; fails when none comes in time. */
export async function until<Value>(
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  limitMs = 15_000,
): Promise<Value> {
  const deadlineMs = Date.now() + limitMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadlineMs)
      throw new Error(`it did not happen within ${limitMs} ms: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
