import type { LookupEngine } from "./lookup-engine.ts";
import { kernelLookups } from "./lookup-kernel.ts";
import { plainLookups } from "./lookup-plain.ts";
import { lookupSelfTest } from "./lookup-self-test.ts";

/** The lookups' arithmetic: by the kernel where there is one, and it gives known answers. */
export const lookupEngine: LookupEngine =
  kernelLookups !== undefined && lookupSelfTest(kernelLookups) ? kernelLookups : plainLookups;
