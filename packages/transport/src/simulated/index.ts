export {
  type ConnectionOptions,
  type Departure,
  SimulatedConnection,
  type SimulatedTap,
} from "./connection.ts";
export { SimulatedNetwork, type SimulatedNetworkOptions } from "./network.ts";
export { type LinkProfile, PROFILES, type ProfileName } from "./profiles.ts";
export { VirtualClock } from "./virtual-clock.ts";
