/** What a store that was restored from an old copy has forgotten, and who still knows it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRng } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import { type Beside, LedgerError } from "@moiety/ledger";
import type { score } from "@moiety/protocols";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InquiryRecords } from "../bureau/inquiry-records.ts";
import { InquiryDesk, type InquiryDeskParts } from "../bureau/inquiry-run.ts";
import { incarnationOf, reincarnate } from "../incarnation.ts";
import { refuseOlderRoster, rosterFloor } from "../roster-version.ts";
import { openStore, type Store } from "../store.ts";

const rng = seededRng("restore tests");
let folder = "";
const stores: Store[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moiety-restore-"));
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function opened(name: string, owner = "net/bureau-a"): Promise<Store> {
  const store = await openStore(join(folder, name), owner);
  stores.push(store);
  return store;
}

/** A log that keeps nothing of its own: what is appended beside it counts. */
function ledgerOn(store: Store) {
  return {
    async append(_: unknown, { admit, write }: Beside) {
      const entry = { seq: 0, at: 0, entry: new Uint8Array(), leafHash: new Uint8Array(32) };
      let admitted = true;
      await store.transaction(() => {
        admitted = admit?.() !== false;
        if (admitted) write?.([entry]);
      });
      if (!admitted) throw new LedgerError("refused", "not admitted");
      return [entry];
    },
    promise: () => new Uint8Array(),
  };
}

function intentOf(id: Uint8Array): score.Intent {
  const [asked, signature] = [new Uint8Array(64), new Uint8Array(64)];
  const none = { deposits: [], consents: new Uint8Array(), pseudonyms: new Uint8Array(32) };
  const inquiry = {
    ...none,
    inquiry: id,
    model: new Uint8Array(32),
    purpose: "loan",
    asOf: 1,
    salt: new Uint8Array(32),
    people: 1,
  };
  return { bank: "bank", inquiry, header: new Uint8Array(8), asked, signature };
}

/** The store as it was at the copy. */
async function copyOf(store: Store, name: string): Promise<Store> {
  await store.backup?.(join(folder, name, "store.mdb"));
  return opened(name);
}

describe("inquiry ids", () => {
  /** A bureau as far as it remembers ids: they are all that `intend` looks at. */
  const intend = (store: Store, id: Uint8Array): Promise<score.Promised> => {
    const parts = {
      store,
      ledger: ledgerOn(store),
      records: new InquiryRecords(store, () => undefined),
      open: { begun: () => {} },
      inquiries: { withdrawal: () => undefined },
    };
    const run = new InquiryDesk(parts as unknown as InquiryDeskParts).begin();
    return run.intend(intentOf(id));
  };

  it("are refused by the bureau that was not restored: one that remembers is enough", async () => {
    const [a, b] = [await opened("a"), await opened("b", "net/bureau-b")];
    const oldA = await copyOf(a, "a-restored");
    const id = rng.bytes(16);
    await intend(a, id);
    await intend(b, id);
    await expect(intend(a, id)).rejects.toThrow(Refusal);
    // Bureau A was restored and has forgotten the id; both must agree before they compute.
    await expect(intend(oldA, id)).resolves.toBeDefined();
    await expect(intend(b, id)).rejects.toThrow("computed before");
  });

  it("are taken once more, and once only, where both bureaus were restored", async () => {
    const a = await opened("a");
    const oldA = await copyOf(a, "a-restored");
    const id = rng.bytes(16);
    await intend(a, id);
    await intend(oldA, id);
    await expect(intend(oldA, id)).rejects.toThrow("computed before");
  });
});

describe("an incarnation", () => {
  const NOW = Date.parse("2026-03-01T12:00:00Z");

  it("stays over restarts, goes into copies, and changes when one is restored", async () => {
    const store = await opened("a");
    const first = await incarnationOf(store, rng, NOW);
    expect(await incarnationOf(store, rng, NOW + 5_000)).toEqual(first);
    const copy = await copyOf(store, "copy");
    expect(await incarnationOf(copy, rng, NOW)).toEqual(first);
    const copiedAt = "2026-03-01T11:00:00Z";
    const second = await reincarnate(copy, copiedAt, rng, NOW);
    expect(second.restoredFrom).toEqual({ id: first.id, copiedAt });
    expect(second.id).not.toBe(first.id);
    expect(await incarnationOf(copy, rng, NOW)).toEqual(second);
  });
});

describe("the newest roster known", () => {
  it("comes back with a restored store at least as the one in place", async () => {
    const store = await opened("a");
    const roster = (version: number) => ({ network: "net", version });
    await refuseOlderRoster(store, roster(3));
    const copy = await copyOf(store, "copy");
    await rosterFloor(copy, roster(5));
    await expect(refuseOlderRoster(copy, roster(4))).rejects.toThrow("older than version 5");
    await rosterFloor(copy, roster(2));
    await expect(refuseOlderRoster(copy, roster(4))).rejects.toThrow("older than version 5");
    await refuseOlderRoster(copy, roster(6));
  });
});
