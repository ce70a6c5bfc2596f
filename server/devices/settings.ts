/**
 * Settings of a module that the platform may set, with their ranges (docs/host-protocol.md, 11 Settings; a test
 * compares): what a module would not take is refused here, where somebody hears of it.
 */
import { z } from 'zod';

const whole = (least: number, most: number): z.ZodType<number | undefined> =>
  z.int().min(least).max(most).optional();

export const BAUD_RATES = [9_600, 19_200, 38_400, 57_600, 115_200] as const;

/** Lowest and highest value. */
export const SETTING_RANGES = {
  mode: [0, 3],
  relay: [1, 2],
  onMs: [20, 60_000],
  offMs: [20, 60_000],
  fenPerPulse: [1, 1_000_000],
  msPerFen: [1, 60_000],
  maxFen: [1, 100_000_000],
  hostReportS: [5, 3_600],
  statusS: [1, 255],
  baud: [9_600, 115_200],
} as const;

export const settingsSchema = z
  .strictObject(
    Object.fromEntries(
      Object.entries(SETTING_RANGES).map(([name, [least, most]]) => [name, whole(least, most)]),
    ),
  )
  .refine(({ baud }) => baud === undefined || (BAUD_RATES as readonly unknown[]).includes(baud), {
    path: ['baud'],
    message: `one of ${BAUD_RATES.join(', ')}`,
  });
