import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IdentifierIndex } from "./identifier-index.ts";

describe("IdentifierIndex", () => {
  it("agrees with a map from text to line", () => {
    const few = fc.array(fc.string({ maxLength: 2 }), { maxLength: 200 });
    fc.assert(
      fc.property(few, (texts) => {
        const index = new IdentifierIndex();
        const model = new Map<string, number>();
        texts.forEach((text, line) => {
          expect(index.add(Buffer.from(text), line)).toBe(model.get(text));
          if (!model.has(text)) model.set(text, line);
        });
        expect(index.identifiers.map(String)).toEqual([...model.keys()]);
      }),
    );
  });

  it("keeps finding all of many as it grows", () => {
    const index = new IdentifierIndex();
    const identifier = (i: number): Buffer => Buffer.from(`phone:+86139${i}`);
    for (let i = 0; i < 10_000; i++) expect(index.add(identifier(i), i + 2)).toBeUndefined();
    for (let i = 0; i < 10_000; i++) expect(index.add(identifier(i), 0)).toBe(i + 2);
    expect(index.identifiers.length).toBe(10_000);
  });
});
