/**
 * Who calculates with points: the kernel (`../kernel`, our own, WASM SIMD) where it was compiled and
 * the runtime can run it, libsodium otherwise. Both give the same bytes; tests hold them against
 * each other.
 */
import type { PointEngine } from "./point-engine.ts";
import { loadKernelEngine } from "./point-kernel.ts";
import { libsodiumEngine } from "./point-libsodium.ts";

export const engine: PointEngine = loadKernelEngine() ?? libsodiumEngine;

/** Which of the two calculates in this process. */
export const pointEngine: PointEngine["name"] = engine.name;
