/**
 * The supervisor's purpose policy at a node: read and verified at the start, replaced by a newer one
 * while the node runs, never by an older one.
 */
import { readFileSync } from "node:fs";
import { type PurposePolicy, parsePurposePolicy, refusePolicyRollback } from "@moiety/policy";
import type { NodeConfig } from "./config.ts";
import { SetupError } from "./config-error.ts";
import { replaceFile } from "./durable-file.ts";
import type { Parties } from "./parties.ts";
import { key, type Store } from "./store.ts";

const PLACE = key("purpose-policy");
/** A policy is short; this is more than its reader takes. */
const MAX_BYTES = 1 << 20;

export interface PurposesParts {
  readonly config: NodeConfig;
  readonly parties: Parties;
  readonly store: Store;
  readonly nowMs: () => number;
}

export class Purposes {
  readonly #parts: PurposesParts;
  #current: PurposePolicy | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: PurposesParts) {
    this.#parts = parts;
  }

  /** Reads the file that the configuration names, if it names one. Throws `SetupError`, `DocumentError`. */
  async read(): Promise<void> {
    const { config, parties } = this.#parts;
    const decides = config.role.startsWith("bureau") || config.role === "supervisor";
    if (config.policy === undefined) {
      if (decides && parties.consentDomain !== undefined)
        throw new SetupError(
          `${config.file}: policy: this network asks for consents, so a ${config.role} must name the ` +
            "supervisor's purpose policy",
        );
      return;
    }
    await this.#take(readPolicy(config.policy), config.policy);
  }

  /** The policy in force; whether it has expired meanwhile is for who uses it to see. */
  get current(): PurposePolicy | undefined {
    return this.#current;
  }

  /** The policy in force. Throws an `Error` in a node that was started without one. */
  get inForce(): PurposePolicy {
    if (this.#current !== undefined) return this.#current;
    throw new Error("no purpose policy was read");
  }

  /** Takes a newer policy at once, and puts it in the place of the file. Throws `DocumentError`. */
  async install(bytes: Uint8Array, file: string): Promise<PurposePolicy> {
    const { config } = this.#parts;
    if (config.policy === undefined)
      throw new SetupError(
        `${config.file}: policy: name the file that the policy is kept in first`,
      );
    return this.#take(bytes, file, config.policy);
  }

  /** One after the other: each is held against the one before. */
  #take(bytes: Uint8Array, file: string, place?: string): Promise<PurposePolicy> {
    const taking = this.#last.then(() => this.#takeNext(bytes, file, place));
    this.#last = taking.catch(() => {});
    return taking;
  }

  /** The store remembers the newest one: a file can be put back. */
  async #takeNext(bytes: Uint8Array, file: string, place?: string): Promise<PurposePolicy> {
    const { parties, store, nowMs } = this.#parts;
    const supervisor = parties.verifying(parties.supervisor);
    const policy = parsePurposePolicy(bytes, supervisor, parties.network, nowMs(), file);
    const table = store.table("meta");
    const kept = table.get(PLACE);
    const before = kept && (JSON.parse(kept.toString()) as { policy: PurposePolicy }).policy;
    refusePolicyRollback(before, policy);
    // First: killed between the two, the node finds a newer file, which it takes, not an older one.
    if (place !== undefined) replaceFile(place, bytes);
    if (before?.version !== policy.version) await table.put(PLACE, Buffer.from(bytes));
    this.#current = policy;
    return policy;
  }
}

function readPolicy(file: string): Uint8Array {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > MAX_BYTES) throw new SetupError(`policy ${file}: too long for a policy`);
    return bytes;
  } catch (error) {
    if (error instanceof SetupError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`policy ${file} cannot be read (${code}); ask the supervisor for it`);
  }
}
