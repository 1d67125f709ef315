// A database written to a file by wrangler, and read from it into an empty one.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp } from "../harness/checks.mjs";
import { root, startWorker } from "../harness/worker.mjs";

const run = promisify(execFile);
const TOKEN = "a".repeat(64);

/** As much as the edge takes of a page. */
const JUNK = `{"v":1,"site":"shop","items":[${"x".repeat(59_000)}`;

/** A plan that is longer than a statement of D1 may be. */
const long = {
  ...plan,
  goals: [
    ...plan.goals,
    ...Array.from({ length: 200 }, (_, at) => ({
      id: `goal-${at}`,
      name: `it's ${"寸法🎯 ".repeat(40)}`,
      when: { any: Array.from({ length: 8 }, (_, n) => ({ page: `/部屋/${at}/${n}` })) },
    })),
  ],
};

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "goalpost-backup-"));
});
after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

/** A deployment's folder, whose databases are where wrangler looks for them. */
async function deployment(name) {
  const at = join(folder, name);
  await mkdir(at);
  await cp(join(root, "edge-worker/wrangler.jsonc"), join(at, "wrangler.jsonc"));
  await symlink(join(root, "node_modules"), join(at, "node_modules"));
  const env = { ...process.env, WRANGLER_LOG: "error" };
  const program = join(root, "node_modules/wrangler/bin/wrangler.js");
  return {
    options: { persist: join(at, ".wrangler/state/v3"), adminToken: TOKEN },
    goalpost: (...args) => run(process.execPath, [join(root, "edge-worker/npm/cli.mjs"), ...args], { cwd: at }),
    d1: (verb, ...args) => run(process.execPath, [program, "d1", verb, "DB", "--local", ...args], { cwd: at, env }),
  };
}

const REPORTS = [
  "overview", "channels", "campaigns", "landing-pages", "outcomes", "goals", "events", "sessions", "contacts",
  "fates", "conservation",
];

const reports = async (worker) => {
  const told = {};
  for (const name of REPORTS) {
    const response = await worker.admin(`shop/reports/${name}`);
    assert.equal(response.status, 200, name);
    told[name] = await response.json();
  }
  return told;
};

/** Every table's rows, in an order of their own. */
const tables = async ({ db }) => {
  const { results } = await db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' ORDER BY name")
    .all();
  const found = {};
  for (const { name } of results) {
    const { results: rows } = await db.prepare(`SELECT * FROM "${name}"`).all();
    found[name] = rows.map((row) => JSON.stringify(row)).sort();
  }
  return found;
};

test("a backup restored into an empty database tells the same, and what comes again adds nothing", async () => {
  const load = new PageLoad("shop");
  const beacons = [
    load.beacon([load.view(), load.adds("p1"), load.purchase("A1", "14800")]),
    load.beacon([load.identify("customer:7"), load.event("demo_requested", { note: "it's “quoted”; -- \n" })]),
    load.beacon([load.view({ title: "寸法 🎯" }), '{"id": 7}']),
  ];
  const [one, two] = [await deployment("one"), await deployment("two")];
  const worker = await startWorker({ ...one.options, plan: long });
  let before;
  let rows;
  try {
    for (const body of [...beacons, JUNK]) await post(worker, body);
    await worker.settle();
    await worker.rollUp();
    before = await reports(worker);
    rows = await tables(worker);
    assert.ok(Buffer.byteLength(rows.plans[0]) > 110_000, "a plan that is longer than a statement");
    assert.ok(before.overview.rows[0].sessions.value > 0 && rows.quarantine.length > 1);
  } finally {
    await worker.dispose();
  }

  const file = join(folder, "backup.sql");
  await one.d1("export", "--output", file);
  const restorable = join(folder, "restorable.sql");
  await two.goalpost("restorable", file, restorable);
  await two.d1("execute", "--file", restorable);

  const restored = await startWorker(two.options);
  try {
    assert.deepEqual(await tables(restored), rows);
    assert.deepEqual(await reports(restored), before);
    assert.equal((await fetch(`${restored.url}/health`)).status, 200);
    for (const body of beacons) await post(restored, body);
    await restored.settle();
    const { fates, conservation, ...after } = await reports(restored);
    const { fates: _, conservation: balance, ...figures } = before;
    assert.deepEqual(after, figures);
    assert.equal(conservation.stored, balance.stored);
    assert.ok(conservation.holds && conservation.duplicate > balance.duplicate);
    await everythingAddsUp(restored);
  } finally {
    await restored.dispose();
  }
});
