/**
 * What a node takes from outside itself. `machine` is the real thing; the deterministic simulation
 * brings its own, and nothing in this package may reach around it: no `Date.now`, no `setTimeout`,
 * no `osRng`, no store and no link but through here.
 */
import { osRng, type Rng } from "@moiety/crypto";
import { type Clock, systemClock } from "@moiety/kit";
import type { Roster } from "@moiety/policy";
import { randomOt } from "@moiety/protocols";
import type { Carrier } from "./carrier.ts";
import type { NodeConfig } from "./config.ts";
import { type Log, type LogOptions, makeLog } from "./log.ts";
import type { Parties } from "./parties.ts";
import { readRoster } from "./roster-install.ts";
import { openStore, type Store } from "./store.ts";
import type { StoreReport } from "./store-failure.ts";
import { TlsCarrier } from "./tls-carrier.ts";

export interface Surroundings {
  readonly clock: Clock;
  /** How two bureaus set up random OTs with each other. */
  readonly otSetup: randomOt.OtSetup;
  readonly rng: Rng;
  /** Reads and verifies the roster that a configuration names; throws `SetupError`, `DocumentError`. */
  readonly readRoster: (config: NodeConfig, nowMs: number) => Roster;
  readonly makeLog: (node: string, options: LogOptions) => Log;
  /** Opens the store in `folder` of the node `owner` (`network/name`); throws `SetupError`. */
  readonly openStore: (folder: string, owner: string, report?: StoreReport) => Promise<Store>;
  /** Throws `SetupError` when the node's identity is unfit. */
  readonly makeCarrier: (config: NodeConfig, parties: Parties, clock: Clock) => Carrier;
}

/** The machine's clock, randomness, disk and network. */
export const machine: Surroundings = {
  clock: systemClock,
  otSetup: randomOt.baseOts,
  rng: osRng,
  readRoster,
  makeLog,
  openStore,
  makeCarrier: (config, parties, clock) => new TlsCarrier(config, parties, clock),
};
