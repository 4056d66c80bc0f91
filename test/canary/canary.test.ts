/**
 * Nobody but the platform a datum came from ever sees it: every node runs as it does for its
 * operator, and all that it receives, sends, stores, logs or prints is searched. See README.md.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { useWorld } from "../world/network.ts";
import type { Canary } from "./canaries.ts";
import { allowed, type Haystack, type Medium, volume } from "./captured.ts";
import {
  ASKED_CITIZENS,
  ASKED_PHONES,
  CANARIES,
  isLeaked,
  LEAKED,
  PLATFORMS,
  QUOTED,
} from "./cast.ts";
import { CHANCE, expectedByChance, PROOF_BYTES } from "./chance.ts";
import { patternsOf } from "./encodings.ts";
import { type Finding, inWords, proven, search } from "./findings.ts";
import { type Day, ONLOOKER, playDay } from "./scenario.ts";

const world = useWorld();
const patterns = CANARIES.flatMap(patternsOf);
let day: Day;
let findings: Finding[];
let bytes: number;

beforeAll(async () => {
  day = await playDay(world);
  findings = search(patterns, day.haystacks);
  bytes = volume(day.haystacks.filter(({ medium }) => medium !== "messages")); // a copy of the wire
}, 180_000);

const at =
  (place: string, where: Medium) =>
  ({ party, medium }: Haystack): boolean =>
    party === place && medium === where;

/** Whether a canary was found at a party, in a medium (any, if not said) and encoding. */
function found(
  canary: Canary | undefined,
  party: string,
  medium?: Medium,
  encoding?: string,
): boolean {
  return findings.some(
    ({ pattern, haystack }) =>
      pattern.canary === canary &&
      haystack.party === party &&
      (medium === undefined || haystack.medium === medium) &&
      (encoding === undefined || pattern.encodings.includes(encoding)),
  );
}

const misplaced = (): Finding[] =>
  findings.filter(({ pattern, haystack }) => !allowed(pattern.canary, haystack));

describe("the day", () => {
  it("was a real one: every score is the plaintext scorecard's, every node ended in order", () => {
    expect(day.scores).toHaveLength(10);
    expect(day.scores).toEqual(day.expected);
    expect(new Set(day.scores).size).toBeGreaterThan(3);
    for (const [node, { code }] of Object.entries(day.ended))
      expect([node, code]).toEqual([node, 0]);
    expect(day.refusals.join("\n")).toMatch(
      /not a phone number[\s\S]*not a request[\s\S]*not a number/,
    );
  });

  it("was captured: bytes in every medium, and no frame that could not be taken apart", () => {
    const least: Readonly<Record<string, Partial<Record<Medium, number>>>> = {
      "bureau-a": { wire: 500_000, messages: 1_000_000, box: 1500, log: 500 },
      "bureau-b": { wire: 500_000, messages: 1_000_000, box: 1500 },
      bank: { wire: 10_000, messages: 20_000, log: 200, control: 5000 },
      supervisor: { wire: 5000, messages: 10_000, log: 200 },
      telecom: { wire: 8000, messages: 16_000, log: 200, control: 500 },
      payments: { wire: 5000, messages: 10_000, log: 200, control: 500 },
      marketplace: { wire: 5000, messages: 10_000, log: 200, control: 500 },
    };
    for (const [party, media] of Object.entries(least)) {
      const all = { store: 16_384, file: 1000, printed: 10, ...media };
      for (const [medium, bound] of Object.entries(all))
        expect([party, medium, volume(day.haystacks.filter(at(party, medium as Medium)))]).toEqual([
          party,
          medium,
          expect.toSatisfy((count: number) => count >= bound, `at least ${bound}`),
        ]);
    }
    expect(volume(day.haystacks.filter(at(ONLOOKER, "printed")))).toBeGreaterThan(1000);
    for (const { party, name, rest = 0 } of day.haystacks)
      expect([party, name, rest]).toEqual([party, name, 0]);
  });

  it("exchanged and stored so few bytes that no finding is an accident", () => {
    const proof = patterns.map((pattern) => pattern.bytes.length).filter((n) => n >= PROOF_BYTES);
    expect(expectedByChance(proof, bytes)).toBeLessThan(CHANCE);
  });
});

describe("who may hold a datum", () => {
  it.each(PLATFORMS)(
    "$domain does, of all its people: the search sees them",
    ({ domain, rows }) => {
      const own = CANARIES.filter(({ holders }) => holders.has(domain));
      expect(own.length).toBeGreaterThan(2 * rows.length - 1);
      for (const canary of own)
        expect([canary.name, found(canary, domain, "file", "raw")]).toEqual([canary.name, true]);
    },
  );

  it("the bank that asks does, of identifiers: the search sees them", () => {
    for (const person of [...ASKED_PHONES, ...ASKED_CITIZENS])
      expect([person.name, found(person, "bank", "control", "raw")]).toEqual([person.name, true]);
  });

  it("nobody else does, in any encoding", () => {
    const others = misplaced().filter(({ pattern }) => !isLeaked(pattern.canary));
    expect(proven(others, patterns, bytes).map(inWords)).toEqual([]);
  });
});

describe("what was given away on purpose is found", () => {
  it("a value that a platform's catalogue quotes: at both bureaus, and beyond", () => {
    for (const bureau of ["bureau-a", "bureau-b"])
      for (const medium of ["wire", "messages", "store"] as const)
        expect([bureau, medium, found(QUOTED, bureau, medium, "raw")]).toEqual([
          bureau,
          medium,
          true,
        ]);
    for (const reader of ["bank", "supervisor"])
      expect([reader, found(QUOTED, reader, "wire", "raw")]).toEqual([reader, true]);
    for (const stranger of ["payments", "marketplace", ONLOOKER])
      expect([stranger, found(QUOTED, stranger)]).toEqual([stranger, false]);
  });

  it("an identifier, a value and a text in a message, in every encoding", () => {
    expect(day.leaks.length).toBeGreaterThan(200);
    for (const { canary, encoding } of day.leaks)
      expect([canary.name, encoding, found(canary, "bureau-a", "messages", encoding)]).toEqual([
        canary.name,
        encoding,
        true,
      ]);
    const short = misplaced().filter(({ pattern }) => pattern.bytes.length < PROOF_BYTES);
    const told = proven(short, patterns, bytes).flatMap(({ pattern }) => pattern.encodings);
    expect(told).toEqual(expect.arrayContaining(["u40le", "u40be", "u48le", "u48be", "bcd"]));
  });

  it("a value in two halves, in two frames", () => {
    expect(found(LEAKED.numbers[2], "bureau-a", "messages", "raw")).toBe(true);
    expect(found(LEAKED.numbers[2], "bureau-a", "wire", "raw")).toBe(false);
  });

  it("an identifier in a log, and one that a node prints", () => {
    expect(found(LEAKED.phones[1], "bureau-a", "log", "raw")).toBe(true);
    expect(found(LEAKED.phones[2], "bureau-b", "printed", "raw")).toBe(true);
  });

  it("and nothing of it where it was not put", () => {
    const places = misplaced()
      .filter(({ pattern }) => isLeaked(pattern.canary) && pattern.bytes.length >= PROOF_BYTES)
      .filter(({ pattern }) => pattern.canary !== QUOTED)
      .map(({ haystack }) => haystack.party);
    expect([...new Set(places)].sort()).toEqual(["bureau-a", "bureau-b"]);
  });
});
