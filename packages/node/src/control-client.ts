/** The other end of the control socket, for the command line, the demo and tests. */
import { type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";

/** A node said no, or does not run. The message is for people. */
export class ControlError extends Error {
  override readonly name = "ControlError";
}

export interface ControlRequest {
  readonly method?: "GET" | "POST";
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Sends one request and gives the parsed answer; throws `ControlError`. */
export async function callNode<T>(
  socket: string,
  path: string,
  options: ControlRequest = {},
): Promise<T> {
  const response = await open(socket, path, options);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  if (response.statusCode !== 200) throw new ControlError(errorIn(text));
  return JSON.parse(text) as T;
}

/** Sends one request whose answer is JSON lines, and yields each as it comes. */
export async function* streamNode<T>(
  socket: string,
  path: string,
  options: ControlRequest = {},
): AsyncGenerator<T> {
  const response = await open(socket, path, options);
  const lines = createInterface({ input: response });
  for await (const line of lines) {
    if (line === "") continue;
    const value = JSON.parse(line) as T & { readonly error?: string };
    if (value.error !== undefined) throw new ControlError(value.error);
    yield value as T;
  }
  if (!response.complete) throw new ControlError("the node went away in the middle of its answer");
}

function open(socket: string, path: string, options: ControlRequest): Promise<IncomingMessage> {
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: socket,
        path,
        method: options.method ?? "POST",
        headers,
        signal: options.signal,
      },
      resolve,
    );
    sent.once("error", (error: NodeJS.ErrnoException) => {
      const gone = error.code === "ENOENT" || error.code === "ECONNREFUSED";
      reject(new ControlError(gone ? "the node is not running" : error.message));
    });
    sent.end(body);
  });
}

function errorIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === "string" ? error : "the node refused";
  } catch {
    return "the node refused";
  }
}
