import { inspect } from "node:util";

/**
 * Base of what holds Δ, seeds or pads: however it is formatted, only its name appears. Fields are
 * private in the language's sense (`#`), so nothing else enumerates them either.
 */
export abstract class Redacted {
  /** Overwrites what can be overwritten and drops the rest. May be called again. */
  abstract destroy(): void;

  toString(): string {
    return `[${this.constructor.name}: secret]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
