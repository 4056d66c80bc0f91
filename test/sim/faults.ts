/** What goes wrong in a run, and how it is put right. */
import type { Choices } from "./choices.ts";
import { BANK, BUREAUS, NODES, PLATFORMS, SUPERVISOR } from "./network-files.ts";
import type { World } from "./world.ts";

/** Pairs of nodes that are connected. */
const PAIRS: readonly (readonly [string, string])[] = [
  ["bureau-b", "bureau-a"],
  [BANK, SUPERVISOR],
  ...[BANK, SUPERVISOR, ...PLATFORMS].flatMap((name) =>
    BUREAUS.map((bureau) => [name, bureau] as const),
  ),
];

/** How far a clock may be off: ten minutes either way. */
const MAX_SKEW_MS = 600_000;

export type Fault =
  | "crash"
  | "ambush"
  | "restart"
  | "partition"
  | "break"
  | "cut"
  | "disk"
  | "skew";

export class Faults {
  readonly #world: World;
  readonly #choices: Choices;
  readonly #kinds: Readonly<Record<Fault, () => void>> = {
    crash: () => this.#crash(),
    ambush: () => this.#ambush(),
    restart: () => this.#restart(),
    partition: () => this.#partition(),
    break: () => this.#break(),
    cut: () => this.#cut(),
    disk: () => this.#disk(),
    skew: () => this.#skew(),
  };
  /** Faults so far. */
  count = 0;

  constructor(world: World, choices: Choices) {
    this.#world = world;
    this.#choices = choices;
  }

  inflict(fault: Fault): void {
    this.count += 1;
    this.#kinds[fault]();
  }

  /** Everything works again from now on. */
  async end(): Promise<void> {
    this.#world.note("all faults end");
    this.#world.network.healAll();
    this.#world.cut = () => false;
    this.#world.watch = () => {};
    for (const machine of this.#world.machines.values()) {
      machine.skewMs = 0;
      machine.disk.trouble = undefined;
    }
    await this.#world.startAll(30_000);
  }

  /** kill -9, and a start after a while. */
  #crash(): void {
    const name = this.#choices.one([...NODES, ...BUREAUS, ...BUREAUS]);
    this.#kill(name, 50 + this.#choices.below(6_000));
  }

  #kill(name: string, startsAfterMs: number): void {
    this.#world.note(`${name} crashes, and starts again after ${startsAfterMs} ms`);
    this.#world.machine(name).crash();
    this.#world.clock.after(startsAfterMs, () => this.#world.start(name));
  }

  /** kill -9 in the middle of something: when the n-th record between two nodes leaves. */
  #ambush(): void {
    const pair = this.#choices.one(PAIRS);
    const victim = this.#choices.one(pair);
    const startsAfterMs = 50 + this.#choices.below(3_000);
    let left = 1 + this.#choices.below(40);
    this.#world.note(`${victim} is to crash at record ${left} between ${pair.join(" and ")}`);
    this.#world.watch = ({ from, to }) => {
      if (!pair.includes(from) || !pair.includes(to)) return;
      left -= 1;
      if (left === 0) this.#world.clock.after(0, () => this.#kill(victim, startsAfterMs));
    };
  }

  #restart(): void {
    const name = this.#choices.one(NODES);
    const machine = this.#world.machine(name);
    this.#world.note(`${name} restarts in good order`);
    const life = machine.lives;
    void machine.stop().then(() => {
      if (machine.lives === life) this.#world.start(name);
    });
  }

  #partition(): void {
    const [a, b] = this.#choices.one(PAIRS);
    const oneWay = this.#choices.chance(0.3);
    const lastsMs = 200 + this.#choices.below(this.#choices.chance(0.5) ? 3_000 : 25_000);
    this.#world.note(
      `nothing gets through from ${a} to ${b}${oneWay ? "" : " and back"} for ${lastsMs} ms`,
    );
    this.#world.network.partition(a, b, oneWay);
    this.#world.clock.after(lastsMs, () => this.#world.network.heal(a, b));
  }

  #break(): void {
    const [a, b] = this.#choices.one(PAIRS);
    this.#world.note(`connections between ${a} and ${b} break`);
    this.#world.network.break(a, b);
  }

  /** A request, or a response, is lost with its connection: the n-th record of one direction. */
  #cut(): void {
    const pair = this.#choices.one(PAIRS);
    const [from, to] = this.#choices.chance(0.5) ? pair : [...pair].reverse();
    let left = 1 + this.#choices.below(12);
    this.#world.note(`record ${left} from ${from} to ${to} is lost, and its connection`);
    this.#world.cut = (departure) => {
      if (departure.from !== from || departure.to !== to) return false;
      left -= 1;
      return left === 0;
    };
  }

  #disk(): void {
    const name = this.#choices.one(NODES);
    const trouble = this.#choices.one(["disk full", "disk error"] as const);
    const lastsMs = 100 + this.#choices.below(8_000);
    this.#world.note(`${name}: ${trouble} for ${lastsMs} ms`);
    const { disk } = this.#world.machine(name);
    disk.trouble = trouble;
    this.#world.clock.after(lastsMs, () => {
      disk.trouble = undefined;
      this.#world.start(name); // it may have given up at its start
    });
  }

  /** A step of the clock, as after a correction, in either direction. */
  #skew(): void {
    const name = this.#choices.one(NODES);
    const skewMs = Math.round((2 * this.#choices.fraction() - 1) * MAX_SKEW_MS);
    this.#world.note(`the clock of ${name} is ${skewMs} ms ahead`);
    this.#world.machine(name).skewMs = skewMs;
  }
}
