/** Members of the network with the right keys who say, on a link that stands, what they may not. */
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DATA, frame, hex, opening, pack, randomBytes, record } from "./bytes.ts";
import { CANARY, HOSTILE_VALUES } from "./hostile-values.ts";
import { NodeLog } from "./node-log.ts";
import { keysIn, RawClient, type Server } from "./raw-client.ts";
import type { Scene } from "./scene.ts";

type Member = "rogue" | "marketplace";

interface Hostile {
  readonly as: Member;
  readonly opening: Uint8Array;
  readonly frames?: readonly Uint8Array[];
  /** What the member is told: a class, never a detail. */
  readonly told: string;
  /** What the log says: the class, and words. The culprit's name is always looked for. */
  readonly code: string;
  readonly words: string | RegExp;
}

/** Asks a bureau for its list of deposits: a session of two, with the shortest of first messages. */
const DIRECTORY = { protocol: "directory", version: hex("02"), parties: ["rogue", "bureau-a"] };
const ASK = pack.map(["domains", pack.list()], ["catalogues", pack.list()]);

function said(words: string | RegExp, ...frames: readonly Uint8Array[]): Hostile {
  const code = "malformed";
  return { as: "rogue", opening: opening(DIRECTORY), frames, told: "aborted", code, words };
}

function unexpected(words: string, ...frames: readonly Uint8Array[]): Hostile {
  return { ...said(words, ...frames), code: "unexpected" };
}

function opened(bytes: Uint8Array, told: string, words: string | RegExp, code = told): Hostile {
  return { as: "rogue", opening: bytes, told, code, words };
}

const unsound = (bytes: Uint8Array, words: string | RegExp): Hostile =>
  opened(bytes, "aborted", words, "malformed");
const refused = (parts: Parameters<typeof opening>[0], words: string): Hostile =>
  opened(opening(parts), "refused", words);
const asMarketplace = (hostile: Hostile): Hostile => ({ ...hostile, as: "marketplace" });

const MESSAGES: Readonly<Record<string, Hostile>> = {
  "an unknown field": said(
    "ask: unknown key",
    frame(pack.map(["domains", pack.list()], ["catalogues", pack.list()], [CANARY, hex("01")])),
  ),
  "a field of another type": said(
    "ask.catalogues: not a list",
    frame(pack.map(["domains", pack.list()], ["catalogues", pack.text(CANARY)])),
  ),
  "a field out of its form": said(
    "ask.catalogues[0]: text of another form",
    frame(
      pack.map(["domains", pack.list()], ["catalogues", pack.list(pack.text(`${CANARY}/../etc`))]),
    ),
  ),
  "too long a list": said(
    "ask.catalogues: 9 items, expected 0..8",
    frame(
      pack.map(
        ["domains", pack.list()],
        ["catalogues", pack.list(...Array.from({ length: 9 }, () => hex("a178")))],
      ),
    ),
  ),
  "a list in place of the message": said("ask: not an object", frame(pack.list())),
  "a frame without its head": said("short frame", Buffer.from(CANARY).subarray(0, 4)),
  "a message out of turn": unexpected("another message than the one", frame(ASK, 1)),
  "a message that does not exist": unexpected("another message than the one", frame(ASK, 200)),
  "a wrong sequence number": unexpected("sequence number, expected 0", frame(ASK, 0, 7)),
};

const BUREAUS = ["bureau-a", "bureau-b"];
const BASE_POINT = hex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76");
const blinded = (domain: string, element: Uint8Array): Buffer =>
  frame(
    pack.map(
      [
        "domains",
        pack.list(pack.map(["domain", pack.text(domain)], ["epoch", pack.bytes(hex("00000001"))])),
      ],
      ["elements", pack.bytes(element)],
    ),
  );
const evaluate = (client: string): Buffer =>
  opening({ protocol: "pseudonym", version: hex("02"), parties: [client, ...BUREAUS] });

const ROLES: Readonly<Record<string, Hostile>> = {
  "a platform that evaluates another's domain": {
    ...asMarketplace(
      opened(evaluate("marketplace"), "refused", "asked for the domain of payments"),
    ),
    frames: [blinded("payments", BASE_POINT)],
  },
  "what is no element of the group": {
    ...opened(evaluate("rogue"), "aborted", /blinded\.elements\[0\]/, "malformed"),
    frames: [blinded("telecom", Buffer.alloc(32, 0xff))],
  },
  "the identity element": {
    ...opened(evaluate("rogue"), "aborted", /blinded\.elements\[0\]/, "malformed"),
    frames: [blinded("telecom", Buffer.alloc(32))],
  },
  "a bank that deposits": refused(
    { protocol: "deposit", version: hex("02"), parties: ["rogue", "bureau-a"] },
    "rogue is no platform",
  ),
  "a platform that asks for scores": asMarketplace(
    refused(
      { protocol: "score", version: hex("05"), parties: ["marketplace", ...BUREAUS] },
      "marketplace is no bank",
    ),
  ),
  "a platform that brings a model": asMarketplace(
    refused({ protocol: "deploy", parties: ["marketplace", "bureau-a"] }, "marketplace is no bank"),
  ),
  "a bank in the place of the other bureau": refused(
    { protocol: "random-ot", version: hex("02"), parties: ["rogue", "bureau-a"] },
    "not the other bureau",
  ),
};

const sessionId = randomBytes(16);
const names = "names other parties than the two on this link";
const OPENINGS: Readonly<Record<string, Hostile>> = {
  "an unknown protocol": opened(
    opening({ ...DIRECTORY, protocol: "backdoor" }),
    "unsupported",
    "is not served here",
  ),
  "a protocol that only the supervisor serves": opened(
    opening({ ...DIRECTORY, protocol: "certify" }),
    "unsupported",
    "is not served here",
  ),
  "another version of a protocol": opened(
    opening({ ...DIRECTORY, version: hex("09") }),
    "unsupported",
    "directory/9 is not served here",
  ),
  "a wire version that nobody speaks": opened(
    opening({ ...DIRECTORY, wire: hex("91 63") }),
    "wire-version",
    "speaks wire version 99, this node 1",
  ),
  "another bank's name": refused({ ...DIRECTORY, parties: ["bank", "bureau-a"] }, names),
  "the other bureau's name": refused({ ...DIRECTORY, parties: ["rogue", "bureau-b"] }, names),
  "names the wrong way round": refused({ ...DIRECTORY, parties: ["bureau-a", "rogue"] }, names),
  "one party in two roles": refused(
    { ...DIRECTORY, parties: ["rogue", "rogue"] },
    "does not name one party per role",
  ),
  "too few parties": refused(
    { protocol: "score", version: hex("05"), parties: ["rogue", "bureau-a"] },
    "does not name one party per role",
  ),
  "bureaus in each other's role": refused(
    { protocol: "pseudonym", version: hex("02"), parties: ["rogue", "bureau-b", "bureau-a"] },
    names,
  ),
  "a third bureau": refused(
    { protocol: "pseudonym", version: hex("02"), parties: ["rogue", "bureau-a", "telecom"] },
    "the bureaus named are not those of the roster",
  ),
  "a name that is none": unsound(
    opening({ ...DIRECTORY, parties: [`${CANARY} !`, "bureau-a"] }),
    "opening.parties[0]: text of another form",
  ),
  "a session id of 15 bytes": unsound(
    opening({ ...DIRECTORY, session: randomBytes(15) }),
    "opening.session: 15 bytes",
  ),
  "no wire version": unsound(opening({ ...DIRECTORY, wire: hex("90") }), "opening.wire: 0 items"),
  "a field less": unsound(pack.map(["wire", hex("9101")]), "opening.protocol: missing"),
  "a field more": unsound(
    Buffer.concat([hex("86"), opening(DIRECTORY).subarray(1), pack.text(CANARY), hex("01")]),
    "opening: unknown key",
  ),
};

export function hostileSessions(scene: () => Scene): void {
  const clients = new Map<Member, RawClient>();
  let log: NodeLog;

  beforeAll(async () => {
    const { network } = scene();
    log = new NodeLog(network.config("bureau-a"));
    const server = await serverOf(scene());
    for (const name of ["rogue", "marketplace"] as const)
      clients.set(name, await RawClient.connect(server, keysIn(dirname(network.config(name)))));
  });
  afterAll(() => {
    for (const client of clients.values()) client.destroy();
  });

  /** Says it, and looks at what the bureau answers, logs, and still does. */
  const endure = async ({ as, opening, frames = [], told, code, words }: Hostile) => {
    log.mark();
    const client = clients.get(as) as RawClient;
    const channel = client.open(opening);
    for (const each of frames) client.record(record(DATA, channel, each));
    expect(await client.reset(channel)).toBe(told);
    const line = await log.until(`${code} by ${as}`, ({ msg }) => msg === "session failed");
    expect(line.code).toBe(code);
    expect(line.detail).toMatch(words);
    expect(JSON.stringify(line)).toContain(as);
    expect(log.lines().filter(({ msg }) => msg === "session failed")).toHaveLength(1);
    await scene().expectHonestScore(12);
  };

  describe("a message with", () => {
    it.each(Object.entries(HOSTILE_VALUES))("%s", async (_, [bytes, words]) => {
      await endure(said(words, frame(bytes)));
    });
  });
  describe("an opening with", () => {
    it.each(Object.entries(HOSTILE_VALUES))("%s", async (_, [bytes, words]) => {
      await endure(unsound(bytes, words));
    });
    it.each(Object.entries(OPENINGS))("%s", (_, hostile) => endure(hostile));
    it("a session id that was used before", async () => {
      const session = { ...DIRECTORY, session: sessionId };
      const client = clients.get("rogue") as RawClient;
      const channel = client.open(opening(session));
      client.record(record(DATA, channel, frame(hex("c0"))));
      await client.reset(channel);
      await log.until("the first session's end", ({ msg }) => msg === "session failed");
      await endure(refused(session, "the session id was used before"));
    });
  });
  describe("a session with", () => {
    it.each(Object.entries(MESSAGES))("%s", (_, hostile) => endure(hostile));
    it.each(Object.entries(ROLES))("%s", (_, hostile) => endure(hostile));
  });

  it("nothing of all that is in any log, and nobody was cut off", async () => {
    const { network } = scene();
    for (const name of ["bureau-a", "bureau-b", "bank"]) {
      const printed = network.running(name);
      const all = [
        new NodeLog(network.config(name)).text(),
        printed.stdout.toString(),
        printed.stderr.toString(),
      ].join("\n");
      const canary = Buffer.from(CANARY);
      for (const form of [CANARY, canary.toString("hex"), canary.toString("base64").slice(0, 20)])
        expect(all).not.toContain(form);
    }
    const { peers } = await network.status("bureau-a");
    expect(peers).toMatchObject({ rogue: "up", marketplace: "up", bank: "up", "bureau-b": "up" });
  });
}

/** Where bureau A listens. */
export async function serverOf({ network }: Scene): Promise<Server> {
  const { address } = await network.status("bureau-a");
  const { hostname, port } = new URL(`wss://${address}`);
  const ca = keysIn(dirname(network.config("bureau-a"))).cert;
  return { host: hostname, port: Number(port), ca };
}
