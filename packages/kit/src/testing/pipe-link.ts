/** Links within one process for kit's own tests: the contract of `link.ts` and nothing more. */
import {
  CHANNEL_WINDOW_BYTES,
  type Channel,
  type Link,
  LinkError,
  type PartyName,
  type ResetCode,
} from "../link.ts";

/** Sees each frame; returns those that arrive in its place. */
export type FrameTap = (from: PartyName, frame: Uint8Array) => readonly Uint8Array[];

/** One direction of a channel. */
class Pipe {
  readonly #frames: Uint8Array[] = [];
  readonly #blocked: { frame: Uint8Array; resolve: () => void; reject: (e: unknown) => void }[] =
    [];
  #bytes = 0;
  #ended: ResetCode | undefined;
  #waiter: { resolve: (frame: Uint8Array) => void; reject: (e: unknown) => void } | undefined;

  get ended(): ResetCode | undefined {
    return this.#ended;
  }

  write(frame: Uint8Array, error: (code: ResetCode) => LinkError): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(error(this.#ended));
    if (this.#blocked.length === 0 && this.#bytes + frame.length <= CHANNEL_WINDOW_BYTES) {
      this.#put(frame);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      this.#blocked.push({ frame, resolve, reject: () => reject(error(this.#ended ?? "lost")) });
    });
  }

  read(error: (code: ResetCode) => LinkError): Promise<Uint8Array> {
    if (this.#waiter !== undefined) return Promise.reject(new Error("two receives at a time"));
    const frame = this.#frames.shift();
    if (frame !== undefined) {
      this.#bytes -= frame.length;
      this.#unblock();
      return Promise.resolve(frame);
    }
    if (this.#ended !== undefined) return Promise.reject(error(this.#ended));
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject: () => reject(error(this.#ended ?? "lost")) };
    });
  }

  /** `done` lets what was written be read first. */
  end(code: ResetCode): void {
    if (this.#ended !== undefined && (code === "done" || this.#ended !== "done")) return;
    if (code === "done")
      for (const { frame, resolve } of this.#blocked.splice(0)) {
        this.#put(frame);
        resolve();
      }
    this.#ended = code;
    if (code !== "done") this.#frames.length = 0;
    for (const { reject } of this.#blocked.splice(0)) reject(code);
    if (this.#frames.length === 0) this.#waiter?.reject(code);
    if (this.#frames.length === 0) this.#waiter = undefined;
  }

  #put(frame: Uint8Array): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter !== undefined) {
      waiter.resolve(frame);
      return;
    }
    this.#frames.push(frame);
    this.#bytes += frame.length;
  }

  #unblock(): void {
    const next = this.#blocked[0];
    if (next === undefined || this.#bytes + next.frame.length > CHANNEL_WINDOW_BYTES) return;
    this.#blocked.shift();
    this.#put(next.frame);
    next.resolve();
  }
}

class PipeChannel implements Channel {
  readonly peer: PartyName;
  readonly opening: Uint8Array;
  readonly #out: Pipe;
  readonly #in: Pipe;
  readonly #tap: (frame: Uint8Array) => readonly Uint8Array[];

  constructor(
    peer: PartyName,
    opening: Uint8Array,
    pipes: readonly [out: Pipe, incoming: Pipe],
    tap: (frame: Uint8Array) => readonly Uint8Array[],
  ) {
    this.peer = peer;
    this.opening = opening;
    [this.#out, this.#in] = pipes;
    this.#tap = tap;
  }

  async send(frame: Uint8Array): Promise<void> {
    await Promise.all(this.#tap(frame).map((each) => this.#out.write(each, this.#error)));
  }

  receive(): Promise<Uint8Array> {
    return this.#in.read(this.#error);
  }

  get failure(): LinkError | undefined {
    const code = this.#out.ended;
    return code && this.#error(code);
  }

  close(): void {
    this.#out.end("done");
  }

  reset(code: ResetCode): void {
    this.#out.end(code);
    this.#in.end(code);
  }

  readonly #error = (code: ResetCode): LinkError =>
    new LinkError(code, this.peer, `ended: ${code}`);
}

class PipeLink implements Link {
  readonly self: PartyName;
  readonly peer: PartyName;
  readonly ended: Promise<string>;
  readonly channels: PipeChannel[] = [];
  readonly #tap: FrameTap;
  readonly #untaken: Channel[] = [];
  #far: PipeLink | undefined;
  #take: ((channel: Channel) => void) | undefined;
  #resolveEnded: (reason: string) => void = () => {};

  constructor(self: PartyName, peer: PartyName, tap: FrameTap) {
    this.self = self;
    this.peer = peer;
    this.#tap = tap;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  join(far: PipeLink): void {
    this.#far = far;
  }

  open(opening: Uint8Array): Channel {
    const far = this.#far as PipeLink;
    const [out, incoming] = [new Pipe(), new Pipe()];
    const near = this.channel(opening, [out, incoming]);
    const other = far.channel(opening, [incoming, out]);
    queueMicrotask(() => far.accept(other));
    return near;
  }

  channel(opening: Uint8Array, pipes: readonly [Pipe, Pipe]): PipeChannel {
    const channel = new PipeChannel(this.peer, opening, pipes, (frame) =>
      this.#tap(this.self, frame),
    );
    this.channels.push(channel);
    return channel;
  }

  accept(channel: Channel): void {
    if (this.#take === undefined) this.#untaken.push(channel);
    else this.#take(channel);
  }

  onChannel(take: (channel: Channel) => void): void {
    this.#take = take;
    for (const channel of this.#untaken.splice(0)) take(channel);
  }

  close(): void {
    for (const link of [this, this.#far as PipeLink]) {
      for (const channel of link.channels) channel.reset("lost");
      link.#resolveEnded("closed");
    }
  }
}

/** The two ends of a link. */
export function pipeLinks(
  first: PartyName,
  second: PartyName,
  tap: FrameTap = (_, frame) => [frame],
): [Link, Link] {
  const near = new PipeLink(first, second, tap);
  const far = new PipeLink(second, first, tap);
  near.join(far);
  far.join(near);
  return [near, far];
}

/** The two ends of one channel, without a handshake. */
export async function pipeChannel(
  first: PartyName,
  second: PartyName,
  tap?: FrameTap,
): Promise<[Channel, Channel]> {
  const [near, far] = pipeLinks(first, second, tap);
  const accepted = new Promise<Channel>((resolve) => far.onChannel(resolve));
  return [near.open(new Uint8Array()), await accepted];
}
