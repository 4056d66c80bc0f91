/** Two bureaus that were told, or that hold, different things: an error, never a wrong score. */
import { sign } from "@moiety/crypto";
import { describe, expect, test } from "vitest";
import { BUREAUS, type Bureau, bureauKeys, signedByBank } from "../test-inquiries.ts";
import {
  type BankSession,
  type BureauSession,
  type Changes,
  inquire,
  levels,
  type Setting,
  setting,
} from "../test-scoring.ts";
import { failureOf, outputOf } from "../test-world.ts";
import { type Inquiry, inquiryHeader, PSEUDONYM_BYTES } from "./header.ts";

describe("the bureaus name each other, and the bank gets no share, when", () => {
  async function mismatch(set: Setting, changes: Changes): Promise<void> {
    const before = levels(set);
    const ended = await inquire(set, changes);
    const named = [failureOf(ended.a), failureOf(ended.b)].map(({ party, code }) => [party, code]);
    expect(named).toContainEqual(expect.arrayContaining(["mismatch"]));
    for (const [at, [party, code]] of named.entries())
      if (code === "mismatch") expect(party).toBe(at === 0 ? "b" : "a");
    failureOf(ended.bank);
    expect(levels(set)).toEqual(before);
  }

  test("one holds a record that the other lacks", async () => {
    const set = setting();
    set.world.halves.b.delete(set.world.key(1, 0));
    await mismatch(set, {});
  });

  test("a platform gave them two contents under one version", async () => {
    const set = setting();
    const holding = (side: Bureau, last: number) => ({
      resolve: async (_: string, inquiry: Inquiry) => ({
        ...set.world.resolve(side, inquiry),
        depositHeaders: [Uint8Array.of(1, 2), Uint8Array.of(3, last)],
      }),
    });
    outputOf((await inquire(set, { a: holding("a", 4), b: holding("b", 4) })).bank);
    set.world.seen.a.clear();
    set.world.seen.b.clear();
    await mismatch(set, { a: holding("a", 4), b: holding("b", 5) });
  });

  const { inquiry } = setting().world;
  const versions = (version: number) => inquiry.deposits.map((each) => ({ ...each, version }));
  const twoTongued: readonly [string, Inquiry][] = [
    ["the bank names them different versions", { ...inquiry, deposits: versions(2) }],
    ["the bank names them different models", { ...inquiry, model: new Uint8Array(32) }],
    ["the bank names them different purposes", { ...inquiry, purpose: "another" }],
    ["the bank names them different ids", { ...inquiry, inquiry: new Uint8Array(16) }],
    ["the bank names them different people", { ...inquiry, pseudonyms: othersFirst(inquiry) }],
  ];
  test.each(twoTongued)("%s", async (_, other) => {
    const set = setting();
    const roles = {
      bank: async (session: BankSession) => {
        session.send("a", "inquiry", signedByBank(set.world.inquiry));
        session.send("b", "inquiry", signedByBank(other));
        await Promise.all(BUREAUS.map((side) => session.receive(side, "result")));
      },
    };
    // Where people are asked about in another order, both hold the same records all the same.
    await mismatch(set, { roles });
  });

  test("one says back to the other what that one said of its records", async () => {
    const set = setting();
    const echo = async (session: BureauSession) => {
      if (session.role !== "b") throw new TypeError("B only");
      const asked = await session.receive("bank", "inquiry");
      const said = await session.receive("a", "header");
      const header = inquiryHeader("test", { bank: "bank", a: "a", b: "b" }, asked);
      const signature = sign(bureauKeys.b, "moiety/score/1/header", header);
      session.send("a", "header", { ...said, signature });
      await session.receive("a", "choose");
    };
    const ended = await inquire(set, { roles: { b: echo } });
    expect(failureOf(ended.a)).toMatchObject({ party: "b", code: "mismatch" });
  });

  test("one signs something else", async () => {
    const set = setting();
    const wrongly = { sign: () => new Uint8Array(64) };
    const ended = await inquire(set, { b: wrongly });
    expect(failureOf(ended.a)).toMatchObject({ party: "b", code: "mismatch", step: "header" });
    const atSeal = {
      sign: (context: string, ...parts: Uint8Array[]) =>
        sign(bureauKeys.b, context.replace("seal", "other"), ...parts),
    };
    const sealed = await inquire(setting(), { b: atSeal });
    expect(failureOf(sealed.a)).toMatchObject({ party: "b", code: "mismatch", step: "seal" });
    failureOf(sealed.bank);
  });
});

/** The first person comes last. */
function othersFirst({ pseudonyms, deposits }: Inquiry): Uint8Array {
  const first = deposits.length * PSEUDONYM_BYTES;
  return new Uint8Array(Buffer.concat([pseudonyms.subarray(first), pseudonyms.subarray(0, first)]));
}
