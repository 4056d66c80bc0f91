import { describe, expect, expectTypeOf, test } from "vitest";
import { flag, integer, object } from "./codec.ts";
import {
  defineProtocol,
  type Limits,
  message,
  narrow,
  neighbours,
  type Protocol,
  type RoleOf,
  type Session,
  type SessionOf,
} from "./protocol.ts";

const number = object({ n: integer(9) });

const trade = defineProtocol({
  name: "trade",
  version: 3,
  roles: ["bank", "a", "b"],
  messages: {
    order: message("bank", ["a", "b"], number),
    settle: message(["a", "b"], ["a", "b"], object({ on: flag })),
    result: message(["a", "b"], "bank", number),
  },
  limits: { receiveMs: 1000, receivedBytes: 1000 },
  cost: (_: { readonly people: number }) => ({ messages: {}, rounds: 3 }),
});

type Trade = typeof trade.messages;

describe("types: a role sends and receives its own messages only", () => {
  // Never called: whether it compiles is the test (`tsc` refuses an expectation that is not met).
  async function bank(session: Session<Trade, "bank">): Promise<void> {
    session.send("a", "order", { n: 1 });
    // @ts-expect-error a bank does not send a bureau's message
    session.send("a", "result", { n: 1 });
    // @ts-expect-error nobody sends an order to a bank
    session.send("bank", "order", { n: 1 });
    // @ts-expect-error there is no such message
    session.send("a", "orders", { n: 1 });
    // @ts-expect-error there is no such role
    session.send("c", "order", { n: 1 });
    // @ts-expect-error the body lacks its field
    session.send("a", "order", {});
    // @ts-expect-error the field is of another type
    session.send("a", "order", { n: "1" });
    expectTypeOf(await session.receive("b", "result")).toEqualTypeOf<{ readonly n: number }>();
    // @ts-expect-error a bureau does not send an order
    await session.receive("a", "order");
    // @ts-expect-error what bureaus tell each other is not for the bank
    await session.receive("a", "settle");
  }

  async function bureau(session: Session<Trade, "a"> | Session<Trade, "b">): Promise<void> {
    const peer = session.role === "a" ? "b" : "a";
    session.send(peer, "settle", { on: true });
    expectTypeOf(await session.receive(peer, "settle")).toEqualTypeOf<{ readonly on: boolean }>();
    session.send("bank", "result", await session.receive("bank", "order"));
    // @ts-expect-error a bureau orders nothing
    session.send("bank", "order", { n: 1 });
  }

  test("roles are functions of a session", () => {
    expectTypeOf(bank).parameter(0).toEqualTypeOf<SessionOf<typeof trade, "bank">>();
    expectTypeOf(bureau).returns.resolves.toBeVoid();
  });

  test("the types of role, session and parameters are read off the protocol", () => {
    expectTypeOf<SessionOf<typeof trade, "bank">>().toEqualTypeOf<Session<Trade, "bank">>();
    expectTypeOf<RoleOf<typeof trade, "bank", string, number>>().toEqualTypeOf<
      (session: Session<Trade, "bank">, input: string) => Promise<number>
    >();
    expectTypeOf(trade.cost).parameter(0).toEqualTypeOf<{ readonly people: number }>();
    expectTypeOf(trade.roles).toEqualTypeOf<readonly ("bank" | "a" | "b")[]>();
  });

  test("a message between roles that the protocol does not have does not compile", () => {
    const undeclared = (): unknown =>
      defineProtocol({
        ...trade,
        // @ts-expect-error there is no role c
        messages: { lost: message("a", "c", number) },
      });
    expect(undeclared).toThrow("unknown role c");
  });

  test("a sub-protocol's session is the same session with fewer messages", () => {
    type Sub = Pick<Trade, "settle">;
    const sub = async (session: Session<Sub, "a" | "b">): Promise<void> => {
      session.send("a", "settle", { on: true });
      // @ts-expect-error not a message of the sub-protocol
      session.send("bank", "result", { n: 1 });
    };
    const whole = (session: SessionOf<typeof trade, "a">): Promise<void> => sub(narrow(session));
    expectTypeOf(whole).returns.resolves.toBeVoid();
  });
});

describe("neighbours", () => {
  test("are the roles that exchange messages, in the order of roles", () => {
    const chain = defineProtocol({
      ...trade,
      messages: { one: message("bank", "a", number), two: message("b", "a", number) },
    }) as unknown as Protocol;
    expect(neighbours(chain, "bank")).toEqual(["a"]);
    expect(neighbours(chain, "a")).toEqual(["bank", "b"]);
    expect(neighbours(trade as unknown as Protocol, "a")).toEqual(["bank", "b"]);
  });
});

describe("defineProtocol refuses", () => {
  const many = Object.fromEntries(
    Array.from({ length: 65 }, (_, i) => [`m${i}`, message("bank", "a", number)]),
  );
  const limits = (changes: Partial<Limits>): { limits: Limits } => ({
    limits: { ...trade.limits, ...changes },
  });
  const wrong: readonly (readonly [string, object, RegExp])[] = [
    ["a name that an opening does not carry", { name: "Trade" }, /name/],
    ["a name that would blur contexts", { name: "trade/1" }, /name/],
    ["a role that an opening does not carry", { roles: ["bank", "a", "B"] }, /name/],
    ["a version out of range", { version: 65_536 }, /version/],
    ["half a version", { version: 0.5 }, /version/],
    ["one role", { roles: ["bank"], messages: {} }, /2\.\.8 roles/],
    ["nine roles", { roles: [..."abcdefghi"], messages: {} }, /2\.\.8 roles/],
    ["a role twice", { roles: ["bank", "a", "b", "a"] }, /twice/],
    ["too many messages", { messages: many }, /more than 64/],
    ["a message from nobody", { messages: { x: message([], "a", number) } }, /joins no two/],
    ["a message to oneself", { messages: { x: message("a", "a", number) } }, /joins no two/],
    [
      "a role that nobody starts",
      { messages: { x: message("bank", "a", number) } },
      /nobody starts/,
    ],
    ["a wait that no timer holds", limits({ receiveMs: 2 ** 31 }), /limit/],
    ["a wait without end", limits({ receiveMs: Number.POSITIVE_INFINITY }), /limit/],
    ["no time at all", limits({ totalMs: 0 }), /limit/],
    ["no bytes at all", limits({ receivedBytes: 0 }), /limit/],
  ];

  test.each(wrong)("%s", (_, changes, words) => {
    const declare = (): unknown => defineProtocol({ ...trade, ...changes } as typeof trade);
    expect(declare).toThrow(RangeError);
    expect(declare).toThrow(words);
  });
});
