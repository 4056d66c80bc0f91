/**
 * The next roster while it is made: a copy of the one in force with the next version, to which
 * requests are added one by one, until the authority signs it. Nobody trusts a draft; it is a file
 * like any other, and `signRoster` checks the whole.
 */
import { DocumentError, parseShape, readableJson } from "@moiety/model";
import { z } from "zod";
import { findParty, keyedDomains, oprfEpochOf, oprfEpochsOf } from "./parties.ts";
import { type EpochRequest, type KeyRequest, keyFingerprint } from "./requests.ts";
import { type Licence, type Party, type Roster, rosterShape } from "./roster.ts";

const MAX_BYTES = 8 << 20;
const draftShape = z.strictObject({ draft: rosterShape });

/** The bytes of a draft's file. */
export function draftBytes(draft: Roster): Uint8Array {
  return readableJson(parseShape(draftShape, { draft }, "draft"));
}

/** Reads a draft; throws a `DocumentError` for anything else. */
export function parseDraft(bytes: Uint8Array, file: string): Roster {
  const document = `draft ${file}`;
  if (bytes.length > MAX_BYTES)
    throw new DocumentError(document, [`longer than ${MAX_BYTES} bytes`]);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new DocumentError(document, ["not JSON in UTF-8"]);
  }
  return parseShape(draftShape, json, document).draft;
}

/** The next version of a roster, with times of its own (RFC 3339, UTC). */
export function draftAfter(
  roster: Roster,
  times: { readonly issuedAt: string; readonly expiresAt: string },
): Roster {
  return { ...roster, ...times, version: roster.version + 1 };
}

/** Adds an OPRF epoch that both bureaus ask for. Throws a `DocumentError` unless they ask alike. */
export function withEpoch(draft: Roster, requests: readonly [EpochRequest, EpochRequest]): Roster {
  const [a, b] = requests[0].side === "a" ? requests : [requests[1], requests[0]];
  const { domain, epoch } = a;
  const at = `OPRF epoch ${domain}/${epoch}`;
  const problems: string[] = [];
  if (a.side !== "a" || b.side !== "b")
    problems.push("both requests are of one bureau; take one of each");
  if (b.domain !== domain || b.epoch !== epoch)
    problems.push(`one request is for ${domain}/${epoch}, the other for ${b.domain}/${b.epoch}`);
  if (!keyedDomains(draft).includes(domain)) problems.push("no such domain");
  const newest = oprfEpochOf(draft, domain)?.epoch ?? 0;
  if (epoch <= newest)
    problems.push(`the newest epoch is ${newest} already: begin one with a higher number`);
  if (problems.length > 0) throw new DocumentError(at, problems);
  const added = { domain, epoch, keyA: a.key, keyB: b.key, popA: a.pop, popB: b.pop };
  return { ...draft, oprf: [...draft.oprf, added] };
}

/** Takes out an OPRF epoch. Throws a `DocumentError` where it is the domain's newest, or not there. */
export function withoutEpoch(draft: Roster, domain: string, epoch: number): Roster {
  const at = `OPRF epoch ${domain}/${epoch}`;
  const listed = oprfEpochsOf(draft, domain).map((entry) => entry.epoch);
  if (!listed.includes(epoch))
    throw new DocumentError(at, [`not in the roster, which has ${listed.join(", ") || "none"}`]);
  if (epoch === listed[0])
    throw new DocumentError(at, ["it is the domain's newest: begin and add a newer one first"]);
  const oprf = draft.oprf.filter((entry) => entry.domain !== domain || entry.epoch !== epoch);
  return { ...draft, oprf };
}

/**
 * Gives a party the keys that it asks for. Where it has a new certificate only, the former one stays
 * accepted beside it; where its signing key is another, everything of it is replaced at once, and
 * that only if `fingerprint`, which somebody compared with the party, is the request's.
 */
export function withKeys(draft: Roster, request: KeyRequest, fingerprint?: string): Roster {
  const party = findParty(draft, request.party);
  if (party === undefined)
    throw new DocumentError(`party ${request.party}`, ["it is not in the roster"]);
  const same = request.signingKey === party.signingKey && request.boxKey === party.boxKey;
  const next = same ? renewed(party, request) : replaced(party, request, fingerprint);
  return { ...draft, parties: draft.parties.map((each) => (each === party ? next : each)) };
}

/** Gives a party a licence, or another one. Throws a `DocumentError` for a party that is not there. */
export function withLicence(draft: Roster, name: string, licence: Licence): Roster {
  const party = findParty(draft, name);
  if (party === undefined) throw new DocumentError(`party ${name}`, ["it is not in the roster"]);
  const next = { ...party, licence };
  return { ...draft, parties: draft.parties.map((each) => (each === party ? next : each)) };
}

/** Ends the time in which a party's former certificate is accepted too. */
export function withoutFormer(draft: Roster, name: string): Roster {
  const party = findParty(draft, name);
  if (party?.formerCertificate === undefined)
    throw new DocumentError(`party ${name}`, ["it has no former certificate in the roster"]);
  const { formerCertificate: _, ...rest } = party;
  return { ...draft, parties: draft.parties.map((each) => (each === party ? rest : each)) };
}

function renewed(party: Party, { certificate }: KeyRequest): Party {
  if (certificate === party.certificate)
    throw new DocumentError(`party ${party.name}`, ["the roster has these keys already"]);
  return { ...party, certificate, formerCertificate: party.certificate };
}

function replaced(party: Party, request: KeyRequest, fingerprint: string | undefined): Party {
  if (fingerprint?.toLowerCase().replaceAll(/[\s:]/g, "") !== keyFingerprint(request))
    throw new DocumentError(`party ${party.name}`, [
      "it asks for another signing key than it has: ask it, not in the way in which the request " +
        "came, for the fingerprint that it was shown, and give that with --fingerprint",
    ]);
  const { certificate, signingKey, boxKey } = request;
  const { formerCertificate: _, boxKey: __, ...rest } = party;
  return { ...rest, certificate, signingKey, ...(boxKey !== undefined && { boxKey }) };
}
