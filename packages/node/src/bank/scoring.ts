/** From identifiers to scores, block by block: pseudonyms first, then the inquiry. */
import { constantTimeEqual, type Element, osRng, sign, verify } from "@moiety/crypto";
import type { ModelCertificate } from "@moiety/policy";
import { pseudonym, score } from "@moiety/protocols";
import { certificateDigest } from "../certificate-digest.ts";
import type { NodeContext } from "../context.ts";
import type { CommonDeposit, DirectoryView } from "../directory-view.ts";
import type { DomainKeys } from "../parties.ts";
import { retrying } from "../retry.ts";
import { domainsOf } from "./book.ts";

/** People in one inquiry of a batch: some 50 ms of work for a bureau. */
export const BLOCK_PEOPLE: number = 64;
/** Blocks of a batch under way at a time: one in pseudonyms while another is scored. */
export const BLOCKS_AHEAD: number = 3;

export interface Scorer {
  readonly certificate: ModelCertificate;
  readonly certificateBytes: Uint8Array;
  readonly purpose: string;
}

export class Scoring {
  readonly #context: NodeContext;
  readonly #directory: DirectoryView;

  constructor(context: NodeContext, directory: DirectoryView) {
    this.#context = context;
    this.#directory = directory;
  }

  /** Scores up to 1024 people in one inquiry. Throws `ProtocolError`. */
  async block(identifiers: readonly Uint8Array[], scorer: Scorer): Promise<Uint16Array> {
    const { clock } = this.#context;
    const keys = domainsOf(scorer.certificate).map((domain) => this.#keys(domain));
    const pseudonyms = await retrying(clock, () => this.#pseudonyms(identifiers, keys));
    return retrying(
      clock,
      () => this.#score(pseudonyms, keys, scorer),
      () => this.#directory.refresh(),
    );
  }

  /** Domains of the model from which no deposit counts now. */
  async absent({ certificate }: Scorer): Promise<string[]> {
    const common = await this.#directory.common();
    return certificate.catalogues
      .filter((each) => depositFor(common, each) === undefined)
      .map(({ domain }) => domain);
  }

  /**
   * Scores any number of people, in order, a few blocks at a time. All blocks are asked for whatever
   * the answers are: a bureau must not see from where a batch stops which numbers the bank refused.
   */
  async *batch(identifiers: readonly Uint8Array[], scorer: Scorer): AsyncGenerator<Uint16Array> {
    const underWay: Promise<Uint16Array>[] = [];
    for (let start = 0; start < identifiers.length; start += BLOCK_PEOPLE) {
      const block = this.block(identifiers.slice(start, start + BLOCK_PEOPLE), scorer);
      block.catch(() => {}); // awaited in order below
      underWay.push(block);
      if (underWay.length >= BLOCKS_AHEAD) yield await (underWay.shift() as Promise<Uint16Array>);
    }
    for (const block of underWay) yield await block;
  }

  async #pseudonyms(
    identifiers: readonly Uint8Array[],
    keys: readonly DomainKeys[],
  ): Promise<Element[][]> {
    const { switchboard, parties, config } = this.#context;
    const roles = { client: config.name, ...parties.bureaus };
    return switchboard.run(pseudonym.pseudonym, "client", roles, (session) =>
      pseudonym.client(session, { identifiers, keys }),
    );
  }

  async #score(
    pseudonyms: readonly (readonly Element[])[],
    keys: readonly DomainKeys[],
    { certificate, certificateBytes, purpose }: Scorer,
  ): Promise<Uint16Array> {
    const { switchboard, parties, config, signing } = this.#context;
    const common = await this.#directory.common();
    const people = pseudonyms[0]?.length ?? 0;
    const inquiry = {
      inquiry: osRng.bytes(16),
      model: certificateDigest(certificateBytes),
      purpose,
      deposits: keys.map(({ domain, epoch }) => {
        const certified = certificate.catalogues.find((each) => each.domain === domain);
        const version = certified && depositFor(common, certified)?.header.version;
        return { domain, epoch, version: version ?? 0 };
      }),
      salt: osRng.bytes(32),
      people,
      pseudonyms: Array.from({ length: people }, (_, person) =>
        keys.map((_key, d) => pseudonyms[d]?.[person] as Element),
      ).flat(),
    };
    const roles = { bank: config.name, ...parties.bureaus };
    return switchboard.run(score.score, "bank", roles, (session) =>
      score.bank(session, {
        network: parties.network,
        inquiry,
        sign: (context, ...parts) => sign(signing, context, ...parts),
        verify: (bureau, signature, context, ...parts) =>
          verify(parties.verifying(bureau), signature, context, ...parts),
      }),
    );
  }

  #keys(domain: string): DomainKeys {
    const keys = this.#context.parties.domains.get(domain);
    if (keys === undefined) throw new Error(`the roster has no domain ${domain}`);
    return keys;
  }
}

/** The latest deposit with the catalogue that the model was certified for. */
function depositFor(
  common: ReadonlyMap<string, readonly CommonDeposit[]>,
  { domain, digest }: ModelCertificate["catalogues"][number],
): CommonDeposit | undefined {
  const wanted = Buffer.from(digest, "hex");
  return common.get(domain)?.find(({ header }) => constantTimeEqual(header.catalogue, wanted));
}
