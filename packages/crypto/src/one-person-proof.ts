/**
 * One person behind all pseudonyms of an inquiry: a 64-byte proof, for one person or for a block.
 *
 * A client blinded an identifier as M = H1(x) + r·G (additive-blinding.ts), has Z_p = k_p·M for each
 * domain p, and keeps N_p = Z_p − r·K_p, where K_p = k_p·G is the published key. It proves that **one r**
 * stands behind all domains, the consent domain c among them:
 *
 *     log_{K_p}(Z_p − N_p) = log_{K_c}(Z_c − N_c)   for every p
 *
 * What follows for a verifier that knows Z_p = k_p·M for one M: N_p = k_p·(M − r·G), so that all
 * N_p are the pseudonyms k_p·Y of **one** element Y. N_c = k_c·Y determines Y, for k_c is invertible. If
 * N_c is Alice's, then Y = H1(Alice), and all the others are Alice's: her consent cannot be used
 * for Bob, nor part of one person joined with part of another. Nothing is assumed about M or r: a client
 * that makes up a Y has pseudonyms that nobody has attested.
 *
 * **The verifier must know Z_p = k_p·M**, of its own half by its own record, of the other bureau's half
 * by that bureau's evaluation proof for the same M, under the keys of the roster. A half taken on the
 * client's word, or on an unproven word of the other bureau, makes the statement worthless.
 *
 * Why not simply reveal r·G: then Y = M − r·G = H1(x) would lie open, and telephone numbers can be
 * tried. Differences Z_p − N_p = r·K_p hide it under decisional Diffie–Hellman, and a verifier that has
 * the inquiry knows them anyway. The proof adds nothing to that (it is simulated by a programmed
 * oracle).
 *
 * It is evaluation-proof.ts with the roles changed: the "keys" are the blinds r_i of n people, with
 * the base K_c and the public keys Z_{c,i} − N_{c,i}; the "inputs" are the other domains' K_p; the
 * "outputs" are Z_{p,i} − N_{p,i}. Soundness is as computed there: 2^-127 per hash, whatever is computed
 * besides. A context of its own binds every M, K, Z and N, not the differences alone, so that no
 * other Z and N with the same difference have this proof.
 */
import type { AdditiveBlindings } from "./additive-blinding.ts";
import { framedHash } from "./digest.ts";
import { falseIfMalformed } from "./dleq.ts";
import { elementsOf, packed } from "./element-batches.ts";
import { EncodingError } from "./encoding-error.ts";
import {
  EVALUATION_PROOF_BYTES,
  type Evaluations,
  MAX_EVALUATIONS,
  proveEvaluations,
  verifyEvaluations,
} from "./evaluation-proof.ts";
import { engine } from "./points.ts";
import { ELEMENT_BYTES, type Element } from "./ristretto.ts";
import type { Rng } from "./rng.ts";

/** Bytes of a proof, however many people and domains it covers. */
export const ONE_PERSON_PROOF_BYTES: number = EVALUATION_PROOF_BYTES;

const CONTEXT = "moiety/one-person/v1";

/** What was evaluated in one domain, for n people in one order. */
export interface DomainPseudonyms {
  /** K_p = k_p·G, both bureaus' halves added. */
  readonly publicKey: Element;
  /** Z_{p,i} = k_p·M_i, both halves added. */
  readonly evaluated: readonly Element[];
  /** N_{p,i}, as the inquiry names them. */
  readonly pseudonyms: readonly Element[];
}

/** What is proven, for each of n people on its own. All of it is public to the verifier. */
export interface OnePersonClaim {
  /** Protocol, session, parties …: a proof holds in its context only. */
  readonly context: string;
  /** M_i, as they were sent to be evaluated. */
  readonly blinded: readonly Element[];
  readonly consentDomain: DomainPseudonyms;
  /** The other domains, one or more, in an order that both sides know. */
  readonly domains: readonly DomainPseudonyms[];
}

/**
 * Proves `claim` with the blinds of `blindings`. Draws 32 bytes of `rng`. Throws a `RangeError` when the
 * lists do not match, when there is no other domain, or when people × domains exceed
 * `MAX_EVALUATIONS`. A proof of what is not so does not verify.
 */
export function proveOnePerson(
  claim: Omit<OnePersonClaim, "blinded">,
  blindings: AdditiveBlindings,
  rng: Rng,
): Uint8Array {
  const statement = statementOf({ ...claim, blinded: blindings.elements });
  return proveEvaluations({ ...statement, keys: blindings.blinds }, rng);
}

/**
 * Whether `proof` shows `claim` for everybody in it. False, never an error, on malformed proofs, lists
 * or elements; which person is at fault it does not say.
 */
export function verifyOnePerson(claim: OnePersonClaim, proof: Uint8Array): boolean {
  return falseIfMalformed(() => {
    if (!isWellShaped(claim)) return false;
    return verifyEvaluations(statementOf(claim), proof);
  });
}

function statementOf(claim: OnePersonClaim): Evaluations {
  if (!isWellShaped(claim)) {
    throw new RangeError("one-person proof: people and domains do not match in number");
  }
  const { consentDomain, domains } = claim;
  return {
    context: contextOf(claim),
    base: consentDomain.publicKey,
    publicKeys: blindMultiples(consentDomain),
    inputs: domains.map(({ publicKey }) => publicKey),
    outputs: transposed(domains.map(blindMultiples)),
  };
}

/** Z_i − N_i, which is r_i·K if all is well. Throws an `EncodingError` where they are equal. */
function blindMultiples({ evaluated, pseudonyms }: DomainPseudonyms): Element[] {
  for (const { length } of [...evaluated, ...pseudonyms]) {
    if (length !== ELEMENT_BYTES) throw new EncodingError("pseudonym", "of another length");
  }
  const differences = engine.subtract(packed(evaluated), packed(pseudonyms));
  return elementsOf(differences, "evaluated less pseudonym");
}

/** From a row per domain to a row per person. */
function transposed(rows: readonly (readonly Element[])[]): Element[][] {
  return rows[0]!.map((_, i) => rows.map((row) => row[i]!));
}

/** Everything, in full: the statement's own hash sees differences only. */
function contextOf({ context, blinded, consentDomain, domains }: OnePersonClaim): string {
  const parts = [consentDomain, ...domains].flatMap(({ publicKey, evaluated, pseudonyms }) => [
    publicKey,
    packed(evaluated),
    packed(pseudonyms),
  ]);
  const digest = framedHash(CONTEXT, Buffer.from(context), packed(blinded), ...parts);
  return `${CONTEXT}/${Buffer.from(digest).toString("hex")}`;
}

function isWellShaped({ blinded, consentDomain, domains }: OnePersonClaim): boolean {
  const people = blinded.length;
  const size = people * domains.length;
  if (size < 1 || size > MAX_EVALUATIONS) return false;
  const all = [consentDomain, ...domains];
  return all.every(
    ({ evaluated, pseudonyms }) => evaluated.length === people && pseudonyms.length === people,
  );
}
