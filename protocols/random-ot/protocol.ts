import {
  OtCheatError,
  type OtParameters,
  type OtReceiver,
  type OtSender,
  type OtSenderSetup,
  otBatchBytes,
  otSetupBytes,
  startOtReceiver,
  startOtSender,
} from "@moiety/crypto";
import {
  binaryBytes,
  bytes,
  type Cost,
  defineProtocol,
  discard,
  FRAME_HEADER_BYTES,
  fixedBytes,
  Misbehaviour,
  message,
  newFrame,
  object,
  Refusal,
  type SessionOf,
  uint32,
} from "@moiety/kit";

/** 1-of-16 with 16-bit pads: what a table lookup consumes. */
export const OT_PARAMETERS: OtParameters = { choices: 16, padBits: 16 };
/** Most OTs in a batch: the corrections must fit in one frame. */
export const MAX_BATCH: number = 1 << 16;
/** Batches in one session, so that their numbers can be told from a replay. */
export const MAX_BATCHES: number = 1 << 20;

const SETUP = otSetupBytes(OT_PARAMETERS);
const LARGEST = otBatchBytes(OT_PARAMETERS, MAX_BATCH);

export const randomOt = defineProtocol({
  name: "random-ot",
  version: 2,
  roles: ["receiver", "sender"],
  messages: {
    base: message("sender", "receiver", object({ elements: fixedBytes(SETUP.request) })),
    setup: message("receiver", "sender", object({ reply: fixedBytes(SETUP.reply) })),
    corrections: message(
      "receiver",
      "sender",
      object({ batch: uint32, count: uint32, columns: bytes(LARGEST.correction) }),
    ),
    challenge: message("sender", "receiver", object({ seed: fixedBytes(LARGEST.challenge) })),
    response: message("receiver", "sender", object({ hashes: fixedBytes(LARGEST.response) })),
    ready: message("sender", "receiver", object({ batch: uint32 })),
  },
  transcripts: false, // the check of each batch is bound to session, batch and count
  // The session lives as long as its link; single waits are bounded where it matters.
  limits: { receiveMs: 30_000, receivedBytes: 2 ** 33 },
  cost({ batches }: { batches: readonly number[] }): Cost {
    const sizes = batches.map((count) => otBatchBytes(OT_PARAMETERS, count));
    const n = batches.length;
    const field = (name: string, length: number): number =>
      FRAME_HEADER_BYTES + 1 + 1 + name.length + binaryBytes(length);
    const named = 6 + 6 + 6 + 6 + 8; // "batch", "count" and their values, "columns"
    const columns = [...sizes.map(({ correction }) => correction), 0];
    return {
      messages: {
        base: { count: 1, bytes: field("elements", SETUP.request) },
        setup: { count: 1, bytes: field("reply", SETUP.reply) },
        corrections: {
          count: n + 1,
          bytes: columns.reduce(
            (sum, length) => sum + FRAME_HEADER_BYTES + 1 + named + binaryBytes(length),
            0,
          ),
        },
        challenge: { count: n, bytes: n * field("seed", LARGEST.challenge) },
        response: { count: n, bytes: n * field("hashes", LARGEST.response) },
        ready: { count: n, bytes: n * field("batch", 4) },
      },
      rounds: 2 + 4 * n,
    };
  },
});

/** How both sides come by the keys that everything else grows from. */
export interface OtSetup {
  startSender(...parameters: Parameters<typeof startOtSender>): {
    setup: Pick<OtSenderSetup, "finish">;
    message: Uint8Array;
  };
  startReceiver(
    ...parameters: Parameters<typeof startOtReceiver>
  ): ReturnType<typeof startOtReceiver>;
}

/** The real one; only a simulation has another, which spares it the curve arithmetic. */
export const baseOts: OtSetup = { startSender: startOtSender, startReceiver: startOtReceiver };

export interface ReceiverInput {
  /** Resolves with the size of the next batch wanted, or with 0 when there will be no more. */
  next(): Promise<number>;
  /** A batch that the sender has checked and counts as available. */
  deliver(batch: number, choices: Uint8Array, pads: Uint16Array): void;
}

/** The receiver: drives the refills. */
export async function receiver(
  session: SessionOf<typeof randomOt, "receiver">,
  input: ReceiverInput,
  setup: OtSetup = baseOts,
): Promise<void> {
  const context = session.context("ot");
  const sender = session.party("sender");
  // 2: set up against the sender's base elements.
  const { elements } = await session.receive("sender", "base");
  const { receiver: state, message: reply } = naming(sender, () =>
    setup.startReceiver(OT_PARAMETERS, context, elements, session.rng),
  );
  session.send("sender", "setup", { reply });
  await session.flush();
  try {
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const count = Math.min(await input.next(), MAX_BATCH, state.remaining);
      if (count === 0) break;
      await extend(session, state, input, batch, count);
    }
    // 4: no more.
    const end = { batch: MAX_BATCHES, count: 0, columns: new Uint8Array() };
    session.send("sender", "corrections", end);
  } finally {
    state.destroy();
  }
}

/** Step 3 on the receiver's side, one batch. */
async function extend(
  session: SessionOf<typeof randomOt, "receiver">,
  state: OtReceiver,
  input: ReceiverInput,
  batch: number,
  count: number,
): Promise<void> {
  const sender = session.party("sender");
  const { correction } = otBatchBytes(OT_PARAMETERS, count);
  const columns = state.extend(count, newFrame(correction)); // the frame's own memory: not copied
  session.send("sender", "corrections", { batch, count, columns });
  const { seed } = await session.receive("sender", "challenge");
  const answer = naming(sender, () => state.respond(seed));
  try {
    session.send("sender", "response", { hashes: answer.response });
    const ready = await session.receive("sender", "ready");
    if (ready.batch !== batch) throw new Misbehaviour(sender, "mismatch", "another batch is ready");
  } catch (error) {
    answer.batch.destroy(); // nobody else has it
    throw error;
  }
  input.deliver(batch, answer.batch.choices, answer.batch.pads);
}

/** Where the sender's pads are kept until the receiver has used them. */
export interface Stock {
  /** OTs that it would still take. */
  readonly room: number;
}

export interface SenderInput {
  /**
   * A batch that passed the check; `pads[i * 16 + c]`. Returns the stock that it went into, whose room
   * is looked at before anything is done for the next batch.
   */
  deliver(batch: number, pads: Uint16Array): Stock;
}

/**
 * The sender: answers refills, and checks each before any of its pads is used. It refuses (busy) a
 * batch for which there is no room. That is no verdict on the receiver, who may have lost OTs in
 * lookups that failed, and gets an empty stock by setting up anew.
 */
export async function sender(
  session: SessionOf<typeof randomOt, "sender">,
  input: SenderInput,
  setup: OtSetup = baseOts,
): Promise<void> {
  const culprit = session.party("receiver");
  // 1 and 2: base OTs, PPRF.
  const begun = setup.startSender(OT_PARAMETERS, session.context("ot"), session.rng);
  session.send("receiver", "base", { elements: begun.message });
  const { reply } = await session.receive("receiver", "setup");
  const state: OtSender = naming(culprit, () => begun.setup.finish(reply));
  let stock: Stock = { room: MAX_BATCH };
  try {
    for (let batch = 0; ; batch += 1) {
      // Between batches the receiver may rightly be silent for as long as the link lives.
      const ask = await session.receive("receiver", "corrections", Number.POSITIVE_INFINITY);
      if (ask.count === 0) return;
      if (ask.batch !== batch || batch >= MAX_BATCHES)
        throw new Misbehaviour(culprit, "mismatch", "batch out of order, or one too many");
      if (ask.count > Math.min(MAX_BATCH, state.remaining))
        throw new Misbehaviour(culprit, "malformed", "batch larger than agreed");
      if (ask.count > stock.room)
        throw new Refusal("busy", `room for ${stock.room} more unused random OTs of this setup`);
      const seed = naming(culprit, () => state.challenge(ask.count, ask.columns, session.rng));
      discard(ask.columns);
      session.send("receiver", "challenge", { seed });
      const { hashes } = await session.receive("receiver", "response");
      const { pads } = naming(culprit, () => state.verify(hashes));
      stock = input.deliver(batch, pads);
      session.send("receiver", "ready", { batch });
    }
  } finally {
    state.destroy();
  }
}

/** Puts the peer's name to a failed check. */
function naming<T>(culprit: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof OtCheatError) throw new Misbehaviour(culprit, "cheat", error.message);
    throw error;
  }
}
