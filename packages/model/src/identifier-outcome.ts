/** The canonical text of an identifier, or why there is none, without any part of it. */
export type SchemeOutcome = { readonly text: string } | { readonly reason: string };

/**
 * Digits, signs and blanks as East Asian input methods write them, U+FF01 to U+FF5E and U+3000, in
 * ASCII. Not NFKC, which would also take ² or ① for a digit.
 */
export function halfWidth(text: string): string {
  return text
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/\u3000/g, " ");
}

/** What people put between digits: spaces, no-break spaces, hyphens and dashes. */
export const SEPARATORS: RegExp = /[ \u00a0\u2009\u202f\u2010-\u2013-]/g;
