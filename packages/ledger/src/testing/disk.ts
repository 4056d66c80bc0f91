import type { LogStore } from "../log-store.ts";

/** A disk in memory that can lose power: what was not committed by then is gone. */
export class TestDisk {
  #durable = new Map<string, Uint8Array>();
  #staged: Map<string, Uint8Array> | undefined;
  #dead = false;
  commits = 0;

  /** A store as a process sees it that starts now. */
  store(): LogStore {
    const alive = { cut: false };
    this.#cut = () => {
      alive.cut = true;
    };
    return {
      get: (key) => (this.#staged ?? this.#durable).get(name(key)) ?? this.#durable.get(name(key)),
      put: (key, value) => {
        if (this.#staged === undefined) throw new Error("a write outside of a commit");
        this.#staged.set(name(key), new Uint8Array(value));
      },
      commit: async (write) => {
        await Promise.resolve();
        if (alive.cut || this.#dead) throw new Error("no power");
        this.#staged = new Map();
        try {
          write();
          const staged = this.#staged;
          this.#staged = undefined;
          await new Promise(setImmediate);
          if (alive.cut || this.#dead) throw new Error("no power");
          for (const [key, value] of staged) this.#durable.set(key, value);
          this.commits += 1;
        } finally {
          this.#staged = undefined;
        }
      },
    };
  }

  #cut: () => void = () => {};

  /** Cuts the power of the process that has the store now. */
  crash(): void {
    this.#cut();
  }

  /** Every commit fails from now on. */
  die(): void {
    this.#dead = true;
  }

  /** A copy as it is now: a backup. */
  copy(): TestDisk {
    const copy = new TestDisk();
    copy.#durable = new Map(this.#durable);
    return copy;
  }
}

function name(key: Uint8Array): string {
  return Buffer.from(key).toString("hex");
}
