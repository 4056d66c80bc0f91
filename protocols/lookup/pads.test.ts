import { seededRng } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  MAX_OPEN_BATCHES,
  MAX_SEGMENTS,
  MAX_UNUSED_OTS,
  PadError,
  ReceiverBook,
  type ReceiverPads,
  type Segment,
  SenderBook,
} from "./pads.ts";

const WIDTH = 16;
const SERIES = new Uint8Array(16).fill(7);

/** Pads that say where they come from: batch, OT, slot. */
function senderPads(batch: number, count: number): Uint16Array {
  return Uint16Array.from({ length: count * WIDTH }, (_, i) => batch * 512 + i + 1);
}

function senderBook(...batches: readonly number[]): SenderBook {
  const book = new SenderBook(SERIES, WIDTH);
  for (const [batch, count] of batches.entries()) book.add(batch, senderPads(batch, count));
  return book;
}

function kindOf(call: () => unknown): PadError["kind"] | "taken" | "busy" {
  try {
    call();
    return "taken";
  } catch (error) {
    if (error instanceof PadError) return error.kind;
    if (error instanceof Refusal && error.code === "busy") return "busy";
    throw error;
  }
}

describe("the sender's book", () => {
  test("gives the pads of a range once, and wipes them in place", () => {
    const book = new SenderBook(SERIES, WIDTH);
    const pads = senderPads(0, 10);
    const copy = pads.slice();
    book.add(0, pads);
    const named = [{ batch: 0, offset: 3, count: 4 }];
    expect(book.burn(SERIES, named, 4)).toEqual(copy.subarray(3 * WIDTH, 7 * WIDTH));
    expect(pads.subarray(3 * WIDTH, 7 * WIDTH).every((word) => word === 0)).toBe(true);
    expect(pads.subarray(7 * WIDTH)).toEqual(copy.subarray(7 * WIDTH));
    expect(kindOf(() => book.burn(SERIES, named, 4))).toBe("used");
    expect(book.level).toBe(6);
  });

  test("keeps the order of the segments named, over several batches", () => {
    const book = senderBook(4, 4);
    const named = [
      { batch: 1, offset: 2, count: 2 },
      { batch: 0, offset: 0, count: 1 },
    ];
    const expected = [...senderPads(1, 4).subarray(2 * WIDTH), ...senderPads(0, 1)];
    expect([...book.burn(SERIES, named, 3)]).toEqual(expected);
  });

  const refused: readonly [string, readonly Segment[], number][] = [
    ["overlap in one message", [seg(0, 0, 3), seg(0, 2, 2)], 5],
    ["the same segment twice in one message", [seg(0, 0, 2), seg(0, 0, 2)], 4],
    ["a range beyond the batch's end", [seg(0, 9, 2)], 2],
    ["an offset beyond the batch's end", [seg(0, 4_294_967_295, 1)], 1],
    ["an empty segment", [seg(0, 0, 0), seg(0, 0, 1)], 1],
    ["an unknown batch", [seg(9, 0, 1)], 1],
    ["fewer pads than lookups", [seg(0, 0, 2)], 3],
    ["more pads than lookups", [seg(0, 0, 4)], 3],
    ["no segment at all", [], 1],
  ];
  test.each(refused)("refuses %s", (_, segments, count) => {
    expect(kindOf(() => senderBook(10).burn(SERIES, segments, count))).toBe("used");
  });

  test("does not give out again what a refused message named before its faulty segment", () => {
    const book = senderBook(10);
    const faulty = [seg(0, 0, 3), seg(0, 9, 2)];
    expect(kindOf(() => book.burn(SERIES, faulty, 5))).toBe("used");
    expect(kindOf(() => book.burn(SERIES, [seg(0, 2, 1)], 1))).toBe("used");
    expect(kindOf(() => book.burn(SERIES, [seg(0, 3, 7)], 7))).toBe("taken");
    expect(book.level).toBe(0);
  });

  test("tells pads of another setup from pads that were used", () => {
    const other = new Uint8Array(16).fill(8);
    expect(kindOf(() => senderBook(4).burn(other, [seg(0, 0, 1)], 1))).toBe("stale");
    expect(kindOf(() => senderBook(4).burn(SERIES.subarray(1), [seg(0, 0, 1)], 1))).toBe("stale");
  });

  test("takes a batch number once, and wipes everything when cleared", () => {
    const book = senderBook(4);
    expect(kindOf(() => book.add(0, senderPads(0, 4)))).toBe("used");
    const pads = senderPads(1, 4);
    book.add(1, pads);
    book.clear();
    expect(pads.every((word) => word === 0)).toBe(true);
    expect(book.level).toBe(0);
    // No verdict on the peer, who may not know yet that this setup has ended.
    expect(kindOf(() => book.burn(SERIES, [seg(1, 0, 1)], 1))).toBe("stale");
  });

  test("takes no batch number again, also when that batch is used up", () => {
    const book = senderBook(4, 4);
    book.burn(SERIES, [seg(0, 0, 4)], 4);
    const pads = senderPads(0, 4);
    expect(kindOf(() => book.add(0, pads))).toBe("used");
    expect(pads.every((word) => word === 0)).toBe(true);
    expect(book.level).toBe(4);
  });

  test("takes nothing more once it is cleared: an older setup that goes on is refused", () => {
    const book = senderBook(4);
    book.clear();
    expect([book.level, book.room]).toEqual([0, 0]);
    const pads = senderPads(1, 4);
    expect(kindOf(() => book.add(1, pads))).toBe("busy");
    expect(pads.every((word) => word === 0)).toBe(true);
    expect(book.level).toBe(0);
  });

  test("holds so many unused OTs and no more: the oldest give way, and are wiped", () => {
    const book = new SenderBook(SERIES, 1);
    const oldest = new Uint16Array(3).fill(7);
    book.add(0, oldest);
    book.add(1, new Uint16Array(MAX_UNUSED_OTS - 5));
    book.add(2, new Uint16Array(2));
    expect(book.level).toBe(MAX_UNUSED_OTS);
    book.add(3, new Uint16Array(1));
    expect(book.level).toBe(MAX_UNUSED_OTS - 2);
    expect([...oldest]).toEqual([0, 0, 0]);
    // The peer did nothing wrong by naming them.
    expect(kindOf(() => book.burn(SERIES, [seg(0, 0, 1)], 1))).toBe("stale");
    book.burn(SERIES, [seg(1, 0, 1), seg(2, 0, 2), seg(3, 0, 1)], 4);
    expect(kindOf(() => book.burn(SERIES, [seg(2, 0, 1)], 1))).toBe("used");
    expect(kindOf(() => book.add(4, new Uint16Array(MAX_UNUSED_OTS + 1)))).toBe("busy");
  });

  test("holds so many batches and no more, however small", () => {
    const book = new SenderBook(SERIES, 1);
    for (let batch = 0; batch <= MAX_OPEN_BATCHES; batch += 1) book.add(batch, new Uint16Array(1));
    expect(book.level).toBe(MAX_OPEN_BATCHES);
    expect(kindOf(() => book.burn(SERIES, [seg(0, 0, 1)], 1))).toBe("stale");
    book.burn(SERIES, [seg(1, 0, 1)], 1);
  });
});

describe("the receiver's book", () => {
  test("gives OTs out in order, each once, and wipes them in place", () => {
    const rng = seededRng("receiver");
    const [choices, pads] = [rng.bytes(5), new Uint16Array([11, 12, 13, 14, 15])];
    const [wereChoices, werePads] = [choices.slice(), pads.slice()];
    const book = new ReceiverBook(SERIES);
    book.add(3, choices, pads);
    expect(book.take(6)).toBeUndefined();
    expect(book.level).toBe(5);
    const first = book.take(2);
    expect(first?.series).toEqual(SERIES);
    expect(first?.segments).toEqual([seg(3, 0, 2)]);
    expect(first?.choices).toEqual(wereChoices.subarray(0, 2));
    expect(first?.pads).toEqual(werePads.subarray(0, 2));
    expect([...choices.subarray(0, 2), ...pads.subarray(0, 2)]).toEqual([0, 0, 0, 0]);
    expect(book.take(3)?.segments).toEqual([seg(3, 2, 3)]);
    expect(book.take(1)).toBeUndefined();
  });

  test("never names more segments than a message holds: small old batches go", () => {
    const book = new ReceiverBook(SERIES);
    const old = new Uint16Array([9]);
    book.add(0, new Uint8Array(1), old);
    for (let batch = 1; batch < 2 * MAX_SEGMENTS; batch += 1)
      book.add(batch, new Uint8Array(1), new Uint16Array(1));
    book.add(500, new Uint8Array(100), new Uint16Array(100));
    const taken = book.take(100);
    expect(taken?.segments.length).toBe(MAX_SEGMENTS);
    expect(taken?.segments.at(-1)).toEqual(seg(500, 0, 100 - MAX_SEGMENTS + 1));
    expect(old[0]).toBe(0);
    expect(book.level).toBe(MAX_SEGMENTS - 1);
  });

  test("gives out again what was given back, and nothing else twice", () => {
    const rng = seededRng("given back");
    const book = new ReceiverBook(SERIES);
    for (const batch of [0, 1, 2]) book.add(batch, rng.bytes(4), new Uint16Array([1, 2, 3, 4]));
    book.take(2);
    const taken = book.take(5) as ReceiverPads;
    const copy = structuredClone(taken);
    book.giveBack(taken);
    expect(book.level).toBe(10);
    const first = book.take(1) as ReceiverPads;
    expect(first.segments).toEqual([seg(0, 2, 1)]);
    const rest = book.take(4) as ReceiverPads;
    expect(rest.segments).toEqual([seg(0, 3, 1), seg(1, 0, 3)]);
    expect([...first.choices, ...rest.choices]).toEqual([...copy.choices]);
    expect([...first.pads, ...rest.pads]).toEqual([...copy.pads]);
    expect(book.take(5)?.segments).toEqual([seg(1, 3, 1), seg(2, 0, 4)]);
    expect(book.level).toBe(0);
  });

  test("wipes what is given back to a setup that has ended", () => {
    const book = new ReceiverBook(SERIES);
    book.add(0, Uint8Array.of(1, 2), Uint16Array.of(3, 4));
    const taken = book.take(2) as ReceiverPads;
    book.clear();
    book.giveBack(taken);
    expect([...taken.choices, ...taken.pads, book.level]).toEqual([0, 0, 0, 0, 0]);
  });

  test("takes only whole positive numbers", () => {
    const book = new ReceiverBook(SERIES);
    for (const count of [0, -1, 1.5, Number.NaN])
      expect(() => book.take(count)).toThrow(RangeError);
  });

  test("wipes everything when cleared", () => {
    const [choices, pads] = [new Uint8Array([1, 2]), new Uint16Array([3, 4])];
    const book = new ReceiverBook(SERIES);
    book.add(0, choices, pads);
    book.clear();
    expect([...choices, ...pads, book.level]).toEqual([0, 0, 0, 0, 0]);
    expect(book.take(1)).toBeUndefined();
  });

  test("takes nothing more once it is cleared", () => {
    const [choices, pads] = [new Uint8Array([1, 2]), new Uint16Array([3, 4])];
    const book = new ReceiverBook(SERIES);
    book.clear();
    expect(kindOf(() => book.add(0, choices, pads))).toBe("busy");
    expect([...choices, ...pads, book.level]).toEqual([0, 0, 0, 0, 0]);
  });
});

/** What may be asked of a pair of books that share a setup. */
type Step =
  | { readonly kind: "refill"; readonly count: number }
  | { readonly kind: "lookup"; readonly count: number; readonly returned: boolean }
  | { readonly kind: "forge"; readonly segments: readonly Segment[] };

const segmentStep = fc.record({
  batch: fc.integer({ min: 0, max: 4 }),
  offset: fc.integer({ min: 0, max: 24 }),
  count: fc.integer({ min: 0, max: 12 }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("refill" as const), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({
    kind: fc.constant("lookup" as const),
    count: fc.integer({ min: 1, max: 24 }),
    returned: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("forge" as const),
    segments: fc.array(segmentStep, { minLength: 1, maxLength: 3 }),
  }),
);

/** The plain model: a set of the pads that are left, and nothing else. */
function burnInModel(left: Set<string>, segments: readonly Segment[]): string[] | undefined {
  const given: string[] = [];
  for (const { batch, offset, count } of segments) {
    const names = Array.from({ length: count }, (_, i) => `${batch}/${offset + i}`);
    if (count < 1 || !names.every((name) => left.has(name))) return undefined;
    for (const name of names) left.delete(name);
    given.push(...names);
  }
  return given;
}

describe("both books, against a set of names", () => {
  test("no interleaving gives a pad twice, or another than its owner's", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const sender = new SenderBook(SERIES, WIDTH);
        const receiver = new ReceiverBook(SERIES);
        const left = new Set<string>();
        const everGiven = new Set<string>();
        let batches = 0;

        const give = (segments: readonly Segment[]): void => {
          const count = segments.reduce((sum, segment) => sum + segment.count, 0);
          const expected = burnInModel(left, segments);
          if (expected === undefined) {
            expect(kindOf(() => sender.burn(SERIES, segments, count))).toBe("used");
            return;
          }
          const pads = sender.burn(SERIES, segments, count);
          for (const [at, name] of expected.entries()) {
            expect(everGiven.has(name)).toBe(false);
            everGiven.add(name);
            const [batch, ot] = name.split("/").map(Number) as [number, number];
            const original = batch * 512 + ot * WIDTH + 1;
            expect(pads[at * WIDTH]).toBe(original);
          }
        };

        for (const each of steps) {
          if (each.kind === "refill") {
            for (let i = 0; i < each.count; i += 1) left.add(`${batches}/${i}`);
            sender.add(batches, senderPads(batches, each.count));
            const choices = Uint8Array.from({ length: each.count }, (_, i) => i & 15);
            receiver.add(batches, choices, new Uint16Array(each.count));
            batches += 1;
          } else if (each.kind === "forge") {
            give(each.segments);
          } else {
            const level = receiver.level;
            const taken = receiver.take(each.count);
            expect(taken === undefined).toBe(each.count > level);
            if (taken !== undefined && each.returned) receiver.giveBack(taken);
            else if (taken !== undefined) give(taken.segments);
          }
          expect(sender.level).toBe(left.size);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function seg(batch: number, offset: number, count: number): Segment {
  return { batch, offset, count };
}
