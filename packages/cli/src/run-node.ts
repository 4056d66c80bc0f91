/** `moiety node`: runs until it is told to stop, or until whoever started it is gone. */
import { startNode } from "@moiety/node";

/** Longest orderly shutdown; then the process ends anyway. */
const SHUTDOWN_MS = 5_000;

export async function runNode(file: string): Promise<void> {
  const node = await startNode(file);
  const { name, role } = node.config;
  const { address } = node.status();
  process.stderr.write(`${name} (${role}) is up${address === null ? "" : ` at ${address}`}\n`);
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(1); // a second Ctrl-C does not wait
    stopping = true;
    setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
    node.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  // Started by another program with an IPC channel: its end is this node's end.
  if (process.connected) process.on("disconnect", stop);
}
