/** What people and programs get wrong, against a network of real processes. */
import { afterAll, beforeAll, describe } from "vitest";
import { useWorld } from "../world/network.ts";
import { withoutBureau, withoutSupervisor, withoutTheirOwnNode } from "./absences.ts";
import { depositCases, oddCases } from "./deposits.ts";
import { Dawdlers, hostileConnections } from "./hostile-connections.ts";
import { hostileSessions } from "./hostile-sessions.ts";
import { inquiryCases } from "./inquiries.ts";
import { interruptCases } from "./interrupts.ts";
import { modelCases } from "./models.ts";
import { Scene } from "./scene.ts";
import { setupCases } from "./setup.ts";
import { wrongKeyCases } from "./wrong-key.ts";

const world = useWorld();
let shared: Scene;
const scene = (): Scene => shared;

const dawdlers = new Dawdlers();

beforeAll(async () => {
  shared = await Scene.open(world);
  await dawdlers.connect(shared);
});
afterAll(() => dawdlers.destroy());

/** Groups that do not disturb each other run side by side; the cases of one group in turn. */
function group(name: string, cases: (scene: () => Scene) => void): void {
  describe.concurrent(name, () => {
    describe.sequential("in turn", () => {
      cases(scene);
    });
  });
}

group("a model", modelCases);
group("a request for scores", inquiryCases);
group("a node with another key than the roster's", wrongKeyCases);

describe("what looks odd and is fine", () => oddCases(scene));
describe("without the supervisor", () =>
  withoutSupervisor(scene, () => {
    describe("a hostile member", () => hostileSessions(scene));
    describe("a hostile connection", () => hostileConnections(scene));
  }));
describe("an interrupt", () => interruptCases(scene));

group("a CSV", depositCases);
group("a node's setup", setupCases);
group("without bureau B", withoutBureau);

describe("without the node that a command is for", () => withoutTheirOwnNode(scene));
