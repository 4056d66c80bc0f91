import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { type Link, LinkError } from "@moiety/kit";
import { afterEach, describe, expect, it } from "vitest";
import type { Address } from "./address.ts";
import { dial } from "./dial.ts";
import type { LinkLimits } from "./limits.ts";
import { listen } from "./listen.ts";
import { credentials, rosterOf } from "./testing/certificates.ts";
import { everything, linkTo, type Post, post, rawTls, rawWebSocket } from "./testing/network.ts";
import { IdentityError, type TlsIdentity } from "./tls.ts";

const near = await credentials("near");
const far = await credentials("far");
const stranger = await credentials("stranger");
const expired = await credentials("near", { notBefore: -3, notAfter: -1 });
const early = await credentials("near", { notBefore: 1, notAfter: 2 });
const namesake = await credentials("near");
const issued = await credentials("near", { issuer: near });
const authority = await credentials("authority", { authority: true });
const issuedByAuthority = await credentials("near", { issuer: authority });

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function farPost(peers = [near], limits: Partial<LinkLimits> = {}): Promise<Post> {
  const made = await post(far, peers, limits);
  cleanups.push(() => made.listener.close());
  return made;
}

function dialFar(address: Address): Promise<Link> {
  return dial({ identity: near.identity, peer: far.pinned, address });
}

describe("a listener", () => {
  it("takes a pinned party, and says who it is", async () => {
    const at = await farPost();
    const [link, accepted] = await linkTo(at, near, far);
    expect([link.self, link.peer, accepted.self, accepted.peer]).toEqual([
      "near",
      "far",
      "far",
      "near",
    ]);
    link.close();
    await accepted.ended;
    expect(at.events.map(({ kind }) => kind)).toEqual(["link-up", "link-down"]);
  });

  it.each([
    ["that is not in the roster", "unknown-certificate", stranger, [near]],
    ["that shares only the name", "unknown-certificate", namesake, [near]],
    ["that has expired", "certificate-expired", expired, [expired]],
    ["that is not valid yet", "certificate-expired", early, [early]],
    ["issued by a pinned party", "unknown-certificate", issued, [near]],
    [
      "issued by a pinned party that may issue",
      "certificate-not-pinned",
      issuedByAuthority,
      [near, authority],
    ],
  ] as const)("refuses a certificate %s", async (_, reason, client, roster) => {
    const at = await farPost([...roster]);
    const socket = await rawTls(at, client);
    socket.write("GET / HTTP/1.1\r\nHost: far\r\n\r\n");
    expect(await everything(socket)).toBe("");
    await expect.poll(at.refusals).toEqual([reason]);
  });

  it("refuses a client without a certificate", async () => {
    const at = await farPost();
    expect(await everything(await rawTls(at, undefined))).toBe("");
    await expect.poll(at.refusals).toEqual(["no-certificate"]);
  });

  it("refuses whoever does not speak TLS", async () => {
    const at = await farPost();
    const socket = connectTcp(at.listener.address.port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: far\r\n\r\n");
    expect(await everything(socket)).not.toContain("HTTP");
    await expect.poll(at.refusals).toEqual(["not-tls"]);
  });

  it("refuses TLS 1.2", async () => {
    const at = await farPost();
    const old = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;
    await expect(rawTls(at, near, old)).rejects.toThrow(/protocol version/);
    await expect.poll(at.refusals).toEqual(["tls-version"]);
  });

  it.each([
    ["a request that is not for a WebSocket", "GET / HTTP/1.1\r\nHost: far\r\n\r\n", "426"],
    ["what is not HTTP", "\u0001\u0002\u0003\r\n\r\n", ""],
    ["an upgrade without its key", upgrade("Sec-WebSocket-Protocol: moiety.1"), "400"],
    ["a header that is too long", `GET / HTTP/1.1\r\nX: ${"x".repeat(5000)}\r\n\r\n`, ""],
  ])("refuses %s", async (_, request, status) => {
    const at = await farPost();
    const socket = await rawTls(at, near);
    socket.write(request);
    expect((await everything(socket)).split(" ")[1] ?? "").toBe(status);
    expect(at.events).toMatchObject([{ kind: "refused", reason: "not-websocket", peer: "near" }]);
  });

  it.each([[["moiety.2"]], [[]], [["moiety.10", "moiety"]]])(
    "refuses the subprotocols %j",
    async (protocols) => {
      const at = await farPost();
      const socket = await rawWebSocket(at, near, protocols);
      await new Promise((resolve) => socket.on("close", resolve));
      expect(at.refusals()).toEqual(["wrong-subprotocol"]);
    },
  );

  it("cuts whoever takes too long, in TLS and after it", async () => {
    const at = await farPost([near], { handshakeMs: 150 });
    const silent = connectTcp(at.listener.address.port, "127.0.0.1");
    const afterTls = await rawTls(at, near);
    const slow = await rawTls(at, near);
    slow.write("GET / HTTP/1.1\r\n");
    await Promise.all([silent, afterTls, slow].map(everything));
    await expect.poll(at.refusals).toEqual(Array(3).fill("slow-handshake"));
  });

  it("bounds connections that have not proven who they are, so that they keep nobody out", async () => {
    const at = await farPost([near], { maxHandshakes: 2 });
    const [link, accepted] = await linkTo(at, near, far);
    const port = at.listener.address.port;
    const idle = [connectTcp(port, "127.0.0.1"), connectTcp(port, "127.0.0.1")];
    await Promise.all(idle.map((socket) => once(socket, "connect")));
    const cut = everything(idle[0] as Socket);
    const [second] = await linkTo(at, near, far);
    await cut;
    expect(at.refusals()).toEqual(["too-many-connections"]);
    accepted.onChannel((channel) => void channel.send(channel.opening));
    expect(await link.open(Uint8Array.of(7)).receive()).toEqual(Uint8Array.of(7));
    expect(idle[1]?.destroyed).toBe(false);
    second.close();
    idle[1]?.destroy();
  });

  it("bounds links in all, and with one party", async () => {
    const at = await farPost([near, stranger], { maxLinksPerPeer: 1, maxLinks: 2 });
    const [first] = await linkTo(at, near, far);
    await expect(dialFar(at.listener.address)).rejects.toMatchObject({ code: "busy", peer: "far" });
    const [second] = await linkTo(at, stranger, far);
    first.close();
    await expect.poll(() => at.events.filter(({ kind }) => kind === "link-down").length).toBe(1);
    await linkTo(at, near, far);
    expect(at.refusals()).toEqual(["too-many-links"]);
    second.close();
  });

  it("follows its roster: who leaves loses the link, who joins is let in", async () => {
    const at = await farPost([near], { heartbeatMs: 20 });
    const [link, accepted] = await linkTo(at, near, far);
    at.roster = rosterOf(stranger);
    expect(await accepted.ended).toBe(
      "identity: the roster no longer pins the certificate of near",
    );
    expect(await link.ended).toContain("no longer pins");
    await expect(dialFar(at.listener.address)).rejects.toMatchObject({ code: "refused" });
    expect((await linkTo(at, stranger, far))[1].peer).toBe("stranger");
  });

  it("turns connections away while its roster is broken, and recovers", async () => {
    const at = await farPost();
    at.roster = new Map([["near", { name: "near", certificate: Uint8Array.of(1, 2, 3) }]]);
    await expect(dialFar(at.listener.address)).rejects.toBeInstanceOf(LinkError);
    expect(at.refusals()).toEqual(["roster-unreadable"]);
    at.roster = rosterOf(near);
    expect((await linkTo(at, near, far))[1].peer).toBe("near");
  });

  it("resumes no session: each connection is verified", async () => {
    const at = await farPost();
    const first = await rawTls(at, near);
    const sessions: Buffer[] = [];
    first.on("session", (session) => sessions.push(session));
    first.write("GET / HTTP/1.1\r\nHost: far\r\n\r\n");
    await everything(first);
    for (const session of sessions) {
      const again = await rawTls(at, near, { session });
      expect(again.isSessionReused()).toBe(false);
      again.destroy();
    }
  });

  it("names a port in use, and says what to do", async () => {
    const { listener } = await farPost();
    const { port } = listener.address;
    const again = post(far, [near], {}, port);
    await expect(again).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: another program uses`);
  });

  it.each([
    ["a host that is not here", "192.0.2.1", /cannot listen on 192.0.2.1:0: this machine/],
    ["an IPv6 host that is not here", "2001:db8::1", /cannot listen on \[2001:db8::1\]:0: /],
  ])("names %s", async (_, host, words) => {
    const options = { identity: far.identity, peers: () => rosterOf(near), onLink: () => {} };
    await expect(listen({ ...options, address: { host, port: 0 } })).rejects.toThrow(words);
  });

  it("closes links and half-made connections, and frees the port", async () => {
    const at = await farPost([near], { closeMs: 100_000, handshakeMs: 100_000 });
    const { port } = at.listener.address;
    const [link, accepted] = await linkTo(at, near, far);
    const idle = connectTcp(port, "127.0.0.1");
    const idleTls = await rawTls(at, near);
    const ends = [everything(idle), everything(idleTls)];
    await Promise.all([at.listener.close(), at.listener.close(), ...ends]);
    expect(await accepted.ended).toBe("closed by far");
    expect(await link.ended).toContain("closed by far");
    const again = await post(far, [near], {}, port);
    await again.listener.close();
  });

  it.each<[string, TlsIdentity, RegExp]>([
    ["a foreign key", { ...far.identity, privateKey: near.identity.privateKey }, /does not belong/],
    ["no key", { ...far.identity, privateKey: "not a key" }, /not a private key in PEM/],
    ["no certificate", { ...far.identity, certificate: new Uint8Array(9) }, /not an X.509/],
    ["an expired certificate", expired.identity, /has expired: make a new one/],
    ["a certificate of tomorrow", early.identity, /not valid yet/],
  ])("does not start with %s", async (_, identity, words) => {
    const address = { host: "127.0.0.1", port: 0 };
    const started = listen({ identity, address, peers: () => rosterOf(near), onLink: () => {} });
    await expect(started).rejects.toThrow(IdentityError);
    await expect(started).rejects.toThrow(words);
    await expect(dial({ identity, peer: near.pinned, address })).rejects.toThrow(words);
  });
});

/** A WebSocket handshake with this header in place of those that belong there. */
function upgrade(header: string): string {
  return `GET / HTTP/1.1\r\nHost: far\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${header}\r\n\r\n`;
}
