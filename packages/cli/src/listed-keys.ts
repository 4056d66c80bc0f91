/** Whether a key file is one that the roster, and so the network's authority, has for a node. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import {
  constantTimeEqual,
  OprfKeyPair,
  parseNonZeroScalar,
  SealedKeyPair,
  SigningKey,
} from "@moiety/crypto";
import { epochOfFile, KEY_FILES, type NodeConfig, sideOf } from "@moiety/node";
import {
  certificateOf,
  findParty,
  formerCertificateOf,
  keyShareOf,
  oprfEpochOf,
  type Party,
  type Roster,
  verifyingKeyOf,
} from "@moiety/policy";

/** Looks at the content of a file of this name, whoever it is from; false for what is no key. */
export function isListedKey(
  { name, role }: Pick<NodeConfig, "name" | "role">,
  roster: Roster,
  file: string,
  text: string,
): boolean {
  const party = findParty(roster, name);
  if (party === undefined) return false;
  try {
    switch (file) {
      case KEY_FILES.signing:
        return equal(new SigningKey(fromHex(text)).verifyingKey.bytes, verifyingKeyOf(party).bytes);
      case KEY_FILES.box:
        return (
          party.boxKey !== undefined &&
          equal(new SealedKeyPair(fromHex(text)).publicKey, fromHex(party.boxKey))
        );
      case KEY_FILES.tlsKey:
      case KEY_FILES.nextTlsKey:
        return isTlsKey(party, text);
      case KEY_FILES.tlsCertificate:
      case KEY_FILES.nextTlsCertificate:
        return certificates(party).some((der) => equal(derOf(text), der));
      default:
        return isListedShare(role, roster, file, text);
    }
  } catch {
    return false; // not a key of its kind
  }
}

/** The very bytes that `readCertificate` will find in it. */
function derOf(pem: string): Uint8Array {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
}

function isTlsKey(party: Party, text: string): boolean {
  const key = createPrivateKey(text);
  return certificates(party).some((der) => new X509Certificate(der).checkPrivateKey(key));
}

function certificates(party: Party): Uint8Array[] {
  const former = formerCertificateOf(party);
  return [certificateOf(party), ...(former === undefined ? [] : [former])];
}

function isListedShare(
  role: NodeConfig["role"],
  roster: Roster,
  file: string,
  text: string,
): boolean {
  const [named, side] = [epochOfFile(file), sideOf({ role })];
  if (named === undefined || side === undefined) return false;
  const { domain, epoch } = named;
  const entry = oprfEpochOf(roster, domain, epoch);
  // A second spelling of an epoch's number is another file than the one that is read.
  if (entry === undefined || file !== KEY_FILES.oprf(domain, epoch)) return false;
  const pair = new OprfKeyPair(parseNonZeroScalar(fromHex(text), file));
  return equal(pair.publicKey, keyShareOf(entry, side));
}

function fromHex(text: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(text.trim())) throw new RangeError("64 hex digits expected");
  return new Uint8Array(Buffer.from(text.trim(), "hex"));
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return constantTimeEqual(one, other);
}
