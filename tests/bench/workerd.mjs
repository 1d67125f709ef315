// The CPU time of workerd, as the kernel counts it for each of its threads, and its memory.

import { readFileSync, readdirSync } from "node:fs";

/** The workerd that this process has started. */
export class Workerd {
  constructor() {
    const own = children(process.pid).filter(({ name }) => name === "workerd");
    if (own.length !== 1) throw new Error(`${own.length} workerd processes run here, not one`);
    this.pid = own[0].pid;
  }

  /** Microseconds of CPU time since it started. */
  cpu() {
    let nanoseconds = 0;
    for (const task of readdirSync(`/proc/${this.pid}/task`)) {
      const [running] = read(`/proc/${this.pid}/task/${task}/schedstat`).split(" ");
      nanoseconds += Number(running);
    }
    return nanoseconds / 1_000;
  }

  /** Kilobytes of memory that it holds now. */
  memory() {
    return Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${this.pid}/status`))[1]);
  }

  /** Microseconds of CPU time that some work takes. */
  async cpuOf(work) {
    const before = this.cpu();
    await work();
    return this.cpu() - before;
  }
}

function children(parent) {
  const found = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    // "pid (name) state parent …"; the name may hold anything, so it ends at the last bracket.
    const stat = read(`/proc/${pid}/stat`);
    const end = stat.lastIndexOf(")");
    if (Number(stat.slice(end + 2).split(" ")[1]) !== parent) continue;
    found.push({ pid, name: stat.slice(stat.indexOf("(") + 1, end) });
  }
  return found;
}

/** Empty where the process has ended meanwhile. */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
