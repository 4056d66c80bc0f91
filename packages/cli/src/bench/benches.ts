/** All benches: what one item of each is, and where to find it. */
import { SetupError } from "@moiety/node";
import type { Bench } from "./bench.ts";

export const BENCHES: readonly Bench[] = [
  {
    name: "pseudonym",
    about:
      "one pseudonym in one domain, evaluated by both bureaus with proofs, verified and unblinded " +
      "by a platform; three processes, TLS WebSockets between them",
    load: async () => (await import("./deposit.ts")).pseudonyms,
  },
  {
    name: "score-online",
    about:
      "one inquiry for one person, three platforms, 20 features, pseudonyms evaluated in each; " +
      "every node a process, TLS WebSockets between them",
    load: async () => (await import("./score-online.ts")).scoreOnline,
  },
  {
    name: "score-batch",
    about:
      "one person of a batch, three platforms with a million people in the stores, 20 features: with " +
      "pseudonyms known to the bank, and with them evaluated on the way; every node a process, TLS " +
      "WebSockets between them",
    load: async () => (await import("./score-batch.ts")).scoreInBatches,
  },
  {
    name: "ot",
    about:
      "one random 1-of-16 oblivious transfer, with the receiver checked; both sides in one " +
      "process, one after the other, no network, setup not counted",
    load: async () => (await import("./ot.ts")).obliviousTransfers,
  },
  {
    name: "lookup",
    about:
      "what two bureaus do with each other for one person of 20 features, random OTs ready: a whole " +
      "session over a link in memory; both in one process, half of whose CPU time is each one's",
    load: async () => (await import("./lookup.ts")).singleLookups,
  },
  {
    name: "channel",
    about:
      "one frame over one channel, TLS WebSocket between two processes on loopback: 64 bytes " +
      "there and back, and frames of 64 KiB one way",
    load: async () => (await import("./channel.ts")).channelFrames,
  },
  {
    name: "deposit",
    about:
      "one record of 20 features whose pseudonym is known: split, sealed, sent to both bureaus, " +
      "checked and synced there; three processes, TLS WebSockets between them",
    load: async () => (await import("./deposit.ts")).deposits,
  },
  {
    name: "store",
    about:
      "one record of 20 features in one bureau's store: written by the path that a deposit takes " +
      "once its chunks are opened, then read one by one and in bulk; one process, no network",
    load: async () => (await import("./store.ts")).stores,
  },
  {
    name: "compare",
    about:
      "one person of 20 features × 16 bins: this engine, plain JavaScript, and homomorphic encryption " +
      "by node-seal where --with says in which folder of packages it is",
    load: async () => (await import("./compare/compare.ts")).compareSystems,
  },
];

/** The bench of this name, or all. Throws `SetupError` that lists them. */
export function benchesNamed(name: string | undefined): readonly Bench[] {
  if (name === undefined) return BENCHES;
  const found = BENCHES.filter((bench) => bench.name === name);
  if (found.length === 0)
    throw new SetupError(
      `no bench ${name}; there are ${BENCHES.map((each) => each.name).join(", ")}`,
    );
  return found;
}
