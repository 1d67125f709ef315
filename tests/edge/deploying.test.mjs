// What is asked before a deployment, and in which order it is done. The platform is played.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { check, deploy } from "../../edge-worker/npm/deploy.mjs";
import { wranglerIn } from "../../edge-worker/npm/wrangler.mjs";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp } from "../harness/checks.mjs";
import { root, startWorker } from "../harness/worker.mjs";

const folder = join(root, "edge-worker");
const { config } = wranglerIn(folder);
const filledIn = {
  ...config,
  routes: [{ pattern: "shop.example/_g/*", zone_name: "shop.example" }],
  d1_databases: [{ ...config.d1_databases[0], database_id: "6f1c2d34-0000-4000-8000-000000000001" }],
  kv_namespaces: [{ binding: "PLANS", id: "6f1c2d3400004000800000000000000a" }],
};

/** An account where everything is there, but for what `refuses` says no to. */
function account(settings, refuses = () => undefined) {
  const asked = [];
  const ask = (...args) => {
    const command = args.join(" ").replace(/ --outdir .*| --persist-to .*/, "");
    asked.push(command);
    const refused = refuses(command);
    return { ok: refused === undefined, text: refused ?? '[{ "name": "ADMIN_TOKEN_HASH" }]' };
  };
  return { folder, config: settings, ask, asked };
}

const refused = (wrangler) => {
  try {
    deploy(wrangler, () => {});
  } catch (problem) {
    return problem.message;
  }
  return assert.fail("it was deployed");
};

test("tables come before the code that reads them, and both after everything was asked", () => {
  const wrangler = account(filledIn);
  deploy(wrangler, () => {});
  assert.deepEqual(wrangler.asked, [
    "whoami",
    "queues info goalpost-events",
    "queues info goalpost-dead",
    "secret list",
    "deploy --dry-run",
    "d1 migrations apply DB --local",
    "d1 migrations apply DB --remote",
    "deploy",
  ]);
});

test("what is missing is named with how to get it, and nothing is changed", () => {
  const changes = /--remote|^deploy$/;
  const table = [
    [config, () => undefined, /routes: name.*\n.*database_id of goalpost: npx wrangler d1 create goalpost\n.*id of PLANS/],
    [filledIn, (it) => (it === "whoami" ? "You are not authenticated" : undefined), /Nobody is logged in: run `npx wrangler login`/],
    [filledIn, (it) => (/goalpost-dead/.test(it) ? "no" : undefined), /queue goalpost-dead is not there: npx wrangler queues create/],
    [filledIn, (it) => (it === "secret list" ? "no Worker" : undefined), /ADMIN_TOKEN_HASH is not there[^]*npx wrangler secret put/],
    [filledIn, (it) => (/dry-run/.test(it) ? "no entry" : undefined), /cannot be bundled[^]*no entry/],
    [filledIn, (it) => (/--local/.test(it) ? "syntax" : undefined), /migrations of DB do not apply to an empty database[^]*syntax/],
  ];
  for (const [settings, refuses, said] of table) {
    const wrangler = account(settings, refuses);
    assert.match(refused(wrangler), said);
    assert.ok(!wrangler.asked.some((it) => changes.test(it)), wrangler.asked.join());
  }
});

test("where the tables were not changed, the code is not either", () => {
  const wrangler = account(filledIn, (it) => (/--remote/.test(it) ? "no such table" : undefined));
  assert.match(refused(wrangler), /no code was deployed[^]*no such table/);
  assert.ok(!wrangler.asked.includes("deploy"));
});

test("a check tells an operator all that is to be done first", () => {
  const said = [];
  check(account(config), (text) => said.push(text));
  const text = said.join("\n");
  for (const part of ["routes: ", "d1 create goalpost", "kv namespace create PLANS", "queues create goalpost-dead", "secret put"]) {
    assert.ok(text.includes(part), `${part} is not in:\n${text}`);
  }
});

let worker;
before(async () => {
  const change = (options) => {
    delete options.queueProducers;
    options.queueConsumers = {};
  };
  worker = await startWorker({ plan, change });
});
after(() => worker?.dispose());

test("a deployment without a queue is ready, and has stored what it answers", async () => {
  const load = new PageLoad("shop");
  const beacon = load.beacon([load.view(), load.purchase("A1", "14800")]);
  for (const _ of [1, 2]) {
    assert.equal((await post(worker, beacon)).status, 200);
    const { n } = await worker.db.prepare("SELECT count(*) AS n FROM observations").first();
    assert.equal(n, 2);
  }
  await everythingAddsUp(worker);
  const health = await fetch(`${worker.url}/health`);
  assert.equal(health.status, 200);
  const { checks } = await health.json();
  assert.match(checks.find(({ name }) => name === "EVENTS").detail, /not bound, so each beacon is stored before it is answered/);
});

test("an older Worker on newer tables stores and reports as before: migrations only add", async () => {
  const older = await startWorker({ plan });
  try {
    const sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf*' AND name NOT GLOB 'sqlite*'";
    const { results: tables } = await older.db.prepare(sql).all();
    assert.ok(tables.length > 30);
    await older.db.batch([
      ...tables.map(({ name }) => older.db.prepare(`ALTER TABLE "${name}" ADD COLUMN of_a_later_version TEXT`)),
      older.db.prepare("CREATE TABLE a_later_table (id INTEGER PRIMARY KEY) STRICT"),
      older.db.prepare("INSERT INTO d1_migrations (name) VALUES ('9999_later.sql')"),
    ]);
    const load = new PageLoad("shop");
    const items = [load.view(), load.adds("p1"), load.purchase("A1", "14800"), load.identify("customer:7"), '{"id":7}'];
    for (const _ of [1, 2]) await post(older, load.beacon(items));
    await older.settle();
    // A day is over, so its figures are kept.
    await older.cron(Math.floor(Date.now() / 21_600_000 + 8) * 21_600_000);
    const { kept } = await older.db.prepare("SELECT count(*) AS kept FROM traffic_daily").first();
    const { stale } = await older.db.prepare("SELECT count(*) AS stale FROM stale_days").first();
    assert.ok(kept > 0 && stale === 0, `${kept} rows are kept, ${stale} days are not`);
    await everythingAddsUp(older);
    for (const report of ["overview", "outcomes", "channels", "sessions", "carts", "attribution", "conservation"]) {
      assert.equal((await older.admin(`shop/reports/${report}`)).status, 200, report);
    }
    const { n } = await older.db.prepare("SELECT count(*) AS n FROM conversions WHERE definition = 'product-purchase'").first();
    assert.equal(n, 1);
    assert.equal((await fetch(`${older.url}/health`)).status, 200);
  } finally {
    await older.dispose();
  }
});
