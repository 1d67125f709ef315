// A Worker whose clock each request sets.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./worker.mjs";

const modules = await Promise.all(
  ["worker.mjs", "clock.mjs"].map(async (name) => [name, await readFile(join(root, "tests/corpus", name), "utf8")]),
);

/** Has the Worker of these options go by the time that the header `x-now` of each request says. */
export function clocked(options) {
  const own = modules.map(([name, contents]) => ({
    type: "ESModule",
    path: join(options.modulesRoot, name),
    contents,
  }));
  options.modules.unshift(...own);
}
