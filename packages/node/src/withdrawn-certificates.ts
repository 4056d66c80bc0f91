/**
 * The supervisor's list of withdrawn certificates at a node: read at the start, replaced by a newer
 * one while the node runs. The store keeps the newest list that was ever accepted, so that neither a
 * restart nor a file that is put back brings a certificate back.
 */
import { readFileSync } from "node:fs";
import type { SigningKey } from "@moiety/crypto";
import {
  parseWithdrawals,
  refuseForgottenWithdrawals,
  signWithdrawals,
  type Withdrawal,
  type Withdrawals,
  withdrawalRefusal,
  withdrawalsAfter,
} from "@moiety/policy";
import type { NodeConfig } from "./config.ts";
import { SetupError } from "./config-error.ts";
import { replaceFile } from "./durable-file.ts";
import type { Parties } from "./parties.ts";
import { key, type Store, type Table } from "./store.ts";

export interface WithdrawnCertificatesParts {
  readonly config: NodeConfig;
  readonly parties: Parties;
  readonly store: Store;
}

export class WithdrawnCertificates {
  readonly #parts: WithdrawnCertificatesParts;
  readonly #table: Table;
  #current: { readonly list: Withdrawals; readonly bytes: Uint8Array } | undefined;
  /** By digest, hex. */
  #byDigest: ReadonlyMap<string, Withdrawal> = new Map();
  readonly #listeners: (() => void)[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: WithdrawnCertificatesParts) {
    this.#parts = parts;
    this.#table = parts.store.table("meta");
  }

  /**
   * Takes what the store has, then the file that the configuration names, if it is there. Throws
   * `DocumentError` for a file that is older than what the store has, or not the supervisor's.
   */
  async read(): Promise<void> {
    const { file, withdrawals } = this.#parts.config;
    const kept = this.#table.get(this.#place());
    if (kept !== undefined) {
      const bytes = Uint8Array.from(kept);
      this.#adopt(this.#checked(bytes, `in the store of ${file}`), bytes);
    }
    if (withdrawals === undefined) return;
    const bytes = readList(withdrawals);
    if (bytes !== undefined) await this.#keep(this.#checked(bytes, withdrawals), bytes);
  }

  /** The list in force; undefined where nothing was ever withdrawn. */
  get current(): Withdrawals | undefined {
    return this.#current?.list;
  }

  /** For `moiety status`. */
  status(): { readonly serial: number; readonly certificates: number } {
    return { serial: this.current?.serial ?? 0, certificates: this.#byDigest.size };
  }

  /** The withdrawal of a certificate; undefined where it counts still. */
  find(digest: Uint8Array): Withdrawal | undefined {
    return this.#byDigest.get(Buffer.from(digest).toString("hex"));
  }

  /** Why nothing is done with a certificate, for the bank; undefined where it counts still. */
  refusal(digest: Uint8Array): string | undefined {
    const withdrawal = this.find(digest);
    return withdrawal && withdrawalRefusal(withdrawal);
  }

  /** Has `listener` called after each newer list is in force. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Takes a newer list: it is on disk, and in force, when this resolves. Throws `DocumentError`, and
   * `SetupError` at a node that decides nothing by it.
   */
  install(bytes: Uint8Array, file: string): Promise<Withdrawals> {
    return this.#inTurn(() => this.#take(bytes, file));
  }

  /**
   * Signs the next list, with these certificates as well, and takes it: for the supervisor. One that is
   * withdrawn already stays as it is; with no other the list stays, too.
   *
   * @returns the file of the list in force.
   */
  withdraw(withdrawn: readonly Withdrawal[], signing: SigningKey): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      const fresh = withdrawn.filter(({ certificate }) => !this.#byDigest.has(certificate));
      if (fresh.length === 0 && this.#current !== undefined) return this.#current.bytes;
      const list = withdrawalsAfter(this.current, this.#parts.parties.network, fresh);
      const bytes = signWithdrawals(list, signing);
      await this.#take(bytes, "(signed here)");
      return bytes;
    });
  }

  /** One after the other: each is held against the one before. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const working = this.#last.then(work);
    this.#last = working.catch(() => {});
    return working;
  }

  async #take(bytes: Uint8Array, file: string): Promise<Withdrawals> {
    const { config } = this.#parts;
    if (!config.role.startsWith("bureau") && config.role !== "supervisor")
      throw new SetupError(
        `a ${config.role} decides nothing by withdrawn certificates: install them at both bureaus ` +
          "and the supervisor",
      );
    const list = this.#checked(bytes, file);
    // First: killed between the two, the node finds a newer file, which it takes, not an older one.
    if (config.withdrawals !== undefined) replaceFile(config.withdrawals, bytes);
    await this.#keep(list, bytes);
    return list;
  }

  async #keep(list: Withdrawals, bytes: Uint8Array): Promise<void> {
    if (list.serial === this.current?.serial) return;
    await this.#table.put(this.#place(), Buffer.from(bytes));
    this.#adopt(list, bytes);
    for (const listener of this.#listeners) listener();
  }

  #adopt(list: Withdrawals, bytes: Uint8Array): void {
    this.#current = { list, bytes };
    this.#byDigest = new Map(list.withdrawn.map((each) => [each.certificate, each]));
  }

  #checked(bytes: Uint8Array, file: string): Withdrawals {
    const { parties } = this.#parts;
    const supervisor = parties.verifying(parties.supervisor);
    const list = parseWithdrawals(bytes, supervisor, parties.network, file);
    refuseForgottenWithdrawals(this.current, list, file);
    return list;
  }

  /** One list for each key of the supervisor: what another key certified does not count anyway. */
  #place(): Buffer {
    const { parties } = this.#parts;
    return key("withdrawals", parties.verifying(parties.supervisor).bytes);
  }
}

/** Undefined where there is no such file: nothing was withdrawn yet, or the store has it. */
function readList(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    if (code === "ENOENT") return undefined;
    throw new SetupError(`withdrawals ${file} cannot be read (${code}); ask the supervisor for it`);
  }
}
