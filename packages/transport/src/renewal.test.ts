/** Two certificates of one party, while a renewed one spreads. */
import type { Link } from "@moiety/kit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { dial } from "./dial.ts";
import { type Credentials, credentials, rosterOf } from "./testing/certificates.ts";
import { type Post, post } from "./testing/network.ts";
import type { PinnedPeer } from "./tls.ts";

/** Another key and another subject, which no two certificates of a roster share. */
async function renewed(name: string): Promise<Credentials> {
  const { identity, pinned, keys } = await credentials(`${name}-renewed`);
  return { identity: { ...identity, name }, pinned: { ...pinned, name }, keys };
}
const [near, renewedNear] = [await credentials("near"), await renewed("near")];
const [far, renewedFar] = [await credentials("far"), await renewed("far")];
const both = (now: Credentials, former: Credentials): PinnedPeer => ({
  ...now.pinned,
  former: former.pinned.certificate,
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function listening(identity = far): Promise<Post> {
  const at = await post(identity, [near], { heartbeatMs: 100 });
  cleanups.push(() => at.listener.close());
  return at;
}

function dialled(
  at: Post,
  as: typeof near,
  peer: PinnedPeer,
  current: () => PinnedPeer | undefined = () => peer,
): Promise<Link> {
  const { address } = at.listener;
  return dial({ identity: as.identity, peer, current, address, limits: { heartbeatMs: 100 } });
}

describe("a renewed certificate", () => {
  it("is taken beside the former one, and alone once that is gone", async () => {
    const at = await listening();
    at.roster = new Map([["near", both(renewedNear, near)]]);
    const former = await dialled(at, near, far.pinned);
    const current = await dialled(at, renewedNear, far.pinned);
    at.roster = rosterOf(renewedNear);
    expect(await former.ended).toContain("identity");
    await expect(dialled(at, near, far.pinned)).rejects.toThrow("far");
    current.close();
    expect(await current.ended).not.toContain("identity");
  });

  it.each([
    ["the former", far],
    ["the renewed", renewedFar],
  ])("does not keep out whoever dials a peer that shows %s one", async (_, shown) => {
    const at = await listening(shown);
    const link = await dialled(at, near, both(renewedFar, far));
    expect(link.peer).toBe("far");
    link.close();
  });

  it("ends the links of whoever dialled the former one once the roster has only the other", async () => {
    const at = await listening();
    let pinned: PinnedPeer | undefined = both(renewedFar, far);
    const link = await dialled(at, near, far.pinned, () => pinned);
    const ended = vi.fn();
    void link.ended.then(ended);
    await new Promise((resolve) => setTimeout(resolve, 250)); // two heartbeats
    expect(ended).not.toHaveBeenCalled();
    pinned = renewedFar.pinned;
    expect(await link.ended).toContain("no longer pins the certificate of far");
  });

  it("ends a dialled link when the peer has left the roster", async () => {
    const at = await listening();
    let pinned: PinnedPeer | undefined = far.pinned;
    const link = await dialled(at, near, far.pinned, () => pinned);
    pinned = undefined;
    expect(await link.ended).toContain("identity");
  });

  it("does not open the door to a third one", async () => {
    const at = await listening(await credentials("far"));
    await expect(dialled(at, near, both(renewedFar, far))).rejects.toThrow("far");
  });
});
