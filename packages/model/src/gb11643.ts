/**
 * Citizen identification numbers of the People's Republic of China, GB 11643-1999: six digits of
 * place (GB/T 2260), eight of birth date, three of sequence, one check character by ISO 7064 MOD 11-2.
 */
import { halfWidth, type SchemeOutcome, SEPARATORS } from "./identifier-outcome.ts";

const FORM = /^[1-9]\d{16}[\dX]$/;
const FIRST_YEAR = 1800;
const LAST_YEAR = 2199;

/**
 * First two digits: the provinces of GB/T 2260; 81 to 83, residence permits of people from Hong Kong,
 * Macao and Taiwan; 91 to 96, permanent residents from abroad (9, then the province's first digit).
 */
const PLACES: ReadonlySet<number> = new Set(
  [
    [11, 15],
    [21, 23],
    [31, 37],
    [41, 46],
    [50, 54],
    [61, 65],
    [71, 71],
    [81, 83],
    [91, 96],
  ].flatMap(([from, to]) => Array.from({ length: to! - from! + 1 }, (_, i) => from! + i)),
);

/** Eighteen characters, blanks and dashes between them gone, the check character in capitals. */
export function canonicalGb11643(trimmed: string, today?: string): SchemeOutcome {
  const text = halfWidth(trimmed).replace(SEPARATORS, "").toUpperCase();
  const reason = gb11643Problem(text, today);
  return reason === undefined ? { text } : { reason };
}

/** The check character of 17 digits: ISO 7064 MOD 11-2, weights 2^(18 - i) mod 11, `X` for ten. */
export function gb11643Check(digits: string): string {
  let sum = 0;
  for (const digit of digits) sum = ((sum + Number(digit)) * 2) % 11;
  const check = (12 - sum) % 11;
  return check === 10 ? "X" : String(check);
}

/** Why an 18-character number is not one, in words that do not repeat it; undefined if it is. */
export function gb11643Problem(text: string, today?: string): string | undefined {
  // They ended in 2013. Completing one would have to guess the century.
  if (/^\d{15}$/.test(text)) return "has 15 digits, the old form: write the 18 of today";
  if (!FORM.test(text)) return "not 17 digits and a check character (0-9 or X)";
  if (!PLACES.has(Number(text.slice(0, 2)))) return "its first two digits are no province";
  if (!isDate(Number(text.slice(6, 10)), Number(text.slice(10, 12)), Number(text.slice(12, 14)))) {
    return "its digits 7 to 14 are not a date of birth";
  }
  if (today !== undefined && text.slice(6, 14) > today.replaceAll("-", "")) {
    return "its date of birth is still to come";
  }
  return gb11643Check(text.slice(0, 17)) === text[17] ? undefined : "wrong check character";
}

function isDate(year: number, month: number, day: number): boolean {
  if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= days[month - 1]!;
}
