/**
 * One person, one spelling. Every party canonicalises an identifier before it blinds it for the
 * OPRF: two spellings of one number would be two pseudonyms, so two people. When in doubt a scheme
 * refuses: a refused identifier is seen and corrected, a wrong one scores somebody else.
 */
import { nationalIdProblem } from "./national-id.ts";

export type IdentifierType = "phone" | "national-id" | "opaque";

/** Longest identifier as written, in UTF-16 code units; checked before anything else is done. */
export const MAX_IDENTIFIER_LENGTH: number = 512;

/** A country's calling code (ITU-T E.164: 1 to 3 digits, never starting with 0), without `+`. */
export const CALLING_CODE: RegExp = /^[1-9]\d{0,2}$/;

export interface IdentifierOptions {
  /** Calling code of phone numbers written without one, e.g. `86`; without it they are refused. */
  readonly callingCode?: string | undefined;
}

/**
 * `bytes`: UTF-8 of `type:canonical form`, the OPRF's input; the type keeps a phone number and an
 * account number that look alike apart. They may be a view into shared memory, which is compact for
 * millions of people: copy them before handing their buffer to a worker. `reason`: why not, never with
 * any part of the identifier.
 */
export type CanonicalIdentifier =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly reason: string };

/** A scheme gives the canonical text, or why there is none. */
type SchemeOutcome = { readonly text: string } | { readonly reason: string };
type Scheme = (trimmed: string, options: IdentifierOptions) => SchemeOutcome;

// To add a scheme, add a line here and its name to IdentifierType.
const SCHEMES: Readonly<Record<IdentifierType, Scheme>> = {
  phone: canonicalPhone,
  "national-id": canonicalNationalId,
  opaque: canonicalOpaque,
};

/** The names of all schemes. */
export const IDENTIFIER_TYPES: readonly IdentifierType[] = Object.keys(SCHEMES) as IdentifierType[];

/** The canonical form of an identifier as somebody wrote it. */
export function canonicalIdentifier(
  type: IdentifierType,
  raw: string,
  options: IdentifierOptions = {},
): CanonicalIdentifier {
  if (raw.length > MAX_IDENTIFIER_LENGTH) return { ok: false, reason: "too long" };
  const trimmed = raw.trim();
  if (trimmed === "") return { ok: false, reason: "blank" };
  const outcome = SCHEMES[type](trimmed, options);
  if ("reason" in outcome) return { ok: false, reason: outcome.reason };
  return { ok: true, bytes: Buffer.from(`${type}:${outcome.text}`, "utf8") };
}

/** Control, format, surrogate, private-use, line and paragraph characters: nobody sees them. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;
const MAX_OPAQUE_CHARACTERS = 128;

/** Any name that a platform gives: NFC, 1 to 128 characters (code points), case kept. */
function canonicalOpaque(trimmed: string): SchemeOutcome {
  if (INVISIBLE.test(trimmed)) return { reason: "contains an invisible or control character" };
  const text = trimmed.normalize("NFC");
  if ([...text].length > MAX_OPAQUE_CHARACTERS) {
    return { reason: `longer than ${MAX_OPAQUE_CHARACTERS} characters` };
  }
  return { text };
}

function canonicalNationalId(trimmed: string): SchemeOutcome {
  const text = trimmed.toUpperCase();
  const reason = nationalIdProblem(text);
  return reason === undefined ? { text } : { reason };
}

/** What people put between digits: spaces, no-break spaces, hyphens and dashes, parentheses. */
const SEPARATORS = /[ \u00a0\u202f\u2010-\u2013()-]/g;
/** ITU-T E.164 (11/2010) clause 6: at most 15 digits with the calling code. */
const E164 = /^[1-9]\d{6,14}$/;

/** `+` and the digits of ITU-T E.164. */
function canonicalPhone(trimmed: string, options: IdentifierOptions): SchemeOutcome {
  // "+44 (0) 20 …" means two things at once: the 0 is dialled at home only.
  if (/\(\s*0\s*\)/.test(trimmed)) return { reason: "contains (0): leave the 0 out" };
  const bare = trimmed.replace(SEPARATORS, "");
  if (!/^\+?\d+$/.test(bare)) return { reason: "not a phone number" };
  const international = bare.startsWith("+")
    ? bare.slice(1)
    : bare.startsWith("00")
      ? bare.slice(2)
      : undefined;
  if (international !== undefined) return e164(international);
  const code = options.callingCode;
  if (code === undefined) return { reason: "has no calling code: write it as +…" };
  // Some countries drop a leading 0 abroad and some keep it; and a number that starts with the
  // calling code may have it already. Guessing wrong would name another person.
  if (bare.startsWith("0") || bare.startsWith(code)) {
    return { reason: "starts with 0 or with the calling code: write it in full as +…" };
  }
  return e164(code + bare);
}

function e164(digits: string): SchemeOutcome {
  return E164.test(digits)
    ? { text: `+${digits}` }
    : { reason: "not 7 to 15 digits that start with a calling code" };
}
