// Loaded before a node by the benches: profiles this process from one message to the next.
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";

process.env.MOIETY_SOURCES = "1"; // places in the profile are files and lines of the sources

const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.setSamplingInterval", { interval: 200 });

process.on("message", async ({ profile }) => {
  if (profile === undefined) return;
  if (profile.file === undefined) {
    await session.post("Profiler.start");
  } else {
    const stopped = await session.post("Profiler.stop");
    writeFileSync(profile.file, JSON.stringify(stopped.profile), { mode: 0o600 });
  }
  process.send({ profile: "done" });
});
// Listening must not keep a process alive that has nothing else to do.
process.channel?.unref();
