/**
 * Citizen identification numbers of the People's Republic of China, GB 11643-1999: six digits of
 * place, eight of birth date, three of sequence, one check character by ISO 7064 MOD 11-2.
 */

const FORM = /^[1-9]\d{16}[\dX]$/;
const FIRST_YEAR = 1800;
const LAST_YEAR = 2199;

/** The check character of 17 digits: ISO 7064 MOD 11-2, weights 2^(18 - i) mod 11, `X` for ten. */
export function nationalIdCheck(digits: string): string {
  let sum = 0;
  for (const digit of digits) sum = ((sum + Number(digit)) * 2) % 11;
  const check = (12 - sum) % 11;
  return check === 10 ? "X" : String(check);
}

/** Why an 18-character number is not one, in words that do not repeat it; undefined if it is. */
export function nationalIdProblem(text: string): string | undefined {
  if (!FORM.test(text)) return "not 17 digits and a check character (0-9 or X)";
  if (!isDate(Number(text.slice(6, 10)), Number(text.slice(10, 12)), Number(text.slice(12, 14)))) {
    return "its digits 7 to 14 are not a date of birth";
  }
  return nationalIdCheck(text.slice(0, 17)) === text[17] ? undefined : "wrong check character";
}

function isDate(year: number, month: number, day: number): boolean {
  if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= days[month - 1]!;
}
