/** Where a node's control socket is: apart from its server, which a command need not load. */
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { framedHash } from "@moiety/crypto";

/** Longest path of a Unix socket that all systems take. */
const MAX_SOCKET_PATH = 100;

/** Path of a node's control socket: in its `run` folder, or, if that is too long, in a private one. */
export function controlSocket(run: string, name: string): string {
  const usual = join(run, `${name}.sock`);
  if (Buffer.byteLength(usual) <= MAX_SOCKET_PATH) return usual;
  const tag = Buffer.from(framedHash("moiety/control", Buffer.from(usual))).toString("hex");
  return join(tmpdir(), `moiety-${userInfo().uid}`, `${tag.slice(0, 24)}.sock`);
}
