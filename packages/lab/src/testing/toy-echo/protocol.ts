import {
  binaryBytes,
  bytes,
  defineProtocol,
  FRAME_HEADER_BYTES,
  message,
  object,
  type Session,
} from "@moiety/kit";
import type { Specification } from "../../specification.ts";

/** One message each way, nothing checked: a change of it changes the output. */
export const echo = defineProtocol({
  name: "toy-echo",
  version: 1,
  roles: ["asker", "echoer"],
  messages: {
    word: message("asker", "echoer", object({ word: bytes(8, { min: 1 }) })),
    again: message("echoer", "asker", object({ word: bytes(8, { min: 1 }) })),
  },
  limits: { receiveMs: 5_000, totalMs: 20_000, receivedBytes: 10_000 },
  cost({ length }: { readonly length: number }) {
    const bytes = FRAME_HEADER_BYTES + 1 + 5 + binaryBytes(length);
    return { messages: { word: { count: 1, bytes }, again: { count: 1, bytes } }, rounds: 2 };
  },
});

export type EchoMessages = typeof echo.messages;

export async function asker(
  session: Session<EchoMessages, "asker">,
  word: Uint8Array,
): Promise<Uint8Array> {
  session.send("echoer", "word", { word });
  return (await session.receive("echoer", "again")).word;
}

export async function echoer(session: Session<EchoMessages, "echoer">): Promise<void> {
  const { word } = await session.receive("asker", "word");
  session.send("asker", "again", { word });
}

export interface EchoInputs {
  readonly asker: Uint8Array;
  readonly echoer: undefined;
}

/** What is stated of it: that it does not notice any change of the word. */
export const echoSpecification: Specification<
  "asker" | "echoer",
  EchoMessages,
  { readonly length: number },
  EchoInputs
> = {
  inputs: [{ asker: Uint8Array.of(1, 2, 3), echoer: undefined }],
  roles: { asker, echoer },
  ideal: ({ asker: word }) => ({ asker: word, echoer: undefined }),
  parameters: ({ asker: word }) => ({ length: word.length }),
  undetected: [
    { message: "word", field: "word", why: "an echo repeats what it hears" },
    { message: "again", field: "word", why: "the asker believes the echo" },
  ],
};
