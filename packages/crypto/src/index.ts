export * from "./additive-blinding.ts";
export * from "./digest.ts";
export * from "./dleq.ts";
export {
  addEach,
  hashToGroupMany,
  multiplyAll,
  multiplyBaseMany,
  multiplyEach,
  multiplyMany,
  multiScalarMultiply,
  parseElements,
  sumsOfProducts,
  type Terms,
} from "./element-batches.ts";
export * from "./encoding-error.ts";
export * from "./evaluation-proof.ts";
export * from "./expand-message.ts";
export * from "./key-shares.ts";
export * from "./lookup-engine.ts";
export { lookupEngine } from "./lookups.ts";
export * from "./merkle.ts";
export * from "./one-person-proof.ts";
export * from "./oprf.ts";
export * from "./oprf-proof.ts";
export * from "./ot/index.ts";
export { release } from "./ot/release.ts";
export { pointEngine } from "./points.ts";
export * from "./ring.ts";
export * from "./ristretto.ts";
export * from "./rng.ts";
export * from "./salted-tree.ts";
export * from "./sealed-box.ts";
export * from "./secret.ts";
export * from "./sign.ts";
