/** Logs and witnesses of a network by the keys that its roster gives them now. */
import {
  COSIGNATURE,
  ED25519,
  type LogIdentity,
  logOrigin,
  type NoteKey,
  noteKey,
  witnessName,
} from "@moiety/ledger";
import type { Parties } from "../parties.ts";

export function logIdentity(parties: Parties, bureau: string): LogIdentity {
  const origin = logOrigin(parties.network, bureau);
  return { origin, keys: [noteKey(origin, parties.verifying(bureau), ED25519)] };
}

export function witnessKey(parties: Parties, party: string): NoteKey {
  const name = witnessName(parties.network, party);
  return noteKey(name, parties.verifying(party), COSIGNATURE);
}
