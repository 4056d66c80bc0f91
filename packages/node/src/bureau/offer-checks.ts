/** What a bureau asks of a deposit before it takes any of it. Whatever it will not have is a `Refusal`. */
import { constantTimeEqual, type VerifyingKey } from "@moiety/crypto";
import { type Clock, Refusal } from "@moiety/kit";
import { forbiddenCategories, NEVER_CATEGORIES } from "@moiety/policy";
import { type deposit, type depositChunk, depositHeader } from "@moiety/protocols";
import { readCatalogue } from "../catalogues.ts";
import { CLOCK_TOLERANCE_MS } from "../tolerance.ts";
import { COMPLETE, type Line } from "./line.ts";

const { baseDigest } = depositHeader;
type DepositHeader = depositHeader.DepositHeader;

/** Layers that a lookup may have to look into: each costs a microsecond, and folding catches up. */
export const MAX_LAYERS: number = 8;
/** Deltas since the last snapshot: their headers stay, for each names the one before. */
const MAX_DELTAS: number = 1024;

export interface ShelfRules {
  readonly network: string;
  readonly side: depositChunk.Side;
  readonly clock: Clock;
  /** The platform that owns a domain and its key, and the epochs that the roster lists, newest first. */
  domain(
    name: string,
  ): { platform: string; key: VerifyingKey; epochs: readonly number[] } | undefined;
  /** Rows of all versions of all its domains that this bureau keeps for one platform. */
  readonly recordsPerPlatform: number;
  /** Categories of features that are not taken; absent: those that no policy can allow. */
  never?(): readonly string[];
  /** Headers of the domain's deposits that the other bureau holds complete; rejects when it cannot be asked. */
  peerDeposits(domain: string): Promise<readonly Uint8Array[]>;
  /**
   * Told when work in the background failed. It is tried again within a minute, but for the sweep of
   * catalogues, which comes again with the next removal or start.
   */
  notDone(error: unknown): void;
}

export class OfferChecks {
  readonly #rules: Pick<ShelfRules, "network" | "clock" | "domain" | "never">;

  constructor(rules: Pick<ShelfRules, "network" | "clock" | "domain" | "never">) {
    this.#rules = rules;
  }

  /** What can be said of an offer by itself. */
  offer(offer: deposit.Offer): void {
    const { header, catalogue } = offer;
    const objection = this.objection(offer);
    if (objection !== undefined) throw objection;
    const aheadMs = header.madeAt * 1000 - this.#rules.clock.now();
    // Each of the two may be off by the tolerance, one ahead and one behind.
    if (aheadMs > 2 * CLOCK_TOLERANCE_MS) {
      // Its records would be kept, and count, for so much longer than their retention.
      const minutes = Math.round(aheadMs / 60_000);
      throw new Refusal(
        "clock",
        `${header.platform}'s clock is ${minutes} minutes ahead of this one`,
      );
    }
    const epochs = this.#rules.domain(header.domain)?.epochs ?? [];
    if (!epochs.includes(header.epoch))
      throw new Refusal("conflict", `${header.domain} is in epoch ${epochs[0] ?? "none"}`);
    const described = readCatalogue(catalogue, header.catalogue);
    if (described === undefined)
      throw new Refusal("refused", "the catalogue is not the one that the header names");
    if (described.domain !== header.domain || described.features.length !== header.features)
      throw new Refusal("refused", "the catalogue describes another domain or number of features");
    const never = this.#rules.never?.() ?? NEVER_CATEGORIES;
    const [forbidden] = forbiddenCategories(described, { never });
    if (forbidden !== undefined)
      throw new Refusal(
        "refused",
        `${header.domain}: feature ${forbidden.feature} is ${forbidden.category}, which may never be used`,
      );
  }

  /** What a delta builds on must be there to be named, byte for byte, and not be too high a pile. */
  base(line: Line, header: DepositHeader, named: depositHeader.DepositBase): void {
    const base = line.get(named.version);
    if (
      base?.state !== COMPLETE ||
      !line.isSound(base) ||
      !constantTimeEqual(baseDigest(base.bytes), named.header)
    )
      throw new Refusal("conflict", `version ${named.version} is not held to be changed`);
    const { catalogue, features } = base.header;
    if (!constantTimeEqual(catalogue, header.catalogue) || features !== header.features)
      throw new Refusal("refused", "a delta under another catalogue than what it changes");
    if (line.layersOf(base).length >= MAX_LAYERS)
      throw new Refusal("busy", `${MAX_LAYERS - 1} deltas wait to be folded`);
    if (line.lineage(base).length > MAX_DELTAS)
      throw new Refusal("conflict", `${MAX_DELTAS} deltas since the last snapshot`);
  }

  /** Why today's roster does not let this deposit count. */
  objection({ header, bytes, signature }: Omit<deposit.Offer, "catalogue">): Refusal | undefined {
    const owner = this.#rules.domain(header.domain);
    if (header.network !== this.#rules.network || owner?.platform !== header.platform)
      return new Refusal("refused", `${header.domain} is not a domain of ${header.platform}`);
    if (!depositHeader.verifyHeader({ bytes, signature }, owner.key))
      return new Refusal("refused", `${header.platform}: wrong signature on a deposit header`);
    return undefined;
  }
}
