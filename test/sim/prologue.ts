/**
 * A first day on which all goes well, lived through once per process: deposits, and a card in use.
 * Every run begins with copies of the disks that it leaves.
 */
import { Commands } from "./commands.ts";
import type { SimulatedDisk } from "./disk.ts";
import { Expectations } from "./expectations.ts";
import { BEGINNING, NODES } from "./network-files.ts";
import { DOMAINS, PEOPLE, type Table } from "./population.ts";
import { World } from "./world.ts";

export interface Prologue {
  readonly disks: ReadonlyMap<string, SimulatedDisk>;
  readonly tables: readonly Table[];
  readonly versions: readonly number[];
  readonly card: number;
}

let lived: Promise<Prologue> | undefined;

export function prologue(): Promise<Prologue> {
  lived ??= live();
  return lived;
}

async function live(): Promise<Prologue> {
  const world = new World({ seed: "prologue", profile: "lan" });
  const nothing = DOMAINS.map((): Table => new Map());
  const expected = new Expectations(
    nothing,
    nothing.map(() => 0),
    0,
    BEGINNING,
  );
  const commands = new Commands(world, expected);
  await world.startAll(10_000);
  const tables = DOMAINS.map(({ features }, d): Table => {
    const known = PEOPLE.filter((_, i) => (i + d) % 4 !== 0);
    return new Map(known.map((person, i) => [person, features.map(({ bins }) => (i + d) % bins)]));
  });
  for (const [domain, table] of tables.entries())
    await world.clock.runWhile(commands.deposit(domain, { kind: "deposit", table }));
  await world.clock.advance(4_000);
  await world.clock.runWhile(commands.deploy());
  const versions = expected.deposits.map(({ acked }) => acked.version as number);
  const stopped = [...world.machines.values()].map((machine) => machine.stop());
  await world.clock.runWhile(Promise.all(stopped));
  world.close();
  if (world.violations.length > 0 || commands.tally.failed > 0)
    throw new Error(`the prologue fails:\n${world.trace.lines.join("\n")}`);
  const disks = new Map(NODES.map((name) => [name, world.machine(name).disk] as const));
  return { disks, tables, versions, card: 1 };
}
