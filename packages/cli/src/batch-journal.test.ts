import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type BatchIdentity, BatchJournal } from "./batch-journal.ts";

let folder: string;
let output: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moiety-journal-"));
  output = join(folder, "scores.csv");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const BATCH: BatchIdentity = {
  identifiers: Array.from({ length: 10 }, (_, row) => `person-${row}`),
  terms: "model@1",
};

/** Opens, does something, closes as a process that ends does. */
async function journal<T>(use: (open: BatchJournal) => Promise<T> | T, batch = BATCH): Promise<T> {
  const open = await BatchJournal.open(output, batch);
  try {
    return await use(open);
  } finally {
    await open.close();
  }
}

it("goes on with what was kept, whatever the order in which blocks came", async () => {
  await journal(async (open) => {
    await open.keep({ start: 4, scores: [44, 55] });
    await open.keep({ start: 0, scores: [1023, 0] });
  });
  await journal((open) => {
    expect(open.kept).toBe(4);
    expect(open.missing(100)).toEqual({ start: 2, count: 2 });
    expect([...open.scores]).toEqual([1023, 0, 0, 0, 44, 55, 0, 0, 0, 0]);
  });
  await journal((open) => open.keep({ start: 2, scores: [2, 3] }));
  await journal((open) => expect(open.missing(3)).toEqual({ start: 6, count: 3 }));
});

it("writes no score into a file that others can read", async () => {
  await journal((open) => open.keep({ start: 0, scores: [1] }));
  chmodSync(`${output}.part`, 0o644);
  await expect(BatchJournal.open(output, BATCH)).rejects.toThrow("not this user's alone");
});

it("keeps who disputes something, beside the scores", async () => {
  await journal((open) => open.keep({ start: 2, scores: [7, 8], disputed: [1] }));
  await journal(async (open) => {
    expect(open.kept).toBe(2);
    expect([...open.disputed]).toEqual([3]);
    await expect(open.keep({ start: 0, scores: [1], disputed: [1] })).rejects.toThrow(RangeError);
  });
});

it("takes nobody twice, and nobody who is not asked about", async () => {
  await journal(async (open) => {
    await open.keep({ start: 2, scores: [7] });
    await expect(open.keep({ start: 1, scores: [1, 2] })).rejects.toThrow(RangeError);
    await expect(open.keep({ start: 9, scores: [1, 2] })).rejects.toThrow(RangeError);
    await expect(open.keep({ start: 0, scores: [] })).rejects.toThrow(RangeError);
    expect(open.kept).toBe(1);
  });
});

it.each<[string, BatchIdentity]>([
  ["other people", { ...BATCH, identifiers: [...BATCH.identifiers].reverse() }],
  ["fewer people", { ...BATCH, identifiers: BATCH.identifiers.slice(1) }],
  ["another model", { ...BATCH, terms: "model@2" }],
])("refuses what is left of %s, and leaves it alone", async (_, other) => {
  await journal((open) => open.keep({ start: 0, scores: [5] }));
  const before = readFileSync(`${output}.part`);
  await expect(BatchJournal.open(output, other)).rejects.toThrow(/another batch.*--fresh/);
  expect(readFileSync(`${output}.part`)).toEqual(before);
});

it.each(["one line without an end", "a,b\n1,2\n", '{"format":"moiety-batch/2"}\n'])(
  "leaves a file alone that is no journal: %j",
  async (content) => {
    writeFileSync(`${output}.part`, content, { mode: 0o600 });
    await expect(BatchJournal.open(output, BATCH)).rejects.toThrow("not what a batch leaves");
    await expect(BatchJournal.discard(output)).rejects.toThrow("not what a batch leaves");
    expect(readFileSync(`${output}.part`, "utf8")).toBe(content);
  },
);

it("discards a journal of whatever batch, and none", async () => {
  await BatchJournal.discard(output);
  await journal((open) => open.keep({ start: 0, scores: [5] }));
  await BatchJournal.discard(output);
  await journal((open) => expect(open.kept).toBe(0), { ...BATCH, terms: "model@2" });
});

it("does not write where a link leads", async () => {
  const elsewhere = join(folder, "elsewhere");
  writeFileSync(elsewhere, "mine\n");
  symlinkSync(elsewhere, `${output}.part`);
  await expect(BatchJournal.open(output, BATCH)).rejects.toThrow(/symbolic link/);
  expect(readFileSync(elsewhere, "utf8")).toBe("mine\n");
});

it("loses no more than the block that was being written, wherever a crash cuts", async () => {
  const blocks = [
    { start: 0, scores: [1, 2, 3] },
    { start: 3, scores: [4] },
    { start: 4, scores: [5, 6] },
  ];
  const ends: number[] = [];
  await journal(async (open) => {
    for (const block of blocks) {
      await open.keep(block);
      ends.push(readFileSync(`${output}.part`).length);
    }
  });
  const whole = readFileSync(`${output}.part`);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: whole.length }),
      fc.uint8Array({ maxLength: 40 }),
      async (cut, torn) => {
        writeFileSync(`${output}.part`, whole.subarray(0, cut));
        if (cut > whole.indexOf("\n")) appendFileSync(`${output}.part`, torn);
        const synced = blocks.filter((_, at) => (ends[at] as number) <= cut);
        const expected = synced.reduce((sum, { scores }) => sum + scores.length, 0);
        // What a crash appends may by chance be the end of a line: then that block is whole.
        await journal((open) => expect(open.kept).toBeGreaterThanOrEqual(expected));
        await journal(async (open) => {
          const gap = open.missing(100);
          if (gap) await open.keep({ start: gap.start, scores: Array(gap.count).fill(9) });
          expect(open.missing(100)).toBeUndefined();
          expect([...open.scores.subarray(0, expected)]).toEqual(
            [1, 2, 3, 4, 5, 6].slice(0, expected),
          );
        });
        await journal((open) => expect(open.missing(100)).toBeUndefined());
      },
    ),
  );
});

it("sees a changed digit in the middle", async () => {
  await journal(async (open) => {
    await open.keep({ start: 0, scores: [1] });
    await open.keep({ start: 1, scores: [2] });
  });
  const text = readFileSync(`${output}.part`, "utf8");
  truncateSync(`${output}.part`, 0);
  writeFileSync(`${output}.part`, text.replace("\n0 0001", "\n0 0003"));
  await journal((open) => expect(open.kept).toBe(0));
});
