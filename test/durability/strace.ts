/** `npm run test:strace`: that what a bureau acknowledges is on disk before it says so, by its system calls. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { Population } from "../crash/population.ts";
import { Scene } from "../crash/scene.ts";
import { World } from "../world/network.ts";
import { judge, type Promised, type StoreFiles, type Verdict } from "./trace.ts";

const MARKS = new URL("./marks.mjs", import.meta.url).href;
const NODE = "bureau-a";
const PROMISED: readonly Promised[] = [
  { said: "stored", after: "deposit.chunk-received" },
  { said: "accepted", after: "deposit.completing" },
  { said: "objection", after: "model.installing" },
  // Says to the other bureau that the inquiry is noted; without both seals no share leaves.
  { said: "seal", after: "inquiry.intending" },
];
const INQUIRIES = 20;
/** O_DSYNC, in the octal flags of /proc. */
const DSYNC = 0o10000;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function storeFiles(pid: number): StoreFiles {
  const open = readdirSync(`/proc/${pid}/fd`).filter((fd) =>
    readlinkSync(`/proc/${pid}/fd/${fd}`).endsWith("/store.mdb"),
  );
  const isSynced = (fd: string): boolean => {
    const [, flags] =
      /flags:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8")) ?? [];
    return (Number.parseInt(flags ?? "0", 8) & DSYNC) !== 0;
  };
  const data = open.filter((fd) => !isSynced(fd)).map(Number);
  const meta = open.filter(isSynced).map(Number);
  if (data.length === 0 || meta.length !== 1) throw new Error("the store is not open as expected");
  return { data: Math.max(...data), meta: meta[0] as number };
}

async function trace(world: World): Promise<Verdict | undefined> {
  const people = new Population("strace", { alpha: 1100, beta: 40 });
  const scene = await Scene.make(world, (node) =>
    node === NODE ? [{ module: MARKS, env: {} }] : [],
  );
  await scene.start();
  const { pid } = scene.network.running(NODE);
  const file = join(world.folder, "trace");
  const calls = "trace=fdatasync,fsync,pwrite64,write";
  const strace = spawn("strace", ["-f", "-o", file, "-e", calls, "-p", String(pid)]);
  const [said] = (await once(strace.stderr, "data")) as [Buffer];
  if (!said.toString().includes("attached")) {
    say(`strace may not attach to a process here, so nothing was shown: ${said.toString().trim()}`);
    return undefined;
  }
  const files = storeFiles(pid);
  say("deposits, a model, inquiries, one after the other");
  await scene.deposit("alpha", people.csv("alpha", 0));
  await scene.deposit("beta", people.csv("beta", 0));
  await scene.deploy(0);
  for (let person = 0; person < INQUIRIES; person += 1) await scene.score(person);
  strace.kill("SIGINT");
  await once(strace, "exit");
  return judge(readFileSync(file, "utf8").split("\n"), files, PROMISED);
}

if (spawnSync("strace", ["-V"]).error !== undefined) {
  say("strace is not installed, so nothing was shown; on Debian: apt-get install strace");
} else {
  const world = new World();
  try {
    const verdict = await trace(world);
    if (verdict !== undefined) {
      const { acknowledged, commits, hollow } = verdict;
      for (const [said, count] of Object.entries(acknowledged)) say(`${said.padEnd(10)} ${count}`);
      say(`${"commits".padEnd(10)} ${commits} (fdatasync, then the meta page written through)`);
      for (const each of hollow) say(`NOT DURABLE WHEN GIVEN: ${each}`);
      const silent = Object.entries(acknowledged).filter(([, count]) => count === 0);
      for (const [said] of silent) say(`NOT SEEN: no ${said} was found; has its message changed?`);
      if (hollow.length + silent.length > 0) process.exitCode = 1;
      else say("each acknowledgement follows a commit of what it acknowledges");
    }
  } finally {
    await world.close();
  }
}
