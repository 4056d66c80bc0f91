import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openCheckpoint, parseCheckpoint, signCheckpoint } from "./checkpoint.ts";
import { LedgerError } from "./ledger-error.ts";
import { formatNote, openNote, parseNote, signText } from "./note.ts";
import { formatVerifierKey, noteKey, noteSigner, parseVerifierKey } from "./note-key.ts";
import { accepts } from "./testing/accepts.ts";
import { testParty } from "./testing/keys.ts";

interface Vectors {
  readonly notes: readonly { desc: string; note: string; vkeys: string[]; valid: boolean }[];
  readonly vkeys_valid: readonly string[];
  readonly vkeys_invalid: readonly string[];
}
const read = (url: URL): Vectors => JSON.parse(readFileSync(url, "utf8")) as Vectors;
const fixture = read(new URL("./fixtures/signed-notes.json", import.meta.url));
/** The whole set of which the fixture is a selection, where it lies beside this repository. */
const VECTORS = new URL("../../../../shared/vectors/signed-notes.json", import.meta.url);

const opens = ({ note, vkeys }: Vectors["notes"][number]): boolean =>
  accepts(() => openNote(Buffer.from(note), vkeys.map(parseVerifierKey)));

describe("published notes and keys", () => {
  it.each(fixture.notes)("$desc", (each) => expect(opens(each)).toBe(each.valid));
  it.each(fixture.vkeys_valid)("key %s", (vkey) =>
    expect(formatVerifierKey(parseVerifierKey(vkey))).toBe(vkey),
  );
  it.each(fixture.vkeys_invalid)("no key %s", (vkey) =>
    expect(() => parseVerifierKey(vkey)).toThrow(LedgerError),
  );

  it("all of them", ({ skip }) => {
    skip(!existsSync(VECTORS), "the full set of notes is not beside this repository");
    const all = read(VECTORS);
    expect(all.notes.length).toBeGreaterThan(30);
    expect(all.notes.filter((each) => opens(each) !== each.valid).map((e) => e.desc)).toEqual([]);
    const keys = [...all.vkeys_valid, ...all.vkeys_invalid];
    expect(keys.filter((vkey) => accepts(() => parseVerifierKey(vkey)))).toEqual(all.vkeys_valid);
  });

  it("reads a checkpoint of another implementation", () => {
    const { note, vkeys } = fixture.notes.find((each) => each.desc === "tessera checkpoint.15")!;
    const keys = vkeys.map(parseVerifierKey);
    const opened = openCheckpoint(Buffer.from(note), { origin: "example.com/log/testdata", keys });
    expect(opened.size).toBe(15);
    expect(Buffer.from(opened.root).toString("base64")).toMatch(/^rKbDipCv/);
  });
});

const a = testParty("a");
const b = testParty("b");
const root = new Uint8Array(32).fill(7);
const checkpoint = { origin: a.log.origin, size: 5, root, extensions: [] };
const signed = signCheckpoint(checkpoint, a.signer);

describe("checkpoints", () => {
  it("carry the log's signature and cosignatures with their time", () => {
    const { text, signatures } = parseNote(signed);
    const line = signText(text, b.cosigner, 1_800_000_000);
    const note = formatNote({ text, signatures: [...signatures, line] });
    const opened = openCheckpoint(note, a.log, [b.cosigner.public]);
    expect(opened).toMatchObject(checkpoint);
    expect(opened.cosignatures).toEqual([{ key: b.cosigner.public, time: 1_800_000_000 }]);
    expect(openCheckpoint(note, a.log).cosignatures).toEqual([]);
    // The time is signed: another one makes the line wrong, and with it the note.
    const later = { ...line, bytes: line.bytes.map((byte, at) => (at === 7 ? byte + 1 : byte)) };
    const forged = formatNote({ text, signatures: [...signatures, later] });
    expect(() => openCheckpoint(forged, a.log, [b.cosigner.public])).toThrow("wrong signature");
  });

  it("are refused without the log's own signature, or for another log", () => {
    const { text } = parseNote(signed);
    const only = formatNote({ text, signatures: [signText(text, b.cosigner, 5)] });
    expect(() => openCheckpoint(only, a.log, [b.cosigner.public])).toThrow("not signed by net/a");
    expect(() => openCheckpoint(signed, b.log)).toThrow("signed by no known key");
    const other = { origin: "net/b", keys: a.log.keys };
    expect(() => openCheckpoint(signed, other)).toThrow("of net/a, not net/b");
    expect(() => signCheckpoint(checkpoint, a.cosigner)).toThrow(RangeError);
  });

  it.each([
    ["a leading zero", "o\n05\n{root}\n"],
    ["a sign", "o\n-5\n{root}\n"],
    ["a size beyond 2^53", "o\n9007199254740992\n{root}\n"],
    ["a short root", "o\n5\nAAAA\n"],
    ["loose base64", "o\n5\n{root}=\n"],
    ["an empty line", "o\n5\n{root}\n\nx\n"],
    ["no origin", "\n5\n{root}\n"],
    ["two lines", "o\n5\n"],
    ["no end", "o\n5\n{root}"],
  ])("are refused with %s", (_, text) => {
    const whole = text.replace("{root}", Buffer.from(root).toString("base64"));
    expect(() => parseCheckpoint(whole)).toThrow(LedgerError);
  });
});

describe("two keys with one name and one id", () => {
  // As somebody who seeks one of 2^32 ids finds it.
  const twin = { ...noteKey(a.log.origin, b.key.verifyingKey, 1), id: a.signer.public.id };

  it("are both tried: neither makes the other's signatures unreadable", () => {
    for (const keys of [
      [twin, a.signer.public],
      [a.signer.public, twin],
    ])
      expect(openCheckpoint(signed, { origin: a.log.origin, keys })).toMatchObject(checkpoint);
    expect(() => openNote(signed, [twin])).toThrow("wrong signature");
  });

  it("are two cosigners: one does not stand for the other", () => {
    const { text, signatures } = parseNote(signed);
    const line = signText(text, b.cosigner, 5);
    const other = { ...b.cosigner.public, key: a.key.verifyingKey };
    const note = formatNote({ text, signatures: [...signatures, line] });
    const { cosignatures } = openCheckpoint(note, a.log, [other, b.cosigner.public]);
    expect(cosignatures.map(({ key }) => key)).toEqual([b.cosigner.public]);
  });
});

describe("anything else", () => {
  const keys = [a.signer.public, b.cosigner.public];

  it("10,000 edits of a signed note: a typed error, and never another text", () => {
    const { text, signatures } = parseNote(signed);
    const line = signText(text, b.cosigner, 1_800_000_000);
    const note = formatNote({ text, signatures: [...signatures, line] });
    const edit = fc.record({
      at: fc.nat(note.length - 1),
      cut: fc.nat(3),
      put: fc.uint8Array({ maxLength: 3 }),
    });
    fc.assert(
      fc.property(edit, ({ at, cut, put }) => {
        const edited = Buffer.concat([note.subarray(0, at), put, note.subarray(at + cut)]);
        if (accepts(() => openCheckpoint(edited, a.log, [b.cosigner.public])))
          expect(openNote(edited, keys).text).toBe(text);
      }),
      { numRuns: 10_000 },
    );
  });

  it("10,000 arbitrary texts as notes, checkpoints and keys", () => {
    const parts = fc.constantFrom(
      "\n",
      "\n\n",
      "\u2014 ",
      "x",
      "+",
      " ",
      "AAAAAAAA",
      "0",
      "\ud800",
      "é",
    );
    const some = fc.oneof(
      fc.array(parts, { maxLength: 12 }).map((each) => each.join("")),
      fc.string(),
    );
    fc.assert(
      fc.property(some, (text) => {
        expect(accepts(() => openNote(Buffer.from(text), keys))).toBe(false);
        accepts(() => parseCheckpoint(text));
        expect(accepts(() => parseVerifierKey(text))).toBe(false);
      }),
      { numRuns: 10_000 },
    );
  });

  it("names with spaces, a plus or nothing are no key names", () => {
    for (const name of ["", "a b", "a+b", "a\u2003b", "a\nb"])
      expect(() => noteKey(name, a.key.verifyingKey, 1)).toThrow(LedgerError);
    expect(noteSigner("é/b", a.key, 4).public.id).toMatch(/^[0-9a-f]{8}$/);
  });
});
