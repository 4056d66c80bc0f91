import { SigningKey, seededRng } from "@moiety/crypto";
import type { LogIdentity } from "../checkpoint.ts";
import { logOrigin, witnessName } from "../checkpoint.ts";
import { COSIGNATURE, ED25519, type NoteSigner, noteSigner } from "../note-key.ts";

/** A party of the network `net`, as tests know it. */
export interface TestParty {
  readonly name: string;
  readonly key: SigningKey;
  readonly signer: NoteSigner;
  readonly cosigner: NoteSigner;
  readonly log: LogIdentity;
}

export function testParty(name: string): TestParty {
  const key = new SigningKey(seededRng(`ledger ${name}`).bytes(32));
  const origin = logOrigin("net", name);
  const signer = noteSigner(origin, key, ED25519);
  const cosigner = noteSigner(witnessName("net", name), key, COSIGNATURE);
  return { name, key, signer, cosigner, log: { origin, keys: [signer.public] } };
}
