/** Whether a node runs, without asking it anything. */
import { existsSync } from "node:fs";
import { createConnection } from "node:net";

/** Whether somebody listens on a control socket. */
export function isRunning(path: string): Promise<boolean> {
  if (!existsSync(path)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
