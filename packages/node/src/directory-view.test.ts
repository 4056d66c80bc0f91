import { SigningKey, sealedKeyPair, seededRng } from "@moiety/crypto";
import type { Switchboard } from "@moiety/kit";
import { depositHeader, depositSealing, directory } from "@moiety/protocols";
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
let timers: { leftMs: number; readonly call: () => void }[];
let asked: number;
let verified: string[];
let isDown: boolean;
let domains: string[];
let deposits: directory.Listing["deposits"];
let answer: directory.Listing["deposits"];
let view: DirectoryView;
type Role = (session: object) => unknown;
beforeEach(() => {
  [nowMs, timers, asked, verified, isDown] = [1_700_000_000_000, [], 0, [], false];
  domains = ["telecom", "water"];
  deposits = [listed("telecom", 1), listed("water", 7), listed("telecom", 2)];
  const parties = {
    network: "net",
    bureaus: { a: "bureau-a", b: "bureau-b" },
    get domains() {
      return new Map(domains.map((domain) => [domain, {}]));
    },
    keysOf: () => ({ platform: "platform" }),
    verifying: (name: string) => {
      verified.push(name);
      return signing.verifyingKey;
    },
  };
  /** A bureau that lists what it was asked about, if that may be asked at once. */
  const session = {
    send: (_: string, __: string, { domains: about }: directory.Question) => {
      if (about.length > directory.MAX_DOMAINS) throw new Error("too many domains");
      answer = deposits.filter(({ header }) =>
        about.includes(depositHeader.parseHeader(header).domain),
      );
    },
    receive: async () => ({ deposits: answer, catalogues: [] }),
  };
  const run = async (_: unknown, __: string, ___: object, role: Role): Promise<unknown> => {
    asked += 1;
    if (isDown) throw new Error("the bureau is down");
    return role(session);
  };
  view = new DirectoryView(
    "bureau-b",
    parties as unknown as Parties,
    { run } as unknown as Switchboard,
    {
      now: () => nowMs,
      after: (leftMs, call) => {
        timers.push({ leftMs, call });
        return () => {};
      },
    },
  );
});

function pass(ms: number): void {
  nowMs += ms;
  for (const timer of timers) timer.leftMs -= ms;
  const due = timers.filter(({ leftMs }) => leftMs <= 0);
  timers = timers.filter(({ leftMs }) => leftMs > 0);
  for (const { call } of due) call();
}

const versions = async (domain: string): Promise<number[]> =>
  (await view.recentDepositsAt("bureau-a", domain)).map(({ header }) => header.version);

describe("recent deposits at a bureau", () => {
  test("are asked for once, however many want them at once or within a second", async () => {
    const answers = await Promise.all(["telecom", "water", "telecom"].map(versions));
    expect(answers).toEqual([[2, 1], [7], [2, 1]]);
    pass(999);
    await versions("telecom");
    expect(asked).toBe(1);
    deposits = [listed("telecom", 3)];
    pass(1);
    expect(await versions("telecom")).toEqual([3]);
    expect(asked).toBe(2);
  });

  test("are not kept by a clock that is put back as far as time went on", async () => {
    await versions("telecom");
    pass(5000);
    nowMs -= 5000;
    await versions("telecom");
    expect(asked).toBe(2);
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

test("what both bureaus hold is asked for again after three seconds, whatever the clock says", async () => {
  await Promise.all([view.common(), view.common()]);
  pass(2999);
  await view.common();
  expect(asked).toBe(2); // of each bureau once
  deposits = [listed("telecom", 3)];
  pass(1);
  nowMs -= 3000;
  expect((await view.common()).get("telecom")?.[0]?.header.version).toBe(3);
  expect(asked).toBe(4);
});

test("deposits at a bureau are always as it has them now", async () => {
  await view.depositsAt("bureau-a", "telecom");
  await view.depositsAt("bureau-a", "telecom");
  expect(asked).toBe(2);
});

test("of a roster with more domains than one question may name, each is asked about", async () => {
  domains = Array.from({ length: 3 * directory.MAX_DOMAINS + 1 }, (_, at) => `domain-${at}`);
  deposits = domains.map((domain) => listed(domain, 1));
  expect([...(await view.common()).keys()]).toEqual(domains);
  expect(await versions(domains.at(-1) as string)).toEqual([1]);
});
