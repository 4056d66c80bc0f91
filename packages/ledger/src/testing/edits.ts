/** Ways to spoil bytes: bits, lengths, pieces and lines. */
import fc from "fast-check";

/** `right` with one or two places changed; never `right` itself. */
export function edits(right: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat(right.length - 1);
  const piece = fc.tuple(at, fc.nat(100)).map(([from, length]) => right.slice(from, from + length));
  const splice = fc.record({
    at,
    cut: fc.oneof(fc.nat(3), at),
    put: fc.oneof(fc.uint8Array({ maxLength: 3 }), piece),
  });
  const flip = fc.record({ at, bit: fc.nat(7) });
  const lines = fc.record({ from: at, to: at, how: fc.nat(2) });
  const edit = fc.oneof(flip.map(flipping), splice.map(splicing), lines.map(relining));
  return fc
    .array(edit, { minLength: 1, maxLength: 2 })
    .map((all) => all.reduce<Buffer>((bytes, change) => change(bytes), Buffer.from(right)))
    .filter((edited) => !edited.equals(right))
    .map((edited) => new Uint8Array(edited));
}

type Edit = (bytes: Buffer) => Buffer;

function flipping({ at, bit }: { at: number; bit: number }): Edit {
  return (bytes) => Buffer.from(bytes.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte)));
}

function splicing({ at, cut, put }: { at: number; cut: number; put: Uint8Array }): Edit {
  return (bytes) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
}

/** A line left out, repeated, or moved elsewhere. */
function relining({ from, to, how }: { from: number; to: number; how: number }): Edit {
  return (bytes) => {
    const lines = bytes.toString("latin1").split("\n");
    const at = from % lines.length;
    const rest = how === 1 ? lines : lines.toSpliced(at, 1);
    const next = how === 0 ? rest : rest.toSpliced(to % (rest.length + 1), 0, lines[at] as string);
    return Buffer.from(next.join("\n"), "latin1");
  };
}
