import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  bureauOf,
  certificateOf,
  domainsOf,
  findParty,
  keyShareOf,
  oprfEpochOf,
  partiesOf,
  sealingKeyOf,
  supervisorOf,
  verifyingKeyOf,
} from "./parties.ts";
import type { Roster } from "./roster.ts";

const file = readFileSync(new URL("./fixtures/roster.json", import.meta.url), "utf8");
const { roster } = JSON.parse(file) as { roster: Roster };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("a roster's parties", () => {
  it("are found by name, role and domain", () => {
    expect(findParty(roster, "village-bank")?.role).toBe("bank");
    expect(findParty(roster, "nobody")).toBeUndefined();
    expect(partiesOf(roster, "platform").map(({ name }) => name)).toEqual(["river-telecom"]);
    expect(bureauOf(roster, "a").name).toBe("north-bureau");
    expect(bureauOf(roster, "b").name).toBe("south-bureau");
    expect(supervisorOf(roster).name).toBe("credit-watch");
    expect(domainsOf(roster, "river-telecom")).toEqual(["telecom"]);
    expect(domainsOf(roster, "village-bank")).toEqual([]);
  });

  it("have their keys ready to use", () => {
    const bureau = bureauOf(roster, "a");
    expect(hex(verifyingKeyOf(bureau).bytes)).toBe(bureau.signingKey);
    expect(hex(sealingKeyOf(bureau))).toBe(bureau.boxKey);
    expect(Buffer.from(certificateOf(bureau)).toString("base64")).toBe(bureau.certificate);
    expect(() => sealingKeyOf(supervisorOf(roster))).toThrow("party credit-watch has no boxKey");
  });

  it("share the newest OPRF epoch of a domain, or the one that is named", () => {
    const first = roster.oprf[0]!;
    const later = [9, 10, 2].map((epoch) => ({ ...first, epoch }));
    const grown: Roster = { ...roster, oprf: [first, ...later, { ...first, domain: "other" }] };
    expect(oprfEpochOf(grown, "telecom")?.epoch).toBe(10);
    expect(oprfEpochOf(grown, "telecom", 1)).toBe(first);
    expect(oprfEpochOf(grown, "telecom", 3)).toBeUndefined();
    expect(oprfEpochOf(grown, "nowhere")).toBeUndefined();
    expect(hex(keyShareOf(first, "a"))).toBe(first.keyA);
    expect(hex(keyShareOf(first, "b"))).toBe(first.keyB);
  });
});
