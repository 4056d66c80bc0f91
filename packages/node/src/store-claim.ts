/**
 * Which process has a store open. Two nodes over one data folder would give out the same numbers, and
 * each would work from a memory of what the other has changed since; their control sockets may differ.
 *
 * The claim is an entry of the store itself: lmdb lets one process write at a time, so two that start
 * at one moment cannot both believe that they are first. Nothing needs to be tidied up after a kill: a
 * claim counts while its process runs, and a process is known by its start besides its number.
 *
 * Limits: processes of two containers that share a volume do not see each other. Where the system does
 * not tell when a process began, one that has got the number of a killed node keeps its store closed
 * until it ends. With a disk that takes no writes a node starts without a claim.
 */
import { readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./config-error.ts";
import { StoreError } from "./store-failure.ts";
import { key, type Store, type Table } from "./store-table.ts";

const PLACE = key("holder");

interface Holder {
  readonly pid: number;
  /** Start of the process, boot of the machine, and who numbers its processes; where Linux tells. */
  readonly process: string;
  /** The file, by device and inode: a copy of it is not claimed. */
  readonly file: string;
}

/**
 * Claims the store in `folder` for this process; throws `SetupError` where another one has it. The
 * result lets go of it.
 */
export async function claimStore(
  store: Pick<Store, "transaction">,
  meta: Table,
  folder: string,
): Promise<() => Promise<void>> {
  const own: Holder = { ...runningProcess(process.pid), file: fileOf(folder) };
  const held = (): Holder | undefined => {
    const value = meta.get(PLACE);
    return value && (JSON.parse(value.toString()) as Holder);
  };
  const refuseAnother = (): void => {
    const holder = held();
    if (holder !== undefined && holder.file === own.file && isAnother(holder, own))
      throw new SetupError(
        `${folder} is in use by process ${holder.pid}: two nodes must not share a data folder; ` +
          "stop that one, or give this node a folder of its own",
      );
  };
  try {
    await store.transaction(() => {
      refuseAnother();
      void meta.put(PLACE, Buffer.from(JSON.stringify(own)));
    });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    refuseAnother(); // a disk that takes no writes: what is stored can be read all the same
  }
  return async () => {
    if (held()?.pid === own.pid) await meta.remove(PLACE);
  };
}

/** Whether a holder is a process that runs, and not this one. */
function isAnother(holder: Holder, own: Holder): boolean {
  if (holder.pid === own.pid) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false; // there is none
  }
  return runningProcess(holder.pid).process === holder.process;
}

/** A process as it is told from a later one of the same number. */
function runningProcess(pid: number): Pick<Holder, "pid" | "process"> {
  try {
    // The name in parentheses may hold anything; the start is the 20th field after it: proc(5).
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return { pid, process: `${start} ${boot} ${readlinkSync("/proc/self/ns/pid")}` };
  } catch {
    return { pid, process: "unknown" }; // not Linux: the number alone has to do
  }
}

function fileOf(folder: string): string {
  const { dev, ino } = statSync(join(folder, "store.mdb"));
  return `${dev}/${ino}`;
}
