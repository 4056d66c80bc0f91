import { consistencyProof, inclusionProof, leafHash, merkleRoot } from "@moiety/crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { LedgerError } from "./ledger-error.ts";
import { memoryTiles } from "./testing/memory-tiles.ts";
import { formatBundle, parseBundle, parseTilePath, tilePath, tilePlaces } from "./tiles.ts";
import {
  Frontier,
  frontierOf,
  leafHashAt,
  proveConsistency,
  proveInclusion,
  rootAt,
} from "./tree.ts";

const LEAVES = Array.from({ length: 66_000 }, (_, i) => leafHash(Buffer.from(String(i))));
const source = memoryTiles(LEAVES);

it("a frontier has the root of RFC 6962 at every size, and comes out of tiles again", () => {
  const frontier = new Frontier();
  expect(frontier.root()).toEqual(merkleRoot([]));
  for (const [i, leaf] of LEAVES.slice(0, 600).entries()) {
    frontier.append(leaf);
    const size = i + 1;
    if (size > 20 && size % 32 > 1) continue;
    expect(frontier.root()).toEqual(merkleRoot(LEAVES.slice(0, size)));
    expect(frontierOf(source, size).root()).toEqual(frontier.root());
  }
  const grown = frontierOf(source, 65_530);
  for (const leaf of LEAVES.slice(65_530)) grown.append(leaf);
  expect(grown.root()).toEqual(rootAt(source, 66_000));
  expect(grown.root()).toEqual(merkleRoot(LEAVES));
});

it("proofs out of tiles are those of RFC 6962, across tile borders too", () => {
  const edges = [1, 2, 255, 256, 257, 511, 512, 513, 65_537, 66_000];
  for (const size of edges) {
    const leaves = LEAVES.slice(0, size);
    for (const index of [0, size >> 1, size - 1].filter((each) => each < size)) {
      if (size > 1000 && index > 0 && index < size - 1) continue;
      expect(proveInclusion(source, size, index)).toEqual(inclusionProof(leaves, index));
      expect(leafHashAt(source, size, index)).toEqual(LEAVES[index]);
    }
    for (const first of edges.filter((each) => each <= size).slice(-3))
      expect(proveConsistency(source, first, size)).toEqual(consistencyProof(leaves, first));
  }
  expect(proveConsistency(source, 0, 66_000)).toEqual([]);
});

it("a missing or short tile is named", () => {
  const torn = { ...source, tile: () => new Uint8Array(31) };
  expect(() => rootAt(torn, 300)).toThrow("tile/1/000.p/1: missing or too short");
  expect(() => leafHashAt(source, 5, 5)).toThrow(LedgerError);
});

it("paths are those of the specification, each place with one", () => {
  expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe("tile/0/x001/x234/067");
  expect(tilePath({ level: "entries", index: 0, width: 5 })).toBe("tile/entries/000.p/5");
  const places = [...tilePlaces(70_000)].filter(({ level }) => level !== "entries");
  expect(places).toHaveLength(277);
  expect(places.slice(-4).map(tilePath)).toEqual([
    "tile/0/273.p/112",
    "tile/1/000",
    "tile/1/001.p/17",
    "tile/2/000.p/1",
  ]);
  for (const place of places) expect(parseTilePath(tilePath(place))).toEqual(place);
  const wrong = [
    "tile/7/000",
    "tile/0/x000/001",
    "tile/0/00",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
  ];
  for (const path of [
    ...wrong,
    "tile/0/000.p/01",
    "tile/0/../000",
    "tile/x/000",
    "/tile/0/000",
    "",
  ])
    expect(parseTilePath(path)).toBeUndefined();
  fc.assert(
    fc.property(
      fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ min: 1, max: 256 }),
      (index, width) => {
        expect(parseTilePath(tilePath({ level: 0, index, width }))?.index).toBe(index);
      },
    ),
  );
});

it("bundles give back their entries, or a typed error", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (entries) => {
      const bundle = formatBundle(entries);
      expect(parseBundle(bundle, entries.length)).toEqual(
        entries.map((each) => new Uint8Array(each)),
      );
      expect(() => parseBundle(bundle, entries.length + 1)).toThrow(LedgerError);
    }),
  );
});
