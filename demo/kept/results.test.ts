import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Results } from "./results.ts";

let file = "";
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "moiety-test-")), "results.csv");
});
afterEach(() => rmSync(join(file, ".."), { recursive: true, force: true }));

/** Opens, works, closes. */
function withResults<T>(work: (results: Results) => T, people = 10): T {
  const results = new Results(file, people);
  try {
    return work(results);
  } finally {
    results.close();
  }
}

describe("Results", () => {
  it("remembers across runs, and tells who is left", () => {
    withResults((results) => {
      results.append({ person: 3, score: 700, ms: 4.25 });
      results.append({ person: 0, score: 0, ms: 1 });
      results.append({ person: 1, score: 1023, ms: 2 });
    });
    withResults((results) => {
      expect(results.size).toBe(3);
      expect(results.of(3)).toEqual({ person: 3, score: 700, ms: 4.25 });
      expect(results.of(1)).toEqual({ person: 1, score: 1023, ms: 2 });
      expect(results.of(2)).toBeUndefined();
      expect(results.pending(0, 5)).toEqual([2, 4]);
      expect(results.pending(3, 3)).toEqual([]);
    });
  });

  it("drops a line that was cut off, wherever the cut was, and goes on after it", () => {
    withResults((results) => results.append({ person: 0, score: 500, ms: 1.5 }));
    const whole = readFileSync(file, "utf8");
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(file, `1,400,3\n${whole.slice(0, length)}`);
      withResults((results) => {
        expect(results.pending(0, 2)).toEqual([0]);
        results.append({ person: 0, score: 600, ms: 2 });
      });
      withResults((results) => expect(results.of(0)?.score).toBe(600));
    }
  });

  it.each(["x", "10,5,1", "1,1024,1", "1,-5,1", "1,5", "1,5,soon", "2,5,1"])(
    "refuses %j",
    (line) => {
      withResults((results) => results.append({ person: 2, score: 5, ms: 1 }));
      appendFileSync(file, `${line}\n`);
      expect(() => new Results(file, 10)).toThrow("line 2 is damaged");
    },
  );
});
