/** Nodes that must not start: each in a copy of the network's folder with one thing wrong in it. */
import { generateKeyPairSync } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { startNode } from "@moiety/node";
import { expect, it } from "vitest";
import { expectFailure, type Scene } from "./scene.ts";

/** A copy of what `moiety init` made, without anything that running nodes have put there. */
class Copy {
  readonly folder: string;

  constructor(from: string, to: string) {
    this.folder = to;
    cpSync(from, to, {
      recursive: true,
      filter: (path) => !/\/(data|run)(\/|$)|\.log$/.test(path.slice(from.length)),
    });
  }

  path(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  key(name: string): string {
    return this.path("bureau-a", "keys", name);
  }

  /** What is in bureau A's key files. */
  secrets(): string[] {
    const names = readdirSync(this.path("bureau-a", "keys")).filter((name) => /key$/.test(name));
    return names.map((name) => readFileSync(this.key(name), "utf8").trim());
  }

  /** Replaces text in a file; what is looked for must be there. */
  change(file: string, from: string | RegExp, to: string): void {
    const before = readFileSync(this.path(file), "utf8");
    const after = before.replace(from, to);
    if (after === before) throw new Error(`${file} does not contain ${from}`);
    writeFileSync(this.path(file), after);
  }
}

const otherKey = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }).x as string;

/** What is done to bureau A's copy, and what its node says then. */
const BAD: Readonly<Record<string, readonly [spoil: (copy: Copy) => void, ...words: RegExp[]]>> = {
  "a roster that was changed": [
    (copy) => copy.change("roster.json", '"legalName": "rogue"', '"legalName": "royal"'),
    /roster .*roster\.json: wrong signature: it was changed/,
  ],
  "a roster signed by another authority": [
    (copy) =>
      copy.change(
        "bureau-a/node.yaml",
        /authority: .*/,
        `authority: ${Buffer.from(otherKey, "base64url").toString("hex")}`,
      ),
    /not signed by the key [0-9a-f]{16}… that you trust/,
  ],
  "a key file that a group may read": [
    (copy) => chmodSync(copy.key("signing.key"), 0o640),
    /signing\.key has mode 0640: others can reach it; chmod 600 it/,
  ],
};

/** The same function starts these nodes, without a process for each. */
const ALSO_BAD: typeof BAD = {
  "a key file that everybody may read": [
    (copy) => chmodSync(copy.key("tls.key"), 0o604),
    /tls\.key has mode 0604: others can reach it; chmod 600 it/,
  ],
  "a key file that is a link": [
    (copy) => {
      renameSync(copy.key("oprf-telecom-1.key"), copy.path("elsewhere.key"));
      symlinkSync(copy.path("elsewhere.key"), copy.key("oprf-telecom-1.key"));
    },
    /oprf-telecom-1\.key is a symbolic link/,
  ],
  "an unknown key in the configuration": [
    (copy) => copy.change("bureau-a/node.yaml", "run:", "rosta: ../roster.json\nrun:"),
    /node\.yaml: not a node's configuration:/,
    /rosta/,
  ],
  "no roster": [(copy) => rmSync(copy.path("roster.json")), /roster .*cannot be read \(ENOENT\)/],
  "an authority that is no key": [
    (copy) => copy.change("bureau-a/node.yaml", /authority: .*/, `authority: ${"ff".repeat(32)}`),
    /node\.yaml: authority: not an Ed25519 public key/,
  ],
  "a key that is not there": [
    (copy) => rmSync(copy.key("signing.key")),
    /signing\.key cannot be read \(ENOENT\)/,
  ],
  "half a key": [
    (copy) => writeFileSync(copy.key("signing.key"), "0123456789abcdef\n", { mode: 0o600 }),
    /signing\.key: expected 64 hex digits/,
  ],
  "the OPRF key of another domain": [
    (copy) => copyFileSync(copy.key("oprf-telecom-1.key"), copy.key("oprf-payments-1.key")),
    /oprf-payments-1\.key is not the one in the roster/,
  ],
  "a box key that is not the one in the roster": [
    (copy) => copyFileSync(copy.path("bureau-b", "keys", "box.key"), copy.key("box.key")),
    /box\.key is not the key that the roster has for bureau-a/,
  ],
  "no certificate": [
    (copy) => rmSync(copy.key("tls.crt")),
    /certificate .*tls\.crt cannot be read \(ENOENT\)/,
  ],
  "a TLS key that does not belong to the certificate": [
    (copy) => copyFileSync(copy.path("bureau-b", "keys", "tls.key"), copy.key("tls.key")),
    /the private key of bureau-a does not belong to its certificate/,
  ],
  "a certificate that is not the one in the roster": [
    (copy) => {
      for (const name of ["tls.key", "tls.crt"])
        copyFileSync(copy.path("bureau-b", "keys", name), copy.key(name));
    },
    /tls\.crt is not the certificate that the roster has for bureau-a/,
  ],
  "a signing key that is not the one in the roster": [
    (copy) => copyFileSync(copy.path("bureau-b", "keys", "signing.key"), copy.key("signing.key")),
    /signing\.key is not the key that the roster has for bureau-a/,
  ],
  "a configuration that is no YAML": [
    (copy) => copy.change("bureau-a/node.yaml", "run:", "  - [run:"),
    /node\.yaml: /,
  ],
  "another role than the roster gives it": [
    (copy) => copy.change("bureau-a/node.yaml", "role: bureau-a", "role: bureau-b"),
    /role is bureau-b, the roster says bureau-a/,
  ],
};

export function setupCases(scene: () => Scene): void {
  const spoilt = (name: string, spoil: (copy: Copy) => void): Copy => {
    const { world, network } = scene();
    const copy = new Copy(network.folder, join(world.folder, `copy ${name}`));
    spoil(copy);
    return copy;
  };

  it.each(Object.entries(BAD))("starts no node with %s", async (name, [spoil, ...words]) => {
    const copy = spoilt(name, spoil);
    const ended = await scene().world.node(copy.path("bureau-a", "node.yaml")).ended;
    expectFailure(ended, ...words);
    for (const secret of copy.secrets()) expect(ended.stderr.toString()).not.toContain(secret);
    expect(leftovers(copy)).toEqual([]);
  });

  it.each(Object.entries(ALSO_BAD))("nor one with %s", async (name, [spoil, ...words]) => {
    const copy = spoilt(name, spoil);
    const started = startNode(copy.path("bureau-a", "node.yaml"));
    const error = await started.then(
      () => new Error("it started"),
      (reason: Error) => reason,
    );
    expect(error.name).toMatch(/^(SetupError|DocumentError)$/); // shown without a stack
    for (const each of words) expect(error.message).toMatch(each);
    for (const secret of copy.secrets()) expect(error.message).not.toContain(secret);
    expect(leftovers(copy)).toEqual([]);
  });

  it("starts no node on a port that is taken", async () => {
    const copy = spoilt("a taken port", () => {});
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = other.address() as AddressInfo;
      copy.change("bureau-a/node.yaml", "port: 0", `port: ${port}`);
      const ended = await scene().world.node(copy.path("bureau-a", "node.yaml")).ended;
      expectFailure(ended, `cannot listen on 127.0.0.1:${port}: another program uses this port`);
      expect(leftovers(copy)).toEqual([]);
    } finally {
      other.close();
    }
  });

  it("starts no second process of a node, and the first goes on", async () => {
    const { world, network } = scene();
    const before = await network.status("bureau-a");
    const ended = await world.node(network.config("bureau-a")).ended;
    expectFailure(ended, "bureau-a is running already");
    const after = await network.status("bureau-a");
    expect([after.pid, after.address]).toEqual([before.pid, before.address]);
  });
}

/** Sockets and published ports, by which others would take the node for running. */
function leftovers(copy: Copy): string[] {
  try {
    return readdirSync(copy.path("run"));
  } catch {
    return []; // not even the folder
  }
}
