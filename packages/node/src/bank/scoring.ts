/** From identifiers to scores, block by block: pseudonyms first, then the inquiry. */
import { sign, verify } from "@moiety/crypto";
import { ProtocolError } from "@moiety/kit";
import { certificateDigest, type ModelCertificate } from "@moiety/policy";
import { lookup, score, scoreHeader } from "@moiety/protocols";
import { SetupError } from "../config-error.ts";
import type { NodeContext } from "../context.ts";
import type { DirectoryView, NamedDeposit } from "../directory-view.ts";
import { milestone } from "../milestone.ts";
import { beginUrgent, FEW, turnFor } from "../next-turn.ts";
import type { DomainKeys } from "../parties.ts";
import { isTransient, Refused, retrying } from "../retry.ts";
import { domainsOf } from "./book.ts";
import { BankConsents } from "./consents.ts";
import type { BankProofs } from "./proofs.ts";
import { Pseudonyms } from "./pseudonyms.ts";

/** Most people in one inquiry of a batch: what an inquiry costs by itself is spread over so many. */
const BLOCK_PEOPLE = 1_000;
/** A short batch comes in blocks of no fewer, so that its answers come one after the other as well. */
const LEAST_BLOCK_PEOPLE = 64;
/** Blocks of a batch under way at a time: one is read while others are looked up, sealed, or sent. */
const BLOCKS_AHEAD = 4;

/**
 * With more inquiries under way, sessions are opened when they are needed: their number is bounded. So are
 * those of many people, whose pseudonyms may take longer than a session lives.
 */
const OPENED_AHEAD = 8;

export interface Scorer {
  readonly certificate: ModelCertificate;
  readonly certificateBytes: Uint8Array;
  readonly purpose: string;
}

/** Who is asked about. */
export interface Asked {
  readonly identifiers: readonly Uint8Array[];
  /** Each person's consent, a compact JWS; undefined in a network that asks for none. */
  readonly tokens?: readonly string[] | undefined;
}

/** What came of one inquiry. */
export interface Answered {
  /** Its id, under which both bureaus have it in their logs. */
  readonly inquiry: Uint8Array;
  readonly scores: Uint16Array;
  /** Domains without a deposit that counted: everybody was *missing* there. */
  readonly absent: readonly string[];
  /** Places of people about whom something is in dispute, as either bureau says. */
  readonly disputed: readonly number[];
}

/** People `start`, `start + 1`, … of a batch. */
export interface ScoredBlock {
  readonly start: number;
  readonly scores: Uint16Array;
  readonly disputed: readonly number[];
}

export class Scoring {
  readonly #context: NodeContext;
  readonly #directory: DirectoryView;
  readonly #pseudonyms: Pseudonyms;
  readonly #consents: BankConsents;
  readonly #proofs: BankProofs;
  /** Inquiries that have not been answered. */
  #underWay = 0;

  constructor(context: NodeContext, directory: DirectoryView, proofs: BankProofs) {
    this.#context = context;
    this.#directory = directory;
    this.#proofs = proofs;
    this.#consents = new BankConsents(context);
    this.#pseudonyms = new Pseudonyms(context);
  }

  /**
   * Scores up to `MAX_PEOPLE` people in one inquiry, after registering consents that the bureaus do not
   * have yet. Throws `ProtocolError`, and `SetupError` for what a bureau has against a consent, or
   * against this inquiry.
   */
  async inquire({ identifiers, tokens }: Asked, scorer: Scorer): Promise<Answered> {
    const isAsked = this.#context.parties.consentDomain !== undefined;
    if (isAsked && tokens === undefined)
      throw new SetupError("this network answers nothing about a person without a consent");
    if (!isAsked && tokens !== undefined)
      throw new SetupError("this network has no consent domain: leave the consents out");
    const names = tokens === undefined ? new Uint8Array() : await this.#consents.names(tokens);
    // By domain, epoch and keys: an attempt that names others than the one before adds to it.
    const found = new Map<string, Uint8Array>();
    const settled = identifiers.length > FEW ? undefined : beginUrgent();
    this.#underWay += 1;
    return retrying(
      this.#context.clock,
      async () => {
        const deposits = await this.#named(scorer);
        if (tokens !== undefined)
          await this.#register({ identifiers, tokens }, names, deposits, found);
        const columns = this.#columns(identifiers, deposits, found);
        columns.catch(() => {}); // awaited below
        const isLong = identifiers.length > FEW;
        if (isLong || this.#underWay > OPENED_AHEAD) await columns;
        const inquiry = this.#context.rng.bytes(16);
        const scored = await this.#score(inquiry, { columns, names }, deposits, scorer);
        const absent = deposits.filter(({ version }) => version === 0);
        return { inquiry, ...scored, absent: absent.map(({ keys }) => keys.domain) };
      },
      () => this.#directory.refresh(),
      // A use that may have been counted is not asked for twice.
      tokens === undefined ? isTransient : isBeforeUse,
    ).finally(() => {
      this.#underWay -= 1;
      settled?.();
    });
  }

  close(): void {
    this.#pseudonyms.close();
  }

  /**
   * Scores any number of people, a few blocks at a time; yields blocks in order, and past a failed one
   * those that were under way with it. Then it throws what failed first. All blocks are asked for
   * whatever the answers are: a bureau must not see from where a batch stops which numbers the bank
   * refused.
   */
  async *batch({ identifiers, tokens }: Asked, scorer: Scorer): AsyncGenerator<ScoredBlock> {
    const underWay: Promise<ScoredBlock>[] = [];
    const most = blockFor(identifiers.length, scorer);
    let failure: { readonly error: unknown } | undefined;
    for (let next = 0; next < identifiers.length || underWay.length > 0; ) {
      while (!failure && next < identifiers.length && underWay.length < BLOCKS_AHEAD) {
        const start = next;
        const asked = identifiers.slice(start, start + most);
        const consents = tokens?.slice(start, start + most);
        const block = this.inquire({ identifiers: asked, tokens: consents }, scorer).then(
          ({ scores, disputed }) => ({ start, scores, disputed }),
        );
        block.catch(() => {}); // awaited in order below
        underWay.push(block);
        next += asked.length;
      }
      const first = underWay.shift();
      if (first === undefined) break;
      try {
        yield await first;
      } catch (error) {
        failure ??= { error };
      }
    }
    if (failure !== undefined) throw failure.error;
  }

  /**
   * The session is opened while pseudonyms are still being evaluated: the bureaus have joined it, and
   * each other, by the time when they are asked.
   */
  async #score(
    id: Uint8Array,
    { columns, names }: { columns: Promise<readonly Uint8Array[]>; names: Uint8Array },
    deposits: readonly NamedDeposit[],
    scorer: Scorer,
  ): Promise<Pick<Answered, "scores" | "disputed">> {
    const { switchboard, parties, config, signing } = this.#context;
    const roles = { bank: config.name, ...parties.bureaus };
    const disputed = new Set<number>();
    const run = switchboard.run(score.score, "bank", roles, async (session) => {
      const found = await columns;
      await turnFor((found[0]?.length ?? 0) / scoreHeader.PSEUDONYM_BYTES);
      const inquiry = this.#inquiry(id, { columns: found, names }, deposits, scorer);
      milestone("score.asking");
      return score.bank(session, {
        network: parties.network,
        inquiry,
        sign: (context, ...parts) => sign(signing, context, ...parts),
        verify: (bureau, signature, context, ...parts) =>
          verify(parties.verifying(bureau), signature, context, ...parts),
        promised: (bureau, promise) => this.#proofs.promised(id, bureau, promise),
        disputed: (_, people) => {
          for (const person of people) disputed.add(person);
        },
      });
    });
    const scores = await run.catch((error: unknown) => this.#explained(id, names, error));
    milestone("score.received");
    return { scores, disputed: [...disputed].sort((x, y) => x - y) };
  }

  /**
   * A bureau that refused is asked why: it says so to the bank that asked, and to nobody else. The other
   * one gives up then, which may be heard first: so both are asked.
   */
  async #explained(id: Uint8Array, names: Uint8Array, error: unknown): Promise<never> {
    if (!(error instanceof ProtocolError)) throw error;
    if (error.code !== "refused" && error.code !== "aborted") throw error;
    const { a, b } = this.#context.parties.bureaus;
    for (const bureau of error.party === b ? [b, a] : [a, b]) {
      const reason = await this.#proofs.reason(id, bureau).catch(() => "");
      if (reason === "") continue;
      const refused = new Refused(bureau, reason);
      // A bureau whose store was restored has lost it: the next inquiry brings it again.
      if (refused.code === "consent-unregistered") await this.#consents.forget(names);
      throw refused;
    }
    throw error;
  }

  /** Registers consents, and notes the pseudonyms if that run evaluated everybody's. */
  async #register(
    { identifiers, tokens }: Required<Asked>,
    names: Uint8Array,
    deposits: readonly NamedDeposit[],
    found: Map<string, Uint8Array>,
  ): Promise<void> {
    const people = identifiers.map((identifier, i) => ({ identifier, token: tokens?.[i] ?? "" }));
    const keys = deposits.map((deposit) => deposit.keys);
    const runs = await this.#consents.register(people, names, keys);
    for (const run of runs) this.#pseudonyms.keep(identifiers, keys, run);
    const [only] = runs;
    if (only?.people.length !== identifiers.length) return;
    for (const [d, each] of keys.entries())
      found.set(nameOf(each), new Uint8Array(Buffer.concat(only.columns[d] ?? [])));
  }

  #inquiry(
    id: Uint8Array,
    { columns, names }: { columns: readonly Uint8Array[]; names: Uint8Array },
    deposits: readonly NamedDeposit[],
    { certificateBytes, purpose }: Scorer,
  ): scoreHeader.Inquiry {
    const { clock, rng } = this.#context;
    const people = (columns[0]?.length ?? 0) / scoreHeader.PSEUDONYM_BYTES;
    return {
      inquiry: id,
      model: certificateDigest(certificateBytes),
      purpose,
      asOf: Math.floor(clock.now() / 1000),
      deposits: deposits.map(({ keys: { domain, epoch }, version }) => ({
        domain,
        epoch,
        version,
      })),
      salt: rng.bytes(32),
      people,
      pseudonyms: interleaved(columns, people),
      consents: names,
    };
  }

  /** Pseudonyms, a column per deposit; `found` has those of former attempts and gets the others. */
  async #columns(
    identifiers: readonly Uint8Array[],
    deposits: readonly NamedDeposit[],
    found: Map<string, Uint8Array>,
  ): Promise<Uint8Array[]> {
    const missing = deposits.flatMap(({ keys }) => (found.has(nameOf(keys)) ? [] : keys));
    const pseudonyms = await this.#pseudonyms.of(identifiers, missing);
    for (const [d, keys] of missing.entries()) found.set(nameOf(keys), pseudonyms[d] as Uint8Array);
    return deposits.map(({ keys }) => found.get(nameOf(keys)) as Uint8Array);
  }

  /** What the next inquiry names, in the order in which the model uses domains. */
  #named({ certificate }: Pick<Scorer, "certificate">): Promise<NamedDeposit[]> {
    return Promise.all(
      domainsOf(certificate).map((domain) => {
        const { digest = "" } =
          certificate.catalogues.find((catalogue) => catalogue.domain === domain) ?? {};
        return this.#directory.named(domain, Buffer.from(digest, "hex"));
      }),
    );
  }
}

/** A failure at which surely neither bureau has counted a use: it is said before they begin. */
function isBeforeUse(error: unknown): error is ProtocolError {
  return error instanceof ProtocolError && error.code === "conflict";
}

/** People in one inquiry: no more than one run of `lookup` takes with this model. */
function blockFor(people: number, { certificate }: Scorer): number {
  const wanted = Math.max(LEAST_BLOCK_PEOPLE, Math.ceil(people / BLOCKS_AHEAD));
  const fitting = Math.floor(lookup.MAX_LOOKUPS / certificate.characteristics.length);
  return Math.min(wanted, BLOCK_PEOPLE, fitting);
}

/** Person after person what stands in columns. */
function interleaved(columns: readonly Uint8Array[], people: number): Uint8Array {
  const { PSEUDONYM_BYTES } = scoreHeader;
  const all = Buffer.alloc(people * columns.length * PSEUDONYM_BYTES);
  for (const [d, column] of columns.entries()) {
    const from = Buffer.from(column.buffer, column.byteOffset, column.length);
    for (let person = 0; person < people; person += 1) {
      const start = person * PSEUDONYM_BYTES;
      const to = (person * columns.length + d) * PSEUDONYM_BYTES;
      from.copy(all, to, start, start + PSEUDONYM_BYTES);
    }
  }
  return all;
}

/** Of what a column was evaluated under. */
function nameOf({ domain, epoch, a, b }: DomainKeys): string {
  return `${domain}/${epoch}/${Buffer.concat([a, b]).toString("hex")}`;
}
