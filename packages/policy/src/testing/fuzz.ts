/**
 * What every signed document has to stand, 10,000 cases each: whatever the bytes, the one error that
 * is declared, and no document that was altered is accepted.
 */
import { SigningKey, seededRng, sign } from "@moiety/crypto";
import {
  canonicalJson,
  MAX_LISTED_PROBLEMS,
  MAX_PROBLEM_LENGTH,
  readableJson,
} from "@moiety/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteMutants, foreignBytes, jsonText, valueMutants } from "./mutants.ts";
import { problemsOf } from "./problems.ts";

/** A right document, and how its kind is read. */
export interface Fuzzed {
  /** The body's field. */
  readonly name: string;
  readonly context: string;
  readonly file: Uint8Array;
  readonly signer: SigningKey;
  /** What the file says; must throw nothing but a `DocumentError`. */
  readonly open: (bytes: Uint8Array) => unknown;
}

const FOREIGN = 2000;
const BYTES = 4000;
const VALUES = 2500;
const RESIGNED = 1500;
/** A line for each problem; none may be as long as the document's writer likes. */
const LONGEST_MESSAGE = (MAX_PROBLEM_LENGTH + 10) * (MAX_LISTED_PROBLEMS + 2);

const stranger = new SigningKey(seededRng("a key that nobody knows").bytes(32));

/** Adds the tests of one kind of signed document. */
export function fuzzDocument({ name, context, file, signer, open }: Fuzzed): void {
  const right = JSON.parse(Buffer.from(file).toString()) as Record<string, unknown>;
  const body = right[name];
  const signed = (value: unknown, key: SigningKey): Uint8Array => {
    const signature = Buffer.from(sign(key, context, canonicalJson(value))).toString("hex");
    return readableJson({ [name]: value, signature });
  };

  describe(`10,000 files in place of a ${name}`, () => {
    it("that are it: accepted", () => {
      expect(refusal(() => open(file))).toBe("");
      expect(Buffer.compare(signed(body, signer), file)).toBe(0);
    });

    it("that are anything else: refused", () => {
      const property = fc.property(foreignBytes(name), (bytes) => {
        expect(refusal(() => open(bytes))).not.toBe("");
      });
      fc.assert(property, { numRuns: FOREIGN });
    });

    it("that are its bytes, changed: refused", () => {
      const property = fc.property(byteMutants(file), (bytes) => {
        expect(refusal(() => open(bytes))).not.toBe("");
      });
      fc.assert(property, { numRuns: BYTES });
    });

    it("that say something else under its signature, or in another form: refused", () => {
      const property = fc.property(valueMutants(right), (value) => {
        expect(refusal(() => open(Buffer.from(jsonText(value))))).not.toBe("");
      });
      fc.assert(property, { numRuns: VALUES });
    });

    it("that say something else, signed by whom they may be or not: refused, or read as said", () => {
      const writable = valueMutants(body).filter(isWritable);
      const property = fc.property(writable, (value) => {
        expect(refusal(() => open(signed(value, stranger)))).not.toBe("");
        let read: unknown;
        const problems = refusal(() => {
          read = open(signed(value, signer));
        });
        if (problems === "")
          expect(Buffer.compare(canonicalJson(read), canonicalJson(value))).toBe(0);
      });
      fc.assert(property, { numRuns: RESIGNED });
    });
  });
}

/** As `problemsOf`; and what is said fits on a screen and does nothing to it. */
export function refusal(action: () => unknown): string {
  const message = problemsOf(action);
  const legible = message.length < LONGEST_MESSAGE && !/[^\P{C}\n]/u.test(message);
  if (!legible) throw new Error(`not fit to be printed: ${JSON.stringify(message)}`);
  return message;
}

/** Whether canonical JSON can say it. */
function isWritable(value: unknown): boolean {
  try {
    canonicalJson(value);
    return true;
  } catch {
    return false;
  }
}
