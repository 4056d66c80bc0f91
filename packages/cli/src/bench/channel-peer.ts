/** The other process of the bench `channel`: it echoes, or reads and says when it has the last. */
import type { Channel, Link } from "@moiety/kit";
import { listen } from "@moiety/transport";
import { bytesOf, type MadeIdentity } from "./peer-process.ts";

export const SELF = "bench";
export const PEER = "echo";
/** Opens a channel whose frames are read, not echoed, until one of a single byte. */
export const UPLOAD: Uint8Array = Uint8Array.of(1);

/** What the parent sends over the pipe: this process's identity. */
export interface EchoOrder extends MadeIdentity {
  /** The parent's certificate. */
  readonly peer: string;
}

/** Serves the parent until that is gone. */
export function serveChannelPeer(): void {
  process.once("message", (order: EchoOrder) => {
    void serve(order);
  });
  process.on("disconnect", () => process.exit(0));
}

async function serve({ certificate, privateKey, peer }: EchoOrder): Promise<void> {
  const own = { name: PEER, certificate: bytesOf(certificate), privateKey };
  const pinned = new Map([[SELF, { name: SELF, certificate: bytesOf(peer) }]]);
  const listener = await listen({
    identity: own,
    address: { host: "127.0.0.1", port: 0 },
    peers: () => pinned,
    onLink: (link: Link) => link.onChannel((channel) => void answer(channel).catch(() => {})),
  });
  process.send?.({ port: listener.address.port });
}

async function answer(channel: Channel): Promise<void> {
  const echoing = channel.opening.length === 0;
  for (;;) {
    const frame = await channel.receive(); // rejects at the end
    if (echoing || frame.length === 1) await channel.send(frame);
  }
}
