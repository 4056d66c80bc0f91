/** What a server says of its log's size is not believed without bound. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { exportLog } from "./ledger-export.ts";

function checkpointOf(size: number): Uint8Array {
  const root = Buffer.alloc(32).toString("base64");
  const line = `— net/log ${Buffer.alloc(68).toString("base64")}`;
  return new Uint8Array(Buffer.from(`net/log\n${size}\n${root}\n\n${line}\n`));
}

it("fetches no tile of a log that states more entries than any log has", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moiety-export-"));
  try {
    const asked: string[] = [];
    const server = (size: number) => async (path: string) => {
      asked.push(path);
      if (path === "checkpoint") return checkpointOf(size);
      throw new Error("no such tile");
    };
    await expect(exportLog(folder, server(1_000_000_001))).rejects.toThrow("1000000001 entries");
    expect(asked).toEqual(["checkpoint"]);
    await expect(exportLog(folder, server(1_000_000_000))).rejects.toThrow("no such tile");
    expect(asked).toHaveLength(3);
    expect(readdirSync(folder)).not.toContain("checkpoint");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
