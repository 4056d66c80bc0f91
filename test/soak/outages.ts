/** When which node was down, and what that explains. */

/** After its return a node has to connect, and its peers to try again: links wait at most 10 s. */
const AFTERMATH_MS = 30_000;

export class Outages {
  readonly #past: { readonly node: string; readonly from: number; until: number }[] = [];

  /** Runs `work`, during which `node` is down for part of the time. */
  async during(node: string, work: () => Promise<void>): Promise<void> {
    const outage = { node, from: performance.now(), until: Number.POSITIVE_INFINITY };
    this.#past.push(outage);
    await work();
    outage.until = performance.now() + AFTERMATH_MS;
  }

  get count(): number {
    return this.#past.length;
  }

  /** Whether one of `nodes` was down, or had just come back, at any time from `since` to now. */
  touch(nodes: readonly string[], since: number): boolean {
    return this.#past.some(({ node, until }) => nodes.includes(node) && until >= since);
  }
}
