/** Progress on standard error, for people; silent where nobody watches. */
import { Presets, SingleBar } from "cli-progress";

export interface Progress {
  update(done: number, of: number, label: string): void;
  stop(): void;
}

/** A bar when standard error is a terminal and `quiet` is not set; otherwise nothing. */
export function progressBar(quiet: boolean): Progress {
  if (quiet || !process.stderr.isTTY) return { update() {}, stop() {} };
  let bar: SingleBar | undefined;
  let shown = "";
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    update(done, of, label) {
      if (label !== shown) {
        stop();
        shown = label;
        const format = `${label.padEnd(24)} {bar} {value}/{total}  {duration_formatted}, {eta_formatted} left`;
        bar = new SingleBar({ format, hideCursor: true, stream: process.stderr }, Presets.rect);
        bar.start(of, done);
      }
      bar?.update(done);
    },
    stop,
  };
}
