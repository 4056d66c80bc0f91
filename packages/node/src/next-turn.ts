/**
 * Turns of the event loop for long work: cut in slices of a few milliseconds, of which one runs in a turn,
 * however many works are under way; and while somebody waits for a single inquiry, they step back.
 */
import type { Clock } from "@moiety/kit";

/** More people than that in one piece of work are a batch, and wait for single ones. */
export const FEW: number = 32;

/** Whoever waits for a turn, first come, first served. */
const waiting: (() => void)[] = [];
/** Works under way that somebody waits for. */
let urgent = 0;
let later: ((call: () => void) => void) | undefined;

/**
 * Between two slices of long work while something urgent is under way, so many milliseconds pass: about as
 * many as a slice takes, for that long work has half of the time at most. Without it long work does not step
 * back. For a process that is one node: all that shares a process shares its turns.
 */
export function stepBackBy(ms: number, clock: Pick<Clock, "after">): void {
  later = (call) => void clock.after(ms, call);
}

/** Lets everything else that is due run before the caller goes on: heartbeats, and inquiries. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) schedule();
  });
}

/** Before a step that takes milliseconds for so many people: `nextTurn` for many, nothing for few. */
export function turnFor(people: number): Promise<void> | undefined {
  return people > FEW ? nextTurn() : undefined;
}

/** Has long work step back until the result is called; a second call does nothing. */
export function beginUrgent(): () => void {
  let ended = false;
  urgent += 1;
  return () => {
    if (!ended) urgent -= 1;
    ended = true;
  };
}

function schedule(): void {
  if (urgent > 0 && later !== undefined) later(release);
  else setImmediate(release);
}

function release(): void {
  const next = waiting.shift();
  if (waiting.length > 0) schedule();
  next?.();
}
