import { expect, it } from "vitest";
import { z } from "zod";
import { DocumentError, MAX_PROBLEM_LENGTH, parseShape } from "./document-error.ts";

const problemOf = (value: unknown): string => {
  try {
    parseShape(z.strictObject({ right: z.int() }), value, "file");
  } catch (error) {
    if (error instanceof DocumentError) return error.message;
    throw error;
  }
  return "";
};

it("says where something is wrong, and lists no more than a reader looks at", () => {
  expect(problemOf({ right: 1 })).toBe("");
  expect(problemOf({ right: 1, wrong: 2 })).toBe('file: (top level): Unrecognized key: "wrong"');
  const many = new DocumentError("file", Array(25).fill("bad"));
  expect(many.message.split("\n")).toHaveLength(22);
  expect(many.message).toContain("and 5 more");
});

it("does not let the name of a field clear the screen, forge a line of a log, or fill a disk", () => {
  const hostile = problemOf({ right: 1, "\u001b[2J\nsupervisor: all is well\u2028\u202e": 0 });
  expect(hostile).toBe(
    'file: (top level): Unrecognized key: "\ufffd[2J\ufffdsupervisor: all is well\ufffd\ufffd"',
  );
  const long = problemOf({ right: 1, ["x".repeat(1 << 20)]: 0 });
  expect(long).toHaveLength("file: ".length + MAX_PROBLEM_LENGTH);
  expect(long.endsWith("…")).toBe(true);
});
