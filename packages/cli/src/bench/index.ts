/** What tests need of the benches: made-up people, and stores that know them. */
export { type BenchPeople, MODEL_NAME, makePeople } from "./people.ts";
export { fillStores, type Stock } from "./stock.ts";
