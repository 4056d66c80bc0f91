/** Faults of a program, put into it from outside: the simulation must find each of them. */
import { lookupPads } from "@moiety/protocols";
import type { BatchFilter } from "./commands.ts";
import type { WorldOptions } from "./world.ts";

export interface Mutant {
  /** What the program does wrong. */
  readonly what: string;
  /** What the simulation says of it. */
  readonly complaint: RegExp;
  /** Puts it in; the result takes it out. */
  readonly begin?: () => () => void;
  readonly world?: Pick<WorldOptions, "bend" | "writeBackMs">;
  readonly batchFilter?: BatchFilter;
}

export const MUTANTS: readonly Mutant[] = [
  {
    what: "a bureau gives the same pads out for two lookups",
    complaint: /named pad \d+ of series .* twice/,
    begin: () => {
      const { prototype } = lookupPads.ReceiverBook;
      const { take } = prototype;
      const given = new WeakMap<object, lookupPads.ReceiverPads>();
      prototype.take = function (count) {
        const before = given.get(this);
        const taken =
          before !== undefined && before.choices.length === count ? before : take.call(this, count);
        if (taken !== undefined)
          given.set(this, { ...taken, choices: taken.choices.slice(), pads: taken.pads.slice() });
        return taken;
      };
      return () => {
        prototype.take = take;
      };
    },
  },
  {
    what: "a bureau acknowledges what is not synced yet",
    complaint: /has lost version|wrong score|does not succeed/,
    world: { writeBackMs: 1_000 },
  },
  {
    what: "a version is served of which half is not there",
    complaint: /wrong score/,
    world: {
      bend: (name, table) =>
        name === "deposit-rows"
          ? {
              ...table,
              get: (key) => ((key.at(-1) as number) % 2 === 0 ? table.get(key) : undefined),
              peek: (key) => ((key.at(-1) as number) % 2 === 0 ? table.peek(key) : undefined),
            }
          : table,
    },
  },
  {
    what: "a row of a batch is delivered twice",
    complaint: /a batch delivers .* twice/,
    batchFilter: (lines) =>
      lines.length === 0 ? lines : [...lines, lines[0] as (typeof lines)[number]],
  },
  {
    what: "a bureau forgets how often a consent was used",
    complaint: /allows \d, and was answered once more/,
    world: {
      bend: (name, table) => (name === "accounts" ? { ...table, get: () => undefined } : table),
    },
  },
  {
    what: "a bureau forgets revocations",
    complaint: /was answered after its revocation was acknowledged/,
    world: {
      bend: (name, table) => (name === "revocations" ? { ...table, getRange: () => [] } : table),
    },
  },
];
