import { expect, it } from "vitest";
import { hottest } from "./profile.ts";

function node(id: number, functionName: string, url = "") {
  return { id, callFrame: { functionName, url, lineNumber: 9 } };
}

it("adds up each function's own time, without the idle time", () => {
  const profile = {
    nodes: [
      node(1, "(idle)"),
      node(2, "multiply", "file:///a/b/c/d.ts"),
      node(3, "", "file:///x.ts"),
      node(4, "multiply", "file:///a/b/c/d.ts"),
    ],
    samples: [1, 2, 3, 4, 2],
    timeDeltas: [9000, 1000, 2000, 3000, 2000],
  };
  expect(hottest(JSON.stringify(profile), 5)).toEqual([
    { name: "multiply b/c/d.ts:10", selfMs: 6, share: 0.75 },
    { name: "(anonymous) //x.ts:10", selfMs: 2, share: 0.25 },
  ]);
  expect(hottest(JSON.stringify(profile), 1)).toHaveLength(1);
});
