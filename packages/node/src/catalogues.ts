/** Catalogues as they arrive from peers: canonical bytes under a digest that somebody signed. */
import { constantTimeEqual } from "@moiety/crypto";
import { type Catalogue, catalogueBytes, catalogueDigest, parseCatalogue } from "@moiety/model";

/** The catalogue, or undefined unless the bytes are canonical and have this digest. */
export function readCatalogue(bytes: Uint8Array, digest: Uint8Array): Catalogue | undefined {
  try {
    const catalogue = parseCatalogue(Buffer.from(bytes).toString("utf8"), "(received)");
    const canonical = constantTimeEqual(catalogueBytes(catalogue), bytes);
    return canonical && constantTimeEqual(catalogueDigest(catalogue), digest)
      ? catalogue
      : undefined;
  } catch {
    return undefined; // whatever is wrong with it, it is not the catalogue that was signed
  }
}
