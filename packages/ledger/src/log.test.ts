import { merkleRoot, verifyConsistency } from "@moiety/crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { openCheckpoint } from "./checkpoint.ts";
import { brokenPromise, divergence } from "./detect.ts";
import { parseEntry } from "./entry.ts";
import { LedgerError } from "./ledger-error.ts";
import { type Appended, Log } from "./log.ts";
import { formatNote, parseNote, signText } from "./note.ts";
import { verifyPromise } from "./promise.ts";
import type { SignedPromise } from "./promise-codec.ts";
import { keepsPromise, verifyReceipt } from "./receipt.ts";
import { TestDisk } from "./testing/disk.ts";
import { HEARTBEAT, intentDraft } from "./testing/drafts.ts";
import { testParty } from "./testing/keys.ts";
import { rootAt } from "./tree.ts";

const a = testParty("a");
const b = testParty("b");
const START_MS = 1_800_000_000_000;
const open = (disk: TestDisk, nowMs = () => START_MS): Log =>
  new Log({ store: disk.store(), signer: a.signer, nowMs });
const headOf = (log: Log) => openCheckpoint(log.checkpoint(), a.log);

it("appends that come together share a commit, and are numbered in their order", async () => {
  const disk = new TestDisk();
  const log = open(disk);
  const all = await Promise.all(
    Array.from({ length: 300 }, (_, i) => log.append([intentDraft(`i${i}`), HEARTBEAT])),
  );
  expect(all.flat().map(({ seq }) => seq)).toEqual(Array.from({ length: 600 }, (_, i) => i));
  expect(disk.commits).toBeLessThanOrEqual(2);
  expect(log.size).toBe(600);
  expect(headOf(log).root).toEqual(merkleRoot(all.flat().map(({ leafHash }) => leafHash)));
  const entry = parseEntry(log.entry(34));
  expect(entry).toEqual({ ...intentDraft("i17"), seq: 34, at: START_MS / 1000 });
  expect(() => log.entry(600)).toThrow(LedgerError);
});

it("signs nothing before it is durable, and goes on from what is", async () => {
  const disk = new TestDisk();
  let log = open(disk);
  await log.append([HEARTBEAT]);
  const before = log.checkpoint();
  const lost = log.append([HEARTBEAT, HEARTBEAT]);
  expect(log.checkpoint()).toEqual(before);
  disk.crash();
  await expect(lost).rejects.toThrow("restart");
  await expect(log.append([HEARTBEAT])).rejects.toThrow(LedgerError);
  expect(() => log.checkpoint()).toThrow(LedgerError);
  log = open(disk);
  log.mustExtend(before);
  expect(log.size).toBe(1);
  expect(log.checkpoint()).toEqual(before);
});

it("what stands beside an append is written with it, or refused with it", async () => {
  const disk = new TestDisk();
  const store = disk.store();
  const log = new Log({ store, signer: a.signer, nowMs: () => START_MS });
  const key = Buffer.from("inquiry");
  const once = {
    admit: () => store.get(key) === undefined,
    write: () => store.put(key, Buffer.from("1")),
  };
  const tries = await Promise.allSettled([
    log.append([HEARTBEAT], once),
    log.append([HEARTBEAT], once),
  ]);
  expect(tries.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  await expect(log.append([HEARTBEAT], once)).rejects.toMatchObject({ code: "refused" });
  expect(log.size).toBe(1);
  expect(store.get(key)).toBeDefined();
});

it("an admission that throws fails its own append, and no other", async () => {
  const log = open(new TestDisk());
  const admit = () => {
    throw new RangeError("no consent");
  };
  const tries = await Promise.allSettled([
    log.append([HEARTBEAT]),
    log.append([HEARTBEAT], { admit }),
    log.append([HEARTBEAT]),
  ]);
  expect(tries.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(tries[1]).toMatchObject({ reason: { message: "no consent" } });
  expect(log.size).toBe(2);
});

it("promises nothing once it has stopped", async () => {
  const disk = new TestDisk();
  const log = open(disk);
  const [first] = await log.append([HEARTBEAT]);
  disk.die();
  await expect(log.append([HEARTBEAT])).rejects.toMatchObject({ code: "stopped" });
  expect(() => log.promise(first!)).toThrow("restart");
  expect(() => log.checkpoint()).toThrow("restart");
});

it("stops where its store has lost a tile", async () => {
  const store = new TestDisk().store();
  const lossy = { ...store };
  const log = new Log({ store: lossy, signer: a.signer, nowMs: () => START_MS });
  await log.append(Array(300).fill(HEARTBEAT));
  const note = log.checkpoint();
  lossy.get = (key) => (Buffer.from(key).toString().startsWith("t") ? undefined : store.get(key));
  const { text, signatures } = parseNote(note);
  expect(() => log.mustExtend(formatNote({ text, signatures }))).toThrow("lost a part");
  await expect(log.append([HEARTBEAT])).rejects.toMatchObject({ code: "missing" });
});

it("of two checkpoints that are published at once, the smaller never comes last", async () => {
  const log = open(new TestDisk());
  await log.append([HEARTBEAT]);
  const small = log.checkpoint();
  await log.append([HEARTBEAT]);
  await Promise.all([log.publish(log.checkpoint(), []), log.publish(small, [])]);
  expect(openCheckpoint(log.published()!, a.log).size).toBe(2);
});

it("refuses drafts that no entry can hold, before anything is written", async () => {
  const log = open(new TestDisk());
  const { kind, body } = intentDraft("x");
  const bad = { kind, body: { ...body, inquiry: new Uint8Array(15) } };
  await expect(log.append([HEARTBEAT, bad])).rejects.toThrow("inquiry");
  await expect(log.append([{ kind, body: { ...body, people: 2 } }])).rejects.toThrow("batch");
  expect(log.size).toBe(0);
});

it("times never go back, whatever the clock does", async () => {
  let nowMs = START_MS;
  const disk = new TestDisk();
  const [first] = await open(disk, () => nowMs).append([HEARTBEAT]);
  nowMs -= 5_000_000;
  const [second] = await open(disk, () => nowMs).append([HEARTBEAT]);
  expect(second!.at).toBe(first!.at);
});

it("an old backup signs nothing once a witness has shown what it saw", async () => {
  const disk = new TestDisk();
  const log = open(disk);
  await log.append([HEARTBEAT]);
  const backup = disk.copy();
  await log.append([HEARTBEAT]);
  const restored = open(backup);
  expect(() => restored.mustExtend(log.checkpoint())).toThrow("restore a newer one");
  await expect(restored.append([HEARTBEAT])).rejects.toMatchObject({ code: "rolled-back" });
  expect(() => restored.checkpoint()).toThrow(LedgerError);
  const other = open(backup);
  await other.append([intentDraft("else")]);
  expect(() => other.mustExtend(log.checkpoint())).toThrow("restore a newer one");
});

it("a promise at once, and then a receipt that keeps it", async () => {
  const log = open(new TestDisk());
  const [first] = await log.append([intentDraft("x"), HEARTBEAT]);
  const promise = log.promise(first!);
  verifyPromise(promise, a.log);
  expect(() => verifyPromise({ ...promise, at: promise.at + 1 }, a.log)).toThrow(LedgerError);
  expect(() => verifyPromise(promise, b.log)).toThrow(LedgerError);
  expect(log.receipt(0)).toBeUndefined();
  const { text, signatures } = parseNote(log.checkpoint());
  const line = signText(text, b.cosigner, 1_800_000_001);
  const witnesses = [b.cosigner.public];
  await log.publish(formatNote({ text, signatures: [...signatures, line] }), witnesses);
  await log.publish(log.checkpoint(), witnesses); // one without a cosignature does not replace it
  const receipt = log.receipt(0)!;
  const opened = verifyReceipt(receipt, a.log, witnesses);
  expect(keepsPromise(opened, promise)).toBe(true);
  expect(keepsPromise(opened, { ...promise, leafHash: new Uint8Array(32) })).toBe(false);
  expect(opened.checkpoint.cosignatures[0]?.time).toBe(1_800_000_001);
  expect(() => verifyReceipt(receipt, a.log, [a.cosigner.public])).toThrow("not cosigned by");
});

it("however it is cut off and restarted: one history, and what was acknowledged is in it", async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ append: fc.integer({ min: 1, max: 150 }) }) },
    { weight: 1, arbitrary: fc.constantFrom("crash", "sign") },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const disk = new TestDisk();
      // Its clock runs as it likes.
      let nowMs = START_MS;
      let log = open(disk, () => nowMs);
      const notes: Uint8Array[] = [];
      const kept: Appended[] = [];
      const promises: SignedPromise[] = [];
      for (const each of steps) {
        if (each === "sign") notes.push(log.checkpoint());
        else if (each === "crash") {
          const lost = log.append([HEARTBEAT]);
          disk.crash();
          await lost.catch(() => {});
          log = open(disk, () => nowMs);
        } else {
          nowMs += each.append > 75 ? 3000 : -2000;
          const appended = await log.append(Array(each.append).fill(HEARTBEAT));
          kept.push(...appended);
          promises.push(log.promise(appended[0]!));
        }
      }
      const whole = merkleRoot(kept.map(({ leafHash }) => leafHash));
      expect(Buffer.compare(headOf(log).root, whole)).toBe(0);
      // Nobody can accuse it with anything that it ever signed.
      const now = { note: log.checkpoint(), tiles: log.tiles };
      for (const promise of promises) expect(brokenPromise(promise, now)).toBeUndefined();
      for (const note of notes) {
        expect(divergence({ note, tiles: log.tiles }, now)).toBeUndefined();
        const { size, root } = openCheckpoint(note, a.log);
        expect(Buffer.compare(rootAt(log.tiles, size), root)).toBe(0);
        if (size === 0) continue;
        const claim = { firstSize: size, firstRoot: root };
        const last = headOf(log);
        const upToNow = { ...claim, secondSize: last.size, secondRoot: last.root };
        expect(verifyConsistency(upToNow, log.proveConsistency(size))).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});
