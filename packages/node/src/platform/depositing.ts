/** From a CSV to two bureaus: read, check everything, enrol, split, send; resumable at each step. */
import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { osRng, type SealingKey, verify } from "@moiety/crypto";
import { ProtocolError } from "@moiety/kit";
import {
  type Catalogue,
  catalogueBytes,
  catalogueDigest,
  type DepositTable,
  parseCatalogue,
  readDepositCsv,
} from "@moiety/model";
import { deposit, depositChunk } from "@moiety/protocols";
import { SetupError } from "../config-error.ts";
import type { NodeContext } from "../context.ts";
import { DirectoryView } from "../directory-view.ts";
import type { DomainKeys } from "../parties.ts";
import { RECEIPT_CONTEXT } from "../receipt.ts";
import { inWords, retrying } from "../retry.ts";
import { Enrolment } from "./enrolment.ts";
import { catalogueOf, headerOf, type Journey, Outbox } from "./outbox.ts";

/** Where a deposit stands; the last one of a run has the stage `done`. */
export interface DepositProgress {
  readonly stage: "read" | "pseudonyms" | "split" | "send" | "done";
  /** The bureau that a `send` is about. */
  readonly bureau?: string;
  readonly done: number;
  readonly of: number;
  readonly version?: number;
}

export class Depositing {
  readonly #context: NodeContext;
  readonly #directory: DirectoryView;
  readonly #enrolment: Enrolment;
  readonly #outbox: Outbox;
  readonly catalogue: Catalogue;
  #underWay: { readonly gone: AbortSignal; readonly ended: Promise<unknown> } | undefined;

  constructor(context: NodeContext) {
    const { config, parties, switchboard, store } = context;
    this.#context = context;
    this.#directory = new DirectoryView(config.name, parties, switchboard);
    this.#enrolment = new Enrolment(context);
    this.#outbox = new Outbox(store);
    this.catalogue = readOwnCatalogue(config.catalogue as string, config.name, parties.domains);
  }

  /** The deposit under way or last done, for status pages. */
  get last(): Journey | undefined {
    return this.#outbox.journey(this.catalogue.domain);
  }

  /**
   * Deposits a CSV as the domain's next version, or resumes one that was interrupted. Stops at its
   * next step once whoever asked is `gone`; what is done by then stays done.
   */
  async deposit(
    csv: string,
    report: (progress: DepositProgress) => void,
    gone: AbortSignal,
  ): Promise<DepositProgress> {
    while (this.#underWay !== undefined) {
      if (!this.#underWay.gone.aborted)
        throw new SetupError("a deposit is under way already; wait for it to end");
      await this.#underWay.ended;
    }
    const work = this.#deposit(csv, (progress) => {
      gone.throwIfAborted();
      report(progress);
    }).catch((error: unknown) => {
      throw error instanceof ProtocolError ? new SetupError(inWords(error)) : error;
    });
    const ended = work
      .catch(() => {})
      .finally(() => {
        this.#underWay = undefined;
      });
    this.#underWay = { gone, ended };
    return work;
  }

  async #deposit(
    csv: string,
    report: (progress: DepositProgress) => void,
  ): Promise<DepositProgress> {
    const source = await digestOf(csv);
    const journey = this.#resumable(source) ?? (await this.#prepare(csv, source, report));
    await this.#send(journey, report);
    const { header } = headerOf(journey);
    const { records, version } = header;
    return { stage: "done", done: records, of: records, version };
  }

  #resumable(source: string): Journey | undefined {
    const last = this.last;
    if (last === undefined || last.source !== source) return undefined;
    const { epoch } = headerOf(last).header;
    const same = this.#keys().epoch === epoch && !(last.accepted.a && last.accepted.b);
    return same ? last : undefined;
  }

  async #prepare(
    csv: string,
    source: string,
    report: (progress: DepositProgress) => void,
  ): Promise<Journey> {
    const { config, parties, signing, clock } = this.#context;
    const keys = this.#keys();
    // Everything in the file is checked before anything leaves.
    const table: DepositTable = await readDepositCsv(csv, this.catalogue);
    const of = table.identifiers.length;
    report({ stage: "read", done: of, of });
    const version = await this.#nextVersion();
    const pseudonyms = await this.#enrolment.pseudonyms(table.identifiers, keys, (done) =>
      report({ stage: "pseudonyms", done, of }),
    );
    const { domain, features } = this.catalogue;
    const prepared = depositChunk.prepareDeposit(
      { pseudonyms, bins: table.bins, features: features.length },
      {
        network: parties.network,
        platform: config.name,
        domain,
        epoch: keys.epoch,
        version,
        catalogue: catalogueDigest(this.catalogue),
        madeAt: Math.floor(clock.now() / 1000),
      },
      { signing, boxes: { a: this.#box("a"), b: this.#box("b") } },
      osRng,
    );
    report({ stage: "split", done: of, of });
    return this.#outbox.begin(prepared, source, catalogueBytes(this.catalogue));
  }

  /** Above every version that this node or either bureau knows: numbers are never used twice. */
  async #nextVersion(): Promise<number> {
    const { parties, clock } = this.#context;
    const { a, b } = parties.bureaus;
    const { domain } = this.catalogue;
    const known = await retrying(clock, () =>
      Promise.all([this.#directory.depositsAt(a, domain), this.#directory.depositsAt(b, domain)]),
    );
    const versions = known.flat().map(({ header }) => header.version);
    return Math.max(this.last?.version ?? 0, ...versions) + 1;
  }

  /** To both bureaus at once; one that fails does not hold up the other. */
  async #send(journey: Journey, report: (progress: DepositProgress) => void): Promise<void> {
    const open = (["a", "b"] as const).filter((side) => !journey.accepted[side]);
    const outcomes = await Promise.allSettled(
      open.map((side) => this.#sendTo(side, journey, report)),
    );
    const failed = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [inWords(outcome.reason)] : [],
    );
    if (failed.length > 0)
      throw new SetupError(
        `${failed.join("; ")}. Nothing is lost: run the same command again to resume`,
      );
  }

  async #sendTo(
    side: depositChunk.Side,
    journey: Journey,
    report: (progress: DepositProgress) => void,
  ): Promise<void> {
    const { switchboard, parties, config, clock } = this.#context;
    const bureau = parties.bureaus[side];
    const signed = headerOf(journey);
    const receiptKey = parties.verifying(bureau);
    const receipt = await retrying(clock, () =>
      switchboard.run(deposit.deposit, "platform", { platform: config.name, bureau }, (session) =>
        deposit.platform(session, {
          ...signed,
          catalogue: catalogueOf(journey),
          sealed: (index) => this.#outbox.sealed(journey.domain, side, index),
          verifyReceipt: (receipt) => verify(receiptKey, receipt, RECEIPT_CONTEXT, signed.bytes),
          progress: (done, of) => report({ stage: "send", bureau, done, of }),
        }),
      ),
    );
    await this.#outbox.accepted(journey.domain, side, receipt);
  }

  #keys(): DomainKeys {
    return this.#context.parties.domains.get(this.catalogue.domain) as DomainKeys;
  }

  #box(side: depositChunk.Side): SealingKey {
    const { parties } = this.#context;
    const { box } = parties.get(parties.bureaus[side]);
    if (box === undefined) throw new SetupError(`bureau ${side} has no box key in the roster`);
    return box;
  }
}

function readOwnCatalogue(
  file: string,
  platform: string,
  domains: ReadonlyMap<string, DomainKeys>,
): Catalogue {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`catalogue ${file} cannot be read (${code})`);
  }
  const catalogue = parseCatalogue(text, file);
  if (domains.get(catalogue.domain)?.platform !== platform)
    throw new SetupError(`catalogue ${file}: ${catalogue.domain} is no domain of ${platform}`);
  if (catalogueBytes(catalogue).length > deposit.MAX_CATALOGUE_BYTES)
    throw new SetupError(
      `catalogue ${file}: over ${deposit.MAX_CATALOGUE_BYTES} bytes; shorten it`,
    );
  return catalogue;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(file), hash);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`csv ${file} cannot be read (${code})`);
  }
  return hash.digest("hex");
}
