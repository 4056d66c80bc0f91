/**
 * The node as a witness: a bureau of the other bureau's log, the supervisor of both. Each log is
 * cosigned for its own bureau only, and only as long as it grows.
 */
import { Refusal, type Service, service } from "@moiety/kit";
import {
  COSIGNATURE,
  LedgerError,
  noteSigner,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  Witness,
  type WitnessAnswer,
  witnessName,
} from "@moiety/ledger";
import { witness as protocol } from "@moiety/protocols";
import type { NodeContext } from "../context.ts";
import { requireRole } from "../roles.ts";
import { logIdentity } from "./identities.ts";
import { formerKeys, rememberKey } from "./own-keys.ts";
import { witnessStoreOf } from "./stores.ts";

export class WitnessDesk {
  readonly #context: NodeContext;
  readonly #bureaus: () => readonly string[];
  readonly #witness: Witness;
  #distrusted: string | undefined;
  #ready: Promise<void>;

  /** @param bureaus whose logs this node cosigns. */
  constructor(context: NodeContext, bureaus: () => readonly string[]) {
    const { parties, signing, store, clock, config, log } = context;
    this.#context = context;
    this.#bureaus = bureaus;
    const name = witnessName(parties.network, config.name);
    this.#witness = new Witness({
      signer: noteSigner(name, signing, COSIGNATURE),
      store: witnessStoreOf(store),
      logs: () => bureaus().map((bureau) => logIdentity(parties, bureau)),
      nowMs: () => clock.now(),
      former: formerKeys(context, name, COSIGNATURE),
      onContradiction: (note, known) => {
        const [first, second] = [known, note].map((each) => Buffer.from(each).toString());
        log.error({ first, second }, "a log signed two histories: keep both notes, they prove it");
      },
    });
    this.#ready = rememberKey(context);
    this.#ready.catch(() => {}); // the requests that wait for it say so
  }

  /** What keeps this witness from cosigning, if anything does. */
  ailments(): readonly string[] {
    return this.#distrusted === undefined ? [] : [this.#distrusted];
  }

  service(): Service {
    return service(
      protocol.witness,
      "witness",
      (named) => {
        requireRole(this.#context, named.log, "bureau-a", "bureau-b");
        if (!this.#bureaus().includes(named.log))
          throw new Refusal("refused", `the log of ${named.log} is not cosigned here`);
      },
      (session) => protocol.cosigner(session, { answer: (log, asked) => this.#answer(log, asked) }),
    );
  }

  async #answer(
    bureau: string,
    { purpose, body }: protocol.WitnessRequest,
  ): Promise<protocol.WitnessReply> {
    await this.#ready;
    if (this.#distrusted !== undefined) return refused(this.#distrusted);
    const { origin } = logIdentity(this.#context.parties, bureau);
    try {
      if (purpose === "latest") return await this.#latest(origin, body);
      const request = parseAddCheckpoint(body);
      if (originOf(request.note) !== origin) return refused(`not a checkpoint of ${origin}`);
      return replyOf(await this.#witness.addCheckpoint(request));
    } catch (error) {
      if (error instanceof LedgerError) return refused(error.message);
      throw error;
    }
  }

  async #latest(origin: string, seen: Uint8Array): Promise<protocol.WitnessReply> {
    if (seen.length > 0) {
      if (originOf(seen) !== origin) return refused(`not a checkpoint of ${origin}`);
      await this.#mustKnow(seen);
    }
    if (this.#distrusted !== undefined) return refused(this.#distrusted);
    const body = Uint8Array.from(this.#witness.latest(origin) ?? []);
    return { outcome: "latest", body };
  }

  async #mustKnow(seen: Uint8Array): Promise<void> {
    try {
      await this.#witness.mustKnow(seen);
    } catch (error) {
      if (!(error instanceof LedgerError) || error.code !== "inconsistent") throw error;
      this.#distrusted = `the witness cosigns nothing more: ${error.message}`;
      this.#context.log.error({ note: Buffer.from(seen).toString() }, this.#distrusted);
    }
  }
}

function originOf(note: Uint8Array): string {
  return parseCheckpoint(parseNote(note).text).origin;
}

function replyOf(answer: WitnessAnswer): protocol.WitnessReply {
  if (answer.status === 200) return { outcome: "cosigned", body: text(answer.cosignatures) };
  if (answer.status === 409) return { outcome: "behind", body: text(String(answer.size)) };
  return refused(answer.reason);
}

function refused(reason: string): protocol.WitnessReply {
  return { outcome: "refused", body: text(reason.slice(0, 500)) };
}

function text(words: string): Uint8Array {
  return new Uint8Array(Buffer.from(words));
}
