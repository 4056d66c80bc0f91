/** Catalogues as they arrive from peers: canonical JSON under a digest that somebody signed. */
import { constantTimeEqual, framedHash } from "@moiety/crypto";
import {
  CATALOGUE_CONTEXT,
  type Catalogue,
  catalogueBytes,
  catalogueFromJson,
} from "@moiety/model";

/** The catalogue, or undefined unless the bytes are canonical and have this digest. */
export function readCatalogue(bytes: Uint8Array, digest: Uint8Array): Catalogue | undefined {
  // The digest first: nothing is parsed that nobody has signed.
  if (!constantTimeEqual(framedHash(CATALOGUE_CONTEXT, bytes), digest)) return undefined;
  try {
    const catalogue = catalogueFromJson(JSON.parse(Buffer.from(bytes).toString("utf8")));
    return constantTimeEqual(catalogueBytes(catalogue), bytes) ? catalogue : undefined;
  } catch {
    return undefined; // whatever is wrong with it, it is not the catalogue that was signed
  }
}
