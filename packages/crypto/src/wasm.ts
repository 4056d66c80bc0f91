/** What is used of WebAssembly: the compiler's libraries describe it for browsers only. */

import { existsSync, readFileSync } from "node:fs";

interface WebAssemblyObject {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

const webAssembly = (globalThis as unknown as { WebAssembly: WebAssemblyObject }).WebAssembly;

/** An exported number, such as an address. */
export interface WasmGlobal {
  readonly value: number;
}

export interface WasmMemory {
  /** Another one after `grow`; views of the former are empty then. */
  readonly buffer: ArrayBuffer;
  /** By so many pages of 64 KiB. */
  grow(pages: number): number;
}

/** The exports of a compiled module; nothing if there is no such file, or the runtime lacks SIMD. */
export function loadWasm(file: URL): unknown {
  if (!existsSync(file)) return undefined;
  const bytes = readFileSync(file);
  // False for instructions that the runtime does not know, and for a file that is no module.
  if (!webAssembly.validate(bytes)) return undefined;
  return new webAssembly.Instance(new webAssembly.Module(bytes)).exports;
}
