import { readFileSync } from "node:fs";
import { SigningKey, seededRng, VerifyingKey } from "@moiety/crypto";
import { describe, expect, it } from "vitest";
import { parseCertificate } from "./certificate.ts";
import { REFUSALS } from "./consent/refusal.ts";
import { CONSENT } from "./consent/testing/world.ts";
import { supervisorOf, verifyingKeyOf } from "./parties.ts";
import {
  type PurposePolicy,
  parsePurposePolicy,
  signPurposePolicy,
} from "./purposes/purpose-policy.ts";
import { parseRoster } from "./roster-file.ts";
import { parseWithdrawals, signWithdrawals, type Withdrawals } from "./withdrawals.ts";

const read = (path: string): Buffer => readFileSync(new URL(path, import.meta.url));
const readme = read("../README.md").toString();

/** Who signed fixtures/roster.json; its supervisor signed fixtures/certificate.json. */
const AUTHORITY = "80b58e56fdd59b0e5663ceddd39b0fa4e80f01389758dd1c8f225881c90f97cc";
const NOW = Date.parse("2026-03-01T00:00:00Z");

function example(name: string): unknown {
  const block = new RegExp(`^\`\`\`json ${name}\\n(.*?)^\`\`\`$`, "ms").exec(readme)?.[1];
  if (block === undefined) throw new Error(`README.md: no example called ${name}`);
  return JSON.parse(block);
}

/** `whole` with each text cut short where `sample` has the same text cut short by `…`. */
function abridgedLike(sample: unknown, whole: unknown): unknown {
  if (typeof sample === "string" && typeof whole === "string" && sample.endsWith("…")) {
    return `${whole.slice(0, sample.length - 1)}…`;
  }
  if (Array.isArray(sample) && Array.isArray(whole)) {
    return whole.map((item, i) => abridgedLike(sample[i], item));
  }
  if (typeof sample !== "object" || sample === null) return whole;
  const entries = Object.entries(whole as object).map(([key, value]) => [
    key,
    abridgedLike((sample as Record<string, unknown>)[key], value),
  ]);
  return Object.fromEntries(entries);
}

describe("the README's examples", () => {
  it("are files that parse, abridged", () => {
    const [rosterFile, certificateFile] = [
      read("./fixtures/roster.json"),
      read("./fixtures/certificate.json"),
    ];
    const authority = new VerifyingKey(Buffer.from(AUTHORITY, "hex"));
    const roster = parseRoster(rosterFile, authority, NOW);
    parseCertificate(certificateFile, verifyingKeyOf(supervisorOf(roster)), NOW);
    for (const [name, file] of Object.entries({
      roster: rosterFile,
      certificate: certificateFile,
    })) {
      const sample = example(name);
      expect(sample).toEqual(abridgedLike(sample, JSON.parse(file.toString())));
    }
  });

  it("include a consent's claims, abridged", () => {
    const sample = example("consent");
    expect(sample).toEqual(abridgedLike(sample, CONSENT));
  });

  it("include a policy that the supervisor could sign", () => {
    const { policy } = example("policy") as { policy: PurposePolicy };
    const key = new SigningKey(seededRng("readme").bytes(32));
    const file = signPurposePolicy(policy, key);
    expect(parsePurposePolicy(file, key.verifyingKey, "river-valley", NOW)).toEqual(policy);
  });

  it("include a list of withdrawals that the supervisor could sign", () => {
    const { withdrawals } = example("withdrawals") as { withdrawals: Withdrawals };
    const key = new SigningKey(seededRng("readme").bytes(32));
    const file = signWithdrawals(withdrawals, key);
    expect(parseWithdrawals(file, key.verifyingKey, "river-valley")).toEqual(withdrawals);
  });

  it("list every code of refusal", () => {
    const rows = Object.entries(REFUSALS).map(([code, text]) => `| \`${code}\` | ${text} |`);
    expect(readme).toContain(rows.join("\n"));
  });
});
