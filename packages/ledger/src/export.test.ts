import { sign } from "@moiety/crypto";
import { describe, expect, it } from "vitest";
import type { Keyring } from "./claim.ts";
import { compareLogs } from "./compare.ts";
import { type Draft, encodeEntry, entryHash } from "./entry.ts";
import { checkLog, exportedLog, exportFiles } from "./export.ts";
import { LedgerError } from "./ledger-error.ts";
import { Log } from "./log.ts";
import { PROMISE_CONTEXT, promiseBytes } from "./promise.ts";
import type { SignedPromise } from "./promise-codec.ts";
import { serve } from "./serve.ts";
import { TestDisk } from "./testing/disk.ts";
import { HEARTBEAT, intentDraft } from "./testing/drafts.ts";
import { historyOf, viewOf } from "./testing/history.ts";
import { testParty } from "./testing/keys.ts";

const a = testParty("a");
const b = testParty("b");
const log = new Log({
  store: new TestDisk().store(),
  signer: a.signer,
  nowMs: () => 1_800_000_000_000,
});
await log.append([intentDraft("x"), ...Array(700).fill(HEARTBEAT)]);
const view = { note: log.checkpoint(), tiles: log.tiles };
const files = new Map([...exportFiles(view)].map(({ path, bytes }) => [path, bytes]));
const read = (path: string) => files.get(path);

describe("an exported log", () => {
  it("has the files of tlog-tiles, and is found well", () => {
    expect([...files.keys()].sort()).toEqual([
      "checkpoint",
      "tile/0/000",
      "tile/0/001",
      "tile/0/002.p/189",
      "tile/1/000.p/2",
      "tile/entries/000",
      "tile/entries/001",
      "tile/entries/002.p/189",
    ]);
    const report = checkLog(exportedLog(read), a.log);
    expect(report.checkpoint.size).toBe(701);
    expect(report.kinds).toEqual(
      new Map([
        ["intent", 1],
        ["heartbeat", 700],
      ]),
    );
    expect(() => checkLog(exportedLog(read), b.log)).toThrow(LedgerError);
  });

  it("is refused after a change of any file, with a typed error", () => {
    for (const [path, bytes] of files)
      for (const at of [0, 5, bytes.length >> 1, bytes.length - 1]) {
        const changed = new Uint8Array(bytes);
        changed[at] = changed[at]! ^ 1;
        const other = (asked: string) => (asked === path ? changed : files.get(asked));
        expect(() => checkLog(exportedLog(other), a.log)).toThrow(LedgerError);
        const without = (asked: string) => (asked === path ? undefined : files.get(asked));
        expect(() => checkLog(exportedLog(without), a.log)).toThrow("missing");
      }
  });

  it("is refused when times go back or a number is wrong, however well it is signed", () => {
    const back = historyOf(a, [
      [HEARTBEAT, 9],
      [HEARTBEAT, 8],
    ]);
    expect(() => checkLog(back, a.log)).toThrow("younger");
    const [first] = historyOf(a, [[HEARTBEAT, 9]]).entries;
    expect(() => checkLog(viewOf(a, [first!, first!]), a.log)).toThrow("says that it is 0");
  });
});

describe("serving", () => {
  const ask = (path: string, note: Uint8Array | undefined = view.note) =>
    serve(path, note, log.tiles);

  it("gives every exported file, at its path", () => {
    for (const [path, bytes] of files) expect(ask(path)).toMatchObject({ status: 200, bytes });
    expect(ask("checkpoint").cache).toBe("no-cache");
    expect(ask("tile/0/000").cache).toContain("immutable");
    // Versions of a partial tile that readers of older checkpoints ask for.
    expect(ask("tile/0/001.p/3").bytes).toEqual(files.get("tile/0/001")!.subarray(0, 96));
  });

  it("gives nothing beyond the published checkpoint, and nothing else", () => {
    const paths = ["tile/0/002", "tile/0/002.p/190", "tile/0/003.p/1", "tile/2/000.p/1"];
    for (const path of [...paths, "tile/entries/002", "../checkpoint", "", "tile/0/0"])
      expect(ask(path).status).toBe(404);
    const small = historyOf(a, [[HEARTBEAT, 9]]).note;
    expect(ask("tile/0/000.p/2", small).status).toBe(404);
    expect(serve("checkpoint", undefined, log.tiles).status).toBe(404);
  });
});

describe("two logs side by side", () => {
  const keyring: Keyring = {
    logs: [a, b].map(({ name, log: { origin, keys } }) => ({ party: name, origin, keys })),
    witnesses: [],
    platforms: new Map(),
  };
  const promised = (index: number, entry: Uint8Array, by = b) => {
    const facts = { origin: b.log.origin, index, leafHash: entryHash(entry), at: 1000, by: 1060 };
    return { ...facts, signature: sign(by.key, PROMISE_CONTEXT, promiseBytes(facts)) };
  };
  const entry = encodeEntry({ ...intentDraft("x"), seq: 1, at: 1000 });
  const holding = (peerPromise: SignedPromise): [Draft, number][] => [
    [intentDraft("x"), 1000],
    [
      {
        kind: "result",
        body: {
          inquiry: intentDraft("x").body.inquiry,
          intent: 0,
          outcome: "delivered",
          code: "ok",
          computed: [
            {
              transcript: new Uint8Array(32),
              peerSignature: new Uint8Array(64),
              peerPromise,
            },
          ],
        },
      },
      1000,
    ],
  ];
  const mine = historyOf(a, holding(promised(1, entry)));

  it("no difference where both hold what they should", () => {
    const theirs = historyOf(b, [
      [HEARTBEAT, 1000],
      [intentDraft("x"), 1000],
    ]);
    expect(compareLogs(mine, theirs, keyring)).toEqual([]);
  });

  it("an inquiry that is missing, with the broken promise as evidence", () => {
    const theirs = historyOf(b, [
      [HEARTBEAT, 1000],
      [intentDraft("y"), 1000],
    ]);
    const found = compareLogs(mine, theirs, keyring);
    expect(found.map(({ about }) => about)).toEqual(["promise", "inquiry", "inquiry"]);
    expect(found[0]?.evidence?.kind).toBe("rewritten");
    // One that the first bureau made up accuses nobody.
    const forged = historyOf(a, holding(promised(1, entry, a)));
    const [broken] = compareLogs(forged, theirs, keyring);
    expect(broken).toMatchObject({ about: "promise", evidence: undefined });
  });

  const differences = (one: readonly Draft[], other: readonly Draft[]) =>
    compareLogs(
      historyOf(
        a,
        one.map((draft) => [draft, 1000]),
      ),
      historyOf(
        b,
        other.map((draft) => [draft, 1000]),
      ),
      keyring,
    ).map(({ finding }) => finding);

  it("what is logged twice, or for another bank or purpose", () => {
    const intent = intentDraft("x");
    for (const other of [
      [intent, intent],
      [{ ...intent, body: { ...intent.body, bank: "other" } }],
      [{ ...intent, body: { ...intent.body, purpose: "other" } }],
    ])
      expect(differences([intent], other)).toHaveLength(1);
    const parts = [{ party: "a", amount: 5 }];
    const { inquiry, bank, purpose } = intent.body;
    const amounts = { asOf: 7, currency: "EUR", amount: 5, parts, output: "score" } as const;
    const fee: Draft = { kind: "fee", body: { inquiry, bank, purpose, ...amounts } };
    expect(differences([fee], [fee])).toEqual([]);
    expect(differences([fee], [fee, fee])).toHaveLength(1);
  });

  it("a deposit whose header is none is a difference, not an end of the comparison", () => {
    const body = { header: new Uint8Array([1, 2, 3]), signature: new Uint8Array(64) };
    const junk: Draft = { kind: "deposit", body };
    expect(differences([junk], [])).toEqual([expect.stringMatching(/entry 0 .* names no deposit/)]);
  });
});
