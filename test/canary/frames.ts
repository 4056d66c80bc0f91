/** From the plaintext of a TLS stream to what was said in it: WebSocket frames, then link records. */

/** Kind, code, two zero bytes, channel number: see packages/transport/src/record.ts. */
const RECORD_HEADER_BYTES = 8;
/** Of each frame of a session: see packages/kit/src/peer-stream.ts. */
const FRAME_HEADER_BYTES = 5;
const OPENING_RECORD = 1;
const DATA_RECORD = 2;

interface Unframed {
  /** Payloads of all WebSocket messages, unmasked, one after the other. */
  readonly messages: Uint8Array;
  /** What was said on each channel, without record headers: a value cut in two is whole again. */
  readonly channels: Uint8Array;
  /** The same without the headers of frames either. */
  readonly bodies: Uint8Array;
  /** Bytes at the end that are no whole frame. */
  readonly rest: number;
}

/** Takes one direction of a connection apart, from its HTTP upgrade on (RFC 6455, 5.2). */
export function unframe(stream: Buffer): Unframed {
  const payloads: Uint8Array[] = [];
  const head = stream.indexOf("\r\n\r\n");
  let at = head < 0 ? stream.length : head + 4;
  for (;;) {
    const frame = frameAt(stream, at);
    if (frame === undefined) break;
    payloads.push(frame.payload);
    at = frame.end;
  }
  const channels = new Map<number, { frames: Uint8Array[]; bodies: Uint8Array[] }>();
  for (const payload of payloads) {
    if (payload.length < RECORD_HEADER_BYTES) continue;
    const kind = payload[0];
    if (kind !== OPENING_RECORD && kind !== DATA_RECORD) continue;
    const channel = new DataView(payload.buffer, payload.byteOffset).getUint32(4);
    const said = channels.get(channel) ?? { frames: [], bodies: [] };
    channels.set(channel, said);
    const frame = payload.subarray(RECORD_HEADER_BYTES);
    said.frames.push(frame);
    said.bodies.push(kind === DATA_RECORD ? frame.subarray(FRAME_HEADER_BYTES) : frame);
  }
  const all = [...channels.values()];
  return {
    messages: Buffer.concat(payloads),
    channels: Buffer.concat(all.flatMap(({ frames }) => frames)),
    bodies: Buffer.concat(all.flatMap(({ bodies }) => bodies)),
    rest: stream.length - at,
  };
}

function frameAt(stream: Buffer, at: number): { payload: Uint8Array; end: number } | undefined {
  if (at + 2 > stream.length) return undefined;
  const second = stream[at + 1] as number;
  const masked = (second & 0x80) !== 0;
  let length = second & 0x7f;
  let start = at + 2;
  if (length === 126 && start + 2 <= stream.length) {
    length = stream.readUInt16BE(start);
    start += 2;
  } else if (length === 127 && start + 8 <= stream.length) {
    length = Number(stream.readBigUInt64BE(start));
    start += 8;
  }
  const mask = stream.subarray(start, start + (masked ? 4 : 0));
  start += mask.length;
  const end = start + length;
  if (end > stream.length) return undefined;
  const payload = new Uint8Array(stream.subarray(start, end));
  if (masked) for (let i = 0; i < length; i += 1) payload[i]! ^= mask[i & 3] as number;
  return { payload, end };
}
