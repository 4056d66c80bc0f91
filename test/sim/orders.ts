/** What a platform is told to do with its deposit, and what is current if it does. */
import type { Table } from "./population.ts";
import type { World } from "./world.ts";

export type Order =
  /** These people, and nobody else. */
  | { readonly kind: "deposit"; readonly table: Table }
  /** These people's features change, or are added. */
  | { readonly kind: "update"; readonly table: Table }
  /** These people are removed; none: everybody. */
  | { readonly kind: "withdraw"; readonly people: readonly string[] };

/** What is current afterwards, for each of what may have been current before. */
export function outcomesOf(order: Order, before: readonly Table[]): Table[] {
  if (order.kind === "deposit") return [order.table];
  const outcomes = before.map((table): Table => {
    const after = new Map(table);
    if (order.kind === "update") for (const [person, bins] of order.table) after.set(person, bins);
    else if (order.people.length === 0) after.clear();
    else for (const person of order.people) after.delete(person);
    return after;
  });
  return distinct(outcomes);
}

/** The command, as the platform's node takes it. */
export function requestOf(
  world: World,
  domain: number,
  order: Order,
): { readonly path: string; readonly body: unknown } {
  if (order.kind !== "withdraw") {
    const csv = world.csvFile(domain, order.table);
    return { path: "/deposit", body: { csv, ...(order.kind === "update" && { update: true }) } };
  }
  if (order.people.length === 0) return { path: "/withdraw", body: {} };
  return { path: "/withdraw", body: { csv: world.peopleFile(domain, order.people) } };
}

function distinct(tables: readonly Table[]): Table[] {
  const nameOf = (table: Table): string => JSON.stringify([...table].sort());
  return [...new Map(tables.map((table) => [nameOf(table), table])).values()];
}
