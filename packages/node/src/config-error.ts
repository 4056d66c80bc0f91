/** A node cannot start, or a command cannot run, for a reason that its operator can mend. */
export class SetupError extends Error {
  override readonly name = "SetupError";
}
