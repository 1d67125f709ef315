// Projects of their own, as a shop's developer has them: the packed package, installed by npm.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../harness/worker.mjs";

const run = promisify(execFile);
const templates = join(root, "tests/packages/templates");

/** The plan that every project's types are made from. */
export const planFile = join(root, "examples/storefront/plan.json");

let packed;

/** The package as it would be published: one file, made once. */
export const pack = () =>
  (packed ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), "goalpost-packed-"));
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: join(root, "npm") });
    const [{ filename }] = Object.values(JSON.parse(stdout));
    return join(folder, filename);
  })());

/** Removes what `pack` made. */
export const unpack = async () => packed && rm(join(await packed, ".."), { recursive: true, force: true });

const failed = (what) => (problem) => {
  assert.fail(`${what} failed:\n${problem.stdout ?? ""}\n${problem.stderr ?? problem}`);
};

/** A copy of a template, with what it needs and the package. */
export async function project(name) {
  const folder = await mkdtemp(join(tmpdir(), `goalpost-${name}-`));
  await cp(join(templates, name), folder, { recursive: true });
  const manifestFile = join(folder, "package.json");
  const manifest = JSON.parse(await readFile(manifestFile, "utf8"));
  manifest.dependencies = { ...manifest.dependencies, goalpost: `file:${await pack()}` };
  await writeFile(manifestFile, JSON.stringify(manifest));
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
  const made = {
    folder,
    at: (path) => join(folder, path),
    /** Runs a program of the project; gives what it wrote. */
    run: async (program, ...args) => {
      const done = await run(program, args, { cwd: folder, env, maxBuffer: 1 << 24 }).catch(
        failed(`${name}: ${program} ${args.join(" ")}`),
      );
      return done.stdout;
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
  await made.run("npm", "install", "--no-audit", "--no-fund", "--prefer-offline");
  return made;
}

/** Whether `tsc` refuses what the text says at each line marked so, and nothing else. */
export async function refused({ at, run: start }, file) {
  const marked = (await readFile(at(file), "utf8"))
    .split("\n")
    .flatMap((line, number) => (line.includes("// refused") ? [number + 1] : []));
  const { stdout } = await start("sh", "-c", "npx tsc --noEmit --pretty false || true").then((stdout) => ({ stdout }));
  const lines = [...stdout.matchAll(/^(\S+?)\((\d+),\d+\): error/gm)];
  assert.deepEqual([...new Set(lines.map(([, path]) => path))], [file], stdout);
  assert.deepEqual([...new Set(lines.map(([, , line]) => Number(line)))], marked, stdout);
}
