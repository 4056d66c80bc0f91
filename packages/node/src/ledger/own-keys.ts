/** The signing keys that a node has had: what it signed under a former one binds it all the same. */
import { VerifyingKey } from "@moiety/crypto";
import { type NoteKey, noteKey, type SignatureType } from "@moiety/ledger";
import type { NodeContext } from "../context.ts";

/** Keys by which this node signed under a name before, without the one that it has now. */
export function formerKeys(
  { store, signing }: Pick<NodeContext, "store" | "signing">,
  name: string,
  type: SignatureType,
): NoteKey[] {
  const own = signing.verifyingKey.bytes;
  return [...store.table("signing-keys").getKeys()]
    .filter((bytes) => Buffer.compare(bytes, own) !== 0)
    .map((bytes) => noteKey(name, new VerifyingKey(Uint8Array.from(bytes)), type));
}

/** Notes the key that this node has now. Commits keep their order: this one precedes what it signs. */
export async function rememberKey({
  store,
  signing,
}: Pick<NodeContext, "store" | "signing">): Promise<void> {
  const table = store.table("signing-keys");
  const own = Buffer.from(signing.verifyingKey.bytes);
  if (table.get(own) === undefined) await table.put(own, Buffer.of(1));
}
