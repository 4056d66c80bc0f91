import { sign } from "@moiety/crypto";
import { encode } from "@moiety/kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signCheckpoint } from "./checkpoint.ts";
import { claimOfPromise, claimOfView, type Keyring } from "./claim.ts";
import { DEPOSIT_CONTEXT } from "./deposit-statement.ts";
import { brokenPromise, brokenReceipt, divergence, forkOf, oneSided } from "./detect.ts";
import { type Draft, entryHash } from "./entry.ts";
import { type Evidence, encodeEvidence, parseEvidence } from "./evidence.ts";
import { LedgerError } from "./ledger-error.ts";
import { formatNote, type NoteSignature, parseNote, signText } from "./note.ts";
import { COSIGNATURE, ED25519, type NoteSigner, noteKey, noteSigner } from "./note-key.ts";
import { PROMISE_CONTEXT, promiseBytes } from "./promise.ts";
import { accepts } from "./testing/accepts.ts";
import { HEARTBEAT, intentDraft } from "./testing/drafts.ts";
import { historyOf, viewOf } from "./testing/history.ts";
import { type TestParty, testParty } from "./testing/keys.ts";
import { proveInclusion } from "./tree.ts";
import { verifyEvidence } from "./verdict.ts";

const a = testParty("a");
const b = testParty("b");
const platform = testParty("telecom");
const keyring: Keyring = {
  logs: [a, b].map(({ name, log }) => ({ party: name, ...log })),
  witnesses: [a, b].map(({ name, cosigner }) => ({ party: name, key: cosigner.public })),
  platforms: new Map([["net/telecom", [platform.key.verifyingKey]]]),
};
const judge = (evidence: Evidence) => verifyEvidence(encodeEvidence(evidence), keyring);
const drafts = (names: readonly string[], from = 1000): [Draft, number][] =>
  names.map((name, i) => [intentDraft(name), from + i]);
const promiseOf = (party: TestParty, entry: Uint8Array, index: number, at: number) => {
  const statement = {
    origin: party.log.origin,
    index,
    leafHash: entryHash(entry),
    at,
    by: at + 60,
  };
  const signature = sign(party.key, PROMISE_CONTEXT, promiseBytes(statement));
  return { ...statement, signature };
};
const receiptOf = (view: ReturnType<typeof historyOf>, index: number) => ({
  entry: view.entries[index]!,
  index,
  proof: proveInclusion(view.tiles, view.entries.length, index),
  note: view.note,
});

const before = historyOf(a, drafts(["x", "y", "z"]));
const promise = promiseOf(a, before.entries[1]!, 1, 1001);

describe("each crime is proven by one document", () => {
  it("a fork", () => {
    const other = historyOf(a, drafts(["x", "y", "u"]));
    const evidence = forkOf(before.note, other.note)!;
    expect(judge(evidence)).toMatchObject({ kind: "fork", culprit: "a" });
    expect(forkOf(before.note, before.note)).toBeUndefined();
    expect(() => judge({ ...evidence, second: before.note } as Evidence)).toThrow("agree");
  });

  it.each([
    ["altered", ["x", "u", "z", "v"]],
    ["deleted", ["x", "z", "u", "v"]],
    ["put in another order", ["y", "x", "z", "v"]],
  ])("an entry %s", (_, names) => {
    const now = historyOf(a, drafts(names));
    for (const evidence of [
      divergence(before, now),
      brokenPromise(promise, now),
      brokenReceipt(receiptOf(before, 1), now),
    ])
      expect(judge(evidence!)).toMatchObject({ kind: "rewritten", culprit: "a" });
  });

  it("a rollback, as soon as the log goes on", () => {
    const short = historyOf(a, drafts(["x"]));
    expect(brokenPromise(promise, short)).toBeUndefined();
    expect(divergence(before, short)).toBeUndefined();
    const on = viewOf(a, [...historyOf(a, [[HEARTBEAT, 2000]]).entries]);
    const evidence = brokenPromise(promise, on)!;
    expect(judge(evidence)).toMatchObject({ kind: "rolled-back", culprit: "a" });
  });

  it("an entry under another number than its own", () => {
    const moved = viewOf(a, [before.entries[1]!, before.entries[0]!]);
    const claim = claimOfView(moved, 0);
    expect(judge({ kind: "misnumbered", claim })).toMatchObject({ culprit: "a" });
    expect(() => judge({ kind: "misnumbered", claim: claimOfView(before, 0) })).toThrow("proves");
  });

  it("an inquiry that only one bureau logged", () => {
    const kept = { view: historyOf(b, drafts(["p", "q", "y"])), index: 2 };
    const entry = before.entries[1]!;
    const now = historyOf(a, drafts(["x", "z"]));
    const evidence = oneSided(kept, promise, entry, now)!;
    expect(judge(evidence)).toMatchObject({ kind: "one-sided", culprit: "a" });
    expect(oneSided(kept, promise, entry, before)).toBeUndefined();
    expect(() => judge(oneSided({ ...kept, index: 1 }, promise, entry, now)!)).toThrow("different");
  });

  it("a deposit of which the bureaus have different headers", () => {
    const header = (rootA: number, version = 1) =>
      encode({
        network: "net",
        platform: "telecom",
        domain: "telecom",
        epoch: new Uint8Array(4),
        version: new Uint8Array([0, 0, 0, version]),
        rootA: new Uint8Array(32).fill(rootA),
      });
    const deposit = (party: TestParty, bytes: Uint8Array, by = platform) => {
      const signature = sign(by.key, DEPOSIT_CONTEXT, bytes);
      const body = { header: bytes, signature };
      return claimOfView(historyOf(party, [[{ kind: "deposit", body }, 1000]]), 0);
    };
    const first = deposit(a, header(1));
    const twice = { kind: "deposit", first, second: deposit(b, header(2)) } as const;
    expect(judge(twice)).toMatchObject({ culprit: "telecom" });
    expect(judge({ ...twice, second: deposit(b, header(2), b) })).toMatchObject({ culprit: "b" });
    for (const second of [deposit(b, header(1)), deposit(b, header(1, 2)), deposit(a, header(2))])
      expect(() => judge({ ...twice, second })).toThrow(LedgerError);
  });

  it("a witness that went back", () => {
    const cosigned = (size: number, time: number, root = 7) => {
      const head = { origin: a.log.origin, size, root: new Uint8Array(32).fill(root) };
      const { text, signatures } = parseNote(signCheckpoint({ ...head, extensions: [] }, a.signer));
      return formatNote({ text, signatures: [...signatures, signText(text, b.cosigner, time)] });
    };
    const at = (first: Uint8Array, second: Uint8Array) => judge({ kind: "witness", first, second });
    expect(at(cosigned(9, 100), cosigned(5, 101)).culprit).toBe("b");
    expect(at(cosigned(9, 100), cosigned(9, 100, 8)).culprit).toBe("b");
    expect(() => at(cosigned(5, 100), cosigned(9, 101))).toThrow(LedgerError);
    expect(() => at(cosigned(9, 100), cosigned(5, 100))).toThrow(LedgerError);
  });
});

describe("a second key gives no immunity", () => {
  const later = testParty("b-later");
  const newKey = noteSigner(b.cosigner.public.name, later.key, COSIGNATURE);
  const logs = [{ party: "a", ...a.log, keys: [a.signer.public] }];
  const witnesses = [b.cosigner, newKey].map((each) => ({ party: "b", key: each.public }));
  const rotated: Keyring = { logs, witnesses, platforms: new Map() };
  const noteOf = (size: number, root: number) => {
    const head = { origin: a.log.origin, size, root: new Uint8Array(32).fill(root) };
    return parseNote(signCheckpoint({ ...head, extensions: [] }, a.signer));
  };
  const under = (size: number, root: number, ...lines: NoteSignature[]) => {
    const { text, signatures } = noteOf(size, root);
    return formatNote({ text, signatures: [...signatures, ...lines] });
  };
  const line = (size: number, root: number, by: NoteSigner, time: number) =>
    signText(noteOf(size, root).text, by, time);
  const judged = (evidence: Evidence, ring = rotated) =>
    verifyEvidence(encodeEvidence(evidence), ring);
  const old = under(9, 7, line(9, 7, b.cosigner, 100));

  it("to a witness: what it vouched for binds it under its next key", () => {
    for (const second of [
      under(5, 7, line(5, 7, newKey, 101)),
      under(9, 8, line(9, 8, newKey, 101)),
    ])
      expect(judged({ kind: "witness", first: old, second }).culprit).toBe("b");
    const honest = under(12, 9, line(12, 9, newKey, 101));
    expect(() => judged({ kind: "witness", first: old, second: honest })).toThrow(LedgerError);
    const others = {
      ...rotated,
      witnesses: witnesses.map((each, i) => ({ ...each, party: `${i}` })),
    };
    const second = under(5, 7, line(5, 7, newKey, 101));
    expect(() => judged({ kind: "witness", first: old, second }, others)).toThrow(LedgerError);
  });

  it("to either by a wrong line in the name of another key of theirs", () => {
    const junk = { ...line(5, 7, b.cosigner, 1), bytes: new Uint8Array(72) };
    const second = under(5, 7, junk, line(5, 7, newKey, 101));
    expect(judged({ kind: "witness", first: old, second }).culprit).toBe("b");
    const former = noteKey(a.log.origin, later.key.verifyingKey, ED25519);
    const ring = { ...rotated, logs: [{ ...logs[0]!, keys: [a.signer.public, former] }] };
    const wrong = { name: former.name, id: former.id, bytes: new Uint8Array(64) };
    const fork = { kind: "fork", first: under(9, 7, wrong), second: under(9, 8, wrong) } as const;
    expect(judged(fork, ring).culprit).toBe("a");
  });

  it("to a log whose second key has the id of its first", () => {
    const twin = {
      ...noteKey(a.log.origin, later.key.verifyingKey, ED25519),
      id: a.signer.public.id,
    };
    const ring = { ...rotated, logs: [{ ...logs[0]!, keys: [twin, a.signer.public] }] };
    const fork = { kind: "fork", first: under(9, 7), second: under(9, 8) } as const;
    expect(judged(fork, ring).culprit).toBe("a");
  });
});

describe("nobody is accused without cause", () => {
  it("of promises, receipts and checkpoints of a log that only grew, none is evidence", () => {
    const grown = historyOf(a, drafts(["x", "y", "z", "u"]));
    expect(divergence(before, grown)).toBeUndefined();
    expect(brokenPromise(promise, grown)).toBeUndefined();
    expect(brokenReceipt(receiptOf(before, 2), grown)).toBeUndefined();
    const first = claimOfPromise(promise, before.entries[1]);
    for (const index of [0, 1, 2]) {
      const second = claimOfView(grown, index);
      expect(() => judge({ kind: "rewritten", first, second })).toThrow(LedgerError);
      expect(() => judge({ kind: "rolled-back", first, second })).toThrow(LedgerError);
    }
  });

  it("what another key signed in a log's name is no evidence", () => {
    const forged = historyOf(
      { ...b, log: a.log, signer: { ...a.signer, key: b.key } },
      drafts(["u"]),
    );
    const evidence = {
      kind: "fork",
      first: historyOf(a, drafts(["x"])).note,
      second: forged.note,
    } as const;
    expect(() => judge(evidence)).toThrow(LedgerError);
    const lie = { ...promise, leafHash: new Uint8Array(32) };
    const claims = { first: claimOfPromise(lie), second: claimOfView(before, 1) };
    expect(() => judge({ kind: "rewritten", ...claims })).toThrow("not signed by net/a");
  });

  it("10,000 edits of evidence: a typed error, or the same culprit", () => {
    const now = historyOf(a, drafts(["x", "u", "z"]));
    const bytes = encodeEvidence(brokenPromise(promise, now)!);
    const edit = fc.record({
      at: fc.nat(bytes.length - 1),
      cut: fc.nat(2),
      put: fc.uint8Array({ maxLength: 2 }),
    });
    fc.assert(
      fc.property(edit, ({ at, cut, put }) => {
        const edited = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
        const named: string[] = [];
        accepts(() => named.push(verifyEvidence(edited, keyring).culprit));
        expect(named.every((culprit) => culprit === "a")).toBe(true);
      }),
      { numRuns: 10_000 },
    );
    expect(encodeEvidence(parseEvidence(bytes))).toEqual(bytes);
  });
});

/** What a log does next, when it may be dishonest. */
type Step = { append: number } | { rewrite: number } | { back: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ append: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ rewrite: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ back: fc.integer({ min: 1, max: 6 }) }) },
);

it("random appends, rewritings and rollbacks: found exactly where history was changed", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 8 }), (steps) => {
      let content: [Draft, number][] = [];
      let time = 1000;
      let fresh = 0;
      const views: (ReturnType<typeof historyOf> & { leaves: string[]; time: number })[] = [];
      for (const each of steps) {
        time += 10;
        const next = (): [Draft, number] => {
          fresh += 1;
          return [intentDraft(`f${fresh}`), time];
        };
        if ("append" in each) content = [...content, ...Array.from({ length: each.append }, next)];
        else if ("back" in each) content = [...content.slice(0, -each.back), next()];
        else content = content.map((old, i) => (i === each.rewrite ? next() : old));
        if (content.length === 0) continue;
        const view = historyOf(a, content);
        const leaves = view.entries.map((entry) => Buffer.from(entryHash(entry)).toString("hex"));
        views.push({ ...view, leaves, time: content.at(-1)![1] });
      }
      const now = views.at(-1);
      for (const old of now === undefined ? [] : views) {
        const kept = old.leaves.every((leaf, i) => now!.leaves[i] === leaf);
        const evidence = divergence(old, now!);
        const found = old.leaves
          .slice(0, now!.leaves.length)
          .some((leaf, i) => now!.leaves[i] !== leaf);
        expect(evidence !== undefined).toBe(found);
        if (evidence !== undefined) expect(judge(evidence).culprit).toBe("a");
        // A receipt of the last entry catches what was cut off, too, once the log went on.
        const last = old.entries.length - 1;
        const broken = brokenReceipt(receiptOf(old, last), now!);
        if (kept) expect(broken).toBeUndefined();
        else if (now!.leaves[last] !== old.leaves[last] && now!.time > old.time)
          expect(judge(broken!).culprit).toBe("a");
      }
    }),
    { numRuns: 150 },
  );
});
