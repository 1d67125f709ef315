// What is in the archive, read without the Worker.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { root } from "./worker.mjs";

const run = promisify(execFile);

/** Every object of a Worker's bucket, as files of a folder; the names of all. */
export async function fetched(worker, folder) {
  const bucket = await worker.miniflare.getR2Bucket("ARCHIVE", "goalpost");
  const keys = [];
  let cursor;
  do {
    const page = await bucket.list({ cursor });
    keys.push(...page.objects.map((it) => it.key));
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor);
  for (const key of keys) {
    const path = join(folder, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, Buffer.from(await (await bucket.get(key)).arrayBuffer()));
  }
  return keys.sort();
}

/** What DuckDB answers to questions about the files of a site in such a folder. */
export async function asked(folder, site, questions) {
  const python = process.env.DUCKDB;
  assert.ok(python, "set DUCKDB to a Python that has duckdb, as `cargo xtask test` does");
  const script = await readFile(join(root, "examples/archive/duckdb.sql"), "utf8");
  const archive = join(folder, "archive", site);
  const input = JSON.stringify({ archive, script, questions });
  // Not execFileSync: a connection that the Worker closes meanwhile would be taken for an open one.
  const asking = run(python, [join(root, "tests/harness/read_archive.py")], { maxBuffer: 1 << 28 });
  asking.child.stdin.end(input);
  return JSON.parse((await asking).stdout);
}
