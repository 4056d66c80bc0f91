/** Who saw what: bytes of each kind that reached each party, from the nodes' own counters. */
import type { PartyFigures } from "./kept/ledger.ts";

/** What a message is to the party that receives it. */
const KINDS: Readonly<Record<string, string>> = {
  "pseudonym.blinded": "blinded identifiers (uniform)",
  "pseudonym.evaluated": "halves of pseudonyms, proofs",
  "deposit.chunk": "sealed halves of features",
  "score.inquiry": "inquiries about pseudonyms",
  "score.header": "signed headers",
  "score.choose": "masked indices",
  "score.tables": "masked tables",
  "score.seal": "signed transcripts",
  "score.result": "halves of scores",
  "certify.application": "models to certify",
  "deploy.share": "halves of models",
};

export interface Received {
  readonly kind: string;
  readonly bytes: number;
}

/** Kinds and bytes that one node received, largest first; what makes random OTs is one kind. */
export function receivedBy({ received }: PartyFigures): Received[] {
  const sums = new Map<string, number>();
  for (const [message, bytes] of Object.entries(received)) {
    const kind = message.startsWith("random-ot.")
      ? "random OTs (no data)"
      : (KINDS[message] ?? "handshakes, receipts, listings");
    sums.set(kind, (sums.get(kind) ?? 0) + bytes);
  }
  return [...sums].map(([kind, bytes]) => ({ kind, bytes })).sort((x, y) => y.bytes - x.bytes);
}

/** `1.2 MB`, `340 kB`, `12 B`. */
export function inBytes(bytes: number): string {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes >= 1e3 ? `${Math.round(bytes / 1e3)} kB` : `${bytes} B`;
}
