/** How the demo tells its story: a line per step, with its time, and the account at the end. */
import { outColours as pc } from "@moiety/cli";

/** Tells how a step ended. */
export interface Ending {
  (how: string): void;
  /** It was done by an earlier run. */
  before(how: string): void;
}

export class Teller {
  readonly quiet: boolean;
  #steps = 0;

  /** `quiet`: nothing on the terminal but the last line. */
  constructor(quiet: boolean) {
    this.quiet = quiet;
  }

  /** Announces a step; the result tells how it ended. */
  step(what: string): Ending {
    this.#steps += 1;
    const started = performance.now();
    this.say(`${pc.bold(String(this.#steps).padStart(2))}  ${what}`);
    const ended = (how: string): void => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      this.say(`    ${pc.green("✓")} ${how} ${pc.dim(`(${seconds} s)`)}`);
    };
    const before = (how: string): void => {
      this.say(`    ${pc.green("✓")} ${how} ${pc.dim("(done before)")}`);
    };
    return Object.assign(ended, { before });
  }

  say(line: string = ""): void {
    if (!this.quiet) process.stdout.write(`${line}\n`);
  }
}
