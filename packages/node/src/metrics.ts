/**
 * What a node tells Prometheus. Sessions are counted as they end; everything else is read when it is
 * asked for. Labels are names of protocols, messages, parties and domains: never anything of a person.
 */
import type { ChannelSession, SessionEnd } from "@moiety/kit";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Tally } from "./traffic.ts";

/** One figure, read at the moment of asking. */
export interface Sample {
  /** Metric name, without the prefix `moiety_`; units come last (`_bytes`, `_seconds`). */
  readonly name: string;
  readonly help: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Upper bounds in seconds: a single inquiry lies near 0.02, a batch block below 1, a deposit above. */
const BUCKETS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 30, 120];

export class Metrics {
  readonly #registry = new Registry();
  readonly #sessions: Counter;
  readonly #seconds: Histogram;
  readonly #messages: Counter;
  readonly #bytes: Counter;
  readonly #sources: (() => Iterable<Sample>)[] = [];
  readonly #gauges = new Map<string, Gauge>();

  constructor(node: string, role: string) {
    this.#registry.setDefaultLabels({ node, role });
    const registers = [this.#registry];
    this.#sessions = new Counter({
      name: "moiety_sessions_total",
      help: "Sessions ended, by protocol and outcome (ok, or the error's code)",
      labelNames: ["protocol", "outcome"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "moiety_session_seconds",
      help: "Duration of sessions that ended well",
      labelNames: ["protocol"],
      buckets: BUCKETS,
      registers,
    });
    const labelNames = ["direction", "protocol", "message"];
    this.#messages = new Counter({
      name: "moiety_messages_total",
      help: "Messages of ended sessions",
      labelNames,
      registers,
    });
    this.#bytes = new Counter({
      name: "moiety_message_bytes_total",
      help: "Bytes of the messages of ended sessions, frames included",
      labelNames,
      registers,
    });
  }

  /** Adds the process's own figures: CPU, memory, event loop, file descriptors. Call it once. */
  observeProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Adds figures that are read whenever the metrics are asked for. */
  observe(read: () => Iterable<Sample>): void {
    this.#sources.push(read);
  }

  sessionEnded({ protocol, meter, taken }: ChannelSession, end: SessionEnd): void {
    const { durationMs, failure } = end;
    this.#sessions.inc({ protocol, outcome: failure ?? "ok" });
    if (failure === undefined) this.#seconds.observe({ protocol }, durationMs / 1000);
    this.#count("sent", protocol, meter);
    this.#count("received", protocol, taken);
  }

  #count(direction: string, protocol: string, meter: Readonly<Record<string, Tally>>): void {
    for (const [message, { count, bytes }] of Object.entries(meter)) {
      this.#messages.inc({ direction, protocol, message }, count);
      this.#bytes.inc({ direction, protocol, message }, bytes);
    }
  }

  /** Prometheus' text format. */
  async text(): Promise<string> {
    // Forgotten first: a version that went, or a peer that left, must not be reported for ever.
    for (const gauge of this.#gauges.values()) gauge.reset();
    for (const read of this.#sources)
      for (const sample of read()) this.#gauge(sample).set(sample.labels ?? {}, sample.value);
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #gauge({ name, help, labels }: Sample): Gauge {
    const known = this.#gauges.get(name);
    if (known !== undefined) return known;
    const gauge = new Gauge({
      name: `moiety_${name}`,
      help,
      labelNames: Object.keys(labels ?? {}),
      registers: [this.#registry],
    });
    this.#gauges.set(name, gauge);
    return gauge;
  }
}
