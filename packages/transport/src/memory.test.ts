import { describe, expect, it } from "vitest";
import { memoryLinks, memoryWires } from "./memory.ts";
import { linkOver } from "./mux.ts";
import { bytes, nextChannel, text } from "./testing/channels.ts";
import { linkCompliance } from "./testing/compliance.ts";
import { linkHostility } from "./testing/hostile.ts";
import type { Wire } from "./wire.ts";

linkCompliance("memory", () => Promise.resolve(memoryLinks("near", "far")));

linkHostility(
  "memory",
  () => {
    const [hostile, wire] = memoryWires("hostile", "honest");
    hostile.attach({ record: () => {}, drained: () => {}, ended: () => {} });
    const link = linkOver(wire, "honest", "hostile", "accepting");
    return Promise.resolve(hostility(link, hostile));
  },
  400,
);

function hostility(link: ReturnType<typeof linkOver>, wire: Wire) {
  return {
    link,
    send: (record: Uint8Array) => wire.send(record),
    stop: () => wire.close("the test is over"),
  };
}

describe("a tap", () => {
  it("sees every record in its direction, and may change or drop it", async () => {
    const seen: string[] = [];
    const [near, far] = memoryLinks("near", "far", {
      tap: (from, record) => {
        seen.push(`${from}: ${bytes(record).toString("latin1", 8)}`);
        if (bytes(record).includes("dropped")) return "drop";
        if (!bytes(record).includes("secret")) return undefined;
        return Buffer.from(bytes(record).toString("latin1").replace("secret", "public"), "latin1");
      },
    });
    const taken = nextChannel(far);
    const channel = near.open(text("opening"));
    for (const frame of ["plain", "dropped", "secret"]) await channel.send(text(frame));
    const other = await taken;
    await other.send(text("back"));
    expect(await channel.receive()).toEqual(text("back"));
    expect(await other.receive()).toEqual(text("plain"));
    expect(bytes(await other.receive()).toString()).toBe("public");
    expect(seen).toEqual([
      "near: opening",
      "near: plain",
      "near: dropped",
      "near: secret",
      "far: back",
    ]);
  });
});
