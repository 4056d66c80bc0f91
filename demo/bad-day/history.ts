/** A bureau that rewrites its log, and what becomes of it. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { COMMAND_FILE } from "@moiety/cli";
import {
  ED25519,
  encodeEvidence,
  forkOf,
  logOrigin,
  noteSigner,
  parseCheckpoint,
  parseNote,
  signCheckpoint,
} from "@moiety/ledger";
import { readSigningKey } from "@moiety/node";
import type { Misdeed } from "./misdeeds.ts";
import { type BadNetwork, NETWORK } from "./set-up.ts";

const BUREAUS = ["bureau-a", "bureau-b"] as const;
const PATIENCE_MS = 20_000;
const run = promisify(execFile);

/** What scripts are told of both logs. */
export interface LedgerOutcome {
  /** Entries, by bureau. */
  readonly entries: Readonly<Record<string, number>>;
  /** Whether both logs are whole, and cosigned by the other bureau and the supervisor. */
  readonly verified: boolean;
}

export class History {
  readonly #network: BadNetwork;

  constructor(network: BadNetwork) {
    this.#network = network;
  }

  /** Exports both logs and has them verified as anybody would: from files, with one command. */
  async verify(): Promise<LedgerOutcome> {
    const entries: Record<string, number> = {};
    for (const bureau of BUREAUS) {
      const folder = this.#exported(bureau);
      const config = this.#network.configs[bureau] as string;
      await this.#command("ledger", "export", "--config", config, "--folder", folder, "--json");
      entries[bureau] = await this.#cosignedSize(folder, config);
    }
    return { entries, verified: true };
  }

  /** A copy of what bureau A has now, for it to go back to. */
  async remember(): Promise<void> {
    await this.#network.nodes.stop(["bureau-a"]);
    cpSync(this.#data, `${this.#data}.before`, { recursive: true });
    await this.#network.nodes.start(["bureau-a"]);
  }

  misdeeds(): Misdeed[] {
    return [
      {
        name: "two-histories",
        title: "bureau A signs a second history of the same length, without one of its entries",
        attempt: async () => {
          const evidence = join(this.#network.folder, "fork.evidence");
          writeFileSync(evidence, this.#fork());
          const { stdout } = await this.#command("ledger", "verify", evidence, ...this.#trust);
          return stdout.trim();
        },
      },
      {
        name: "rolled-back",
        title: "bureau A puts its old store back, as if it had never answered",
        attempt: async () => {
          const { nodes } = this.#network;
          await nodes.stop(["bureau-a"]);
          renameSync(this.#data, `${this.#data}.after`);
          renameSync(`${this.#data}.before`, this.#data);
          await nodes.start(["bureau-a"]);
          return this.#stopped();
        },
      },
    ];
  }

  get #data(): string {
    return join(this.#network.folder, "bureau-a", "data");
  }

  get #trust(): string[] {
    const { folder, authority } = this.#network;
    return ["--roster", join(folder, "roster.json"), "--authority", authority];
  }

  #exported(bureau: string): string {
    const folder = join(this.#network.folder, "logs", bureau);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** The supervisor has a minute to cosign; mostly it takes a second. */
  async #cosignedSize(folder: string, config: string): Promise<number> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        const { stdout } = await this.#command(
          "ledger",
          "verify",
          folder,
          ...this.#trust,
          "--json",
        );
        return (JSON.parse(stdout) as { readonly size: number }).size;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
        await this.#command("ledger", "export", "--config", config, "--folder", folder, "--json");
      }
    }
  }

  /** What bureau A published, and another checkpoint of as many entries, both signed with its key. */
  #fork(): Uint8Array {
    const published = readFileSync(join(this.#exported("bureau-a"), "checkpoint"));
    const { size, root } = parseCheckpoint(parseNote(published).text);
    const origin = logOrigin(NETWORK, "bureau-a");
    const key = readSigningKey(join(this.#network.folder, "bureau-a", "keys"));
    const other = Uint8Array.from(root, (byte) => byte ^ 1);
    const rewritten = signCheckpoint(
      { origin, size, root: other, extensions: [] },
      noteSigner(origin, key, ED25519),
    );
    const evidence = forkOf(published, rewritten);
    if (evidence === undefined) throw new Error("the two checkpoints agree");
    return encodeEvidence(evidence);
  }

  /** Why bureau A's log takes nothing any more, as its status has it. */
  async #stopped(): Promise<string | undefined> {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const { facts } = await this.#network.nodes.status("bureau-a");
      const { stopped } = facts.ledger as { readonly stopped?: string };
      if (stopped !== undefined) return stopped;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return undefined;
  }

  #command(...args: readonly string[]) {
    return run(process.execPath, [COMMAND_FILE, ...args]);
  }
}
