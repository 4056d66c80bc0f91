/** Colours where a person watches; pipes, files and build servers get plain text. */
import pc from "picocolors";

export type Colours = ReturnType<typeof pc.createColors>;

const coloursFor = (stream: { readonly isTTY?: boolean }): Colours =>
  pc.createColors(stream.isTTY === true && pc.isColorSupported);

/** For what goes to standard output, and to standard error. */
export const outColours: Colours = coloursFor(process.stdout);
export const errorColours: Colours = coloursFor(process.stderr);
