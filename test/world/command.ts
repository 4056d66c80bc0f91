/** The `moiety` command and its nodes as child processes whose output is kept, byte for byte. */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";

const command = createRequire(import.meta.url).resolve("@moiety/cli/moiety");

/** Longest run of a command, and longest shutdown of a node, before it is killed. */
const RUN_MS = 60_000;
const STOP_MS = 10_000;

/** How a process ended, and everything that it printed. */
export interface Ended {
  /** Exit code; null when a signal killed it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface StartOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What it reads on standard input; default: nothing, at once. Not for nodes. */
  readonly stdin?: string | Uint8Array;
  /** When a command is killed; default: after a minute. Not for nodes. */
  readonly timeoutMs?: number;
}

/** A `moiety` process. */
export class Running {
  readonly pid: number;
  /** Resolves when it has ended and its output has been read to the end; never rejects. */
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #printed = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  #over = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? -1;
    for (const name of ["stdout", "stderr"] as const)
      child[name]?.on("data", (chunk: Buffer) => this.#printed[name].push(chunk));
    this.ended = new Promise((resolve) => {
      child.once("error", () => {}); // could not be spawned, or not be killed: `close` tells
      child.once("close", (code, signal) => {
        this.#over = true;
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  get over(): boolean {
    return this.#over;
  }

  /** Printed until now. */
  get stdout(): Buffer {
    return Buffer.concat(this.#printed.stdout);
  }

  get stderr(): Buffer {
    return Buffer.concat(this.#printed.stderr);
  }

  /** Ends it as `signal` does; killed when it takes too long, which `Ended.signal` then shows. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
    if (!this.#over) this.#child.kill(signal);
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    const ended = await this.ended;
    clearTimeout(killer);
    return ended;
  }

  /** Cuts the tie to this process, as if this process had died: a node then ends of itself. */
  abandon(): void {
    this.#child.disconnect();
  }
}

/** Starts `moiety node <config>`, tied to this process: it cannot outlive it. */
export function spawnNode(config: string, { env, cwd }: StartOptions = {}): Running {
  const child = spawn(process.execPath, [command, "node", config], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ...env },
    ...(cwd !== undefined && { cwd }),
  });
  return new Running(child);
}

/** Starts any other `moiety …`; it is killed when it takes too long. */
export function spawnCommand(args: readonly string[], options: StartOptions = {}): Running {
  const { env, cwd, stdin, timeoutMs = RUN_MS } = options;
  const child = spawn(process.execPath, [command, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...env },
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    ...(cwd !== undefined && { cwd }),
  });
  child.stdin.on("error", () => {}); // a command that fails early does not read what it is given
  child.stdin.end(stdin ?? "");
  return new Running(child);
}
