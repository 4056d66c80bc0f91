import type { ConsentPseudonym } from "@moiety/policy";
import { key } from "../../store.ts";

/** How tables begin the keys of what is about one person. */
export function aboutKey({ pseudonym, epoch }: ConsentPseudonym): Buffer {
  return key(Buffer.from(pseudonym, "hex"), epoch);
}
