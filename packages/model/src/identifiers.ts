/**
 * One person, one spelling. Every party canonicalises an identifier before it blinds it for the
 * OPRF: two spellings of one number would be two pseudonyms, so two people. When in doubt a scheme
 * refuses: a refused identifier is seen and corrected, a wrong one scores somebody else.
 */
import { canonicalPhone, isRegion } from "./identifier-phone.ts";
import { DEFAULT_SCHEME, NATIONAL_ID_SCHEMES } from "./national-id.ts";

export type IdentifierType = "phone" | "national-id" | "opaque";

/** Longest identifier as written, in UTF-16 code units; checked before anything else is done. */
export const MAX_IDENTIFIER_LENGTH: number = 512;

/** What a catalogue says of its identifiers beside their type. */
export interface IdentifierOptions {
  /**
   * Of phone numbers written without `+`: the region from where they are dialled, ISO 3166-1 alpha-2,
   * e.g. `CN`. Without it they are refused.
   */
  readonly region?: string | undefined;
  /** Of national identification numbers: a name in `NATIONAL_ID_SCHEMES`. Default `gb11643`. */
  readonly scheme?: string | undefined;
}

export interface ReadingOptions extends IdentifierOptions {
  /** Today, as `2024-06-01`: nobody is born later. Without it any date of birth in form will do. */
  readonly today?: string | undefined;
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

/** The canonical text and what stands before it, or why there is none. */
type Outcome = { readonly prefix: string; readonly text: string } | { readonly reason: string };
type Kind = (trimmed: string, options: ReadingOptions) => Outcome;

const KINDS: Readonly<Record<IdentifierType, Kind>> = {
  phone: (trimmed, { region }) => ({ prefix: "phone", ...canonicalPhone(trimmed, region) }),
  "national-id": canonicalNationalId,
  opaque: canonicalOpaque,
};

/** The names of all types. */
export const IDENTIFIER_TYPES: readonly IdentifierType[] = Object.keys(KINDS) as IdentifierType[];

/**
 * The canonical form of an identifier as somebody wrote it. Options that `identifierOptionProblems`
 * complains of are refusals here.
 */
export function canonicalIdentifier(
  type: IdentifierType,
  raw: string,
  options: ReadingOptions = {},
): CanonicalIdentifier {
  if (raw.length > MAX_IDENTIFIER_LENGTH) return { ok: false, reason: "too long" };
  const trimmed = raw.trim();
  if (trimmed === "") return { ok: false, reason: "blank" };
  const outcome = KINDS[type](trimmed, options);
  if ("reason" in outcome) return { ok: false, reason: outcome.reason };
  return { ok: true, bytes: Buffer.from(`${outcome.prefix}:${outcome.text}`, "utf8") };
}

/** What is wrong with the options for a type: `option: what to do`, each. */
export function identifierOptionProblems(
  type: IdentifierType,
  { region, scheme }: IdentifierOptions,
): string[] {
  const problems: string[] = [];
  if (region !== undefined && type !== "phone") {
    problems.push(`region: only phone numbers have one, not ${type}`);
  } else if (region !== undefined && !isRegion(region)) {
    problems.push('region: write a country in two capital letters, e.g. "CN"');
  }
  if (scheme !== undefined && type !== "national-id") {
    problems.push(`scheme: only national-id has one, not ${type}`);
  } else if (scheme !== undefined && !Object.hasOwn(NATIONAL_ID_SCHEMES, scheme)) {
    problems.push(`scheme: write one of ${Object.keys(NATIONAL_ID_SCHEMES).join(", ")}`);
  }
  return problems;
}

function canonicalNationalId(trimmed: string, options: ReadingOptions): Outcome {
  const name = options.scheme ?? DEFAULT_SCHEME;
  const scheme = Object.hasOwn(NATIONAL_ID_SCHEMES, name) ? NATIONAL_ID_SCHEMES[name] : undefined;
  if (scheme === undefined) return { reason: "no such scheme of national identification numbers" };
  return { prefix: scheme.prefix, ...scheme.canonical(trimmed, options.today) };
}

/** Control, format, surrogate, private-use, line and paragraph characters: nobody sees them. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;
const MAX_OPAQUE_CHARACTERS = 128;

/** Any name that a platform gives: NFC, 1 to 128 characters (code points), case kept. */
function canonicalOpaque(trimmed: string): Outcome {
  if (INVISIBLE.test(trimmed)) return { reason: "contains an invisible or control character" };
  const text = trimmed.normalize("NFC");
  if ([...text].length > MAX_OPAQUE_CHARACTERS) {
    return { reason: `longer than ${MAX_OPAQUE_CHARACTERS} characters` };
  }
  return { prefix: "opaque", text };
}
