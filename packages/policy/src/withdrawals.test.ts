import { sign } from "@moiety/crypto";
import { canonicalJson, readableJson } from "@moiety/model";
import { describe, expect, it } from "vitest";
import { keys } from "./consent/testing/world.ts";
import { problemsOf } from "./testing/problems.ts";
import {
  parseWithdrawals,
  refuseForgottenWithdrawals,
  signWithdrawals,
  type Withdrawal,
  type Withdrawals,
  withdrawalRefusal,
  withdrawalsAfter,
} from "./withdrawals.ts";

const KEY = keys.supervisor.verifyingKey;
const withdrawal = (digit: string, version = 1): Withdrawal => ({
  certificate: digit.repeat(64),
  bank: "village-bank",
  modelName: "small-loans",
  version,
  withdrawnAt: "2026-03-01T12:00:00Z",
  reason: "The sample was not the one that was described.",
});
const [ONE, TWO, THREE] = [withdrawal("1"), withdrawal("2", 2), withdrawal("3", 3)];
const FIRST = withdrawalsAfter(undefined, "river-valley", [ONE]);
const LIST = withdrawalsAfter(FIRST, "river-valley", [TWO]);
const FILE = signWithdrawals(LIST, keys.supervisor);
const parse = (bytes: Uint8Array): Withdrawals =>
  parseWithdrawals(bytes, KEY, "river-valley", "list.json");

describe("a list of withdrawn certificates", () => {
  it("is read as the supervisor signed it, and grows", () => {
    expect(parse(FILE)).toEqual({
      network: "river-valley",
      serial: 2,
      withdrawn: [ONE, TWO],
    });
  });

  it("is refused when signed by another, for another network, or as another document", () => {
    const mallorys = signWithdrawals(LIST, keys.mallory);
    expect(problemsOf(() => parse(mallorys))).toContain("wrong signature");
    const others = signWithdrawals({ ...LIST, network: "other-valley" }, keys.supervisor);
    expect(problemsOf(() => parse(others))).toContain("network other-valley");
    const body = canonicalJson(LIST);
    const signature = sign(keys.supervisor, "moiety/purpose-policy/v1", body);
    const file = readableJson({
      withdrawals: LIST,
      signature: Buffer.from(signature).toString("hex"),
    });
    expect(problemsOf(() => parse(file))).toContain("wrong signature");
  });

  const bad = (change: Partial<Withdrawal>): Withdrawals => ({
    ...LIST,
    withdrawn: [ONE, { ...TWO, ...change }],
  });
  it.each([
    ["lists a certificate twice", bad({ certificate: ONE.certificate }), "listed twice"],
    ["withdraws nothing", { ...LIST, withdrawn: [] }, "withdrawn"],
    ["has no reason", bad({ reason: "" }), "say why"],
    ["has a reason of several lines", bad({ reason: "a\nb" }), "control characters"],
    ["has a reason that is long", bad({ reason: "x".repeat(201) }), "reason"],
    ["has a digest in capitals", bad({ certificate: "A".repeat(64) }), "digits 0-9a-f"],
    ["is of a time that no log can hold", bad({ withdrawnAt: "2107-01-01T00:00:00Z" }), "2106"],
    ["has no serial", { ...LIST, serial: 0 }, "serial"],
    [
      "is too long",
      {
        ...LIST,
        withdrawn: Array.from({ length: 4097 }, (_, n) => ({
          ...ONE,
          certificate: n.toString(16).padStart(64, "0"),
        })),
      },
      "withdrawn",
    ],
  ] as [string, Withdrawals, string][])("is not signed when it %s", (_, list, problem) => {
    expect(problemsOf(() => signWithdrawals(list, keys.supervisor))).toContain(problem);
  });

  it("holds as many certificates as it may, each with the longest names and reason", () => {
    const long = "b".repeat(40);
    const most = Array.from({ length: 4096 }, (_, n) => ({
      ...ONE,
      certificate: n.toString(16).padStart(64, "0"),
      bank: long,
      modelName: long,
      version: 0x7fff_ffff,
      reason: "界".repeat(200),
    }));
    const file = signWithdrawals({ ...LIST, withdrawn: most }, keys.supervisor);
    expect(parse(file).withdrawn).toHaveLength(4096);
  });

  it("is followed by one with a higher serial that has all that it has", () => {
    const next = withdrawalsAfter(LIST, "river-valley", [THREE]);
    expect(() => refuseForgottenWithdrawals(undefined, LIST)).not.toThrow();
    expect(() => refuseForgottenWithdrawals(LIST, parse(FILE))).not.toThrow();
    expect(() => refuseForgottenWithdrawals(LIST, next)).not.toThrow();
    const reordered = { ...next, withdrawn: [THREE, TWO, ONE] };
    expect(() => refuseForgottenWithdrawals(LIST, reordered)).not.toThrow();
  });

  it.each([
    ["an older one", FIRST, "serial 1 is older than 2"],
    ["another of its serial", { ...LIST, withdrawn: [ONE, TWO, THREE] }, "signed two"],
    ["one that forgets", { ...LIST, serial: 3, withdrawn: [ONE, THREE] }, "forgets small-loans@2"],
  ] as [string, Withdrawals, string][])("is not followed by %s", (_, next, problem) => {
    expect(problemsOf(() => refuseForgottenWithdrawals(LIST, next))).toContain(problem);
  });
});

it("the bank is told what is withdrawn, when, why, and what to do, within what a reason may be long", () => {
  const said = withdrawalRefusal(TWO);
  expect(said).toMatch(
    /^certificate withdrawn: small-loans@2, .* on 2026-03-01T12:00:00Z: The sample/,
  );
  expect(said).toContain("under a new version");
  const longest = {
    ...TWO,
    modelName: "m".repeat(40),
    reason: "x".repeat(200),
    version: 2 ** 31 - 1,
  };
  expect(withdrawalRefusal(longest).length).toBeLessThan(500);
});
