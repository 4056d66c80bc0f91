/**
 * A first day on which all goes well, lived through once per process: deposits, a card in use, and
 * attestations where consents are asked for.
 * Every run begins with copies of the disks that it leaves.
 */
import { Commands } from "./commands.ts";
import type { SimulatedDisk } from "./disk.ts";
import { Expectations } from "./expectations.ts";
import { BEGINNING, NODES } from "./network-files.ts";
import { DOMAINS, PEOPLE, STRANGER, type Table } from "./population.ts";
import type { Attested } from "./wallets.ts";
import { World } from "./world.ts";

export interface Prologue {
  readonly disks: ReadonlyMap<string, SimulatedDisk>;
  readonly tables: readonly Table[];
  readonly versions: readonly number[];
  readonly card: number;
  /** Nobody, in a network that asks for no consents. */
  readonly attested: Attested;
}

const lived = new Map<boolean, Promise<Prologue>>();

/** Of a network that asks for consents, or of one that does not. */
export function prologue(asksConsents: boolean): Promise<Prologue> {
  const known = lived.get(asksConsents) ?? live(asksConsents);
  lived.set(asksConsents, known);
  return known;
}

async function live(asksConsents: boolean): Promise<Prologue> {
  const world = new World({ seed: "prologue", profile: "lan", asksConsents });
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
  for (const person of asksConsents ? [...PEOPLE, STRANGER] : [])
    await world.clock.runWhile(commands.attest(person, 0));
  const versions = expected.deposits.map(({ acked }) => acked.version as number);
  const stopped = [...world.machines.values()].map((machine) => machine.stop());
  await world.clock.runWhile(Promise.all(stopped));
  world.close();
  if (world.violations.length > 0 || commands.tally.failed > 0)
    throw new Error(`the prologue fails:\n${world.trace.lines.join("\n")}`);
  const disks = new Map(NODES.map((name) => [name, world.machine(name).disk] as const));
  return { disks, tables, versions, card: 1, attested: commands.consents.wallets.attested };
}
