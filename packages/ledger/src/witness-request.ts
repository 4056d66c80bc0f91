/** C2SP tlog-witness: the body of `add-checkpoint`, and what is answered. */
import { DIGEST_BYTES } from "@moiety/crypto";
import { fromBase64, parseDecimal, toBase64 } from "./base64.ts";
import { LedgerError } from "./ledger-error.ts";
import { MAX_NOTE_BYTES } from "./note.ts";
import { MAX_PROOF_HASHES } from "./tree.ts";

export const MAX_REQUEST_BYTES: number = MAX_NOTE_BYTES + 64 * (MAX_PROOF_HASHES + 1);

export interface AddCheckpoint {
  /** The size at which the witness knows the log; 0 if it never cosigned one. */
  readonly oldSize: number;
  /** From there to the checkpoint. */
  readonly proof: readonly Uint8Array[];
  readonly note: Uint8Array;
}

/** By the status of tlog-witness; `reason` is for the log's operator. */
export type WitnessAnswer =
  | { readonly status: 200 /** Signature lines. */; readonly cosignatures: string }
  | { readonly status: 409 /** What the witness knows. */; readonly size: number }
  | { readonly status: 400 | 403 | 404 | 422; readonly reason: string };

export function formatAddCheckpoint({ oldSize, proof, note }: AddCheckpoint): Uint8Array {
  const lines = [`old ${oldSize}`, ...proof.map(toBase64)];
  return new Uint8Array(Buffer.concat([Buffer.from(`${lines.join("\n")}\n\n`), note]));
}

/** Throws a `LedgerError` for anything of another form: status 400. */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint {
  if (body.length > MAX_REQUEST_BYTES) throw malformed("too long");
  const split = Buffer.from(body).indexOf("\n\n");
  if (split < 0) throw malformed("no empty line before the checkpoint");
  const [old = "", ...hashes] = Buffer.from(body.subarray(0, split)).toString("latin1").split("\n");
  if (!old.startsWith("old ")) throw malformed("its first line is not 'old <size>'");
  if (hashes.length > MAX_PROOF_HASHES) throw malformed("too many hashes");
  const proof = hashes.map((line) => {
    const hash = fromBase64(line, "add-checkpoint");
    if (hash.length !== DIGEST_BYTES) throw malformed(`a hash of ${hash.length} bytes`);
    return hash;
  });
  const oldSize = parseDecimal(old.slice(4), "add-checkpoint's old size");
  return { oldSize, proof, note: body.slice(split + 2) };
}

/** An answer as HTTP has it. */
export function answerBody(answer: WitnessAnswer): { type: string; body: string } {
  if (answer.status === 200)
    return { type: "text/plain; charset=utf-8", body: answer.cosignatures };
  if (answer.status === 409) return { type: "text/x.tlog.size", body: `${answer.size}\n` };
  return { type: "text/plain; charset=utf-8", body: `${answer.reason}\n` };
}

function malformed(detail: string): LedgerError {
  return new LedgerError("malformed", `add-checkpoint: ${detail}`);
}
