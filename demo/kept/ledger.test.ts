import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeStatus } from "@moiety/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Ledger } from "./ledger.ts";

let file = "";
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "moiety-test-")), "stages.json");
});
afterEach(() => rmSync(join(file, ".."), { recursive: true, force: true }));

function status(node: string, pid: number, cpuMicros: number, bytes: number): NodeStatus {
  const tallies = { "score.choose": { count: 1, bytes } };
  const traffic = { sent: tallies, received: tallies };
  return { node, role: node, pid, cpuMicros, traffic } as unknown as NodeStatus;
}

describe("Ledger", () => {
  it("books on each stage what was used since the last, over runs and processes", () => {
    const first = new Ledger(file);
    first.book("deposit", 2, 100, [status("bank", 1, 50, 10)]);
    first.book("batch", 1, 10, [status("bank", 1, 80, 25)]);
    first.close();
    const second = new Ledger(file);
    second.book("batch", 3, 30, [status("bank", 2, 7, 5)]); // a new process starts at nothing
    const bank = { role: "bank", cpuMicros: 37, sentBytes: 20, received: { "score.choose": 20 } };
    expect(second.of("batch")).toEqual({ seconds: 4, items: 40, parties: { bank } });
    expect(second.totals().get("bank")).toMatchObject({ cpuMicros: 87, sentBytes: 30 });
    expect(second.cutOff).toBe(false);
    expect(second.runs).toBe(2);
  });

  it("knows when a run was killed before it was measured", () => {
    new Ledger(file);
    const second = new Ledger(file);
    expect(second.cutOff).toBe(true);
    second.close();
    expect(new Ledger(file).cutOff).toBe(true);
    writeFileSync(file, "{");
    expect(new Ledger(file).cutOff).toBe(true);
  });
});
