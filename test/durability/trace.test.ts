import { expect, it } from "vitest";
import { judge } from "./trace.ts";

const FILES = { data: 19, meta: 20 };
const PROMISED = [{ said: "stored", after: "deposit.chunk-received" }];
const RECEIVED = '7 write(23, "milestone:deposit.chunk-received\\n", 33) = 33';
const SAID = '7 write(23, "said:stored\\n", 12) = 12';
const SYNC = "9 fdatasync(19) = 0";
const META = '9 pwrite64(20, "\\0\\0"..., 128, 40) = 128';
const verdict = (...lines: string[]) => judge(lines, FILES, PROMISED);

it("finds nothing wrong where an acknowledgement follows its commit, also one cut in two", () => {
  expect(verdict(RECEIVED, SYNC, META, SAID)).toEqual({
    acknowledged: { stored: 1 },
    commits: 1,
    hollow: [],
  });
  const cut = [
    "9 fdatasync(19 <unfinished ...>",
    "7 getpid() = 7",
    "9 <... fdatasync resumed>) = 0",
  ];
  expect(verdict(RECEIVED, ...cut, META, SAID).hollow).toEqual([]);
});

it.each([
  ["no commit at all", [RECEIVED, SAID]],
  ["a commit of something before", [SYNC, META, RECEIVED, SAID]],
  ["a commit that comes later", [RECEIVED, SAID, SYNC, META]],
  ["a sync that nothing points to", [RECEIVED, SYNC, SAID, META]],
  ["a sync that failed", [RECEIVED, "9 fdatasync(19) = -1 EIO (Input/output error)", META, SAID]],
  ["a sync of another file", [RECEIVED, "9 fdatasync(3) = 0", META, SAID]],
  ["no point of its own", [RECEIVED, SYNC, META, SAID, SAID]],
])("finds an acknowledgement with %s", (_, lines) => {
  expect(verdict(...lines).hollow).toHaveLength(1);
});
