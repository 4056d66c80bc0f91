import { once } from "node:events";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, createServer as createTcp } from "node:net";
import type { SecureContextOptions } from "node:tls";
import { type Link, type LinkError, systemClock } from "@moiety/kit";
import { afterEach, describe, expect, it } from "vitest";
import type { Address } from "./address.ts";
import { dial } from "./dial.ts";
import { credentials } from "./testing/certificates.ts";
import { impostor, type Post, post } from "./testing/network.ts";
import { secureContext } from "./tls.ts";

const near = await credentials("near");
const far = await credentials("far");
const stranger = await credentials("stranger");
const namesake = await credentials("far");
const authority = await credentials("authority", { authority: true });

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function farPost(peers = [near]): Promise<Post> {
  const made = await post(far, peers);
  cleanups.push(() => made.listener.close());
  return made;
}

function dialFar(address: Address): Promise<Link> {
  return dial({ identity: near.identity, peer: far.pinned, address });
}

/** What somebody else runs at the address of `far`. */
async function fakeFar(options: SecureContextOptions, protocol?: string): Promise<Address> {
  const made = await impostor(options, protocol);
  cleanups.push(() => made.close());
  return made.address;
}

describe("dialling once", () => {
  it.each([
    ["another party's", stranger, /far presented a certificate that is not the one pinned/],
    ["another one of the same name", namesake, /not the one pinned/],
  ])("refuses a peer whose certificate is %s", async (_, server, words) => {
    const dialled = dialFar(await fakeFar(secureContext(server.identity, [near.pinned])));
    await expect(dialled).rejects.toThrow(words);
    await expect(dialled).rejects.toMatchObject({
      name: "LinkError",
      code: "refused",
      peer: "far",
    });
  });

  it("refuses a certificate that the pinned party has issued", async () => {
    const issued = await credentials("far", { issuer: authority });
    const address = await fakeFar(secureContext(issued.identity, [near.pinned]));
    const peer = { ...authority.pinned, name: "far" };
    await expect(dial({ identity: near.identity, peer, address })).rejects.toThrow(
      /not the one pinned/,
    );
  });

  it("refuses an expired certificate", async () => {
    const old = await credentials("far", { notBefore: -3, notAfter: -1 });
    const address = await fakeFar(secureContext(old.identity, [near.pinned]));
    const dialled = dial({ identity: near.identity, peer: old.pinned, address });
    await expect(dialled).rejects.toThrow("far presented a certificate that has expired");
  });

  it("sends nothing to a peer that is not the pinned one", async () => {
    const received: unknown[] = [];
    const server = createHttps(secureContext(stranger.identity, [near.pinned]), (request) =>
      received.push(request.url),
    );
    server.on("secureConnection", (socket) => socket.on("data", (chunk) => received.push(chunk)));
    server.on("upgrade", (request) => received.push(request.url));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanups.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    await expect(dialFar({ host: "127.0.0.1", port })).rejects.toThrow(/not the one pinned/);
    expect(received).toEqual([]);
  });

  it("says when the peer does not know us", async () => {
    const at = await farPost([stranger]);
    const dialled = dialFar(at.listener.address);
    await expect(dialled).rejects.toThrow(/far hung up right after the TLS handshake.* for near/);
    await expect(dialled).rejects.toMatchObject({ code: "refused" });
  });

  it("refuses a peer of another version", async () => {
    const address = await fakeFar(secureContext(far.identity, [near.pinned]), "moiety.2");
    await expect(dialFar(address)).rejects.toThrow(/another version/);
  });

  it("refuses TLS 1.2", async () => {
    const options = secureContext(far.identity, [near.pinned]);
    const address = await fakeFar({ ...options, minVersion: "TLSv1.2", maxVersion: "TLSv1.2" });
    await expect(dialFar(address)).rejects.toThrow(/does not speak TLS 1.3/);
  });

  it("says when nobody listens", async () => {
    const at = await farPost();
    await at.listener.close();
    const { port } = at.listener.address;
    const dialled = dialFar({ host: "127.0.0.1", port });
    await expect(dialled).rejects.toThrow(`nothing listens on 127.0.0.1:${port}: is far running?`);
    await expect(dialled).rejects.toMatchObject({ code: "lost" });
  });

  it("gives up on what answers without TLS, or never, or when told to", async () => {
    const plain = createTcp((socket) =>
      socket.on("error", () => {}).end("HTTP/1.1 200 OK\r\n\r\n"),
    );
    const mute = createTcp((socket) => socket.on("error", () => {}));
    for (const server of [plain, mute]) {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      cleanups.push(() => server.close());
    }
    const [plainAt, muteAt] = [plain, mute].map((server) => ({
      host: "127.0.0.1",
      port: (server.address() as AddressInfo).port,
    })) as [Address, Address];
    await expect(dialFar(plainAt)).rejects.toThrow(/does not speak TLS/);
    const options = { identity: near.identity, peer: far.pinned, address: muteAt };
    const slow = dial({ ...options, limits: { handshakeMs: 50 } });
    await expect(slow).rejects.toMatchObject({ code: "deadline" });
    const controller = new AbortController();
    const given = dial({ ...options, signal: controller.signal });
    controller.abort();
    await expect(given).rejects.toThrow("connecting to far was given up");
    await expect(dial({ ...options, signal: AbortSignal.abort() })).rejects.toThrow("given up");
  });

  it("does not tell the network whom it looks for", async () => {
    const server = createHttps(secureContext(far.identity, [near.pinned]));
    const name = once(server, "secureConnection").then(([socket]) => socket.servername);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanups.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const dialled = dialFar({ host: "127.0.0.1", port }).catch((error: LinkError) => error.code);
    expect(await name).toBe(false);
    server.closeAllConnections();
    await dialled;
  });
});

describe("clocks", () => {
  it.each([
    ["ahead", 600_000],
    ["behind", -600_000],
  ])("tells that the peer's is %s", async (_, skew) => {
    const { address } = (await farPost()).listener;
    let ahead = Number.NaN;
    const link = await dial({
      identity: near.identity,
      peer: far.pinned,
      address,
      clock: { ...systemClock, now: () => Date.now() - skew },
      onClockAhead: (aheadMs) => {
        ahead = aheadMs;
      },
    });
    link.close();
    expect(Math.abs(ahead - skew)).toBeLessThan(60_000);
  });
});
