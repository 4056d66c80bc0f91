/**
 * Which random OTs were used, rebuilt from what was said. In each direction a *receiver* names
 * ranges (series, batch, offset, count) in `choose`, and says with `d` how its choices are off: two
 * `d` for one range tell the difference of two indices. The *sender* answers with `tables`, masked
 * under the pads of those ranges: two tables for one range tell the difference of two tables.
 */
import type { Fields } from "./msgpack.ts";
import { hex, type Said } from "./wire.ts";

/** A range of OTs that somebody used, as receiver or as sender, in a session. */
export interface Interval {
  readonly use: "chosen" | "masked";
  readonly by: string;
  readonly series: string;
  readonly batch: number;
  readonly offset: number;
  readonly count: number;
  readonly session: string;
}

/** All uses, in the order of what was recorded. */
export function usesOf(said: readonly Said[]): Interval[] {
  const chosen = said.flatMap((each) =>
    rangesOf(each.fields).map((range): Interval => ({ ...range, ...whose(each), use: "chosen" })),
  );
  const masked = said
    .filter(({ fields }) => fields.e instanceof Uint8Array)
    .flatMap((answer) =>
      chosen
        .filter(({ session, by }) => session === answer.session && by !== answer.by)
        .map((range): Interval => ({ ...range, ...whose(answer), use: "masked" })),
    );
  return [...chosen, ...masked];
}

/** Every two uses of one kind that have an OT in common, in words. */
export function overlaps(uses: readonly Interval[]): string[] {
  const lines = new Map<string, Interval[]>();
  for (const each of uses) {
    const line = `${each.by} has ${each.use} in batch ${each.batch} of ${each.series}`;
    lines.set(line, [...(lines.get(line) ?? []), each]);
  }
  return [...lines].flatMap(([line, intervals]) => {
    const sorted = [...intervals].sort((x, y) => x.offset - y.offset);
    return sorted.slice(1).flatMap((next, i) => {
      const before = sorted[i] as Interval;
      const end = before.offset + before.count;
      return next.offset < end ? [`${line}: ${before.offset}..${end} and ${next.offset}..`] : [];
    });
  });
}

/**
 * What is wrong with the series that were used: each must be the id of exactly one `random-ot` session,
 * which the receiver opened, and in which it asked for at least as many OTs as it used.
 */
export function unfounded(said: readonly Said[], uses: readonly Interval[]): string[] {
  const made = said.filter(({ protocol }) => protocol === "random-ot");
  return [...new Set(uses.map(({ series }) => series))].flatMap((series) => {
    const setups = made.filter(({ session, fields }) => session === series && "reply" in fields);
    if (setups.length !== 1) return [`series ${series} was set up ${setups.length} times`];
    return uses
      .filter((use) => use.series === series)
      .filter(({ batch, offset, count }) => {
        const asked = made.find(
          ({ session, fields }) =>
            session === series && "columns" in fields && whole(fields.batch) === batch,
        );
        return asked === undefined || whole(asked.fields.count) < offset + count;
      })
      .map(({ by, batch, offset }) => `${by} used ${batch}/${offset} of ${series}, never made`);
  });
}

/** Long fields of set-ups and extensions that were said twice: a state that was lived through twice. */
export function repetitions(said: readonly Said[]): string[] {
  const seen = new Set<string>();
  return said
    .filter(({ protocol }) => protocol === "random-ot")
    .flatMap(({ by, fields }) =>
      Object.entries(fields).flatMap(([name, value]) => {
        if (!(value instanceof Uint8Array) || value.length < 16) return [];
        const text = hex(value);
        const known = seen.has(text);
        seen.add(text);
        return known ? [`${by} said ${name} twice`] : [];
      }),
    );
}

function whose({ by, session }: Said): { by: string; session: string } {
  return { by, session };
}

function rangesOf({ series, segments }: Fields): Omit<Interval, "use" | "by" | "session">[] {
  if (!(series instanceof Uint8Array) || !Array.isArray(segments)) return [];
  return segments.map((segment) => {
    const { batch, offset, count } = segment as Fields;
    return { series: hex(series), batch: whole(batch), offset: whole(offset), count: whole(count) };
  });
}

/** A number, or four bytes of one. Throws for anything else: what is not understood proves nothing. */
function whole(value: unknown): number {
  const number =
    value instanceof Uint8Array && value.length === 4 ? Buffer.from(value).readUInt32BE() : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number))
    throw new Error("not a whole number: the messages have changed, and this reader has not");
  return number;
}
