/**
 * Which life of a store this is. A store that was restored from a copy has forgotten what came after
 * the copy, so it gets a new random name, and remembers which life it branched off from and when. The
 * log shows it at each start: who compares two logs sees that one of them is of a restored store.
 */
import type { Rng } from "@moiety/crypto";
import { timeOf } from "@moiety/policy";
import { key, type Store, type Table } from "./store.ts";

const PLACE = key("incarnation");

export interface Incarnation {
  /** 32 hex digits. */
  readonly id: string;
  /** When it began, RFC 3339, UTC. */
  readonly since: string;
  /** Of a restored store: the life that was copied, and when the copy was made. */
  readonly restoredFrom?: { readonly id: string; readonly copiedAt: string };
}

/** The store's incarnation; a store without one, which is new, is given one. */
export async function incarnationOf(store: Store, rng: Rng, nowMs: number): Promise<Incarnation> {
  return (
    knownIncarnation(store.table("meta")) ??
    begin(store, { id: randomId(rng), since: timeOf(nowMs) })
  );
}

/** The incarnation that a table `meta` holds, if it does. */
export function knownIncarnation(meta: Pick<Table, "get">): Incarnation | undefined {
  const known = meta.get(PLACE);
  return known === undefined ? undefined : (JSON.parse(known.toString()) as Incarnation);
}

/** Begins a new life of a store that was restored from a copy of `copiedAt`. */
export async function reincarnate(
  store: Store,
  copiedAt: string,
  rng: Rng,
  nowMs: number,
): Promise<Incarnation> {
  const { id } = await incarnationOf(store, rng, nowMs);
  const restoredFrom = { id, copiedAt };
  return begin(store, { id: randomId(rng), since: timeOf(nowMs), restoredFrom });
}

async function begin(store: Store, incarnation: Incarnation): Promise<Incarnation> {
  await store.table("meta").put(PLACE, Buffer.from(JSON.stringify(incarnation)));
  return incarnation;
}

function randomId(rng: Rng): string {
  return Buffer.from(rng.bytes(16)).toString("hex");
}
