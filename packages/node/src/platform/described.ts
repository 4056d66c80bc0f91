/** A platform's catalogue as deposits use it: its bytes, their digest, and what follows from them. */
import { constantTimeEqual } from "@moiety/crypto";
import { type Catalogue, catalogueBytes, catalogueDigest, catalogueFromJson } from "@moiety/model";
import { Retention } from "../retention.ts";

export interface OwnCatalogue {
  readonly bytes: Uint8Array;
  readonly digest: Uint8Array;
  readonly features: number;
  readonly retention: Retention;
}

export function described(catalogue: Catalogue): OwnCatalogue {
  return {
    bytes: catalogueBytes(catalogue),
    digest: catalogueDigest(catalogue),
    features: catalogue.features.length,
    retention: new Retention(catalogue),
  };
}

/** The catalogue of an earlier deposit, from the canonical bytes that this node kept itself. */
export function describedAgain(bytes: Uint8Array): OwnCatalogue {
  return described(catalogueFromJson(JSON.parse(Buffer.from(bytes).toString("utf8"))));
}

export function sameCatalogue(x: OwnCatalogue, y: OwnCatalogue): boolean {
  return constantTimeEqual(x.digest, y.digest);
}
