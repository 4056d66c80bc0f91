/** The bureaus' logs: each is one history, and has in it what the bank was answered. */
import { VerifyingKey } from "@moiety/crypto";
import {
  checkLog,
  ED25519,
  entriesOf,
  exportedLog,
  type LogIdentity,
  type LogView,
  logOrigin,
  noteKey,
  openCheckpoint,
  parseEntry,
  rootAt,
} from "@moiety/ledger";
import { findParty, type Party } from "@moiety/policy";
import { BUREAUS, NETWORK } from "./network-files.ts";
import type { World } from "./world.ts";

interface Ledger {
  readonly entries: number;
  readonly published: number;
}

export class LogWatch {
  readonly #world: World;
  /** By bureau: checkpoints that it has published, the latest last. */
  readonly #seen = new Map<string, Uint8Array[]>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Takes note of what bureaus publish now. */
  look(): void {
    for (const bureau of BUREAUS) {
      const note = this.#world.machine(bureau).control?.file("/ledger/*", "checkpoint");
      const seen = this.#seen.get(bureau) ?? [];
      if (note !== undefined && Buffer.compare(note, seen.at(-1) ?? new Uint8Array()) !== 0)
        this.#seen.set(bureau, [...seen, note]);
    }
  }

  /** Whether everything in both logs has been published: witnesses cosign again. */
  get isCosigned(): boolean {
    return BUREAUS.every((bureau) => {
      const ledger = this.#world.machine(bureau).node?.status().facts.ledger as Ledger | undefined;
      return ledger !== undefined && ledger.published === ledger.entries;
    });
  }

  /** @param inquiries ids of those that were answered, hexadecimal digits. */
  check(inquiries: readonly string[]): void {
    for (const bureau of BUREAUS)
      try {
        this.#checkOne(bureau, inquiries);
      } catch (error) {
        this.#world.violation(`log of ${bureau}: ${(error as Error).message}`);
      }
  }

  #checkOne(bureau: string, inquiries: readonly string[]): void {
    const { control } = this.#world.machine(bureau);
    const view = exportedLog((path) => control?.file("/ledger/*", path));
    const log = this.#identityOf(bureau);
    checkLog(view, log);
    for (const note of this.#seen.get(bureau) ?? []) {
      const { size, root } = openCheckpoint(note, log, []);
      if (Buffer.compare(rootAt(view.tiles, size), root) !== 0)
        this.#world.violation(`${bureau} rewrote its log: of ${size} entries it published others`);
    }
    const logged = inquiriesIn(view);
    const missing = inquiries.filter((id) => !logged.has(id));
    if (missing.length > 0)
      this.#world.violation(`the log of ${bureau} lacks ${missing.length} answered inquiries`);
  }

  #identityOf(bureau: string): LogIdentity {
    const { signingKey } = findParty(this.#world.roster, bureau) as Party;
    const origin = logOrigin(NETWORK, bureau);
    const key = new VerifyingKey(Buffer.from(signingKey, "hex"));
    return { origin, keys: [noteKey(origin, key, ED25519)] };
  }
}

/** Ids of the inquiries that a log says it computes. */
function inquiriesIn(view: LogView): Set<string> {
  const ids = new Set<string>();
  for (const { bytes } of entriesOf(view)) {
    const { kind, body } = parseEntry(bytes);
    if (kind !== "intent" && kind !== "batch") continue;
    ids.add(Buffer.from((body as { readonly inquiry: Uint8Array }).inquiry).toString("hex"));
  }
  return ids;
}
