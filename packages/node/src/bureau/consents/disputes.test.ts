/** Disputes at a bureau: durable and logged, flagged, ended by the right one, reported when late. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { ConsentWorld, pseudonymOf, type Subject } from "./testing/consent-world.ts";

const DAY = 86_400_000;
let world: ConsentWorld;
let alice: Subject;
beforeEach(async () => {
  world = await ConsentWorld.open();
  alice = await world.known("alice");
});
afterEach(() => world.close());

const aboutHer = () => ({
  pseudonym: Buffer.from(pseudonymOf("alice", "consent")).toString("hex"),
  epoch: 1,
});
const kinds = (): string[] => world.drafts.map(({ kind }) => kind);
const disputes = () => world.desk.disputes;
const answered = (file: Uint8Array): Uint8Array =>
  world.resolution(file, "corrected", world.keys.telecom, "telecom");

it("is logged and kept, once, across a restart, and flagged until it is ended", async () => {
  const file = world.dispute(alice);
  expect(disputes().isOpenAbout(aboutHer())).toBe(false);
  expect(await world.desk.take("dispute", file)).toBe("");
  expect(await world.desk.take("dispute", file)).toBe("");
  await world.reopen();
  expect(await world.desk.take("dispute", file)).toBe("");
  expect(kinds()).toEqual(["attested", "dispute-opened"]);
  expect(disputes().isOpenAbout(aboutHer())).toBe(true);
  expect(disputes().about(aboutHer())).toMatchObject([
    { due: (world.nowMs + 30 * DAY) / 1000, isOverdue: false, ended: undefined },
  ]);
  expect(await world.desk.take("resolution", answered(file))).toBe("");
  expect(await world.desk.take("resolution", answered(file))).toBe("");
  await world.reopen();
  expect(kinds().slice(2)).toEqual(["dispute-closed"]);
  expect(disputes().isOpenAbout(aboutHer())).toBe(false);
  expect(disputes().about(aboutHer())).toMatchObject([{ ended: { outcome: "corrected" } }]);
});

it("is flagged in inquiries about that person, and in no other's", async () => {
  await world.desk.take("dispute", world.dispute(alice));
  const [hers, his] = [await world.consent(alice), await world.consent(await world.known("bob"))];
  await world.register(hers, "alice");
  await world.register(his, "bob");
  const asked = world.asked([his, hers], ["bob", "alice"]);
  const reservation = await world.desk.entitlements.reserve(asked);
  expect(reservation.disputed).toEqual([1]);
  reservation.release();
});

it("is taken of nobody whose key is not vouched for, and is not kept where the log refuses", async () => {
  expect(await world.desk.take("dispute", world.dispute(world.subject("alice")))).toContain(
    "subject-unknown",
  );
  for (const against of ["nobody", "valley"])
    expect(await world.desk.take("dispute", world.dispute(alice, { against }))).toContain(
      "no platform or bank",
    );
  world.full = true;
  await expect(world.desk.take("dispute", world.dispute(alice))).rejects.toThrow("full");
  expect(disputes().about(aboutHer())).toEqual([]);
});

it("is ended by whom it is against, or by the person, and by nobody else", async () => {
  const file = world.dispute(alice);
  expect(await world.desk.take("resolution", answered(file))).toContain("dispute-unknown");
  await world.desk.take("dispute", file);
  const byBank = world.resolution(file, "confirmed", world.keys.bank, "bank");
  expect(await world.desk.take("resolution", byBank)).toContain("only telecom");
  expect(disputes().isOpenAbout(aboutHer())).toBe(true);
  const withdrawn = world.resolution(file, "withdrawn", alice.key);
  expect(await world.desk.take("resolution", withdrawn)).toBe("");
  expect(await world.desk.take("resolution", answered(file))).toContain("ended before: withdrawn");
  expect(disputes().isOpenAbout(aboutHer())).toBe(false);
});

it("a key that was revoked withdraws nothing", async () => {
  const file = world.dispute(alice);
  await world.desk.take("dispute", file);
  world.nowMs += 2 * DAY; // her attestation lapses
  const withdrawn = world.resolution(file, "withdrawn", alice.key);
  expect(await world.desk.take("resolution", withdrawn)).toContain("subject-unknown");
  expect(disputes().isOpenAbout(aboutHer())).toBe(true);
});

it("has bounds about one person", async () => {
  for (let n = 0; n < 16; n += 1)
    expect(await world.desk.take("dispute", world.dispute(alice))).toBe("");
  const last = world.dispute(alice);
  expect(await world.desk.take("dispute", last)).toContain("16 are open");
  expect(await world.desk.take("dispute", world.dispute(await world.known("bob")))).toBe("");
});

it("is overdue after the policy's time, logged once and reported until that is taken", async () => {
  world.policy = { ...world.policy, disputesWithin: "5d" };
  const [late, timely] = [world.dispute(alice), world.dispute(alice)];
  for (const file of [late, timely]) await world.desk.take("dispute", file);
  await world.desk.take("resolution", answered(timely));
  world.nowMs += 5 * DAY;
  await disputes().expire();
  expect(disputes().reports()).toEqual([]);
  world.nowMs += 1000;
  await disputes().expire();
  await world.reopen();
  await disputes().expire();
  expect(kinds().filter((kind) => kind === "dispute-overdue")).toHaveLength(1);
  expect(
    disputes()
      .about(aboutHer())
      .map(({ isOverdue }) => isOverdue)
      .sort(),
  ).toEqual([false, true]);
  const [report, ...none] = disputes().reports();
  expect([report?.kind, report?.document, none]).toEqual(["dispute", late, []]);
  await disputes().reported(report!);
  expect(disputes().reports()).toEqual([]);
  // What ends it after all is reported too.
  await world.desk.take("resolution", answered(late));
  expect(disputes().reports()).toMatchObject([{ kind: "resolution" }]);
});
