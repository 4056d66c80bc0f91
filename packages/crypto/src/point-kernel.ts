/**
 * The point engine by the WASM kernel of `../kernel`: operands into its memory, one call for up to
 * 256 of them, results out, and what they left there overwritten. One or two operations of some
 * kinds are left to libsodium, which is faster at them.
 */
import { agree } from "./point-agreement.ts";
import { GENERATOR, KERNEL_CONSTANTS } from "./point-constants.ts";
import type { PackedTerms, PointEngine } from "./point-engine.ts";
import { libsodiumEngine } from "./point-libsodium.ts";
import { loadWasm, type WasmGlobal, type WasmMemory } from "./wasm.ts";

/** What kernel/assembly/points/index.ts exports. A quad is four points; addresses are globals. */
interface Kernel {
  readonly memory: WasmMemory;
  readonly SCALARS: WasmGlobal;
  readonly FIRST: WasmGlobal;
  readonly SECOND: WasmGlobal;
  readonly OUTPUT: WasmGlobal;
  readonly INTERFACE: WasmGlobal;
  readonly MAX_QUADS: WasmGlobal;
  readonly SLOTS: WasmGlobal;
  setup(): void;
  setFixed(slot: number): void;
  validate(quads: number): void;
  multiply(points: number, one: number): void;
  multiplyBase(quads: number, slot: number): void;
  combine(quads: number, minus: number): void;
  map(quads: number, blinded: number): void;
  unblind(quads: number, slot: number): void;
  sumBegin(): void;
  sumAdd(quads: number, short: number): void;
  sumEnd(together: number): void;
  wipe(quads: number): void;
}

const POINT_BYTES = 32;
const LANES = 4;
/** What this file expects of the kernel, see kernel/assembly/points/index.ts. */
const INTERFACE = 1;
/** Terms of a list that is not worth cutting into four. */
const MAX_SHORT_LIST = 16;
/** Where the kernel is compiled to: the same path from the sources and from the build. */
export const KERNEL_WASM: URL = new URL("../dist/point-kernel.wasm", import.meta.url);

/** The kernel as an engine; nothing where it was not compiled, or where WASM SIMD is lacking. */
export function loadKernelEngine(): PointEngine | undefined {
  const kernel = loadWasm(KERNEL_WASM) as Partial<Kernel> | undefined;
  // One that was compiled from other sources, and never since.
  if (kernel?.INTERFACE?.value !== INTERFACE) return undefined;
  const engine = new KernelEngine(kernel as Kernel);
  return agree(engine, libsodiumEngine) ? engine : undefined;
}

class KernelEngine implements PointEngine {
  readonly name = "kernel";
  readonly #kernel: Kernel;
  readonly #bytes: Uint8Array;
  readonly #maxPoints: number;
  /** Slots by the point whose table they hold, the one unused for longest first. */
  readonly #slots = new Map<string, number>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#bytes = new Uint8Array(kernel.memory.buffer);
    this.#maxPoints = LANES * kernel.MAX_QUADS.value;
    this.#write(kernel.FIRST, KERNEL_CONSTANTS);
    this.#write(kernel.SECOND, repeated(GENERATOR, LANES));
    kernel.setup();
    kernel.wipe(kernel.MAX_QUADS.value);
  }

  areCanonical(points: Uint8Array): Uint8Array {
    if (isFew(points)) return libsodiumEngine.areCanonical(points);
    const valid = this.#batches(points.length / POINT_BYTES, (from, to, quads) => {
      this.#write(this.#kernel.FIRST, part(points, from, to));
      this.#kernel.validate(quads);
    });
    return Uint8Array.from({ length: points.length / POINT_BYTES }, (_, i) =>
      part(valid, i, i + 1).some((byte) => byte !== 0) ? 1 : 0,
    );
  }

  multiplyOne(scalar: Uint8Array, points: Uint8Array): Uint8Array {
    return this.#batches(points.length / POINT_BYTES, (from, to) => {
      this.#write(this.#kernel.SCALARS, scalar);
      this.#write(this.#kernel.FIRST, part(points, from, to));
      this.#kernel.multiply(to - from, 1);
    });
  }

  multiplyEach(scalars: Uint8Array, points: Uint8Array): Uint8Array {
    return this.#batches(points.length / POINT_BYTES, (from, to) => {
      this.#write(this.#kernel.SCALARS, part(scalars, from, to));
      this.#write(this.#kernel.FIRST, part(points, from, to));
      this.#kernel.multiply(to - from, 0);
    });
  }

  multiplyBase(scalars: Uint8Array): Uint8Array {
    if (isFew(scalars)) return libsodiumEngine.multiplyBase(scalars);
    return this.#batches(scalars.length / POINT_BYTES, (from, to, quads) => {
      this.#write(this.#kernel.SCALARS, part(scalars, from, to));
      this.#kernel.multiplyBase(quads, 0);
    });
  }

  add(a: Uint8Array, b: Uint8Array): Uint8Array {
    if (isFew(a)) return libsodiumEngine.add(a, b);
    return this.#combine(a, b, 0);
  }

  subtract(a: Uint8Array, b: Uint8Array): Uint8Array {
    if (isFew(a)) return libsodiumEngine.subtract(a, b);
    return this.#combine(a, b, 1);
  }

  fromUniform(uniform: Uint8Array): Uint8Array {
    if (isFew(uniform, 2 * POINT_BYTES)) return libsodiumEngine.fromUniform(uniform);
    return this.#batches(uniform.length / (2 * POINT_BYTES), (from, to, quads) => {
      this.#write(this.#kernel.FIRST, part(uniform, from, to, 2 * POINT_BYTES));
      this.#kernel.map(quads, 0);
    });
  }

  blind(uniform: Uint8Array, scalars: Uint8Array): Uint8Array {
    return this.#batches(scalars.length / POINT_BYTES, (from, to, quads) => {
      this.#write(this.#kernel.SCALARS, part(scalars, from, to));
      this.#write(this.#kernel.FIRST, part(uniform, from, to, 2 * POINT_BYTES));
      this.#kernel.map(quads, 1);
    });
  }

  unblind(a: Uint8Array, b: Uint8Array, scalars: Uint8Array, publicKey: Uint8Array): Uint8Array {
    const slot = this.#slotOf(publicKey);
    // As zeros, for what is no element.
    if (slot === undefined) return new Uint8Array(a.length);
    return this.#batches(a.length / POINT_BYTES, (from, to, quads) => {
      this.#write(this.#kernel.SCALARS, part(scalars, from, to));
      this.#write(this.#kernel.FIRST, part(a, from, to));
      this.#write(this.#kernel.SECOND, part(b, from, to));
      this.#kernel.unblind(quads, slot);
    });
  }

  sums(lists: readonly PackedTerms[]): Uint8Array {
    const sums = new Uint8Array(lists.length * POINT_BYTES);
    // A long list takes all lanes; four short ones a lane each.
    const short: [number, PackedTerms][] = [];
    for (const [i, list] of lists.entries()) {
      if (list.points.length > MAX_SHORT_LIST * POINT_BYTES) this.#sum(list, sums, i);
      else short.push([i, list]);
    }
    while (short.length > 0) {
      const group = short.splice(0, LANES);
      if (group.length === 1) this.#sum(group[0]![1], sums, group[0]![0]);
      else this.#sumEach(group, sums);
    }
    return sums;
  }

  /** Up to four lists, in lanes of their own. */
  #sumEach(group: readonly [number, PackedTerms][], sums: Uint8Array): void {
    const kernel = this.#kernel;
    const rows = Math.max(...group.map(([, { points }]) => points.length / POINT_BYTES));
    const points = repeated(GENERATOR, rows * LANES);
    const scalars = new Uint8Array(rows * LANES * POINT_BYTES);
    for (const [lane, [, list]] of group.entries()) {
      for (let row = 0; row * POINT_BYTES < list.points.length; row++) {
        const at = (row * LANES + lane) * POINT_BYTES;
        points.set(part(list.points, row, row + 1), at);
        scalars.set(part(list.scalars, row, row + 1), at);
      }
    }
    kernel.sumBegin();
    this.#write(kernel.SCALARS, scalars);
    this.#write(kernel.FIRST, points);
    kernel.sumAdd(rows, group.every(([, list]) => areShort(list.scalars)) ? 1 : 0);
    kernel.sumEnd(0);
    for (const [lane, [i]] of group.entries()) {
      sums.set(part(this.#read(LANES), lane, lane + 1), i * POINT_BYTES);
    }
    kernel.wipe(rows);
  }

  /** One list, dealt out to all lanes; terms of no weight fill it up. */
  #sum({ scalars, points }: PackedTerms, sums: Uint8Array, position: number): void {
    const kernel = this.#kernel;
    const count = points.length / POINT_BYTES;
    const short = areShort(scalars) ? 1 : 0;
    kernel.sumBegin();
    for (let from = 0; from < count; from += this.#maxPoints) {
      const to = Math.min(from + this.#maxPoints, count);
      const quads = Math.ceil((to - from) / LANES);
      this.#write(kernel.SCALARS, padded(part(scalars, from, to), quads));
      this.#write(kernel.FIRST, repeated(GENERATOR, quads * LANES));
      this.#write(kernel.FIRST, part(points, from, to));
      kernel.sumAdd(quads, short);
    }
    kernel.sumEnd(1);
    sums.set(this.#read(1), position * POINT_BYTES);
    kernel.wipe(kernel.MAX_QUADS.value);
  }

  #combine(a: Uint8Array, b: Uint8Array, minus: number): Uint8Array {
    return this.#batches(a.length / POINT_BYTES, (from, to, quads) => {
      this.#write(this.#kernel.FIRST, part(a, from, to));
      this.#write(this.#kernel.SECOND, part(b, from, to));
      this.#kernel.combine(quads, minus);
    });
  }

  /**
   * Calls for `count` results, as many at a time as the kernel takes. Its inputs hold zeros, from
   * the last `wipe`, where nothing is written: a last quad is filled up with them.
   */
  #batches(count: number, run: (from: number, to: number, quads: number) => void): Uint8Array {
    const all = new Uint8Array(count * POINT_BYTES);
    for (let from = 0; from < count; from += this.#maxPoints) {
      const to = Math.min(from + this.#maxPoints, count);
      const quads = Math.ceil((to - from) / LANES);
      try {
        run(from, to, quads);
        all.set(this.#read(to - from), from * POINT_BYTES);
      } finally {
        this.#kernel.wipe(quads);
      }
    }
    return all;
  }

  /** The slot with the multiples of a public point; nothing if that is no canonical encoding. */
  #slotOf(point: Uint8Array): number | undefined {
    const name = Buffer.from(point).toString("latin1");
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      // Before a table gives way to it.
      if (libsodiumEngine.areCanonical(point)[0] === 0) return undefined;
      slot = this.#freeSlot();
      this.#write(this.#kernel.SECOND, repeated(point, LANES));
      this.#kernel.setFixed(slot);
      this.#kernel.wipe(1);
    }
    this.#slots.delete(name);
    this.#slots.set(name, slot);
    return slot;
  }

  /**
   * One that no point has (slot 0 is the generator's), or the one that is unused for longest. Not
   * the next by their number: an error while a table was made may have left a gap.
   */
  #freeSlot(): number {
    const taken = new Set(this.#slots.values());
    for (let slot = 1; slot < this.#kernel.SLOTS.value; slot++) if (!taken.has(slot)) return slot;
    const [[oldest, slot]] = this.#slots as unknown as [[string, number]];
    this.#slots.delete(oldest);
    return slot;
  }

  #write(address: WasmGlobal, bytes: Uint8Array): void {
    this.#bytes.set(bytes, address.value);
  }

  #read(points: number): Uint8Array {
    const at = this.#kernel.OUTPUT.value;
    return this.#bytes.subarray(at, at + points * POINT_BYTES);
  }
}

/** What libsodium does faster one by one than the kernel with lanes that idle. */
function isFew(list: Uint8Array, width: number = POINT_BYTES): boolean {
  return list.length < 3 * width;
}

function part(list: Uint8Array, from: number, to: number, width: number = POINT_BYTES): Uint8Array {
  return list.subarray(from * width, to * width);
}

function padded(list: Uint8Array, quads: number): Uint8Array {
  const whole = new Uint8Array(quads * LANES * POINT_BYTES);
  whole.set(list);
  return whole;
}

function repeated(point: Uint8Array, times: number): Uint8Array {
  const all = new Uint8Array(times * POINT_BYTES);
  for (let i = 0; i < times; i++) all.set(point, i * POINT_BYTES);
  return all;
}

/** Whether all of these public scalars are below 2^128. */
function areShort(scalars: Uint8Array): boolean {
  for (let at = 0; at < scalars.length; at += POINT_BYTES) {
    for (let i = 16; i < POINT_BYTES; i++) if (scalars[at + i] !== 0) return false;
  }
  return true;
}
