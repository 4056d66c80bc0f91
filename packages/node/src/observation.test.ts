import { request } from "node:http";
import { connect } from "node:net";
import type { ChannelSession } from "@moiety/kit";
import { afterEach, describe, expect, test } from "vitest";
import type { Health } from "./health.ts";
import { Metrics, type Sample } from "./metrics.ts";
import { type ObservationServer, serveObservation } from "./observation.ts";

let server: ObservationServer | undefined;
afterEach(async () => server?.close());

const WELL: Health = { status: "ok", ailments: [] };

async function serving(metrics: Metrics, health: () => Health = () => WELL): Promise<string> {
  server = await serveObservation(0, metrics, health);
  return `http://127.0.0.1:${server.port}`;
}

function ended(protocol: string, bytes: number): ChannelSession {
  const meter = { ask: { count: 1, bytes } };
  return { protocol, meter, taken: {} } as unknown as ChannelSession;
}

describe("metrics", () => {
  test("count sessions by outcome, and their messages", async () => {
    const metrics = new Metrics("bureau-a", "bureau-a");
    metrics.sessionEnded(ended("score", 100), { durationMs: 12 });
    metrics.sessionEnded(ended("score", 50), { durationMs: 3, failure: "lost" });
    const text = await (await fetch(`${await serving(metrics)}/metrics`)).text();
    const line = (name: string, ...labels: string[]): string | undefined =>
      text
        .split("\n")
        .find((each) => each.startsWith(name) && labels.every((l) => each.includes(l)));
    expect(line("moiety_sessions_total", 'outcome="ok"')).toMatch(/ 1$/);
    expect(line("moiety_sessions_total", 'outcome="lost"')).toMatch(/ 1$/);
    expect(line("moiety_message_bytes_total", 'direction="sent"', 'message="ask"')).toMatch(
      / 150$/,
    );
    expect(line("moiety_session_seconds_bucket", 'le="0.02"', 'protocol="score"')).toMatch(/ 1$/);
    expect(line("moiety_session_seconds_bucket", 'le="0.01"', 'protocol="score"')).toMatch(/ 0$/);
  });

  test("report what is, and not what was", async () => {
    const metrics = new Metrics("bureau-a", "bureau-a");
    let samples: Sample[] = [];
    metrics.observe(() => samples);
    const held = (version: string, value: number): Sample => ({
      name: "deposit_records",
      help: "Records",
      labels: { version },
      value,
    });
    samples = [held("1", 10), held("2", 20)];
    expect(await metrics.text()).toMatch(/version="1".* 10\n/);
    samples = [held("2", 21)];
    const text = await metrics.text();
    expect(text).not.toMatch(/version="1"/);
    expect(text).toMatch(/version="2".* 21\n/);
  });
});

describe("the page for monitoring", () => {
  test("says 503 and why while something is wrong", async () => {
    let health = WELL;
    const url = await serving(new Metrics("bank", "bank"), () => health);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    health = { status: "impaired", ailments: ["not connected to bureau-a (dialling)"] };
    const answer = await fetch(`${url}/health`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual(health);
  });

  test.each([
    ["who asks under another name", { host: "rebound.example" }],
    ["who is another page in a browser", { "sec-fetch-site": "cross-site" }],
  ])("answers nobody %s", async (_, headers) => {
    const { port } = new URL(await serving(new Metrics("bank", "bank")));
    const status = await new Promise((resolve, reject) => {
      request({ host: "127.0.0.1", port, path: "/metrics", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .once("error", reject)
        .end();
    });
    expect(status).toBe(403);
  });

  test("holds few connections of those who only connect", async () => {
    const { port } = new URL(await serving(new Metrics("bank", "bank")));
    const sockets = Array.from({ length: 40 }, () => connect(Number(port), "127.0.0.1"));
    const ends = sockets.map((socket) => {
      socket.on("error", () => {});
      return new Promise((resolve) => {
        socket.once("close", resolve);
      });
    });
    await Promise.any(ends);
    const others = sockets.filter(({ destroyed }) => !destroyed);
    expect(others.length).toBeGreaterThan(0);
    for (const socket of others) socket.destroy();
    await Promise.all(ends);
  });

  test("names a port that is taken", async () => {
    const { port } = new URL(await serving(new Metrics("bank", "bank")));
    const second = serveObservation(Number(port), new Metrics("b", "bank"), () => WELL);
    await expect(second).rejects.toThrow(new RegExp(`metrics.port.*${port} is taken`));
  });
});
