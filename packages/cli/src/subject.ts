/** What a person's wallet does: ask for an attestation, accept it, consent, revoke, list. */
import { existsSync } from "node:fs";
import { osRng, VerifyingKey } from "@moiety/crypto";
import { replaceFile, SetupError } from "@moiety/node";
import {
  type Attestation,
  acceptAttestation,
  attestationRefusal,
  type Consent,
  type ConsentTerms,
  consentTermsRefusal,
  type Dispute,
  disputeProblem,
  draftConsent,
  findParty,
  findPurpose,
  openAttestation,
  openDispute,
  type PurposePolicy,
  parseConsent,
  parsePurposePolicy,
  parseRoster,
  type Roster,
  requestAttestation,
  revocationOf,
  signConsent,
  signDispute,
  signResolution,
  signRevocation,
  subjectKeyOf,
  supervisorOf,
  verifyingKeyOf,
} from "@moiety/policy";
import { readBytes, writePublic } from "./files.ts";
import { type AskPassphrase, keepInWallet, walletFiles, walletKey } from "./subject-wallet.ts";

/** The roster that a wallet goes by. */
export interface Trust {
  readonly roster: string;
  /** The network's authority, hex. */
  readonly authority: string;
}

/** A wallet, and how to have its passphrase. */
export interface Holder {
  readonly folder: string;
  readonly ask: AskPassphrase;
}

/** Reads and checks a roster; throws `SetupError` or `DocumentError`. */
export function trustedRoster({ roster, authority }: Trust, now: number): Roster {
  if (!/^[0-9a-f]{64}$/.test(authority))
    throw new SetupError("--authority: write the authority's public key as 64 digits 0-9a-f");
  const key = new VerifyingKey(Buffer.from(authority, "hex"), "--authority");
  return parseRoster(readBytes(roster, "roster"), key, now, roster);
}

/** Writes a request to a registrar into `out`. */
export async function askRegistrar(
  { folder, ask }: Holder,
  roster: Roster,
  { registrar, out, now }: { registrar: string; out: string; now: number },
): Promise<{ thumbprint: string; request: string }> {
  const role = findParty(roster, registrar)?.role;
  if (role !== "platform" && role !== "bank")
    throw new SetupError(`${registrar} is no platform or bank of ${roster.network}`);
  const key = await walletKey(folder, ask);
  writePublic(out, requestAttestation({ network: roster.network, registrar }, key, now));
  return { thumbprint: subjectKeyOf(key.verifyingKey).thumbprint, request: out };
}

/** Signs a registrar's offer, keeps the attestation, and writes it to `out` for bank or bureaus. */
export async function acceptOffer(
  { folder, ask }: Holder,
  roster: Roster,
  { offer, out, now }: { offer: string; out: string | undefined; now: number },
): Promise<Attestation> {
  const key = await walletKey(folder, ask);
  const bytes = acceptAttestation(readBytes(offer, "offer"), key, roster, now, offer);
  const attestation = openAttestation(bytes, roster, now, offer);
  const other = heldAttestations(folder).find(
    ({ network, person }) =>
      network === attestation.network &&
      person.epoch === attestation.person.epoch &&
      person.pseudonym !== attestation.person.pseudonym,
  );
  if (other !== undefined)
    throw new SetupError(
      `${attestation.registrar} takes you for somebody else than ${other.registrar} does: ` +
        "did both use the same identifier?",
    );
  keepInWallet(folder, "attestations", `${attestation.registrar}.json`, bytes);
  if (out !== undefined) writePublic(out, bytes);
  return attestation;
}

/** Signs a consent under an attestation that holds for this bank, keeps it, writes it to `out`. */
export async function giveConsent(
  { folder, ask }: Holder,
  terms: ConsentTerms,
  { out, policy, now }: { out: string; policy: PurposePolicy | undefined; now: number },
): Promise<Consent> {
  if (existsSync(out)) throw new SetupError(`${out} exists already: name another file for it`);
  const attestation = attestationFor(folder, terms.bank, now);
  const consent = draftConsent(terms, attestation, osRng, now);
  if (policy !== undefined) refuseAgainst(policy, consent);
  const token = await signConsent(consent, await walletKey(folder, ask));
  const bytes = Buffer.from(`${token}\n`);
  keepInWallet(folder, "consents", `${consent.jti}.jwt`, bytes);
  // A token in a bank's hands is a right: nobody else's business.
  replaceFile(out, bytes, 0o600);
  return consent;
}

/** Revokes one consent, or all that the key signed; writes the revocation to `out`. */
export async function revoke(
  { folder, ask }: Holder,
  { token, out, now }: { token: string | undefined; out: string; now: number },
): Promise<{ revoked: string }> {
  const key = await walletKey(folder, ask);
  const subject = subjectKeyOf(key.verifyingKey);
  const consent = token === undefined ? undefined : readToken(token);
  if (consent !== undefined && consent.subject.key !== subject.key)
    throw new SetupError(`${token} was signed by another key than this wallet's`);
  const network = consent?.network ?? heldAttestations(folder)[0]?.network;
  if (network === undefined) throw new SetupError("nothing to revoke: this key was never attested");
  const jti = consent?.jti;
  const about = { network, subject, ...(jti !== undefined && { jti }) };
  const bytes = signRevocation(revocationOf(about, now), key);
  const name = consent?.jti ?? "all";
  keepInWallet(folder, "revocations", `${name}.json`, bytes);
  writePublic(out, bytes);
  return { revoked: name };
}

/** Signs that something is wrong, keeps a copy, writes it to `out` for the bureaus and the party. */
export async function dispute(
  { folder, ask }: Holder,
  roster: Roster,
  about: Pick<Dispute, "against" | "inquiry" | "reason">,
  { out, now }: { out: string; now: number },
): Promise<Dispute> {
  const { network } = roster;
  const problem = disputeProblem(about, roster);
  if (problem !== undefined) throw new SetupError(problem);
  const bytes = signDispute({ network, ...about }, await walletKey(folder, ask), osRng, now);
  const signed = openDispute(bytes, roster, out);
  keepInWallet(folder, "disputes", `${signed.id}.json`, bytes);
  writePublic(out, bytes);
  return signed;
}

/** Takes a dispute of this wallet back; writes that to `out` for the bureaus. */
export async function withdrawDispute(
  { folder, ask }: Holder,
  roster: Roster,
  { file, out, now }: { file: string; out: string; now: number },
): Promise<{ withdrawn: string }> {
  const bytes = readBytes(file, "dispute");
  const opened = openDispute(bytes, roster, file);
  const key = await walletKey(folder, ask);
  if (opened.subject.key !== subjectKeyOf(key.verifyingKey).key)
    throw new SetupError(`${file} was signed by another key than this wallet's`);
  const disputed = { file: bytes, dispute: opened };
  writePublic(out, signResolution(disputed, { outcome: "withdrawn" }, key, now));
  return { withdrawn: opened.id };
}

/** One consent that was given, as the wallet knows it. */
export interface Given extends Pick<Consent, "jti" | "bank" | "purpose" | "expiresAt"> {
  readonly outputs: readonly string[];
  /** Whether it was used, bureaus know, not the wallet. */
  readonly status: "valid" | "not yet valid" | "expired" | "revoked";
}

/** What this wallet gave to whom, the latest first. */
export function listGiven(folder: string, now: number): Given[] {
  const revoked = walletFiles(folder, "revocations").map(({ name }) => name.slice(0, -5));
  const given = walletFiles(folder, "consents").map(({ name, text }) =>
    parseConsent(text.trim(), `consent ${name}`),
  );
  const latestFirst = given.sort((x, y) => Date.parse(y.notBefore) - Date.parse(x.notBefore));
  return latestFirst.map(({ jti, bank, purpose, outputs, notBefore, expiresAt }) => {
    const isRevoked = revoked.includes("all") || revoked.includes(jti);
    const unrevoked = now < Date.parse(notBefore) ? "not yet valid" : "valid";
    const lapsed = now >= Date.parse(expiresAt) ? "expired" : unrevoked;
    return { jti, bank, purpose, outputs, expiresAt, status: isRevoked ? "revoked" : lapsed };
  });
}

/** The policy in a file, signed by the roster's supervisor. */
export function policyIn(file: string, roster: Roster, now: number): PurposePolicy {
  const supervisor = verifyingKeyOf(supervisorOf(roster));
  return parsePurposePolicy(readBytes(file, "policy"), supervisor, roster.network, now, file);
}

/** Attestations were checked when they were accepted, and nobody else writes here. */
function heldAttestations(folder: string): Attestation[] {
  return walletFiles(folder, "attestations").map(({ name, text }) => {
    try {
      return (JSON.parse(text) as { attestation: Attestation }).attestation;
    } catch {
      throw new SetupError(`${folder}/attestations/${name} is damaged: accept it again`);
    }
  });
}

function attestationFor(folder: string, bank: string, now: number): Attestation {
  const held = heldAttestations(folder);
  const good = held.find((each) => attestationRefusal(each, { ...each, bank }, now) === undefined);
  if (good !== undefined) return good;
  if (held.length === 0)
    throw new SetupError("nobody vouches for this key yet: moiety subject request-attestation");
  const reason = attestationRefusal(held[0], { ...held[0]!, bank }, now);
  throw new SetupError(
    reason?.code === "subject-own-registrar"
      ? `only ${bank} itself vouches for this key: another registrar has to`
      : "every attestation of this key has expired: have it renewed",
  );
}

function refuseAgainst(policy: PurposePolicy, consent: Consent): void {
  const purpose = findPurpose(policy, consent.purpose);
  if (purpose === undefined) {
    const known = policy.purposes.map(({ code }) => code).join(", ");
    throw new SetupError(`the policy has no purpose ${consent.purpose}; it has ${known}`);
  }
  const outputs = consent.outputs.filter((each) => !purpose.outputs.includes(each));
  if (outputs.length > 0)
    throw new SetupError(`the policy does not allow ${outputs.join(", ")} for ${purpose.code}`);
  const { scope } = consent;
  const categories = "categories" in scope ? scope.categories : [];
  const beyond = categories.filter((each) => !purpose.categories.includes(each));
  if (beyond.length > 0)
    throw new SetupError(`the policy does not allow ${beyond.join(", ")} for ${purpose.code}`);
  const refused = consentTermsRefusal(purpose, consent);
  if (refused === undefined) return;
  const { longestConsent, longestDataLife } = purpose;
  throw new SetupError(
    `${refused.problem}: at most ${longestConsent} of validity, ${longestDataLife} of data life`,
  );
}

function readToken(file: string): Consent {
  const text = Buffer.from(readBytes(file, "consent")).toString("utf8");
  return parseConsent(text.trim(), `consent ${file}`);
}
