import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Secret } from "./secret.ts";

describe("Secret", () => {
  it("prints as [secret], however it is printed", () => {
    const secret = new Secret(new Uint8Array([222, 173, 190, 239]));
    const printed = [
      `${secret}`,
      String(secret),
      inspect(secret),
      inspect({ nested: [secret] }, { showHidden: true, depth: 9 }),
      JSON.stringify({ secret }),
      inspect(new Error("boom", { cause: secret })),
    ];
    for (const text of printed) {
      expect(text).toContain("[secret]");
      expect(text).not.toMatch(/222|173|deadbeef/);
    }
    expect(Object.keys(secret)).toEqual([]);
    expect(structuredClone({ ...secret })).toEqual({});
  });

  it("reveals its bytes until it is wiped", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const secret = new Secret(bytes);
    expect(secret.reveal()).toBe(bytes);
    secret.wipe();
    expect(bytes).toEqual(new Uint8Array(3));
    expect(() => secret.reveal()).toThrow(/wiped/);
    secret.wipe();
    expect(`${secret}`).toBe("[secret]");
  });
});
