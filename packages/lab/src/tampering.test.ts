/** Positive controls: a protocol that takes what it should refuse is found out. */
import { describe, expect, test } from "vitest";
import { type Specification, type Subject, subjectOf } from "./specification.ts";
import { tamperingFindings, tamperings } from "./tampering.ts";
import {
  asker,
  type EchoInputs,
  type EchoMessages,
  echo,
  echoSpecification,
} from "./testing/toy-echo/protocol.ts";
import { bank, digitsOf, sum, sumSpecification } from "./testing/toy-sum/protocol.ts";

type Echo = Specification<
  "asker" | "echoer",
  EchoMessages,
  { readonly length: number },
  EchoInputs
>;

function echoWith(changes: Partial<Echo>): Subject {
  return subjectOf(echo, { ...echoSpecification, ...changes });
}

function echoedBy(role: Echo["roles"]["echoer"]): Subject {
  return echoWith({ roles: { asker, echoer: role } });
}

/** The messages and fields that findings speak of, each once. */
function places(findings: readonly string[]): string[] {
  return [
    ...new Set(findings.map((finding) => finding.replace(/ \(.*?(, [\w.[\]]+)?\): .*/, "$1"))),
  ];
}

describe("tampering", () => {
  test("spoils every field and every frame, and is refused where it is found", async () => {
    const all = await tamperings(subjectOf(sum, sumSpecification));
    expect(typeof all).toBe("object");
    const results = all as Exclude<typeof all, string>;
    const fields = new Set(results.map(({ mutation }) => `${mutation.message} ${mutation.field}`));
    for (const field of ["commitment digest", "opening value", "opening salt", "report total"])
      expect(fields).toContain(field);
    expect(fields).toContain("report digits[]");
    const ends = results.map(({ verdict }) => verdict.end);
    expect(ends.filter((end) => end === "refused").length).toBeGreaterThan(200);
    expect(new Set(ends)).toEqual(new Set(["refused", "correct"]));
    // Correct all the same: what was changed is what nobody waits for any more.
    const harmless = results.filter(({ verdict }) => verdict.end === "correct");
    expect(new Set(harmless.map(({ mutation }) => mutation.what))).toEqual(new Set(["repeated"]));
  });

  test("is repeatable", async () => {
    const ends = async (): Promise<unknown> => {
      const all = await tamperings(echoWith({}));
      return (all as Exclude<typeof all, string>).map(({ verdict: { end } }) => end);
    };
    expect(await ends()).toEqual(await ends());
  });

  test("can be bounded; every field keeps its share", async () => {
    const all = await tamperings(subjectOf(sum, { ...sumSpecification, maxTamperings: 60 }));
    const results = all as Exclude<typeof all, string>;
    expect(results).toHaveLength(60);
    const places = new Set(
      results.map(({ mutation: { from, to, index, field } }) =>
        [from, to, index, field ?? "frame"].join(),
      ),
    );
    expect(places.size).toBe(24); // six frames with 3, 4 and 5 places each
  });
});

describe("is found", () => {
  test("a field that nobody checks and nobody states", async () => {
    const findings = await tamperingFindings(echoWith({ undetected: [] }));
    expect(places(findings)).toEqual(["word, word", "again, word"]);
    expect(findings[0]).toMatch(
      /^word \(asker to echoer, frame 0, word\): .*: wrong: the output of asker/,
    );
  });

  test("a statement that is not true", async () => {
    const undetected = [
      ...(echoSpecification.undetected ?? []),
      { message: "again", field: "sound", why: "" } as const,
    ];
    expect(await tamperingFindings(echoWith({ undetected }))).toEqual([
      "again, sound: stated as undetected, but no change went so",
    ]);
  });

  test("a statement about one message does not excuse another", async () => {
    const undetected = (echoSpecification.undetected ?? []).slice(0, 1);
    expect(places(await tamperingFindings(echoWith({ undetected })))).toEqual(["again, word"]);
  });

  test("a check that was left out", async () => {
    const careless: typeof sumSpecification = {
      ...sumSpecification,
      roles: {
        ...sumSpecification.roles,
        // Adds up whatever is opened, committed to or not.
        async left(session, value) {
          const salt = session.rng.bytes(32);
          session.send("right", "commitment", { digest: new Uint8Array(32) });
          await session.receive("right", "commitment");
          session.send("right", "opening", { value, salt });
          const total = value + (await session.receive("right", "opening")).value;
          session.send("clerk", "report", { total, digits: digitsOf(total) });
          return total;
        },
        async right(session, value) {
          const salt = session.rng.bytes(32);
          session.send("left", "commitment", { digest: new Uint8Array(32) });
          await session.receive("left", "commitment");
          session.send("left", "opening", { value, salt });
          const total = value + (await session.receive("left", "opening")).value;
          session.send("clerk", "report", { total, digits: digitsOf(total) });
          return total;
        },
      },
    };
    expect(places(await tamperingFindings(subjectOf(sum, careless)))).toEqual(["opening, value"]);
  });

  test("a role that breaks on what a peer sent", async () => {
    const findings = await tamperingFindings(
      echoedBy(async (session) => {
        const { word } = await session.receive("asker", "word");
        if (word[0] !== 1) throw new TypeError("x is undefined");
        session.send("asker", "again", { word });
      }),
    );
    expect(findings.length).toBeGreaterThan(0);
    for (const finding of findings) expect(finding).toMatch(/crash: .*internal: x is undefined/);
  });

  test("a role that never ends", async () => {
    const subject = echoedBy(async (session) => {
      const { word } = await session.receive("asker", "word");
      if (word.length === 2) await new Promise(() => {}); // "shorter"
      session.send("asker", "again", { word });
    });
    const findings = await tamperingFindings(subject);
    expect(findings).toEqual([
      "word (asker to echoer, frame 0, word): shorter: hang: echoer never ended",
    ]);
  });

  test("a promise that nobody waits for", async () => {
    const findings = await tamperingFindings(
      echoedBy(async (session) => {
        const { word } = await session.receive("asker", "word");
        if (word[0] !== 1) void Promise.reject(new Error("lost in the post"));
        session.send("asker", "again", { word });
      }),
    );
    expect(findings).toEqual(["nobody handled: Error: lost in the post"]);
  });

  test("a protocol that fails without any tampering", async () => {
    const findings = await tamperingFindings(echoedBy(() => Promise.reject(new Error("no paper"))));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^without tampering: crash: .*no paper/);
  });

  test("the honest bank is not", async () => {
    const subject = subjectOf(sum, {
      ...sumSpecification,
      roles: { ...sumSpecification.roles, left: bank },
    });
    expect(await tamperingFindings(subject)).toEqual([]);
  });
});
