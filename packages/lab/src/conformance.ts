/**
 * One call in a protocol's test file: all that holds for every protocol is checked for this one.
 */
import { dirname, join } from "node:path";
import type { Messages, Protocol } from "@moiety/kit";
import { describe, expect, test } from "vitest";
import { costFindings, determinismFindings, honestFindings } from "./checks.ts";
import { goldenFindings } from "./golden.ts";
import { type Specification, subjectOf } from "./specification.ts";
import { tamperingFindings } from "./tampering.ts";

/** Tampering runs a protocol hundreds of times. */
const TAMPERING_TIMEOUT_MS = 180_000;

/**
 * Registers the tests of conformance for a protocol (README.md says what they check). Call it at
 * the top level of a test file in the protocol's folder: `vectors.json` stands beside that file.
 */
export function conformance<
  Role extends string,
  M extends Messages,
  Parameters,
  Inputs extends Readonly<Record<Role, unknown>>,
>(
  protocol: Protocol<Role, M, Parameters>,
  specification: Specification<Role, M, Parameters, Inputs> & { readonly name?: string },
): void {
  const subject = subjectOf(protocol, specification);
  describe(specification.name ?? `${protocol.name} conforms`, () => {
    test("over memory, the outputs are those of the ideal functionality", async () => {
      expect(await honestFindings(subject, "memory", ["1", "2", "3"])).toEqual([]);
    });

    test("over TLS as well", async () => {
      expect(await honestFindings(subject, "wss", ["1"])).toEqual([]);
    });

    test("it sends what it declares, in as many rounds", async () => {
      expect(await costFindings(subject)).toEqual([]);
    });

    test("each role is a function of its input, its randomness and what it received", async () => {
      expect(await determinismFindings(subject)).toEqual([]);
    });

    test("its bytes are those of vectors.json", async () => {
      const file = join(dirname(expect.getState().testPath ?? ""), "vectors.json");
      const update = process.env.UPDATE_VECTORS === "1";
      expect(await goldenFindings(subject, file, update)).toEqual([]);
    });

    test(
      "whatever happens to a frame, no output is wrong and nobody hangs or crashes",
      async () => {
        expect(await tamperingFindings(subject)).toEqual([]);
      },
      TAMPERING_TIMEOUT_MS,
    );
  });
}
