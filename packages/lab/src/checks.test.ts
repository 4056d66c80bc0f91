/** Positive controls: each check finds what it is there to find. */
import { osRng } from "@moiety/crypto";
import { describe, expect, test } from "vitest";
import { costFindings, determinismFindings, honestFindings } from "./checks.ts";
import { type Specification, subjectOf } from "./specification.ts";
import {
  asker,
  type EchoInputs,
  type EchoMessages,
  echo,
  echoer,
  echoSpecification,
} from "./testing/toy-echo/protocol.ts";

type Echo = Specification<
  "asker" | "echoer",
  EchoMessages,
  { readonly length: number },
  EchoInputs
>;

/** The echo with something else in its specification. */
function echoWith(changes: Partial<Echo>): ReturnType<typeof subjectOf> {
  return subjectOf(echo, { ...echoSpecification, ...changes });
}

/** The echo with another asker. */
function askedBy(role: Echo["roles"]["asker"]): ReturnType<typeof subjectOf> {
  return echoWith({ roles: { asker: role, echoer } });
}

describe("honest runs", () => {
  const honest = (subject: ReturnType<typeof subjectOf>): ReturnType<typeof honestFindings> =>
    honestFindings(subject, "memory", ["1"]);

  test("nothing is found where nothing is wrong", async () => {
    expect(await honest(echoWith({}))).toEqual([]);
  });

  test("an output that is not the ideal's", async () => {
    const subject = askedBy(async (session, word) => (await asker(session, word)).slice(1));
    expect(await honest(subject)).toEqual(["inputs 0, seed 1: wrong: the output of asker"]);
  });

  test("an output where the ideal has none", async () => {
    const subject = echoWith({ ideal: () => ({}) });
    expect(await honest(subject)).toHaveLength(1);
  });

  test("a role that fails", async () => {
    const [finding] = await honest(askedBy(() => Promise.reject(new Error("out of paper"))));
    expect(finding).toMatch(/crash: .*asker: internal: out of paper/);
  });

  test("outputs that mean something together are reconstructed first", async () => {
    const sum = (outputs: Readonly<Record<string, unknown>>): unknown =>
      (outputs.asker as Uint8Array).length;
    expect(await honest(echoWith({ reconstruct: sum, ideal: () => 3 }))).toEqual([]);
    expect(await honest(echoWith({ reconstruct: sum, ideal: () => 4 }))).toEqual([
      "inputs 0, seed 1: wrong: the outputs together",
    ]);
  });

  test("each of the inputs and seeds counts", async () => {
    const inputs = [1, 2].map((byte) => ({ asker: Uint8Array.of(byte), echoer: undefined }));
    const onlyFirst = echoWith({
      inputs,
      ideal: () => ({ asker: Uint8Array.of(1), echoer: undefined }),
    });
    const findings = await honestFindings(onlyFirst, "wss", ["1", "2"]);
    expect(findings.map((each) => each.slice(0, 16))).toEqual([
      "inputs 1, seed 1",
      "inputs 1, seed 2",
    ]);
  });

  test("no inputs at all prove nothing", () => {
    expect(() => echoWith({ inputs: [] })).toThrow(RangeError);
  });
});

describe("cost", () => {
  const declaring = (
    changes: (cost: ReturnType<typeof echo.cost>) => object,
  ): ReturnType<typeof subjectOf> => {
    const cost = (parameters: { readonly length: number }): ReturnType<typeof echo.cost> => {
      const declared = echo.cost(parameters);
      return { ...declared, ...changes(declared) };
    };
    return subjectOf({ ...echo, cost }, echoSpecification);
  };

  test("nothing is found where nothing is wrong", async () => {
    expect(await costFindings(echoWith({}))).toEqual([]);
  });

  test.each<[string, Parameters<typeof declaring>[0], RegExp]>([
    [
      "a byte too much",
      ({ messages }) => ({ messages: { ...messages, word: { count: 1, bytes: 17 } } }),
      /word: declared 1 of 17 bytes together, sent 1 of 16/,
    ],
    [
      "another number",
      ({ messages }) => ({ messages: { ...messages, word: { count: 2, bytes: 16 } } }),
      /word: declared 2 of 16/,
    ],
    [
      "a message that is not sent",
      ({ messages }) => ({ messages: { ...messages, extra: { count: 1, bytes: 1 } } }),
      /extra: declared 1 .*, sent 0/,
    ],
    [
      "a message that is not declared",
      ({ messages: { word: _, ...messages } }) => ({ messages }),
      /word: declared 0 .*, sent 1/,
    ],
    ["too few rounds", () => ({ rounds: 1 }), /declared 1 rounds, took 2/],
    ["too many rounds", () => ({ rounds: 3 }), /declared 3 rounds, took 2/],
  ])("%s", async (_, changes, words) => {
    const findings = await costFindings(declaring(changes));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(words);
  });
});

describe("determinism", () => {
  test("nothing is found where nothing is wrong", async () => {
    expect(await determinismFindings(echoWith({}))).toEqual([]);
  });

  test("randomness from elsewhere", async () => {
    const subject = askedBy(async (session, word) => {
      await asker(session, osRng.bytes(8));
      return word;
    });
    expect(await determinismFindings(subject)).toEqual([
      "inputs 0: two runs with one seed sent different bytes",
      "inputs 0, asker replayed: sends other bytes to echoer",
    ]);
  });

  test("an output from elsewhere", async () => {
    const subject = askedBy(async (session, word) => {
      await asker(session, word);
      return osRng.bytes(8);
    });
    expect(await determinismFindings(subject)).toEqual([
      "inputs 0, asker replayed: gives another output",
    ]);
  });

  test("state that outlives a run", async () => {
    let runs = 0;
    const subject = askedBy((session) => {
      runs += 1;
      return asker(session, Uint8Array.of(runs));
    });
    expect(await determinismFindings(subject)).toHaveLength(2);
  });
});
