/** What a bureau writes in its log about one inquiry: before it computes, and once it has. */
import { constantTimeEqual, saltedTreeRoot } from "@moiety/crypto";
import { type Appended, commitment, type Draft, type Entry, parsePromise } from "@moiety/ledger";
import type { Fee } from "@moiety/policy";
import { type score, scoreHeader } from "@moiety/protocols";

/** One person: an intent; several: a batch, with a root over them. */
export function intentDraft(intent: score.Intent): Draft {
  const { bank, inquiry, header, asked, signature } = intent;
  const { model, purpose, people, salt, consents } = inquiry;
  const body = {
    inquiry: inquiry.inquiry,
    bank,
    model,
    purpose,
    people,
    header: scoreHeader.headerDigest(header),
    bankSignature: asked,
    signature,
    consent: commitment("consents", salt, consents),
  };
  if (people === 1) return { kind: "intent", body };
  return { kind: "batch", body: { ...body, root: peopleRoot(inquiry) } };
}

/** A leaf per person, salted from what bank and bureaus share: pseudonyms, and the consent if any. */
function peopleRoot({ people, salt, pseudonyms, consents }: scoreHeader.Inquiry): Uint8Array {
  const { CONSENT_BYTES } = scoreHeader;
  const width = pseudonyms.length / people;
  const stride = width + (consents.length > 0 ? CONSENT_BYTES : 0);
  const rows = new Uint8Array(people * stride);
  for (let person = 0; person < people; person += 1) {
    const at = person * stride;
    rows.set(pseudonyms.subarray(person * width, (person + 1) * width), at);
    if (stride > width)
      rows.set(consents.subarray(person * CONSENT_BYTES, (person + 1) * CONSENT_BYTES), at + width);
  }
  return saltedTreeRoot("moiety/ledger/1/people", salt, rows, stride);
}

/**
 * Whether the other bureau's entry is about the inquiry of which `own` is an `intentDraft`: both write
 * the same, but for their own signatures.
 */
export function isAbout({ kind, body }: Entry, own: Draft): boolean {
  if (kind !== own.kind || (kind !== "intent" && kind !== "batch")) return false;
  const [theirs, mine] = [{ ...body }, { ...own.body }] as [IntentBody, IntentBody];
  // Not the bank's signature: a bank can make two that are right, and give each bureau another.
  const digests = ["inquiry", "model", "header", "consent", "root"] as const;
  return (
    theirs.bank === mine.bank &&
    theirs.purpose === mine.purpose &&
    theirs.people === mine.people &&
    digests.every((field) => constantTimeEqual(theirs[field] ?? NONE, mine[field] ?? NONE))
  );
}

/** What `score` answers. */
export const OUTPUT: "score" = "score";

interface IntentBody {
  readonly bank: string;
  readonly purpose: string;
  readonly people: number;
  readonly inquiry: Uint8Array;
  readonly model: Uint8Array;
  readonly header: Uint8Array;
  readonly consent: Uint8Array;
  readonly root?: Uint8Array;
}

const NONE = new Uint8Array();

export function resultDraft(
  id: Uint8Array,
  sealed: score.Sealed,
  intent: Appended,
  side: "a" | "b",
): Draft {
  const { transcript, signatures, peerPromised } = sealed;
  const peerSignature = signatures[side === "a" ? "b" : "a"];
  const peerPromise = parsePromise(peerPromised.promise);
  const computed = [{ transcript, peerSignature, peerPromise }];
  const body = { inquiry: id, intent: intent.seq, outcome: "delivered", code: "ok", computed };
  return { kind: "result", body } as Draft;
}

/** Of an inquiry that came to nothing here: no share of it left this bureau, and nothing is charged. */
export function abortedDraft(id: Uint8Array, intent: number, code: "failed" | "restart"): Draft {
  return {
    kind: "result",
    body: { inquiry: id, intent, outcome: "aborted", code, computed: [] },
  };
}

/** What an inquiry costs. Both bureaus write the same. */
export function feeDraft(bank: string, inquiry: scoreHeader.Inquiry, fee: Fee): Draft {
  const { inquiry: id, purpose, asOf } = inquiry;
  const { currency, amount, parts } = fee;
  const asked = { inquiry: Uint8Array.from(id), bank, asOf, output: OUTPUT, purpose };
  return { kind: "fee", body: { ...asked, currency, amount, parts } };
}
