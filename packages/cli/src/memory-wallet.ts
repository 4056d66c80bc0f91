/** A person with a wallet, for demonstrations and benches: what `moiety subject` does, in memory. */
import { osRng, SigningKey } from "@moiety/crypto";
import { callNode, type NoticeAnswer } from "@moiety/node";
import {
  type Attestation,
  acceptAttestation,
  type Consent,
  type ConsentTerms,
  draftConsent,
  openAttestation,
  type Roster,
  requestAttestation,
  revocationOf,
  signConsent,
  signRevocation,
  subjectKeyOf,
} from "@moiety/policy";

export class Wallet {
  readonly identifier: string;
  readonly #type: string;
  readonly #key: SigningKey = new SigningKey(osRng.bytes(32));
  readonly #roster: Roster;
  #attestation: Attestation | undefined;

  /** `type`: of the identifier. */
  constructor(identifier: string, roster: Roster, type: string = "phone") {
    this.identifier = identifier;
    this.#type = type;
    this.#roster = roster;
  }

  /** Whose key this is, as a registrar vouched for it. Throws where none has. */
  get attestation(): Attestation {
    if (this.#attestation === undefined) throw new Error("nobody has vouched for this key");
    return this.#attestation;
  }

  /** Has a registrar, who knows the person, vouch for the key, and hands that to both bureaus. */
  async beVouchedFor(registrar: string, socket: string): Promise<void> {
    const { network } = this.#roster;
    const request = requestAttestation({ network, registrar }, this.#key, Date.now());
    const body = {
      identifier: this.identifier,
      type: this.#type,
      request: Buffer.from(request).toString(),
      validFor: "365d",
    };
    const { offer } = await callNode<{ offer: string }>(socket, "/attest", { body });
    const bytes = acceptAttestation(Buffer.from(offer), this.#key, this.#roster, Date.now());
    this.#attestation = openAttestation(bytes, this.#roster, Date.now());
    await handOver(socket, "attestation", bytes);
  }

  /** `about`: whom the consent names; a wallet could name anybody. */
  async consent(
    terms: ConsentTerms,
    about: Pick<Attestation, "person"> = this.attestation,
  ): Promise<string> {
    const own = { ...this.#named(), person: about.person };
    const consent: Consent = draftConsent(terms, own, osRng, Date.now());
    return signConsent(consent, this.#key);
  }

  /** Takes back everything that this key ever signed. */
  revokeAll(socket: string): Promise<void> {
    const revocation = revocationOf(this.#named(), Date.now());
    return handOver(socket, "revocation", signRevocation(revocation, this.#key));
  }

  #named(): Pick<Attestation, "network" | "subject"> {
    const { network } = this.#roster;
    return { network, subject: subjectKeyOf(this.#key.verifyingKey) };
  }
}

async function handOver(socket: string, kind: string, document: Uint8Array): Promise<void> {
  const body = { kind, document: Buffer.from(document).toString() };
  const answers = await callNode<NoticeAnswer>(socket, "/notice", { body });
  const against = Object.values(answers).find((problem) => problem !== "");
  if (against !== undefined) throw new Error(`a bureau did not take the ${kind}: ${against}`);
}
