/** The comparison as a table for a README. */
import type { BenchReport, Figures } from "../figures.ts";

interface System {
  readonly words: string;
  readonly trust: string;
  readonly perSecondPerCore: number | undefined;
  readonly p50Ms: number | undefined;
  readonly bytes: string;
}

/** Markdown, with the machine under it; undefined for a bench that compares nothing. */
export function comparisonTable({ machine, date, figures }: BenchReport): string | undefined {
  if (figures.perSecondPerCoreOf === undefined) return undefined;
  const { cpu, cores, node } = machine;
  return [
    "| 20 features × 16 bins | who must be trusted with what | people a second and core | one person, p50 | bytes a person |",
    "|---|---|---|---|---|",
    ...systemsOf(figures).map((each) => `| ${cellsOf(each).join(" | ")} |`),
    "",
    `${cpu}, ${cores} cores, Node ${node}, ${date.slice(0, 10)}: \`moiety bench compare --markdown\`.`,
  ].join("\n");
}

function systemsOf(figures: Figures): System[] {
  const { perSecondPerCoreOf: rates = {}, p50MsOf: times = {}, bytesOf: bytes = {} } = figures;
  const systems: System[] = [
    {
      words: "plain JavaScript",
      trust: "whoever computes sees features, card and scores",
      perSecondPerCore: rates.plain,
      p50Ms: times.plain,
      bytes: "–",
    },
    {
      words: "Moiety, lookups only: two bureaus, random OTs made on the way",
      trust: "the two bureaus must not collude; each sees neither features nor card nor scores",
      perSecondPerCore: rates.lookups,
      p50Ms: undefined,
      bytes: inWords(bytes.lookups),
    },
    {
      words: "Moiety, a whole inquiry: pseudonyms with proofs, signatures, stores, TLS",
      trust: "the same; the bank sees the score, and platforms nothing",
      perSecondPerCore: rates.inquiries,
      p50Ms: times.inquiries,
      bytes: inWords(bytes.inquiries),
    },
  ];
  if (rates.seal === undefined) return systems;
  return systems.concat({
    words: "node-seal, BFV: a block of 4096; one person alone by rotations",
    trust:
      "no collusion to fear, but one party holds all features in clear and learns the scores; the server's card is in clear and hidden only as far as scores and noise do not tell",
    perSecondPerCore: rates.seal,
    p50Ms: times.seal,
    bytes: [
      inWords(bytes.seal),
      `alone ${inWords(bytes.sealSingle)}, and keys of ${inWords(bytes.sealKeys)} once`,
    ].join("; "),
  });
}

function cellsOf({ words, trust, perSecondPerCore, p50Ms, bytes }: System): string[] {
  const time =
    p50Ms === undefined ? "–" : p50Ms < 0.1 ? "< 0.1 ms" : `${Number(p50Ms.toPrecision(3))} ms`;
  return [words, trust, inWords(perSecondPerCore), time, bytes];
}

/** To three digits, in groups of three. */
function inWords(value: number | undefined): string {
  return value === undefined ? "–" : Number(value.toPrecision(3)).toLocaleString("en-US");
}
