/** A platform with its desk and vigil, and the two bureaus of `DepositWorld`, over links in memory. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OprfKeyPair, randomScalar, SigningKey, seededRng, sign } from "@moiety/crypto";
import { type Clock, type Link, Switchboard, service } from "@moiety/kit";
import { deposit, type depositChunk, directory, pseudonym } from "@moiety/protocols";
import { memoryLinks } from "@moiety/transport";
import { boxes, DepositWorld, SIDES, signing } from "../../bureau/testing/deposit-world.ts";
import type { NodeContext } from "../../context.ts";
import type { DomainKeys } from "../../parties.ts";
import { RECEIPT_CONTEXT } from "../../receipt.ts";
import { openStore, type Store } from "../../store.ts";
import { Depositing } from "../depositing.ts";
import { Desk } from "../desk.ts";
import type { DepositProgress } from "../progress.ts";
import { Vigil } from "../vigil.ts";

type Side = depositChunk.Side;
const rng = seededRng("platform world");
const bureauKeys = { a: new SigningKey(rng.bytes(32)), b: new SigningKey(rng.bytes(32)) };
const oprf = { a: keyPairs(), b: keyPairs() };

/** Key halves of epochs 1 and 2. */
function keyPairs(): readonly OprfKeyPair[] {
  return [1, 2].map(() => new OprfKeyPair(randomScalar(rng)));
}

const CATALOGUE_HEAD = "domain: telecom\nversion: 1\nidentifier: { type: opaque, column: id }\n";
const FEATURE_ROWS = ["one", "two"].map(
  (name) =>
    `  - { name: ${name}, type: integer, unit: x, meaning: X., freshness: P31D, purposes: [x], bins: { edges: [1, 2, 3] } }`,
);
export const CATALOGUE_TEXT: string = `${CATALOGUE_HEAD}features:\n${FEATURE_ROWS.join("\n")}\n`;

/** Pauses before another attempt pass at once; what waits for minutes waits for the test to say so. */
function soon(delayMs: number, call: () => void): () => void {
  if (delayMs > PAUSE_MS) return () => {};
  const timer = setImmediate(call);
  return () => clearImmediate(timer);
}

const PAUSE_MS = 5_000;

export class PlatformWorld {
  readonly bureaus: DepositWorld;
  readonly #folder: string = mkdtempSync(join(tmpdir(), "moiety-platform-"));
  readonly #links = new Map<Side, Link>();
  store!: Store;
  depositing!: Depositing;
  desk!: Desk;
  vigil!: Vigil;
  /** What was logged, as warnings and above. */
  readonly warnings: string[] = [];
  /** What a bureau's deposit session meets with, if anything. */
  trouble: ((side: Side) => void) | undefined;
  readonly #catalogue: string;

  private constructor(bureaus: DepositWorld) {
    this.bureaus = bureaus;
    this.#catalogue = this.write("catalogue.yaml", CATALOGUE_TEXT);
  }

  static async open(): Promise<PlatformWorld> {
    const world = new PlatformWorld(await DepositWorld.open());
    await world.start();
    return world;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.bureaus.close();
    rmSync(this.#folder, { recursive: true });
  }

  get folder(): string {
    return join(this.#folder, "data");
  }

  write(name: string, text: string): string {
    const file = join(this.#folder, name);
    writeFileSync(file, text);
    return file;
  }

  /** A CSV of people by name, with two numbers each. */
  csv(people: Readonly<Record<string, readonly [number, number]>>): string {
    const rows = Object.entries(people).map(([id, values]) => [id, ...values].join(","));
    return this.write("people.csv", ["id,one,two", ...rows, ""].join("\n"));
  }

  ids(...names: readonly string[]): string {
    return this.write("ids.csv", ["id", ...names, ""].join("\n"));
  }

  async start(): Promise<void> {
    this.store = await openStore(this.folder, "net/telecom");
    const context = this.#context();
    this.depositing = new Depositing(context);
    this.desk = new Desk(this.depositing);
    this.vigil = new Vigil(this.depositing, this.desk);
  }

  async stop(): Promise<void> {
    this.desk.close();
    await this.store.close();
  }

  deposit(csv: string, flags: object = {}): Promise<DepositProgress> {
    return this.desk.deposit({ csv, ...flags }, () => {}, new AbortController().signal);
  }

  withdraw(csv?: string): Promise<DepositProgress> {
    return this.desk.withdraw({ csv }, () => {}, new AbortController().signal);
  }

  #context(): NodeContext {
    const clock: Clock = { now: () => this.bureaus.nowMs, after: soon };
    const switchboard = new Switchboard({
      self: "telecom",
      linkTo: async (name) => this.#link(name),
      rng,
    });
    for (const side of SIDES) {
      const [near, far] = memoryLinks("telecom", `bureau-${side}`);
      this.#links.set(side, near);
      switchboard.attach(near);
      const bureau = new Switchboard({ self: `bureau-${side}`, linkTo: async () => far, rng });
      this.#serve(bureau, side);
      bureau.attach(far);
    }
    const warn = (_facts: object, sentence: string): void => void this.warnings.push(sentence);
    const log = { info: () => {}, warn, error: warn };
    const links = { linkTo: async (name: string) => this.#link(name) };
    const config = { name: "telecom", catalogue: this.#catalogue };
    const { store } = this;
    const parties = this.#parties();
    const parts = { config, parties, signing, store, log, clock, rng, switchboard, links };
    return parts as unknown as NodeContext;
  }

  #link(name: string): Link {
    return this.#links.get(name === "bureau-a" ? "a" : "b") as Link;
  }

  #epochs(): DomainKeys[] {
    return this.bureaus.epochs.map((epoch) => ({
      domain: "telecom",
      epoch,
      platform: "telecom",
      a: (oprf.a[epoch - 1] as OprfKeyPair).publicKey,
      b: (oprf.b[epoch - 1] as OprfKeyPair).publicKey,
    }));
  }

  #parties(): object {
    const epochs = (): DomainKeys[] => this.#epochs();
    const keyOf = { telecom: signing, "bureau-a": bureauKeys.a, "bureau-b": bureauKeys.b };
    return {
      network: "net",
      bureaus: { a: "bureau-a", b: "bureau-b" },
      epochs,
      keysOf: (_: string, epoch: number) => epochs().find((each) => each.epoch === epoch),
      get domains() {
        return new Map([["telecom", epochs()[0]]]);
      },
      get: (name: string) => ({ box: boxes[name === "bureau-a" ? "a" : "b"].publicKey }),
      verifying: (name: keyof typeof keyOf) => keyOf[name].verifyingKey,
      onChange: () => {},
    };
  }

  #serve(bureau: Switchboard, side: Side): void {
    bureau.serve(
      service(
        pseudonym.pseudonym,
        side,
        () => {},
        (session) =>
          pseudonym.bureau(session, {
            keyShare: ({ epoch }) => {
              const pair = oprf[side][epoch - 1] as OprfKeyPair;
              return { secret: pair.secretKey, public: pair.publicKey };
            },
          }),
      ),
      service(
        deposit.deposit,
        "bureau",
        () => {},
        async (session) => {
          this.trouble?.(side);
          await deposit.bureau(session, {
            side,
            box: boxes[side],
            shelf: this.bureaus.shelves[side],
            receipt: (header) => sign(bureauKeys[side], RECEIPT_CONTEXT, header),
          });
        },
      ),
      service(
        directory.directory,
        "bureau",
        () => {},
        (session) =>
          directory.bureau(session, {
            list: () => ({
              deposits: this.bureaus.shelves[side]
                .listing()
                .map(({ bytes, signature }) => ({ header: bytes, signature })),
              catalogues: [],
            }),
          }),
      ),
    );
  }

  /** Bins at the bureaus, by name; from both halves. */
  atBureaus(version: number, epoch = 1): Record<string, number[]> {
    const names = new Map<string, string>();
    const { domain } = this.depositing.catalogue;
    for (const { key, value } of this.store.table("content").getRange()) {
      const end = 5 + (value[4] as number);
      const name = value.subarray(end).toString().replace("opaque:", "");
      if (key.readUInt32BE(domain.length + 1) === epoch)
        names.set(key.subarray(domain.length + 5).toString("hex"), name);
    }
    const content = this.bureaus.contentOf([...names.keys()], version, epoch);
    return Object.fromEntries(
      [...content].map(([pseudonym, bins]) => [names.get(pseudonym) as string, [...bins]]),
    );
  }
}
