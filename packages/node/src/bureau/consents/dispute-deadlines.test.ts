/** From a deadline that passes at a bureau to the supervisor's list, and off it again. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRng } from "@moiety/crypto";
import type { notice } from "@moiety/protocols";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { NodeContext } from "../../context.ts";
import { openStore, type Store } from "../../store.ts";
import { OverdueDisputes } from "../../supervisor/overdue-disputes.ts";
import { DisputeDeadlines } from "./dispute-deadlines.ts";
import { ConsentWorld, type Subject } from "./testing/consent-world.ts";

let folder: string;
let store: Store;
let world: ConsentWorld;
let alice: Subject;
let supervisor: OverdueDisputes;
let isDown: boolean;
let timers: (() => void)[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "moiety-deadlines-"));
  store = await openStore(folder, "valley/supervisor");
  world = await ConsentWorld.open();
  alice = await world.known("alice");
  supervisor = new OverdueDisputes(store, () => world.roster);
  isDown = false;
  timers = [];
});
afterEach(async () => {
  await store.close();
  await world.close();
  rmSync(folder, { recursive: true });
});

/** A run of `notice` with the supervisor, which judges what it is sent. */
function session(sender: string) {
  let sent: notice.Notice | undefined;
  return {
    send: (_to: string, _name: string, message: notice.Notice) => {
      sent = message;
    },
    receive: async () => {
      const { kind, document } = sent as notice.Notice;
      return { problem: await supervisor.take(kind, document, sender) };
    },
  };
}

function deadlines(): DisputeDeadlines {
  const run = async (
    _protocol: unknown,
    _role: string,
    roles: Readonly<Record<string, string>>,
    play: (session: unknown) => Promise<string>,
  ) => {
    expect(roles).toEqual({ sender: "bureau-a", bureau: "supervisor" });
    if (isDown) throw new Error("no connection");
    return play(session("bureau-a"));
  };
  const after = (_ms: number, call: () => void) => {
    timers.push(call);
    return () => {
      timers = timers.filter((each) => each !== call);
    };
  };
  const context = {
    clock: { now: () => world.nowMs, after },
    rng: seededRng("deadlines"),
    log: { warn: () => {}, error: () => {} },
    config: { name: "bureau-a" },
    parties: { supervisor: "supervisor" },
    switchboard: { run },
  };
  return new DisputeDeadlines(context as unknown as NodeContext, world.desk.disputes);
}

/** What is due by the clock comes about. */
function tick(): void {
  for (const call of timers.splice(0)) call();
}

it("is told in its time, again while the supervisor is away, and what ends it after all", async () => {
  const file = world.dispute(alice);
  await world.desk.take("dispute", file);
  const work = deadlines();
  work.begin();
  world.nowMs += 29 * 86_400_000;
  tick();
  await new Promise(setImmediate);
  expect([...supervisor.counts()]).toEqual([]);
  isDown = true;
  world.nowMs += 2 * 86_400_000;
  tick();
  await vi.waitFor(() => expect(world.desk.disputes.reports()).toHaveLength(1));
  isDown = false;
  await vi.waitFor(() => {
    tick();
    expect([...supervisor.counts()]).toEqual([["telecom", 1]]);
  });
  const answer = world.resolution(file, "confirmed", world.keys.telecom, "telecom");
  expect(await world.desk.take("resolution", answer)).toBe("");
  await vi.waitFor(() => {
    tick();
    expect([...supervisor.counts()]).toEqual([]);
  });
  await work.close();
  expect(timers).toEqual([]);
  expect(world.desk.disputes.reports()).toEqual([]);
});
