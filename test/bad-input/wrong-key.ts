/** A node that is not who its peers expect: it holds a certificate that their roster does not. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeNetwork, targetOf } from "@moiety/cli";
import { SigningKey } from "@moiety/crypto";
import { callNode, type NodeStatus } from "@moiety/node";
import { type Roster, signRoster } from "@moiety/policy";
import { expect, it } from "vitest";
import { type LogLine, NodeLog } from "./node-log.ts";
import type { Scene } from "./scene.ts";

const PATIENCE_MS = 20_000;

/**
 * A copy of the network with a bureau B whose TLS keys were exchanged, and whose own copy of the
 * roster says so, rightly signed: it may think that all is well. `rogue` has the common roster.
 */
async function impostor({
  world,
  network,
}: Scene): Promise<{ a: string; b: string; bank: string }> {
  const folder = join(world.folder, "impostor");
  for (const part of ["bureau-b/keys", "rogue/keys", "roster.json"])
    cpSync(join(network.folder, part), join(folder, part), { recursive: true });
  for (const name of ["bureau-b", "rogue"])
    cpSync(network.config(name), join(folder, name, "node.yaml"));
  const other = await makeNetwork(join(world.folder, "impostor-keys"), {
    ...{ network: "elsewhere", banks: ["bank"], catalogues: [] },
    ...{ host: "127.0.0.1", basePort: 0 },
  });
  for (const name of ["tls.key", "tls.crt"])
    cpSync(join(other.folder, "bureau-b/keys", name), join(folder, "bureau-b/keys", name));
  renewRoster(folder, join(network.folder, "authority/signing.key"), other.folder);
  // Both find the true bureau A; `rogue` finds the impostor as bureau B.
  mkdirSync(join(folder, "run"), { mode: 0o700 });
  cpSync(join(network.folder, "run/bureau-a.port"), join(folder, "run/bureau-a.port"));
  const [b, bank] = ["bureau-b", "rogue"].map((name) => join(folder, name, "node.yaml"));
  return { a: network.config("bureau-a"), b: b as string, bank: bank as string };
}

/** Signs a roster with the other certificate of bureau B, and has bureau B use that. */
function renewRoster(folder: string, authorityKey: string, other: string): void {
  const { roster } = JSON.parse(readFileSync(join(folder, "roster.json"), "utf8")) as {
    roster: Roster;
  };
  const pem = readFileSync(join(other, "bureau-b/keys/tls.crt"), "utf8");
  const certificate = pem.replace(/-----[^-]+-----|\s/g, "");
  const parties = roster.parties.map((party) =>
    party.name === "bureau-b" ? { ...party, certificate } : party,
  );
  const seed = Buffer.from(readFileSync(authorityKey, "utf8").trim(), "hex");
  const renewed = signRoster({ ...roster, version: 2, parties }, new SigningKey(seed));
  writeFileSync(join(folder, "bureau-b/roster.json"), renewed);
  const config = join(folder, "bureau-b/node.yaml");
  const text = readFileSync(config, "utf8").replace("../roster.json", "roster.json");
  writeFileSync(config, text);
}

/** A node's word on one of its peers, as soon as it is about an attempt that failed. */
async function wordOn(peer: string, config: string): Promise<string> {
  const { socket } = targetOf(config);
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const status = callNode<NodeStatus>(socket, "/status", { method: "GET" });
    const word = await status.then(
      ({ peers }) => peers[peer] ?? "",
      () => "",
    );
    if (word.includes(": ") && !word.includes("does not run")) return word;
    if (Date.now() > deadline) throw new Error(`nothing on ${peer} in ${config}: ${word}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function wrongKeyCases(scene: () => Scene): void {
  it("is served by nobody and serves nobody, and all sides say why", async () => {
    const { world, network } = scene();
    const { a, b, bank } = await impostor(scene());
    const bureauA = new NodeLog(a);
    bureauA.mark();
    const running = [world.node(b)];
    try {
      // As a client: bureau A turns it away.
      expect(await wordOn("bureau-a", b)).toMatch(
        /bureau-a hung up right after the TLS handshake: most likely its roster pins another certificate for bureau-b/,
      );
      const unknown = ({ msg, reason }: LogLine): boolean =>
        msg === "refused" && reason === "unknown-certificate";
      expect((await bureauA.until("refused", unknown)).level).toBe(40); // a warning
      // As a server: who dials it hangs up, and knows why.
      running.push(world.node(bank));
      const mismatch = "bureau-b presented a certificate that is not the one pinned in the roster";
      expect(await wordOn("bureau-b", bank)).toContain(mismatch);
      const failed = new NodeLog(bank);
      const dial = await failed.until("dial-failed", ({ reason }) => reason === mismatch);
      expect(dial).toMatchObject({ level: 40, msg: "dial-failed", peer: "bureau-b" });
      const server = new NodeLog(b);
      await server.until("a refusal at the impostor", ({ msg }) => msg === "refused");
      // Nothing was said or served, and the true bureau B is still connected.
      const { traffic } = await callNode<NodeStatus>(targetOf(b).socket, "/status", {
        method: "GET",
      });
      expect(traffic).toEqual({ sent: {}, received: {} });
      expect((await network.status("bureau-a")).peers).toMatchObject({ "bureau-b": "up" });
    } finally {
      await Promise.all(running.map((node) => node.stop()));
    }
  });
}
