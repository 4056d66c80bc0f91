import { EventEmitter } from "node:events";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { endOnFault } from "./fault.ts";

/** Lines logged by a node at this level, and codes with which it ended. */
function node(level = "info") {
  const lines: string[] = [];
  const source = Object.assign(new EventEmitter(), { exit: vi.fn() });
  const log = pino({ level, base: { node: "bureau-a" } }, { write: (line) => lines.push(line) });
  endOnFault(log, source);
  return { lines, source, log };
}

test("says what it was, and ends", () => {
  const { lines, source } = node("error");
  source.emit("uncaughtException", new RangeError("out of it"), "unhandledRejection");
  expect(lines).toHaveLength(1);
  const { level, node: name, ...said } = JSON.parse(lines[0] as string);
  expect([level, name]).toEqual([60, "bureau-a"]);
  expect(said).toMatchObject({
    origin: "unhandledRejection",
    name: "RangeError",
    error: "out of it",
    stack: expect.stringContaining("fault.test.ts"),
  });
  expect(source.exit.mock.calls).toEqual([[1]]);
});

test("does not print what was thrown if that is no error", () => {
  const { lines, source } = node();
  source.emit("uncaughtException", { secret: "opaque-4711" }, "uncaughtException");
  expect(lines.join("")).not.toContain("4711");
  expect(JSON.parse(lines[0] as string)).toMatchObject({ name: "object" });
  expect(source.exit).toHaveBeenCalledWith(1);
});

test("ends even where it cannot log", () => {
  const { source, log } = node();
  log.fatal = () => {
    throw new Error("no room for a log");
  };
  expect(() => source.emit("uncaughtException", new Error("x"), "uncaughtException")).toThrow();
  expect(source.exit).toHaveBeenCalledWith(1);
});
