/** The other end of the control socket, for the command line, the demo and tests. */
import { lstatSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { dirname } from "node:path";

/** A node said no, or does not run. The message is for people. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  /** The node, or one that it needs, does not run or went away: nobody said no, try again later. */
  readonly away: boolean;

  constructor(message: string, away: boolean = false) {
    super(message);
    this.away = away;
  }
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
  const text = await textOf(response);
  if (response.statusCode !== 200) throw new ControlError(errorIn(text));
  return JSON.parse(text) as T;
}

/** Gets bytes, at most `max` of them; throws `ControlError`. */
export async function nodeBytes(
  socket: string,
  path: string,
  { max, ...options }: ControlRequest & { readonly max: number },
): Promise<Uint8Array> {
  const response = await open(socket, path, { ...options, method: "GET" });
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += (chunk as Buffer).length;
    if (length > max) throw new ControlError(`${path}: the answer is too long`);
    chunks.push(chunk as Buffer);
  }
  const bytes = Buffer.concat(chunks);
  if (response.statusCode !== 200) throw new ControlError(`${path}: ${bytes.toString().trim()}`);
  return new Uint8Array(bytes);
}

/**
 * Sends one request whose answer is JSON lines, and yields each as it comes. Throws `ControlError`,
 * or the signal's reason when that ended it.
 */
export async function* streamNode<T>(
  socket: string,
  path: string,
  options: ControlRequest = {},
): AsyncGenerator<T> {
  const response = await open(socket, path, options);
  if (response.statusCode !== 200) throw new ControlError(errorIn(await textOf(response)));
  for await (const line of linesOf(response, options.signal)) {
    const value = JSON.parse(line) as T & { readonly error?: string; readonly away?: true };
    if (value.error !== undefined) throw new ControlError(value.error, value.away);
    yield value as T;
  }
}

/** By hand: an interface of `node:readline` does not pass on the error of a stream that breaks off. */
async function* linesOf(response: IncomingMessage, signal?: AbortSignal): AsyncGenerator<string> {
  let rest = "";
  try {
    for await (const chunk of response.setEncoding("utf8")) {
      const lines = `${rest}${chunk as string}`.split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } catch {
    signal?.throwIfAborted();
    throw new ControlError("the node went away in the middle of its answer", true);
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** Whoever made the socket's folder could stand behind it: it must be this user's, and closed to others. */
function refuseForeign(socket: string): void {
  const folder = lstatSync(dirname(socket), { throwIfNoEntry: false });
  const own = process.getuid?.();
  if (folder === undefined || own === undefined) return; // connecting says what is wrong
  if (!folder.isDirectory() || folder.uid !== own || (folder.mode & 0o077) !== 0)
    throw new ControlError(`${dirname(socket)} is not a folder of this user alone; chmod 700 it`);
}

async function open(
  socket: string,
  path: string,
  options: ControlRequest,
): Promise<IncomingMessage> {
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  refuseForeign(socket);
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
      if (options.signal?.aborted) return reject(options.signal.reason);
      const gone = error.code === "ENOENT" || error.code === "ECONNREFUSED";
      reject(new ControlError(gone ? "the node is not running" : error.message, true));
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
