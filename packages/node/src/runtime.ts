/** For who composes nodes in surroundings of another making: the deterministic simulation. */
export type { Carrier } from "./carrier.ts";
export type { NodeConfig } from "./config.ts";
export type { Log } from "./log.ts";
export { type RunningNode, runNode, type ServeControl } from "./start.ts";
export { openStore, type Range, type Store, type Table } from "./store.ts";
export { StoreError } from "./store-failure.ts";
export { machine, type Surroundings } from "./surroundings.ts";
