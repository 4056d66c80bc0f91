/** Progress on standard error, for people; silent where nobody watches. */
import { Presets, SingleBar } from "cli-progress";

export interface Progress {
  /** `note`: a few words at the end of the line. */
  update(done: number, of: number, label: string, note?: string): void;
  /** A sentence about something that takes its time; also where no bar is drawn. */
  note(sentence: string): void;
  stop(): void;
}

/** A bar when standard error is a terminal and `quiet` is not set; otherwise nothing. */
export function progressBar(quiet: boolean): Progress {
  if (quiet || !process.stderr.isTTY)
    return { update() {}, note: quiet ? () => {} : say, stop() {} };
  let bar: SingleBar | undefined;
  let shown = "";
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    update(done, of, label, note = "") {
      if (label !== shown) {
        stop();
        shown = label;
        const format = `${label.padEnd(24)} {bar} {value}/{total}  {duration_formatted}, {eta_formatted} left  {note}`;
        bar = new SingleBar({ format, hideCursor: true, stream: process.stderr }, Presets.rect);
        bar.start(of, done, { note });
      }
      bar?.update(done, { note });
    },
    note(sentence) {
      stop();
      shown = "";
      say(sentence);
    },
    stop,
  };
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
