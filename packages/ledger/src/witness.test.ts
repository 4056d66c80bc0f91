import { leafHash } from "@moiety/crypto";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { openCheckpoint, signCheckpoint } from "./checkpoint.ts";
import { formatNote, parseNote, parseSignatureLine } from "./note.ts";
import { testParty } from "./testing/keys.ts";
import { memoryTiles } from "./testing/memory-tiles.ts";
import { memoryWitnessStore } from "./testing/memory-witness.ts";
import { proveConsistency, rootAt } from "./tree.ts";
import { Witness, type WitnessStore } from "./witness.ts";
import { answerBody, formatAddCheckpoint, parseAddCheckpoint } from "./witness-request.ts";

const a = testParty("a");
const b = testParty("b");
const leaves = Array.from({ length: 400 }, (_, i) => leafHash(Buffer.from(String(i))));
const tiles = memoryTiles(leaves);
const forked = memoryTiles([...leaves.slice(0, 100), ...leaves.slice(101)]);

let nowMs: number;
let store: WitnessStore;
let witness: Witness;
let alarms: number;
beforeEach(() => {
  nowMs = 1_800_000_000_000;
  alarms = 0;
  store = memoryWitnessStore();
  witness = new Witness({
    signer: b.cosigner,
    store,
    logs: () => [a.log],
    nowMs: () => nowMs,
    onContradiction: () => {
      alarms += 1;
    },
  });
});

const head = (size: number, source = tiles, by = a): Uint8Array =>
  signCheckpoint(
    { origin: by.log.origin, size, root: rootAt(source, size), extensions: [] },
    by.signer,
  );
const request = (oldSize: number, size: number, source = tiles) => ({
  oldSize,
  proof: oldSize > 0 && oldSize <= size ? proveConsistency(source, oldSize, size) : [],
  note: head(size, source),
});

describe("the status table", () => {
  it("200: a log that grows is cosigned, and what was cosigned can be fetched", async () => {
    for (const [from, to] of [
      [0, 0],
      [0, 7],
      [7, 7],
      [7, 300],
    ] as const) {
      const answer = await witness.answer(formatAddCheckpoint(request(from, to)));
      expect(answer).toMatchObject({ status: 200 });
      if (answer.status !== 200) continue;
      const line = parseSignatureLine(answer.cosignatures.trimEnd());
      const { text, signatures } = parseNote(head(to));
      const note = formatNote({ text, signatures: [...signatures, line] });
      const opened = openCheckpoint(note, a.log, [b.cosigner.public]);
      expect(opened.cosignatures).toEqual([{ key: b.cosigner.public, time: nowMs / 1000 }]);
      expect(witness.latest(a.log.origin)).toEqual(note);
    }
  });

  it("409: another old size, with the one that it knows", async () => {
    await witness.addCheckpoint(request(0, 7));
    const answer = await witness.addCheckpoint(request(5, 9));
    expect(answer).toEqual({ status: 409, size: 7 });
    expect(answerBody(answer)).toEqual({ type: "text/x.tlog.size", body: "7\n" });
    expect(await witness.addCheckpoint(request(0, 3))).toEqual({ status: 409, size: 7 });
  });

  it("422: a fork, a wrong root, a proof where none is needed; two roots of one size are reported", async () => {
    const first = { ...request(0, 200), proof: [leaves[0]!] };
    expect(await witness.addCheckpoint(first)).toMatchObject({ status: 422 });
    expect(alarms).toBe(0);
    await witness.addCheckpoint(request(0, 200));
    const fork = { ...request(200, 300, forked) };
    expect(await witness.addCheckpoint(fork)).toMatchObject({ status: 422 });
    // Whose fault it is that the proof does not fit cannot be told from this one.
    expect(alarms).toBe(0);
    const same = { ...request(200, 200), note: head(200, forked) };
    expect(await witness.addCheckpoint(same)).toMatchObject({ status: 422 });
    expect(alarms).toBe(1);
    const empty = signCheckpoint(
      { origin: a.log.origin, size: 0, root: new Uint8Array(32), extensions: [] },
      a.signer,
    );
    witness = new Witness({
      signer: b.cosigner,
      store: memoryWitnessStore(),
      logs: () => [a.log],
      nowMs: () => nowMs,
    });
    expect(await witness.addCheckpoint({ oldSize: 0, proof: [], note: empty })).toMatchObject({
      status: 422,
    });
  });

  it("404: a log that it does not know; 403: not signed by its key; 400: the rest", async () => {
    const strange = { ...request(0, 7), note: head(7, tiles, b) };
    expect(await witness.addCheckpoint(strange)).toMatchObject({ status: 404 });
    const { text, signatures } = parseNote(head(7));
    const foreign = signatures.map((each) => ({ ...each, id: "00000000" }));
    for (const bad of [foreign, [{ ...signatures[0]!, bytes: new Uint8Array(64) }]])
      expect(
        await witness.addCheckpoint({
          ...request(0, 7),
          note: formatNote({ text, signatures: bad }),
        }),
      ).toMatchObject({ status: 403 });
    expect(await witness.addCheckpoint(request(9, 7))).toMatchObject({ status: 400 });
    for (const body of ["", "old 0\n", "old 00\n\n", "old 0\nx\n\n", "new 0\n\n", "old 0\n\nx"])
      expect(await witness.answer(Buffer.from(body))).toMatchObject({ status: 400 });
    expect(store.latest(a.log.origin)).toBeUndefined();
  });
});

it("of two requests at once one wins, and the other is told the size: nothing is rolled back", async () => {
  await witness.addCheckpoint(request(0, 5));
  const answers = await Promise.all([
    witness.addCheckpoint(request(5, 100)),
    witness.addCheckpoint(request(5, 50)),
  ]);
  expect(answers[0]).toMatchObject({ status: 200 });
  expect(answers[1]).toEqual({ status: 409, size: 100 });
});

it("nothing is signed that is not on disk, and times never go back", async () => {
  const failing = { ...store, replace: () => Promise.reject(new Error("disk full")) };
  const settings = { signer: b.cosigner, logs: () => [a.log], nowMs: () => nowMs };
  await expect(
    new Witness({ ...settings, store: failing }).addCheckpoint(request(0, 5)),
  ).rejects.toThrow("disk full");
  await witness.addCheckpoint(request(0, 5));
  nowMs -= 60_000;
  const restarted = new Witness({ ...settings, store });
  await restarted.addCheckpoint(request(5, 6));
  const { cosignatures } = openCheckpoint(store.latest(a.log.origin)!, a.log, [b.cosigner.public]);
  expect(cosignatures[0]?.time).toBe(1_800_000_000);
});

it("a line in its name that it did not make never becomes its word", async () => {
  await witness.addCheckpoint(request(0, 20));
  const { text, signatures } = parseNote(store.latest(a.log.origin)!);
  const junk = Buffer.alloc(72);
  junk.writeBigUInt64BE(4_000_000_000n);
  const forged = { name: b.cosigner.public.name, id: "01020304", bytes: new Uint8Array(junk) };
  const restored = new Witness({
    signer: b.cosigner,
    store: memoryWitnessStore(),
    logs: () => [a.log],
    nowMs: () => nowMs,
  });
  await restored.mustKnow(formatNote({ text, signatures: [...signatures, forged] }));
  const known = parseNote(restored.latest(a.log.origin)!);
  expect(known.signatures.map(({ id }) => id)).not.toContain("01020304");
  expect(await restored.addCheckpoint(request(20, 30))).toMatchObject({ status: 200 });
  const { cosignatures } = openCheckpoint(restored.latest(a.log.origin)!, a.log, [
    b.cosigner.public,
  ]);
  expect(cosignatures[0]?.time).toBe(nowMs / 1000);
});

it("10,000 edits of a request: 200 for the unchanged note only", async () => {
  await witness.addCheckpoint(request(0, 5));
  const five = store.latest(a.log.origin)!;
  const body = Buffer.from(formatAddCheckpoint(request(5, 300)));
  const right = parseAddCheckpoint(body);
  const edit = fc.record({
    at: fc.nat(body.length - 1),
    cut: fc.nat(3),
    put: fc.uint8Array({ maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(edit, async ({ at, cut, put }) => {
      const edited = Buffer.concat([body.subarray(0, at), put, body.subarray(at + cut)]);
      const answer = await witness.answer(edited);
      if (answer.status !== 200) return;
      expect(parseAddCheckpoint(edited)).toEqual(right);
      await store.replace(a.log.origin, store.latest(a.log.origin), five);
    }),
    { numRuns: 10_000 },
  );
});
