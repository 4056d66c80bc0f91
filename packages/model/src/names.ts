import { z } from "zod";

const NAME = /^[a-z][a-z0-9_-]{0,39}$/;
const KEBAB_NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** Feature and model names: kebab or snake case, 1 to 40 characters. */
export const nameShape: z.ZodType<string> = z
  .string()
  .regex(NAME, "write a name of 1 to 40 characters: a-z first, then a-z, 0-9, - or _");

/** Domains, parties and purposes: kebab case, 1 to 40 characters. */
export const kebabNameShape: z.ZodType<string> = z
  .string()
  .regex(KEBAB_NAME, "write a name of 1 to 40 characters: a-z first, then a-z, 0-9 or -");

/** Versions of documents: whole numbers from 1 to 2^31 - 1. */
export const versionShape: z.ZodType<number> = z
  .int("write a whole number")
  .min(1, "versions start at 1")
  .max(0x7fff_ffff, "versions end at 2147483647");

/** A list of distinct purpose codes, e.g. `credit-origination`; 1 to 32 of them. */
export const purposesShape: z.ZodType<string[]> = z
  .array(kebabNameShape)
  .min(1, "name at least one purpose")
  .max(32, "name at most 32 purposes")
  .refine((purposes) => new Set(purposes).size === purposes.length, "a purpose is named twice");

/** Values that occur more than once, each once, in order of their second occurrence. */
export function duplicates(values: readonly string[]): string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) repeated.add(value);
    seen.add(value);
  }
  return [...repeated];
}
