/** What whoever runs a node relies on: `moiety doctor`, `/health` and `/metrics`. */
import { chmodSync, copyFileSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import type { Finding } from "@moiety/node";
import { beforeAll, describe, expect, test } from "vitest";
import { type Network, useWorld } from "../world/network.ts";

const world = useWorld();
let network: Network;
beforeAll(async () => {
  network = await world.network();
});

async function doctor(name: string): Promise<{ code: number | null; findings: Finding[] }> {
  const ran = await world.run(["doctor", network.config(name), "--json"]);
  const lines = ran.stdout.toString().trim().split("\n");
  return { code: ran.code, findings: lines.map((line) => JSON.parse(line) as Finding) };
}

function wrong(findings: readonly Finding[]): string[] {
  return findings.filter(({ verdict }) => verdict === "failure").map(({ check }) => check);
}

function observed(name: string, page: string): Promise<Response> {
  const file = join(network.folder, "run", `${name}.metrics-port`);
  return fetch(`http://127.0.0.1:${readFileSync(file, "utf8").trim()}/${page}`);
}

describe("moiety doctor, while the node is stopped", () => {
  test("finds nothing wrong with what init made", async () => {
    const { code, findings } = await doctor("bureau-a");
    expect(wrong(findings)).toEqual([]);
    expect(code).toBe(0);
    for (const { verdict, remedy } of findings) expect(remedy === undefined).toBe(verdict === "ok");
  });

  test("names a key that others can read, and says what to do", async () => {
    const file = join(dirname(network.config("bureau-b")), "keys", "signing.key");
    chmodSync(file, 0o644);
    const { code, findings } = await doctor("bureau-b");
    chmodSync(file, 0o600);
    expect(code).toBe(1);
    expect(wrong(findings)).toEqual(["keys"]);
    expect(findings.find(({ check }) => check === "keys")?.detail).toMatch(/0644.*chmod 600/);
  });

  test("names a missing half of a domain's key", async () => {
    const file = join(dirname(network.config("bureau-b")), "keys", "oprf-telecom-1.key");
    copyFileSync(file, `${file}.kept`);
    rmSync(file);
    const { findings } = await doctor("bureau-b");
    copyFileSync(`${file}.kept`, file);
    chmodSync(file, 0o600);
    expect(findings.find(({ verdict }) => verdict === "failure")?.detail).toMatch(/oprf-telecom-1/);
  });

  test("names a port that another program holds", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const config = network.config("supervisor");
    const before = readFileSync(config, "utf8");
    const elsewhere = before.replace(/(listen:\s+host: \S+\s+port: )0/, `$1${port}`);
    expect(elsewhere).not.toBe(before);
    world.write(config, elsewhere);
    const { findings } = await doctor("supervisor");
    world.write(config, before);
    await new Promise((resolve) => other.close(resolve));
    expect(wrong(findings)).toEqual(["port"]);
  });
});

describe("a network that runs", () => {
  beforeAll(() => network.start());

  test("is found in order by the doctor, clocks included", async () => {
    const { code, findings } = await doctor("bank");
    expect(wrong(findings)).toEqual([]);
    expect(code).toBe(0);
    const checks = findings.map(({ check }) => check);
    expect(checks).toContain("clock of bureau-a");
    expect(checks).toContain("peer bureau-b");
  });

  test("says of each node that it is well, and what it did", async () => {
    for (const name of network.names) expect((await observed(name, "health")).status).toBe(200);
    const text = await (await observed("bureau-a", "metrics")).text();
    expect(text).toMatch(/moiety_link_up\{.*peer="bureau-b".*\} 1/);
    expect(text).toMatch(/process_resident_memory_bytes\{/);
    expect(text).toMatch(/moiety_sessions_total\{.*protocol="random-ot"|moiety_random_ots\{/);
  });

  test("says what is wrong when a bureau is gone, and is well again when it is back", async () => {
    await network.stop("bureau-b");
    await expect.poll(async () => (await observed("bank", "health")).status).toBe(503);
    const { ailments } = (await (await observed("bank", "health")).json()) as {
      ailments: string[];
    };
    expect(ailments.join()).toMatch(/not connected to bureau-b/);
    await network.start("bureau-b");
    await expect
      .poll(async () => (await observed("bank", "health")).status, { timeout: 30_000 })
      .toBe(200);
  });
});
