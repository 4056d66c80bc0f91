/** Lookups by the WASM kernel: some thousand at a time, so that all of it stays in the cache. */
import { type LookupEngine, MASKED_TABLE_BYTES, TABLE_ENTRIES } from "./lookup-engine.ts";
import { type TransferMemory, transferMemory } from "./transfer-kernel.ts";

/** Lookups that go through the kernel's memory at a time, but whole groups, and one at least. */
const LOOKUPS_PER_CALL = 2048;
const PADS_BYTES = 2 * TABLE_ENTRIES;

/** The kernel as an engine; nothing where there is none. */
export const kernelLookups: LookupEngine | undefined = transferMemory && lookupsBy(transferMemory);

function lookupsBy(memory: TransferMemory): LookupEngine {
  return {
    name: "kernel",

    packChoices(indices, choices) {
      const blocks = Math.ceil(indices.length / 32);
      const size = blocks * 32;
      const at = memory.reserve({ indices: size, choices: size, packed: size / 2 });
      try {
        memory.bytes.set(indices, at.indices);
        memory.bytes.set(choices.subarray(0, indices.length), at.choices);
        memory.kernel.packChoices(at.packed, at.indices, at.choices, blocks);
        return memory.bytes.slice(at.packed, at.packed + ((indices.length + 1) >> 1));
      } finally {
        memory.wipe(at.end);
      }
    },

    maskTables(
      tables,
      indices,
      pads,
      packedD,
      shares,
      masked = new Uint8Array(indices.length * MASKED_TABLE_BYTES),
    ) {
      const m = tables.length / TABLE_ENTRIES;
      const most = groupsPerCall(m, indices.length / m);
      const at = memory.reserve({
        tables: tables.byteLength,
        indices: indices.length,
        packed: packedD.length,
        shares: 2 * most,
        pads: most * m * PADS_BYTES,
        masked: most * m * MASKED_TABLE_BYTES + 2,
      });
      const { bytes } = memory;
      try {
        bytes.set(bytesOf(tables), at.tables);
        bytes.set(indices, at.indices);
        bytes.set(packedD, at.packed);
        for (let group = 0; group * m < indices.length; group += most) {
          const groups = Math.min(most, indices.length / m - group);
          const [first, count] = [group * m, groups * m];
          bytes.set(
            bytesOf(pads.subarray(first * TABLE_ENTRIES, (first + count) * TABLE_ENTRIES)),
            at.pads,
          );
          bytes.set(bytesOf(shares.subarray(group, group + groups)), at.shares);
          const [to, kept, from] = [at.masked, at.shares, at.indices];
          const { kernel } = memory;
          kernel.maskTables(to, kept, at.tables, m, groups, from, at.packed, at.pads, first);
          masked.set(
            bytes.subarray(to, to + count * MASKED_TABLE_BYTES),
            first * MASKED_TABLE_BYTES,
          );
          shares.set(wordsAt(bytes, kept, groups), group);
        }
        return masked;
      } finally {
        memory.wipe(at.end);
      }
    },

    unmaskChosen(masked, indices, pads, m, shares) {
      const most = groupsPerCall(m, indices.length / m);
      const at = memory.reserve({
        shares: 2 * most,
        indices: most * m,
        pads: most * m * 2,
        masked: most * m * MASKED_TABLE_BYTES + 2,
      });
      const { bytes } = memory;
      try {
        for (let group = 0; group * m < indices.length; group += most) {
          const groups = Math.min(most, indices.length / m - group);
          const [first, end] = [group * m, (group + groups) * m];
          bytes.set(bytesOf(shares.subarray(group, group + groups)), at.shares);
          bytes.set(indices.subarray(first, end), at.indices);
          bytes.set(bytesOf(pads.subarray(first, end)), at.pads);
          bytes.set(
            masked.subarray(first * MASKED_TABLE_BYTES, end * MASKED_TABLE_BYTES),
            at.masked,
          );
          memory.kernel.unmaskChosen(at.shares, at.masked, at.indices, at.pads, m, groups);
          shares.set(wordsAt(bytes, at.shares, groups), group);
        }
      } finally {
        memory.wipe(at.end);
      }
    },
  };
}

function groupsPerCall(m: number, groups: number): number {
  return Math.min(groups, Math.max(1, Math.floor(LOOKUPS_PER_CALL / m)));
}

function bytesOf(words: Uint16Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

function wordsAt(bytes: Uint8Array, at: number, count: number): Uint16Array {
  return new Uint16Array(bytes.buffer, at, count);
}
