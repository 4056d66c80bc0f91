/** A first-in-first-out queue whose `shift` takes constant time, however long it is. */
export class Fifo<T> {
  #front: T[] = [];
  #back: T[] = [];

  get size(): number {
    return this.#front.length + this.#back.length;
  }

  push(item: T): void {
    this.#back.push(item);
  }

  peek(): T | undefined {
    this.#turn();
    return this.#front.at(-1);
  }

  shift(): T | undefined {
    this.#turn();
    return this.#front.pop();
  }

  /** Empties the queue and gives what it held, in order. */
  drain(): T[] {
    const items = [...this.#front.reverse(), ...this.#back];
    this.#front = [];
    this.#back = [];
    return items;
  }

  #turn(): void {
    if (this.#front.length > 0) return;
    this.#front = this.#back.reverse();
    this.#back = [];
  }
}
