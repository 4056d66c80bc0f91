/** Documents of persons, on their way to the bureaus: `moiety attest` and `moiety notice`. */
import { callNode, type DisputeAnswer, type NoticeAnswer, SetupError } from "@moiety/node";
import { readBytes, writePublic } from "./files.ts";
import type { Target } from "./target.ts";

export interface AttestOptions {
  readonly idFile: string;
  readonly request: string;
  readonly type: string;
  readonly region?: string;
  readonly scheme?: string;
  readonly validFor: string;
}

/** The registrar's offer for the key that asks, about the one identifier in a file. */
export async function attest({ socket }: Target, options: AttestOptions): Promise<Uint8Array> {
  const { idFile, request, ...rest } = options;
  const lines = text(idFile === "-" ? "/dev/stdin" : idFile, "identifier file").split(/\r?\n/);
  const identifiers = lines.filter((line) => line.trim() !== "");
  const [identifier] = identifiers;
  if (identifier === undefined || identifiers.length > 1)
    throw new SetupError(
      `${idFile}: expected one identifier on one line, found ${identifiers.length}`,
    );
  const body = { ...rest, identifier, request: text(request, "request") };
  const { offer } = await callNode<{ offer: string }>(socket, "/attest", { body });
  return Buffer.from(offer);
}

/** Hands a document to both bureaus. Throws `SetupError` unless both took it. */
export async function deliverNotice({ socket }: Target, file: string): Promise<NoticeAnswer> {
  const document = text(file, "document");
  const kind = noticeKindOf(document);
  if (kind === undefined) throw new SetupError(`${file} is no ${NOTICE_KINDS.join(", ")}`);
  const answers = await callNode<NoticeAnswer>(socket, "/notice", { body: { kind, document } });
  return requireTaken(file, answers);
}

function requireTaken(file: string, answers: NoticeAnswer): NoticeAnswer {
  const against = Object.entries(answers).filter(([, problem]) => problem !== "");
  if (against.length === 0) return answers;
  const words = against.map(([bureau, problem]) => `  ${bureau}: ${problem}`).join("\n");
  const some = against.length < Object.keys(answers).length;
  throw new SetupError(
    `${file}: not taken by ${some ? "one bureau" : "either bureau"}; ` +
      `mend it and hand it over again, which does no harm:\n${words}`,
  );
}

/**
 * Answers a dispute for the party that it is against, and hands that to both bureaus. Throws `SetupError`
 * unless both took it; the answer is in `output` all the same.
 */
export async function answerDispute(
  { socket }: Target,
  file: string,
  { outcome, output }: { readonly outcome: string; readonly output: string },
): Promise<NoticeAnswer> {
  const body = { dispute: text(file, "dispute"), outcome };
  const { resolution, answers } = await callNode<DisputeAnswer>(socket, "/dispute/answer", {
    body,
  });
  writePublic(output, Buffer.from(resolution));
  return requireTaken(output, answers);
}

/** What a document about a person may be. */
export const NOTICE_KINDS = ["attestation", "revocation", "dispute", "resolution"] as const;

/** What a person's document is, by its form; undefined for something else. */
export function noticeKindOf(document: string): (typeof NOTICE_KINDS)[number] | undefined {
  try {
    const keys = Object.keys(JSON.parse(document) as object);
    return NOTICE_KINDS.find((kind) => keys.includes(kind));
  } catch {
    return undefined;
  }
}

function text(file: string, what: string): string {
  return Buffer.from(readBytes(file, what)).toString();
}
