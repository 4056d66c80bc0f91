import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SetupError } from "./config-error.ts";
import { after, key, openStore } from "./store.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moiety-store-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a store", () => {
  test("keeps what was written across a restart", async () => {
    const first = await openStore(folder, "net/a");
    await first.transaction(() => void first.table("t").put(key("x", 1), Buffer.from("one")));
    await first.close();
    const second = await openStore(folder, "net/a");
    expect(second.table("t").get(key("x", 1))?.toString()).toBe("one");
    await second.close();
  });

  test("is refused to another node", async () => {
    await (await openStore(folder, "net/a")).close();
    await expect(openStore(folder, "net/b")).rejects.toThrow(SetupError);
    await expect(openStore(folder, "net/b")).rejects.toThrow("the store of net/a");
  });

  test("of a newer version is refused", async () => {
    const store = await openStore(folder, "net/a");
    const newer = Buffer.from(JSON.stringify({ version: 99, owner: "net/a" }));
    await store.table("meta").put(Buffer.from("schema"), newer);
    await store.close();
    await expect(openStore(folder, "net/a")).rejects.toThrow("newer moiety (schema 99)");
  });

  test("a transaction whose callback throws changes nothing", async () => {
    const store = await openStore(folder, "net/a");
    const table = store.table("t");
    const failing = store.transaction(() => {
      void table.put(key("x"), Buffer.from("1"));
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(table.get(key("x"))).toBeUndefined();
    await store.close();
  });
});

describe("keys", () => {
  test("order as their numbers do, and no name's keys lie in another's range", () => {
    fc.assert(
      fc.property(fc.nat(0xffff_fffe), fc.nat(0xffff_fffe), (x, y) => {
        expect(Math.sign(Buffer.compare(key("d", x), key("d", y)))).toBe(Math.sign(x - y));
      }),
    );
    const prefix = key("tele");
    const other = key("telecom", 1);
    expect(Buffer.compare(other, prefix) >= 0 && Buffer.compare(other, after(prefix)) < 0).toBe(
      false,
    );
  });

  test("`after` bounds exactly the keys that begin with the prefix", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 6 }),
        fc.uint8Array({ maxLength: 8 }),
        (prefix, tail) => {
          fc.pre(prefix.some((byte) => byte !== 0xff));
          const inside = Buffer.concat([prefix, tail]);
          expect(Buffer.compare(inside, after(prefix))).toBe(-1);
          expect(Buffer.compare(after(prefix), Buffer.from(prefix))).toBe(1);
        },
      ),
    );
    expect(() => after(Buffer.of(0xff, 0xff))).toThrow(RangeError);
  });
});
