/** All machines of a run, the network between them, and what watches both. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRng } from "@moiety/crypto";
import { dealtSetup } from "@moiety/crypto/dealt-setup";
import { type NodeConfig, readRoster } from "@moiety/node";
import type { Roster } from "@moiety/policy";
import {
  type Departure,
  type ProfileName,
  SimulatedNetwork,
  VirtualClock,
} from "@moiety/transport";
import { SimulatedDisk } from "./disk.ts";
import { Machine, type MachineOptions } from "./machine.ts";
import {
  BANK,
  BEGINNING,
  makeNetworkFiles,
  type NetworkFiles,
  NODES,
  PLATFORMS,
} from "./network-files.ts";
import { csvOf, DOMAINS, type Table } from "./population.ts";
import { Trace } from "./trace.ts";
import { WireWatch } from "./wire-watch.ts";

/** Codes of failures that honest nodes cause each other: connections, restarts, versions, rates. */
const CODES = ["lost", "busy", "conflict", "aborted", "deadline", "refused", "clock"];
const EXPECTED: ReadonlySet<unknown> = new Set(CODES);
const NAMES_EXPECTED = new RegExp(`: (${CODES.join("|")}): `);
/** What the transport logs about connections is no failure of a session. */
const TRANSPORT: ReadonlySet<unknown> = new Set(["dial-failed", "refused"]);

export interface WorldOptions {
  readonly seed: string;
  readonly profile: ProfileName;
  /** Whether the bureaus of this network answer nothing without a consent; unless said, they do. */
  readonly asksConsents?: boolean;
  /** By node; empty ones unless given. */
  readonly disks?: ReadonlyMap<string, SimulatedDisk>;
  readonly bend?: MachineOptions["bend"];
  readonly writeBackMs?: MachineOptions["writeBackMs"];
}

/** Files that are the same in all worlds of this process, with and without a consent domain. */
const written = new Map<boolean, NetworkFiles>();

function networkFiles(asksConsents: boolean): NetworkFiles {
  const known = written.get(asksConsents);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), "moiety-sim-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const made = makeNetworkFiles(folder, asksConsents);
  written.set(asksConsents, made);
  return made;
}

const rosters = new Map<string, Roster>();

/** All nodes of a network have one roster: verifying it again and again takes a quarter of the time. */
const readOnce: typeof readRoster = (config, now) => {
  const known = rosters.get(config.roster) ?? readRoster(config, now);
  rosters.set(config.roster, known);
  return known;
};

export class World {
  readonly clock: VirtualClock = new VirtualClock(BEGINNING);
  readonly network: SimulatedNetwork;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly trace: Trace;
  readonly wire: WireWatch;
  readonly violations: string[] = [];
  readonly asksConsents: boolean;
  /** Whether connections break even where nothing goes wrong. */
  readonly breaksByItself: boolean;
  readonly #files: NetworkFiles;
  /** Asked of each record: whether the connection breaks there. */
  cut: (departure: Departure) => boolean = () => false;
  /** Told of each record. */
  watch: (departure: Departure) => void = () => {};

  constructor({ seed, profile, asksConsents = false, disks, bend, writeBackMs }: WorldOptions) {
    this.asksConsents = asksConsents;
    this.breaksByItself = profile === "mobile";
    this.#files = networkFiles(asksConsents);
    const rng = seededRng(seed);
    const { clock } = this;
    this.trace = new Trace(() => clock.now() - BEGINNING);
    this.wire = new WireWatch((words) => this.violation(words));
    this.network = new SimulatedNetwork({
      clock,
      rng: rng.fork("network"),
      profile,
      tap: (departure) => this.#departed(departure),
    });
    const otSetup = dealtSetup(rng.fork("dealer"));
    this.machines = new Map(
      NODES.map((name) => {
        const config = this.#files.configs.get(name) as NodeConfig;
        const machine = new Machine({
          config,
          clock,
          network: this.network,
          rng: rng.fork(name),
          otSetup,
          readRoster: readOnce,
          disk: disks?.get(name)?.copy() ?? new SimulatedDisk(),
          onLog: (...entry) => this.#logged(...entry),
          ...(bend !== undefined && { bend }),
          ...(writeBackMs !== undefined && { writeBackMs }),
        });
        return [name, machine] as const;
      }),
    );
  }

  note(words: string): void {
    this.trace.note(words.replaceAll(this.#files.folder, ""));
  }

  get roster(): Roster {
    return this.#files.roster;
  }

  machine(name: string): Machine {
    return this.machines.get(name) as Machine;
  }

  get bank(): Machine {
    return this.machine(BANK);
  }

  platform(domain: number): Machine {
    return this.machine(PLATFORMS[domain] as string);
  }

  violation(said: string): void {
    const words = said.replaceAll(this.#files.folder, ""); // the same in every process
    this.violations.push(words);
    this.trace.note(`VIOLATION: ${words}`);
  }

  /** Starts a machine's process; a failure is a violation unless its disk is broken or it crashes. */
  start(name: string): void {
    const machine = this.machine(name);
    const life = machine.lives + 1;
    machine.start().catch((error: unknown) => {
      if (machine.lives !== life || machine.disk.trouble !== undefined) return;
      this.violation(`${name} does not start: ${(error as Error).message}`);
    });
  }

  /** Starts all that are not running, and waits until they are. */
  async startAll(limitMs: number): Promise<void> {
    for (const name of NODES) this.start(name);
    const up = (): boolean => [...this.machines.values()].every(({ node }) => node !== undefined);
    if (!(await this.clock.runUntil(up, limitMs))) this.violation("not all nodes started in time");
  }

  /** The file that a platform is told to deposit. */
  csvFile(domain: number, table: Table): string {
    const file = join(this.#files.folder, `deposit-${domain}.csv`);
    writeFileSync(file, csvOf(DOMAINS[domain] as (typeof DOMAINS)[number], table));
    return file;
  }

  /** The file that names people to a platform. */
  peopleFile(domain: number, people: readonly string[]): string {
    const file = join(this.#files.folder, `people-${domain}.csv`);
    writeFileSync(file, `${["id", ...people].join("\n")}\n`);
    return file;
  }

  /** Ends everything, so that nothing of this world runs on. */
  close(): void {
    for (const machine of this.machines.values()) machine.crash();
  }

  #departed(departure: Departure): "cut" | undefined {
    const { connection, from, to, record } = departure;
    this.trace.absorb(`${connection} ${from} ${to}`, record);
    this.wire.see(departure);
    this.watch(departure);
    return this.cut(departure) ? "cut" : undefined;
  }

  /** Honest nodes cause each other some failures; any other is a fault of the program. */
  #logged(node: string, level: string, facts: unknown, words: string | undefined): void {
    const { code, detail, error } = (facts ?? {}) as Readonly<Record<string, unknown>>;
    if (this.machine(node).disk.trouble !== undefined || TRANSPORT.has(words)) return;
    if (level !== "error" && level !== "warn") return;
    const told = typeof facts === "string" ? facts : [words, code, detail ?? error].join(" ");
    const expected = code === undefined ? NAMES_EXPECTED.test(told) : EXPECTED.has(code);
    if (!expected && (level === "error" || code !== undefined))
      this.violation(`${node} logs: ${told}`);
  }
}
