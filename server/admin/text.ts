/**
 * Text that people type into the admin services: one line, without control characters, which would break logs and
 * pages, and whole characters only, because PostgreSQL takes neither a zero byte nor half a character.
 */
import { z } from 'zod';

const UNFIT = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
const IDENTIFIER = /^[0-9A-Za-z_]{1,40}$/;

/** A trimmed line of `least` to `most` characters. */
export function line(least: number, most: number): z.ZodType<string, string> {
  return z
    .string()
    .trim()
    .min(least)
    .max(most)
    .refine((text) => !UNFIT.test(text), 'control characters');
}

/** Whether it can be a number of ours at all (of an order, of a device); what cannot is not looked up. */
export function isIdentifier(text: string): boolean {
  return IDENTIFIER.test(text);
}
