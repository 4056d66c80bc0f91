/** Two bureaus' key halves for a few domains, and what they answer. */
import { generateKeyPair, type OprfKeyPair, type SeededRng } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import type { BureauInput, DomainEpoch, PublishedKey } from "./pseudonym/protocol.ts";

export type Bureau = "a" | "b";

/** The keys of one domain: both halves, and what the roster publishes. */
export interface DomainKeys extends DomainEpoch, Readonly<Record<Bureau, OprfKeyPair>> {
  readonly published: PublishedKey;
}

export function domainKeys(rng: SeededRng, domain: string, epoch: number = 1): DomainKeys {
  const [a, b] = [generateKeyPair(rng), generateKeyPair(rng)];
  return { domain, epoch, a, b, published: { domain, epoch, a: a.publicKey, b: b.publicKey } };
}

/** An honest bureau: serves these domains, in these epochs, and no others. */
export function keyHolder(side: Bureau, keys: readonly DomainKeys[]): BureauInput {
  return {
    keyShare(ask) {
      const found = keys.find(({ domain, epoch }) => domain === ask.domain && epoch === ask.epoch);
      if (found === undefined) throw new Refusal("refused", `${ask.domain} is not served`);
      const { secretKey, publicKey } = found[side];
      return { secret: secretKey, public: publicKey };
    },
  };
}
