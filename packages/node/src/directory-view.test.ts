import { SigningKey, sealedKeyPair, seededRng } from "@moiety/crypto";
import type { Switchboard } from "@moiety/kit";
import type { directory } from "@moiety/protocols";
import { depositSealing } from "@moiety/protocols";
import { beforeEach, describe, expect, test } from "vitest";
import { DirectoryView } from "./directory-view.ts";
import type { Parties } from "./parties.ts";

const rng = seededRng("directory view");
const signing = new SigningKey(rng.bytes(32));
const box = sealedKeyPair(rng).publicKey;

function listed(domain: string, version: number): directory.Listing["deposits"][number] {
  const facts = { network: "net", platform: "platform", domain, epoch: 1, version, features: 1 };
  const more = { catalogue: new Uint8Array(32), madeAt: 1_700_000_000 };
  const keys = { signing, boxes: { a: box, b: box } };
  const { bytes, signature } = new depositSealing.DepositSealer(
    { ...facts, ...more },
    keys,
    rng,
  ).finish();
  return { header: bytes, signature };
}

let nowMs: number;
let asked: number;
let verified: string[];
let isDown: boolean;
let deposits: directory.Listing["deposits"];
let view: DirectoryView;
beforeEach(() => {
  [nowMs, asked, verified, isDown] = [1_700_000_000_000, 0, [], false];
  deposits = [listed("telecom", 1), listed("water", 7), listed("telecom", 2)];
  const parties = {
    network: "net",
    keysOf: () => ({ platform: "platform" }),
    verifying: (name: string) => {
      verified.push(name);
      return signing.verifyingKey;
    },
  };
  const run = async (): Promise<directory.Listing> => {
    asked += 1;
    if (isDown) throw new Error("the bureau is down");
    return { deposits, catalogues: [] };
  };
  view = new DirectoryView(
    "bureau-b",
    parties as unknown as Parties,
    { run } as unknown as Switchboard,
    { now: () => nowMs, after: () => () => {} },
  );
});

const versions = async (domain: string): Promise<number[]> =>
  (await view.recentDepositsAt("bureau-a", domain)).map(({ header }) => header.version);

describe("recent deposits at a bureau", () => {
  test("are asked for once, however many want them at once or within a second", async () => {
    const answers = await Promise.all(["telecom", "water", "telecom"].map(versions));
    expect(answers).toEqual([[2, 1], [7], [2, 1]]);
    nowMs += 1000;
    await versions("telecom");
    expect(asked).toBe(1);
    deposits = [listed("telecom", 3)];
    nowMs += 1;
    expect(await versions("telecom")).toEqual([3]);
    expect(asked).toBe(2);
    nowMs -= 86_400_000; // a clock set back does not keep them
    await versions("telecom");
    expect(asked).toBe(3);
  });

  test("are asked for again after a failure", async () => {
    isDown = true;
    await expect(versions("telecom")).rejects.toThrow("down");
    isDown = false;
    expect(await versions("telecom")).toEqual([2, 1]);
  });

  test("cost signatures of the domain that is asked for only", async () => {
    await versions("water");
    expect(verified).toHaveLength(1);
  });
});

test("deposits at a bureau are always as it has them now", async () => {
  await view.depositsAt("bureau-a", "telecom");
  await view.depositsAt("bureau-a", "telecom");
  expect(asked).toBe(2);
});
