/**
 * Telephone numbers in the form of ITU-T E.164, by Google's libphonenumber (its JavaScript port), which
 * knows each country's trunk prefix, international prefix and lengths.
 *
 * A number must fit its country's numbering plan as a whole: calling code, length, leading digits. It
 * need not lie in a range that is in service (the library's larger tables): ranges open faster than
 * libraries are updated, and a number that nobody has names nobody.
 */
import { createRequire } from "node:module";
import type * as Library from "libphonenumber-js/min";
import { halfWidth, type SchemeOutcome, SEPARATORS } from "./identifier-outcome.ts";

/** Loaded when a telephone number is met: 170 files that most commands start faster without. */
let loaded: typeof Library | undefined;
function library(): typeof Library {
  loaded ??= createRequire(import.meta.url)("libphonenumber-js/min") as typeof Library;
  return loaded;
}

/** Whether this is a country, ISO 3166-1 alpha-2 in capitals, that has telephones. */
export function isRegion(region: string): boolean {
  return library().isSupportedCountry(region);
}

/** `+` and the digits of E.164. `region`: where a number without `+` is dialled from. */
export function canonicalPhone(trimmed: string, region: string | undefined): SchemeOutcome {
  const bare = halfWidth(trimmed).replace(SEPARATORS, "").replace(/[().]/g, "");
  // The library would also take letters for digits, and cut extensions off.
  if (!/^\+?\d+$/.test(bare)) return { reason: "not a phone number" };
  if (bare.startsWith("+")) return planned(bare);
  if (region === undefined) {
    if (bare.startsWith("00")) return planned(`+${bare.slice(2)}`);
    return { reason: "has no calling code: write it as +…, or name the region it is from" };
  }
  if (!library().isSupportedCountry(region))
    return { reason: "the region is not a country's code" };
  const national = planned(bare, region as Library.CountryCode);
  // A number that starts with the calling code may have it already. Guessing wrong would name
  // another person.
  if (!bare.startsWith(library().getCountryCallingCode(region as Library.CountryCode)))
    return national;
  const international = planned(`+${bare}`);
  if ("reason" in international) return national;
  if ("reason" in national || national.text === international.text) return international;
  return { reason: "could be read with and without a calling code: write it in full as +…" };
}

function planned(number: string, region?: Library.CountryCode): SchemeOutcome {
  const parsed = library().parsePhoneNumberFromString(number, {
    extract: false,
    ...(region !== undefined && { defaultCountry: region }),
  });
  return parsed?.isValid() === true
    ? { text: parsed.number }
    : { reason: "no country has such phone numbers: its calling code or its length is wrong" };
}
