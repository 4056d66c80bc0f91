/** What an attacker on the wire, or a peer, may do to one frame of a run. */
import { decode, FRAME_HEADER_BYTES } from "@moiety/kit";
import { bodyEdits } from "./body-edits.ts";
import type { RecordedFrame } from "./ledger.ts";
import type { Flight, FrameTap } from "./wiretap.ts";

export interface Mutation {
  readonly message: string;
  readonly from: string;
  readonly to: string;
  readonly index: number;
  /** The field that is changed; absent for what is done to the frame as a whole. */
  readonly field?: string;
  /** True for a frame of another session in its place: it changes all fields at once. */
  readonly foreign: boolean;
  readonly what: string;
  /** A fresh tap that does this, once. */
  tap(): FrameTap;
}

/** In words, for a report. */
export function described({ message, from, to, index, field, what }: Mutation): string {
  const where = field === undefined || field === "" ? "" : `, ${field}`;
  return `${message} (${from} to ${to}, frame ${index}${where}): ${what}`;
}

/**
 * All mutations of a run, given its frames and those of another run. Of a message that is sent
 * many times the same way, the first and the last are taken.
 */
export function mutationsOf(
  frames: readonly RecordedFrame[],
  others: readonly RecordedFrame[],
): readonly Mutation[] {
  return ends(frames).flatMap((recorded) => {
    const foreign = others.find((other) => sameWay(other, recorded));
    return [...fieldMutations(recorded), ...frameMutations(recorded, foreign)];
  });
}

/**
 * At most `most` of the mutations, so that every field and every frame keeps as many as the others:
 * one of each first, then a second one, and so on.
 */
export function evenly(mutations: readonly Mutation[], most: number): readonly Mutation[] {
  const groups = new Map<string, Mutation[]>();
  for (const mutation of mutations) {
    const { from, to, index, field } = mutation;
    const key = [from, to, index, field ?? "*"].join(" ");
    groups.set(key, [...(groups.get(key) ?? []), mutation]);
  }
  const taken: Mutation[] = [];
  for (let round = 0; taken.length < Math.min(most, mutations.length); round += 1)
    for (const group of groups.values()) taken.push(...group.slice(round, round + 1));
  return taken.slice(0, most);
}

function ends(frames: readonly RecordedFrame[]): readonly RecordedFrame[] {
  const alike = (one: RecordedFrame, other: RecordedFrame): boolean =>
    one.message === other.message && one.from === other.from && one.to === other.to;
  return frames.filter(
    (frame) =>
      frames.find((other) => alike(other, frame)) === frame ||
      frames.findLast((other) => alike(other, frame)) === frame,
  );
}

function sameWay(one: Flight, other: Flight): boolean {
  return one.from === other.from && one.to === other.to && one.index === other.index;
}

type Change = (frame: Uint8Array) => readonly Uint8Array[];

function changing(
  recorded: RecordedFrame,
  what: string,
  change: Change,
  more: { readonly field?: string; readonly foreign?: boolean } = {},
): Mutation {
  const { message, from, to, index } = recorded;
  const tap: FrameTap = (flight) =>
    sameWay(flight, recorded) ? change(Uint8Array.from(flight.frame)) : undefined;
  return { message, from, to, index, foreign: false, ...more, what, tap: () => tap };
}

function fieldMutations(recorded: RecordedFrame): Mutation[] {
  const body = decode(recorded.frame.subarray(FRAME_HEADER_BYTES));
  return bodyEdits(body).map((edit) =>
    changing(
      recorded,
      edit.what,
      (frame) => [joined(frame.subarray(0, FRAME_HEADER_BYTES), edit.body)],
      { field: edit.field },
    ),
  );
}

function frameMutations(
  recorded: RecordedFrame,
  foreign: RecordedFrame | undefined,
): readonly Mutation[] {
  const simple: readonly (readonly [string, Change])[] = [
    ["lost", () => []],
    ["repeated", (frame) => [frame, frame]],
    ["empty", () => [new Uint8Array()]],
    ["cut in the header", (frame) => [frame.subarray(0, FRAME_HEADER_BYTES - 1)]],
    ["cut after the header", (frame) => [frame.subarray(0, FRAME_HEADER_BYTES)]],
    ["without its last byte", (frame) => [frame.subarray(0, -1)]],
    ["with a byte more", (frame) => [joined(frame, Uint8Array.of(0))]],
    ["another tag", (frame) => [withByte(frame, 0, (frame[0] as number) + 1)]],
    ["a tag that no message has", (frame) => [withByte(frame, 0, 0xff)]],
    ["another sequence number", (frame) => [withByte(frame, 4, (frame[4] as number) + 1)]],
    ["a sequence number of long ago", (frame) => [withByte(frame, 1, 0x80)]],
  ];
  const mutations = simple.map(([what, change]) => changing(recorded, what, change));
  const swapped = swappedWithNext(recorded);
  if (foreign === undefined || Buffer.compare(foreign.frame, recorded.frame) === 0)
    return [swapped, ...mutations];
  const what = "the frame of another session";
  return [
    changing(recorded, what, () => [foreign.frame], { foreign: true }),
    swapped,
    ...mutations,
  ];
}

/** Lost, when no other frame follows on its way. */
function swappedWithNext(recorded: RecordedFrame): Mutation {
  const tap = (): FrameTap => {
    let held: Uint8Array | undefined;
    return (flight) => {
      if (sameWay(flight, recorded)) {
        held = flight.frame;
        return [];
      }
      if (held === undefined || flight.from !== recorded.from || flight.to !== recorded.to)
        return undefined;
      const late = held;
      held = undefined;
      return [flight.frame, late];
    };
  };
  return { ...changing(recorded, "after the next frame", () => []), tap };
}

function withByte(frame: Uint8Array, at: number, byte: number): Uint8Array {
  const changed = Uint8Array.from(frame);
  changed[at] = byte;
  return changed;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
