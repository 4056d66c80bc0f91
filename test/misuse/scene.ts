/** A network that asks for consents: two platforms, an honest bank and a rogue one. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SigningKey } from "@moiety/crypto";
import { canonicalIdentifier } from "@moiety/model";
import { ControlError, callNode, type ScoreAnswer, streamNode } from "@moiety/node";
import { type PurposePolicy, type Roster, signPurposePolicy } from "@moiety/policy";
import type { StartOptions } from "../world/command.ts";
import type { Network, World } from "../world/network.ts";
import { type Orders, type Patch, ROGUE_BANK } from "./patches.ts";
import { consentOf, type Person, type Registrar, vouchedBy } from "./people.ts";

const MODULES = {
  patch: new URL("../durability/patch.mjs", import.meta.url).href,
  rogue: new URL("./rogue.mjs", import.meta.url).href,
  killer: new URL("../crash/killer.mjs", import.meta.url).href,
};
export const BUREAUS = ["bureau-a", "bureau-b"] as const;
export type Bureau = (typeof BUREAUS)[number];
export const PURPOSES = ["collections", "credit-application", "credit-review"] as const;
export const PURPOSE = "credit-application";
/** Bits about one person and year; a score of `CARD` tells some 8.3. */
const BITS_PER_YEAR = 20;
const FEATURES = {
  telecom: { feature: "delays", category: "contract", points: [3, -41, 17, 58, 90] },
  shop: { feature: "orders", category: "turnover", points: [7, 11, -23, 37, 66] },
} as const;
type Domain = keyof typeof FEATURES;
const DOMAINS = Object.keys(FEATURES) as Domain[];

const CARD = {
  kind: "moiety-scorecard",
  name: "card",
  version: 1,
  purposes: PURPOSES,
  base: 500,
  scaling: { pdo: 40, odds: 20, anchorScore: 600 },
  characteristics: DOMAINS.map((domain) => {
    const { feature, points } = FEATURES[domain];
    return { domain, feature, points };
  }),
};

function catalogue(domain: Domain): string {
  const { feature, category } = FEATURES[domain];
  return `
domain: ${domain}
version: 1
identifier: { type: opaque, column: id }
features:
  - { name: ${feature}, type: integer, unit: times, meaning: A number., freshness: P31D,
      category: ${category}, purposes: [${PURPOSES.join(", ")}], bins: { edges: [2, 4, 6] } }
`;
}

export interface Asked {
  readonly id: string;
  readonly token: string;
  readonly bank?: "bank" | "rogue";
  readonly purpose?: string;
}

export class Scene {
  readonly world: World;
  readonly network: Network;
  readonly roster: Roster;
  /** Everybody about whom, and everything with which, anything was asked. */
  readonly people: Person[] = [];
  readonly tokens: string[] = [];
  #known = 0;

  private constructor(world: World, network: Network) {
    this.world = world;
    this.network = network;
    const file = readFileSync(join(network.folder, "roster.json"), "utf8");
    this.roster = (JSON.parse(file) as { roster: Roster }).roster;
  }

  static async open(world: World): Promise<Scene> {
    const catalogues = DOMAINS.map((each) => world.write(`${each}.yaml`, catalogue(each)));
    const args = ["--consent", "--bank", "bank", "rogue"];
    const scene = new Scene(world, await world.network({ catalogues, args }));
    await scene.network.startEach(
      Object.fromEntries(scene.network.names.map((name) => [name, scene.#options(name)])),
    );
    await Promise.all(DOMAINS.map((domain) => scene.#deposit(domain)));
    for (const bank of ["bank", "rogue"]) {
      await scene.call(bank, "/model/certify", { text: JSON.stringify(CARD), file: "card.json" });
      await scene.call(bank, "/model/deploy", { model: "card" });
    }
    await scene.#restrict();
    return scene;
  }

  call<T>(node: string, path: string, body: unknown): Promise<T> {
    return callNode<T>(this.network.target(node).socket, path, { body });
  }

  registrar(name: string): Registrar {
    return { name, socket: this.network.target(name).socket };
  }

  /** Somebody of whom both platforms have a record, with a key that a registrar vouches for. */
  async person(registrar = "telecom"): Promise<Person> {
    const made = await this.stranger(registrar);
    await this.notify("attestation", made.document);
    return made;
  }

  /** The same, but that the bureaus have not been told. */
  async stranger(registrar = "telecom"): Promise<Person> {
    this.#known += 1;
    const id = identifier(this.#known);
    const made = await vouchedBy(this.registrar(registrar), id, this.roster);
    this.people.push(made);
    return made;
  }

  /** Hands a document to both bureaus, which must take it. */
  async notify(kind: "attestation" | "revocation", document: Uint8Array): Promise<void> {
    const body = { kind, document: Buffer.from(document).toString() };
    const answers = await this.call<Record<string, string>>("telecom", "/notice", body);
    const against = Object.entries(answers).filter(([, problem]) => problem !== "");
    if (against.length > 0) throw new Error(JSON.stringify(against));
  }

  async score({ id, token, bank = "bank", purpose = PURPOSE }: Asked): Promise<ScoreAnswer> {
    this.tokens.push(token);
    const body = { identifiers: [id], type: "opaque", consents: [token], purpose };
    return this.call<ScoreAnswer>(bank, "/score", body);
  }

  /** Why there is no score; throws where there is one. */
  async refusal(asked: Asked): Promise<string> {
    try {
      await this.score(asked);
    } catch (error) {
      if (error instanceof ControlError) return error.message;
      throw error;
    }
    throw new Error("a score came out");
  }

  /** Tells the rogue bank what to do, for as long as `work` takes. */
  async ordered<T>(orders: Orders, work: () => Promise<T>): Promise<T> {
    this.world.write("rogue-orders.json", JSON.stringify(orders));
    try {
      return await work();
    } finally {
      rmSync(join(this.world.folder, "rogue-orders.json"));
    }
  }

  /** Ends a bureau, starts it anew with these changes, and waits until everybody has found it again. */
  async restart(bureau: Bureau, patches: readonly Patch[] = []): Promise<void> {
    await this.network.stop(bureau);
    await this.start(bureau, patches);
  }

  async start(bureau: Bureau, patches: readonly Patch[] = []): Promise<void> {
    await this.network.startEach({ [bureau]: this.#options(bureau, patches) });
    await Promise.all(this.network.names.map((name) => this.network.untilReady(name)));
    await this.#untilScoring();
  }

  /** Waits until the bureaus have made pads: before that they are busy. */
  async #untilScoring(): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      const person = await this.person();
      const asked = { id: person.id, token: await consentOf(person) };
      const said = await this.score(asked).catch((error: unknown) => error);
      if (!(said instanceof ControlError)) return;
      if (!said.message.includes("busy")) throw said;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("the bureaus stay busy");
  }

  /** Orders a node to die at the next passing of a point. */
  kill(node: string, point: string): void {
    this.world.write(join("milestones", node, "order"), `${point} 1`);
  }

  keyOf(party: string): SigningKey {
    const file = join(this.network.folder, party, "keys", "signing.key");
    return new SigningKey(Buffer.from(readFileSync(file, "utf8").trim(), "hex"));
  }

  async #deposit(domain: Domain): Promise<void> {
    const rows = Array.from({ length: 200 }, (_, n) => `${identifier(n)},${(n * 3 + 1) % 8}\n`);
    const text = `id,${FEATURES[domain].feature}\n${rows.join("")}`;
    const csv = this.world.write(`${domain}.csv`, text);
    const { socket } = this.network.target(domain);
    for await (const _ of streamNode(socket, "/deposit", { body: { csv } })); // to the end
  }

  /** A newer policy, after the models were certified: fewer categories, inquiries and bits. */
  async #restrict(): Promise<void> {
    const file = readFileSync(join(this.network.folder, "policy.json"), "utf8");
    const { policy } = JSON.parse(file) as { policy: PurposePolicy };
    const purposes = policy.purposes.map((purpose) => ({
      ...purpose,
      ...(purpose.code === "collections" && { categories: ["contract"] }),
      ...(purpose.code === "credit-review" && { inquiries: { times: 1, per: "30d" } }),
    }));
    const next = { ...policy, version: 2, bitsPerYear: BITS_PER_YEAR, purposes };
    const text = Buffer.from(signPurposePolicy(next, this.keyOf("supervisor")));
    const written = this.world.write("policy-2.json", text);
    for (const bureau of BUREAUS) {
      const config = this.network.config(bureau);
      const { code, stderr } = await this.world.run(["policy", "install", config, written]);
      if (code !== 0) throw new Error(stderr.toString());
    }
  }

  #options(name: string, patches: readonly Patch[] = []): StartOptions {
    const changes = name === "rogue" ? ROGUE_BANK : patches;
    const CRASH_FOLDER = join(this.world.folder, "milestones", name);
    mkdirSync(CRASH_FOLDER, { recursive: true });
    if (changes.length === 0)
      return { env: { CRASH_FOLDER, NODE_OPTIONS: `--import=${MODULES.killer}` } };
    const modules = [MODULES.rogue, MODULES.killer, MODULES.patch];
    return {
      env: {
        CRASH_FOLDER,
        NODE_OPTIONS: modules.map((each) => `--import=${each}`).join(" "),
        MOIETY_SOURCES: "1",
        ROGUE_ORDERS: join(this.world.folder, "rogue-orders.json"),
        SOURCE_PATCHES: JSON.stringify(changes),
        SOURCE_PATCHED: join(this.world.folder, `patched-${name}`),
      },
    };
  }
}

/** Of the n-th person. */
function identifier(n: number): string {
  return `customer-${String(n).padStart(4, "0")}`;
}

/** As the rogue bank is told it. */
export function canonicalHex(id: string): string {
  const canonical = canonicalIdentifier("opaque", id, { today: "2026-01-01" });
  if (!canonical.ok) throw new Error(canonical.reason);
  return Buffer.from(canonical.bytes).toString("hex");
}
