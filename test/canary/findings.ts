/** What the search found, and which of it is more than chance. */
import type { Canary } from "./canaries.ts";
import type { Haystack } from "./captured.ts";
import { expectedByChance, PROOF_BYTES, proofCount } from "./chance.ts";
import type { Pattern } from "./encodings.ts";
import { Scanner } from "./scanner.ts";

export interface Finding {
  readonly pattern: Pattern;
  readonly haystack: Haystack;
  readonly offset: number;
}

export function search(patterns: readonly Pattern[], haystacks: readonly Haystack[]): Finding[] {
  const scanner = new Scanner(patterns);
  return haystacks.flatMap((haystack) =>
    Array.from(scanner.scan(haystack.bytes), ([pattern, offset]) => ({
      pattern,
      haystack,
      offset,
    })),
  );
}

/**
 * Those of the findings that are no accident. Of patterns too short to be proof by themselves, all of
 * one length, if together they are.
 */
export function proven(
  findings: readonly Finding[],
  patterns: readonly Pattern[],
  bytes: number,
): Finding[] {
  const lengthOf = ({ pattern }: Finding): number => pattern.bytes.length;
  const short = [...new Set(findings.map(lengthOf))].filter((length) => length < PROOF_BYTES);
  const striking = short.filter((length) => {
    const canaries = new Set<Canary>();
    for (const finding of findings)
      if (lengthOf(finding) === length) canaries.add(finding.pattern.canary);
    return canaries.size >= proofCount(expectedByChance(lengths(patterns, length), bytes));
  });
  return findings.filter(
    (finding) => lengthOf(finding) >= PROOF_BYTES || striking.includes(lengthOf(finding)),
  );
}

/** Lengths of the patterns that have exactly this length. */
export function lengths(patterns: readonly Pattern[], length: number): number[] {
  return patterns.map(({ bytes }) => bytes.length).filter((each) => each === length);
}

/** Where and how, without the value: `bank store data/store.mdb @4711: phone of customer 1 as hex`. */
export function inWords({ pattern, haystack, offset }: Finding): string {
  const { party, medium, name } = haystack;
  return `${party} ${medium} ${name} @${offset}: ${pattern.canary.name} as ${pattern.encodings[0]}`;
}
