import { decode, encode, type ScanError, type Wire } from "@moiety/kit";
import { describe, expect, test } from "vitest";
import { bodyEdits } from "./body-edits.ts";

const body: Wire = {
  count: 200,
  word: Uint8Array.of(0, 0, 1, 0),
  name: "bureau",
  on: true,
  parts: [{ offset: 1 }, { offset: 2 }, { offset: 3 }],
};

/** What a body decodes to, or why it does not. */
function read(bytes: Uint8Array): unknown {
  try {
    return decode(bytes);
  } catch (error) {
    return (error as ScanError).fault;
  }
}

describe("edits of a body", () => {
  const edits = bodyEdits(body);
  const of = (field: string): Map<string, unknown> =>
    new Map(
      edits.filter((edit) => edit.field === field).map(({ what, body }) => [what, read(body)]),
    );

  test("name every field, lists by their first and last items", () => {
    expect([...new Set(edits.map(({ field }) => field))].sort()).toEqual([
      "",
      "count",
      "name",
      "on",
      "parts",
      "parts[]",
      "parts[].offset",
      "word",
    ]);
  });

  test("leave none as it was", () => {
    const same = edits.filter((edit) => Buffer.compare(edit.body, encode(body)) === 0);
    expect(same).toEqual([]);
    expect(edits.length).toBeGreaterThan(60);
  });

  test("change a number by one, and to its bounds, and beyond", () => {
    const values = [...of("count").values()].map(
      (value) => (value as { count?: number }).count ?? value,
    );
    for (const value of [201, 199, 0, -1, 0xffff_ffff, -32]) expect(values).toContain(value);
    for (const fault of ["nil", "float", "integer out of range", "extension type", "duplicate key"])
      expect(values).toContain(fault);
  });

  test("flip bits of bytes, cut and lengthen them, and count in words", () => {
    const words = [...of("word").values()].map((value) => {
      const { word } = value as { word?: Uint8Array | string };
      return word instanceof Uint8Array ? Buffer.from(word).toString("hex") : undefined;
    });
    for (const hex of ["01000100", "00100100", "00000180", "000001", "0000010000", ""])
      expect(words).toContain(hex);
    for (const hex of ["00000101", "000000ff", "ffffffff", "00000000"])
      expect(words).toContain(hex);
  });

  test("alter text and flags", () => {
    const names = [...of("name").values()].map((value) => (value as { name?: unknown }).name);
    for (const name of ["aureau", "bureaua", "burea", ""]) expect(names).toContain(name);
    expect(of("on").get("negated")).toMatchObject({ on: false });
  });

  test("drop, repeat, turn round and empty lists", () => {
    const offsets = (what: string): unknown =>
      (of("parts").get(what) as { parts: { offset: number }[] }).parts.map(({ offset }) => offset);
    expect(offsets("without its last item")).toEqual([1, 2]);
    expect(offsets("last item twice")).toEqual([1, 2, 3, 3]);
    expect(offsets("first item last")).toEqual([2, 3, 1]);
    expect(offsets("empty")).toEqual([]);
  });

  test("drop keys, repeat them, add unknown and forbidden ones", () => {
    expect(of("count").get("missing")).not.toHaveProperty("count");
    expect(of("count").get("twice")).toBe("duplicate key");
    expect(of("").get("an unknown key")).toHaveProperty("unknown");
    expect(of("").get("a forbidden key")).toBe("forbidden key");
    expect(of("parts[]").get("an unknown key")).toBeDefined();
  });

  test("keep the heads of long lists in their shortest form", () => {
    const long = bodyEdits(Array.from({ length: 16 }, (_, i) => i));
    const shorter = long.find(({ what }) => what === "without its last item");
    expect(read(shorter?.body as Uint8Array)).toHaveLength(15);
    const longer = long.find(({ what }) => what === "last item twice");
    expect(read(longer?.body as Uint8Array)).toHaveLength(17);
  });
});
