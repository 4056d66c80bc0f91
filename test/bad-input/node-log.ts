/** A node's log, as its operator reads it. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

const PATIENCE_MS = 15_000;

export class NodeLog {
  readonly file: string;
  #read = 0;

  /** `config`: the node's configuration file; `moiety init` puts the log beside it. */
  constructor(config: string) {
    this.file = join(dirname(config), "node.log");
  }

  text(): string {
    return readFileSync(this.file, "utf8");
  }

  /** From now on: what was logged before is not looked at by `until`. */
  mark(): void {
    this.#read = readFileSync(this.file).length;
  }

  /** Lines since the mark. */
  lines(): LogLine[] {
    const since = readFileSync(this.file).subarray(this.#read).toString();
    const whole = since.slice(0, since.lastIndexOf("\n") + 1);
    return whole.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as LogLine]));
  }

  /** The first line since the mark that fits, which may be still to come. */
  async until(what: string, fits: (line: LogLine) => boolean): Promise<LogLine> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = this.lines().find(fits);
      if (found !== undefined) return found;
      if (Date.now() > deadline)
        throw new Error(
          `not logged: ${what}\n${this.lines()
            .map((l) => JSON.stringify(l))
            .join("\n")}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
