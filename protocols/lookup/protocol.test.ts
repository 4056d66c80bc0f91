import { type Rng, seededRng } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import { conformance } from "@moiety/lab";
import { describe, expect, test } from "vitest";
import { dealBooks, nibbles, words } from "../test-dealer.ts";
import { changing, failureOf, outputOf, play } from "../test-world.ts";
import { type LookupSession, lookup, lookupBureau } from "./protocol.ts";

interface Side {
  readonly indices: Uint8Array;
  readonly tables: Uint16Array;
  /** Sizes of the dealt batches, oldest first. */
  readonly dealt: readonly number[];
}
type Inputs = Readonly<Record<"a" | "b", Side>>;

const rng: Rng = seededRng("lookup conforms");

function inputs(groups: number, m: number, dealt: readonly number[]): Inputs {
  const side = (): Side => {
    const indices = nibbles(rng, groups * m);
    return { indices, tables: words(rng, 16 * m), dealt };
  };
  return { a: side(), b: side() };
}

function bureau(session: LookupSession, { dealt, ...input }: Side): Promise<Uint16Array> {
  const pads = dealBooks(seededRng("dealer"), ...dealt)[session.role];
  return lookupBureau(session, { ...input, pads });
}

/** One party that holds the whole tables and indices. */
function sums({ a, b }: Inputs): Uint16Array {
  const m = a.tables.length / 16;
  const totals = new Uint16Array(a.indices.length / m);
  for (let l = 0; l < a.indices.length; l += 1) {
    const i = ((a.indices[l] as number) + (b.indices[l] as number)) & 15;
    const at = (l % m) * 16 + i;
    const g = Math.floor(l / m);
    totals[g] = (totals[g] as number) + (a.tables[at] as number) + (b.tables[at] as number);
  }
  return totals;
}

conformance(lookup, {
  // More OTs than are used, so that a change of what is named can go wrong in every way.
  inputs: [inputs(3, 2, [4, 20]), inputs(1, 1, [9]), inputs(50, 20, [...Array(20).fill(50), 8])],
  roles: { a: bureau, b: bureau },
  ideal: sums,
  reconstruct: ({ a, b }: Readonly<Record<"a" | "b", Uint16Array>>) =>
    a.map((share, g) => share + (b[g] as number)),
  parameters: ({ a: { indices, dealt } }: Inputs) => ({
    lookups: indices.length,
    segments: segmentsOf(indices.length, dealt),
  }),
  undetected: [
    { message: "choose", field: "d", why: "semi-honest: the tables are read at another place" },
    {
      message: "choose",
      field: "segments[].offset",
      why: "semi-honest: pads that do not fit give a random sum",
    },
    {
      message: "choose",
      field: "segments",
      why: "semi-honest: pads in another order do not fit",
    },
    { message: "tables", field: "e", why: "semi-honest: the peer's table is another than agreed" },
  ],
  maxTamperings: 500,
});

function segmentsOf(count: number, dealt: readonly number[]): number {
  let [segments, covered] = [0, 0];
  for (; covered < count; segments += 1) covered += dealt[segments] as number;
  return segments;
}

describe("a lookup", () => {
  const given = inputs(3, 2, [6]);
  const books = (count: number = 6) => dealBooks(seededRng("dealer"), count);
  const run = (pads: ReturnType<typeof books>, of: Inputs = given) =>
    play(lookup, {
      a: (session) => lookupBureau(session, { ...of.a, pads: pads.a }),
      b: (session) => lookupBureau(session, { ...of.b, pads: pads.b }),
    });

  test("uses each pad once: a peer that names the same ones again is named itself", async () => {
    const pads = books(12);
    outputOf((await run(pads)).a);
    const forgetful = dealBooks(seededRng("dealer"), 12).a; // as if restored from a copy
    const ended = await run({ a: forgetful, b: pads.b });
    expect(failureOf(ended.b)).toMatchObject({ party: "a", code: "cheat", step: "choose" });
  });

  test("with pads of a setup that has ended asks to try again, and blames nobody", async () => {
    const old = dealBooks(seededRng("an earlier dealer"), 6);
    const ended = await run({ a: old.a, b: books().b });
    expect(failureOf(ended.b)).toMatchObject({ party: "b", code: "conflict" });
    expect(failureOf(ended.a)).toMatchObject({ code: "conflict" });
  });

  test("of different sizes is a mismatch", async () => {
    const shorter = { a: given.a, b: { ...given.b, indices: given.b.indices.subarray(0, 2) } };
    const ended = await run(books(), shorter);
    expect([failureOf(ended.a).code, failureOf(ended.b).code]).toContain("mismatch");
  });

  test("with something in the spare half byte of an odd number is malformed", async () => {
    const odd = inputs(3, 1, [3]);
    for (const [bits, ends] of [
      [0x0f, "sum"],
      [0x10, "malformed"],
      [0x80, "malformed"],
    ] as const) {
      const pads = books(3);
      const ended = await play(lookup, {
        a: (session) =>
          lookupBureau(
            changing(session, "send", (name, body) => {
              if (name !== "choose") return body;
              const choose = body as { d: Uint8Array };
              const d = Uint8Array.from(choose.d);
              d[1] = (d[1] as number) ^ bits;
              return { ...choose, d };
            }),
            { ...odd.a, pads: pads.a },
          ),
        b: (session) => lookupBureau(session, { ...odd.b, pads: pads.b }),
      });
      if (ends === "sum") expect(outputOf(ended.b)).toHaveLength(3);
      else expect(failureOf(ended.b)).toMatchObject({ party: "a", code: ends, step: "choose" });
    }
  });

  test("of an index above 15 is refused before anything is used up, without saying where", async () => {
    const pads = books();
    const indices = Uint8Array.from(given.a.indices);
    indices[4] = 16;
    const ended = await run(pads, { ...given, a: { ...given.a, indices } });
    expect(failureOf(ended.a).message).toMatch(/an index share is not in 0..15$/);
    expect(pads.a.receiver.level).toBe(6);
  });

  test("wipes the pads it was given, also when it fails", async () => {
    const { a, b } = books();
    const taken: Uint16Array[] = [];
    const take: typeof a.take = async (count) => {
      const given = await a.take(count);
      taken.push(given.pads);
      return given;
    };
    const spied = Object.assign(Object.create(a) as typeof a, { take });
    b.sender.clear();
    const ended = await run({ a: spied, b });
    failureOf(ended.a);
    expect(taken.length).toBe(1);
    expect(taken[0]).toEqual(new Uint16Array(6));
  });

  test("uses nothing up where the peer has left before it was told anything", async () => {
    const { a, b } = books();
    const take: typeof a.take = async (count) => {
      const given = await a.take(count);
      await new Promise((resolve) => setTimeout(resolve, 50)); // the reset arrives
      return given;
    };
    const spied = Object.assign(Object.create(a) as typeof a, { take });
    const ended = await play(lookup, {
      a: (session) => lookupBureau(session, { ...given.a, pads: spied }),
      b: async () => {
        throw new Refusal("conflict", "not now");
      },
    });
    // A code that a third party chose would be taken for this side's, and a `conflict` for stale pads.
    expect(failureOf(ended.a)).toMatchObject({ party: "b", code: "aborted" });
    expect([a.receiver.level, b.receiver.level]).toEqual([6, 6]);
  });

  test.each([
    ["no index at all", 0, 2],
    ["no whole number of groups", 3, 2],
    ["too many", 32_770, 2],
  ])("of %s is refused before anything is used up", async (_, lookups, m) => {
    const pads = books();
    const side = { indices: new Uint8Array(lookups), tables: new Uint16Array(16 * m), dealt: [] };
    const ended = await run(pads, { a: side, b: side });
    expect(failureOf(ended.a).message).toMatch(/indices for 2 tables/);
    expect(pads.a.receiver.level).toBe(6);
  });
});
