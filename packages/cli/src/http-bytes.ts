/** Bytes over HTTP from strangers' servers: bounded in length and time, no redirects. */
import { ControlError } from "@moiety/node";

const PATIENCE_MS = 30_000;

export interface HttpRequest {
  /** Sent by POST; absent: GET. */
  readonly body?: Uint8Array;
  /** Of the answer, in bytes. */
  readonly max: number;
  readonly signal?: AbortSignal | undefined;
}

/** Throws `ControlError` for no answer, one that is too long, and every status but 200. */
export async function httpBytes(url: string, { body, max, signal }: HttpRequest) {
  const timeout = AbortSignal.timeout(PATIENCE_MS);
  const asked = {
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    redirect: "error" as const,
    ...(body !== undefined && {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: Buffer.from(body),
    }),
  };
  const response = await fetch(url, asked).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new ControlError(`${url}: cannot be read (${reasonOf(error)})`, true);
  });
  if (response.status !== 200) throw new ControlError(`${url}: ${response.status}`);
  return boundedBody(response, max, url);
}

async function boundedBody(response: Response, max: number, what: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > max) throw new ControlError(`${what}: too long`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: { readonly code?: string } };
  return cause?.code ?? (error instanceof Error ? error.message : "unknown");
}
