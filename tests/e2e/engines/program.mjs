// Where the browsers and their drivers are, and who of their processes still lives.

import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";

/** A program's path: what the variable says, or else the first of these that is there. */
export function program(variable, ...names) {
  if (process.env[variable]) return process.env[variable];
  const folders = (process.env.PATH ?? "").split(delimiter);
  for (const name of names) {
    const paths = isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name));
    const found = paths.find((path) => existsSync(path));
    if (found) return found;
  }
  throw new Error(`no ${names[0]}: install it, or set ${variable} to its path`);
}

/** The processes that were started with this argument, which only one browser's have. */
export async function processesWith(argument) {
  const found = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const line = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
    if (line.split("\0").includes(argument)) found.push(Number(entry));
  }
  return found;
}
