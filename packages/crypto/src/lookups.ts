import type { LookupEngine } from "./lookup-engine.ts";
import { kernelLookups } from "./lookup-kernel.ts";
import { plainLookups } from "./lookup-plain.ts";

/** The lookups' arithmetic: by the kernel where there is one. Both give the same bits. */
export const lookupEngine: LookupEngine = kernelLookups ?? plainLookups;
