/** Moving points between lanes. */
import { POINT } from "./workspace";

export function copyPoint(r: usize, a: usize): void {
  memory.copy(r, a, POINT);
}

/** Lane e of r ← lane e + 2 of a, or its neighbour in the pair for `by` 1. */
export function rotateLanes(r: usize, a: usize, by: i32): void {
  for (let at: usize = 0; at < POINT; at += 16) {
    const x = v128.load(a + at);
    const halves = v128.shuffle<u32>(x, x, 2, 3, 0, 1);
    const pairs = v128.shuffle<u32>(x, x, 1, 0, 3, 2);
    v128.store(r + at, by == 2 ? halves : pairs);
  }
}

/** Lane `to` of r ← lane `from` of a. */
export function copyLane(r: usize, to: i32, a: usize, from: i32): void {
  for (let at: usize = 0; at < POINT; at += 16) {
    store<u32>(r + at + (<usize>to << 2), load<u32>(a + at + (<usize>from << 2)));
  }
}
