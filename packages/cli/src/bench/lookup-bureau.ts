/** A bureau that makes random OTs with its peer, and looks up: no store, no bank, no disk. */
import {
  type ChannelSession,
  type Link,
  type ProtocolError,
  Switchboard,
  service,
  systemClock,
} from "@moiety/kit";
import { PadStock } from "@moiety/node/runtime";
import { lookup, randomOt } from "@moiety/protocols";

/** Random OTs kept ready: a node's default. */
const PADS_READY = 65_536;

export type LookupSide = "a" | "b";

export interface LookupBureauRules {
  /** Plays B's part in a session that A opened. */
  readonly answer: (session: lookup.LookupSession) => Promise<void>;
  /** Told of sessions that failed, refills too. */
  readonly onFailure?: (error: ProtocolError) => void;
  readonly onEnd?: (session: ChannelSession) => void;
}

export class LookupBureau {
  readonly pads: PadStock = new PadStock(PADS_READY, systemClock);
  readonly #side: LookupSide;
  readonly #rules: LookupBureauRules;
  readonly #board: Switchboard;
  #linked: (link: Link) => void = () => {};

  constructor(side: LookupSide, rules: LookupBureauRules) {
    this.#side = side;
    this.#rules = rules;
    const linked = new Promise<Link>((resolve) => {
      this.#linked = resolve;
    });
    const { answer, ...told } = rules;
    this.#board = new Switchboard({ self: side, linkTo: () => linked, ...told });
    this.#board.serve(
      service(
        randomOt.randomOt,
        "sender",
        () => {},
        (session) => randomOt.sender(session, this.pads.asSender(session.id)),
      ),
      service(lookup.lookup, "b", () => {}, answer),
    );
  }

  /** Sessions that have not ended. */
  get running(): Iterable<ChannelSession> {
    return this.#board.running;
  }

  /** Takes the link to the peer, and begins to fill the stock of random OTs. */
  attach(link: Link): void {
    this.#board.attach(link);
    this.#linked(link);
    const roles = { receiver: this.#side, sender: this.#side === "a" ? "b" : "a" };
    void this.pads.keepFilled(
      (input) =>
        this.#board.run(randomOt.randomOt, "receiver", roles, (session) =>
          randomOt.receiver(session, input(session)),
        ),
      (error) => this.#rules.onFailure?.(error as ProtocolError),
    );
  }

  /** Opens a session as A. */
  ask<T>(play: (session: lookup.LookupSession) => Promise<T>): Promise<T> {
    return this.#board.run(lookup.lookup, "a", { a: "a", b: "b" }, play);
  }

  close(): void {
    this.pads.close();
    this.#board.close();
  }
}
