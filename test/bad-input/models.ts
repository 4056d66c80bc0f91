/** Scorecards that may not be used, and the order in which a model comes into use. */
import { expect, it } from "vitest";
import { CARD, expectFailure, type Scene } from "./scene.ts";

const [tenure, late, inflow] = CARD.characteristics;

/** The good card under another name, with these changes. */
function card(changes: object): string {
  return JSON.stringify({ ...CARD, name: "bad-card", ...changes });
}

const BAD: Readonly<Record<string, readonly [text: string, ...words: RegExp[]]>> = {
  "totals above the range": [
    card({ base: 900 }),
    /the greatest total is 1074, above 1023; characteristic payments\/monthly_inflow adds the most/,
  ],
  "totals below the range": [card({ base: 200 }), /the least total is -50, below 0/],
  "an unknown feature": [
    card({ characteristics: [tenure, { ...late, feature: "shoe_size" }, inflow] }),
    /characteristic telecom\/shoe_size: unknown feature/,
  ],
  "17 bins": [
    card({ characteristics: [{ ...tenure, points: Array.from({ length: 17 }, () => 1) }] }),
    /characteristic telecom\/tenure_months has 17 bins; at most 16/,
  ],
};

/** The same way to the node, without a process for each. */
const ALSO_BAD: typeof BAD = {
  "another number of bins than the feature has": [
    card({ characteristics: [{ ...tenure, points: [1, 2, 3] }] }),
    /the feature has 7 bins \(bin 0 is "missing"\), the model lists 3 points/,
  ],
  "a platform that has not deposited": [
    card({ characteristics: [{ ...tenure, domain: "marketplace", feature: "orders_12m" }] }),
    /no deposit, and so no catalogue, of marketplace/,
  ],
  "another card under a certified name": [
    JSON.stringify({ ...CARD, base: 501 }),
    /another scorecard was certified as plain-card@1: raise the version/,
  ],
  "text that is no JSON": ['{"kind": "moiety-scorecard"', /not valid JSON/],
};

export function modelCases(scene: () => Scene): void {
  it.each(Object.entries(BAD))("certifies no model with %s", async (name, [text, ...words]) => {
    const before = await scene().holdings();
    const file = scene().world.write(`${name}.json`, text);
    const bank = scene().network.config("bank");
    expectFailure(await scene().run(["model", "certify", bank, file]), ...words);
    expect(await scene().holdings()).toEqual(before);
  });

  it.each(Object.entries(ALSO_BAD))("nor one with %s", async (_, [text, ...words]) => {
    const before = await scene().holdings();
    const said = await scene().refusal("bank", "/model/certify", { text, file: "bad.json" });
    for (const each of words) expect(said).toMatch(each);
    expect(await scene().holdings()).toEqual(before);
  });

  it("does not deploy a model that is not certified", async () => {
    const before = await scene().holdings();
    const bank = scene().network.config("bank");
    const ended = await scene().run(["model", "deploy", bank, "bad-card"]);
    expectFailure(ended, "no model bad-card here; certify it first with `moiety model certify`");
    expect(await scene().holdings()).toEqual(before);
  });
}
