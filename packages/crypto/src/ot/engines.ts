import type { PadEngine } from "./engine.ts";
import { kernelEngine } from "./engine-kernel.ts";
import { plainEngine } from "./engine-plain.ts";

/** What calculates: the kernel where there is one. Both give the same bits. */
export const engine: PadEngine = kernelEngine ?? plainEngine;
