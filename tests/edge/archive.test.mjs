// The archive, read by another database: what DuckDB makes of its files is what the reports say.
// And the way of old observations out of D1, after which the reports say the same. With one database, and
// with four over which everything has spread while it was being archived.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { sendMonth } from "../../examples/storefront/month/send.mjs";
import { month } from "../../examples/storefront/month/shoppers.mjs";
import * as archive from "../harness/archive.mjs";
import { root, startWorker } from "../harness/worker.mjs";

const DAY = 86_400_000;
const TOKYO = 9 * 3_600_000;
const now = Date.now();
const midnight = Math.floor((now + TOKYO) / DAY) * DAY - TOKYO;
const day = (time) => new Date(time + TOKYO).toISOString().slice(0, 10);
const period = `from=${day(midnight - 40 * DAY)}&to=${day(midnight - DAY)}`;

/** All of the month is archived by then, and leaves that long after. */
const OVER = now + 3 * DAY;
const AFTER_DAYS = 50;

const plan = JSON.parse(await readFile(join(root, "examples/storefront/plan.json"), "utf8"));
const { site } = plan;

let worker;
let story;
let folder;

const fetched = () => archive.fetched(worker, folder);
const asked = (questions) => archive.asked(folder, site, questions);

const door = {
  fetch: (path, init) => worker.miniflare.dispatchFetch(`${worker.url}${path}`, init),
  get token() {
    return worker.token;
  },
  site,
};

async function start(options) {
  const common = { archive: true, archiveAfterDays: AFTER_DAYS, persist: join(folder, "kept") };
  worker = await startWorker({ ...common, ...options });
}

async function send(part) {
  await sendMonth(door, part);
  await worker.settle();
}

/** From here on everything spreads over so many databases, in steps between which files are written. */
async function spread(databases) {
  const adminToken = worker.token;
  await worker.dispose();
  await start({ adminToken, databases, shards: databases });
  for (let runs = 0; ; runs += 1) {
    assert.ok(runs < 100, "it spreads for ever");
    await worker.cron(OVER + runs * 600_000);
    if ((await worker.db.prepare("SELECT state FROM spread").first("state")) === "done") return;
  }
}

async function stop() {
  await worker?.dispose();
  await rm(folder, { recursive: true });
}

const half = (of, second) => of.slice(second * (of.length >> 1), second ? undefined : of.length >> 1);
const part = (second) => ({ ...story, visits: half(story.visits, second), events: half(story.events, second) });

/** The sum of all databases. */
async function number(sql) {
  let sum = 0;
  for (const db of worker.databases) sum += (await db.prepare(sql).first("n")) ?? 0;
  return sum;
}

/** Runs the cron as of that time until it has nothing left to do. */
async function archiveAll(time) {
  const progress = () =>
    number(
      `SELECT (SELECT coalesce(sum(steps), 0) FROM archive_sites)
         + (SELECT 1000 * count(*) FROM archive_parts WHERE state = 'kept')
         + (SELECT 1000000 * count(*) FROM archive_parts WHERE state = 'left') AS n`,
    );
  let done = -1;
  for (let runs = 0; ; runs += 1) {
    await worker.cron(time);
    const reached = await progress();
    if (reached === done) return runs;
    done = reached;
  }
}

async function report(name, query = "") {
  const response = await worker.admin(`${site}/reports/${name}?${period}${query}`);
  const answer = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  return answer;
}

const yen = (money) => money.find((it) => it.currency === "JPY")?.minor ?? 0;
const of = (answer) => Object.fromEntries(answer.map(([key, ...rest]) => [key, rest]));

/** Figures of the reports, and the same of DuckDB. */
async function isTheSame() {
  const within = `day BETWEEN '${day(midnight - 40 * DAY)}' AND '${day(midnight - DAY)}'`;
  const by = (what) => `
    SELECT ${what}, count(*), sum(page_views) FROM sessions WHERE ${within} GROUP BY 1 ORDER BY 1`;
  const found = await asked({
    days: by("day"),
    channels: by("channel"),
    definitions: `
      SELECT definition, count(*), sum(points),
        coalesce(sum(minor) FILTER (money = 'verified'), 0),
        coalesce(sum(minor) FILTER (money = 'claimed'), 0)
      FROM conversions WHERE ${within} GROUP BY 1`,
    revenue: `
      SELECT day, count(*),
        coalesce(sum(minor) FILTER (money = 'verified'), 0),
        coalesce(sum(minor) FILTER (money = 'claimed'), 0),
        coalesce(sum(refunded) FILTER (money = 'verified'), 0)
      FROM conversions WHERE definition = 'product-purchase' AND ${within} GROUP BY 1`,
  });
  for (const [name, column] of [["days", "day"], ["channels", "channel"]]) {
    const { rows } = await report("overview", `&by=${column}`);
    const wanted = rows
      .filter((row) => row.sessions.value > 0)
      .map((row) => [row[column].id ?? row[column], [row.sessions.value, row.page_views.value]]);
    assert.ok(wanted.length > 3);
    assert.deepEqual(of(found[name]), Object.fromEntries(wanted), name);
  }
  const wanted = {};
  for (const name of ["outcomes", "goals"]) {
    const { rows } = await report(name);
    for (const row of rows.filter((row) => row.conversions.value > 0)) {
      wanted[row.definition.id] = [
        row.conversions.value,
        row.points?.value ?? 0,
        yen(row.verified?.value ?? []),
        yen(row.claimed?.value ?? []),
      ];
    }
  }
  assert.ok(Object.keys(wanted).length > 8);
  assert.deepEqual(of(found.definitions), wanted);

  const { rows } = await report("outcomes", "&definition=product-purchase&by=day");
  const orders = rows
    .filter((row) => row.conversions.value > 0)
    .map((row) => [
      row.day.id ?? row.day,
      [row.conversions.value, yen(row.verified.value), yen(row.claimed.value), yen(row.refunded.value)],
    ]);
  assert.ok(orders.length > 10);
  assert.deepEqual(of(found.revenue), Object.fromEntries(orders));
}

/** What reports answer about the month, all of them. */
async function answers() {
  const found = {};
  for (const name of [
    ...["overview", "overview?by=day", "overview?by=channel", "outcomes", "goals", "events"],
    ...["channels", "funnels", "attribution", "velocity", "carts"],
  ]) {
    const [own, query] = name.split("?");
    found[name] = await report(own, query ? `&${query}` : "");
  }
  for (const name of ["conversions?limit=200", "contacts?limit=200", "conservation"]) {
    const response = await worker.admin(`${site}/reports/${name}`);
    found[name] = await response.json();
    assert.equal(response.status, 200, JSON.stringify(found[name]));
  }
  return found;
}

async function isComplete(t) {
  const began = performance.now();
  await archiveAll(OVER);
  const seconds = (performance.now() - began) / 1_000;
  const keys = await fetched();
  let files = 0;
  let bytes = 0;
  let rows = 0;
  for (const key of keys.filter((it) => it.endsWith("manifest.json"))) {
    const manifest = JSON.parse(await readFile(join(folder, key), "utf8"));
    assert.equal(dirname(key), `archive/${site}/day=${manifest.day}`);
    for (const file of manifest.files) {
      const content = await readFile(join(folder, dirname(key), file.file));
      assert.equal(content.length, file.bytes);
      assert.equal(createHash("sha256").update(content).digest("hex"), file.sha256);
      files += 1;
      bytes += file.bytes;
      rows += file.rows;
    }
  }
  assert.equal(keys.length, files + new Set(keys.map(dirname)).size, "a file that no manifest names");
  const stored = await number(`SELECT count(*) AS n FROM observations WHERE day <= '${day(now)}'`);
  const { all } = await asked({ all: "SELECT count(*), count(DISTINCT id) FROM observations" });
  assert.deepEqual(all, [[stored, stored]]);
  assert.equal(rows, stored);
  t.diagnostic(
    `${rows} observations in ${files} files, ${(bytes / rows).toFixed(0)} bytes each, ` +
      `${seconds.toFixed(1)} s`,
  );
}

async function isListed() {
  const response = await worker.admin(`${site}/archive?${period}`);
  const list = await response.json();
  assert.equal(response.status, 200, JSON.stringify(list));
  assert.equal(list.bucket, true);
  assert.ok(list.files.length > 20);
  for (const file of list.files) {
    const content = await readFile(join(folder, file.file));
    assert.equal(createHash("sha256").update(content).digest("hex"), file.sha256);
  }
}

async function isLate() {
  const visit = story.visits[10];
  const page = visit.items.find((it) => it.kind === "page");
  const late = { ...page, id: page.id.slice(0, -4) + "abcd", seq: page.seq };
  const body = { v: 1, site, sdk: "0.1.0", form: "raw", plan: "", sent: Date.now(), page: late.page, visitor: visit.visitor, items: [late] };
  const response = await door.fetch("/_g/c", {
    method: "POST",
    headers: { "content-type": "text/plain;charset=UTF-8", origin: "https://shop.example" },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200);
  await worker.settle();
  await archiveAll(OVER + DAY);
  const keys = await fetched();
  assert.ok(keys.some((key) => /part-00001(-\d)?\.parquet$/.test(key)));
  const { all } = await asked({ all: "SELECT count(*), count(DISTINCT id) FROM observations" });
  const stored = await number(`SELECT count(*) AS n FROM observations WHERE day <= '${day(now)}'`);
  assert.deepEqual(all, [[stored, stored]]);
  await isTheSame();
}

async function leaves(t) {
  const rows = () => number("SELECT count(*) AS n FROM observations");
  const had = await rows();
  const wanted = await answers();
  await archiveAll(OVER + (AFTER_DAYS + 5) * DAY);
  const left = had - (await rows());
  t.diagnostic(`${left} of ${had} observations have left`);
  assert.ok(left > had / 3, `${left} of ${had}`);
  assert.deepEqual(await answers(), wanted);
  // Nor does it matter that figures are kept: worked out anew, they are the same.
  for (const db of worker.databases) {
    await db
      .prepare(
        `INSERT INTO stale_days (site, part, day)
         SELECT DISTINCT s.site, p.value, s.day FROM sessions AS s
         CROSS JOIN json_each('["traffic","conversions","credits","funnels","carts"]') AS p WHERE true
         ON CONFLICT DO NOTHING`,
      )
      .run();
  }
  assert.deepEqual(await answers(), wanted);
  await fetched();
  await isTheSame();
}

async function knowsCopies() {
  const counts = async () => {
    const found = [];
    for (const sql of [
      ...["observations", "conversions", "quarantine"].map((table) => `SELECT count(*) AS n FROM ${table}`),
      ...["pages", "interactions"].map((column) => `SELECT sum(${column}) AS n FROM sessions`),
      `SELECT sum(count) AS n FROM fates WHERE fate = 'stored' AND site = '${site}'`,
    ]) {
      found.push(await number(sql));
    }
    return found;
  };
  const before = await counts();
  await send(story);
  assert.deepEqual(await counts(), before);
}

/** A visitor with a name, of whom the most was seen. */
async function someone() {
  const { found } = await asked({
    found: `SELECT visitor FROM observations
            WHERE visitor IN (SELECT visitor FROM observations WHERE contact IS NOT NULL)
            GROUP BY visitor ORDER BY count(*) DESC, visitor LIMIT 1`,
  });
  return found[0][0];
}

async function isExported() {
  const visitor = await someone();
  const { identities, visitors } = await (await worker.admin(`${site}/contacts/${visitor}`)).json();
  const list = (names) => names.map((name) => `'${name}'`).join(", ");
  const { wanted } = await asked({
    wanted: `SELECT upper(replace(CAST(id AS VARCHAR), '-', '')), path FROM observations
             WHERE CAST(visitor AS VARCHAR) IN (${list(visitors)}) OR contact IN (${list(identities)})`,
  });
  for (const limit of [7, 2_000]) {
    const rows = [];
    for (let after = ""; after !== null; ) {
      const path = `${site}/contacts/${visitor}/export?limit=${limit}${after && `&after=${after}`}`;
      const response = await worker.admin(path);
      const page = await response.json();
      assert.equal(response.status, 200, JSON.stringify(page));
      assert.ok(page.rows.length <= limit);
      rows.push(...page.rows);
      after = page.next;
    }
    const found = rows.filter(({ table }) => ["observations", "archive"].includes(table));
    assert.ok(found.some(({ table }) => table === "archive"), "some of it has left");
    const paths = new Map(found.map(({ id, body }) => [id, body.path ?? null]));
    assert.equal(paths.size, found.length, "each once");
    for (const [id, path] of wanted) assert.equal(paths.get(id), path, id);
  }
}

async function isErased() {
  const [[visitor]] = (
    await asked({
      someone: `SELECT visitor FROM observations WHERE contact IS NOT NULL AND visitor IS NOT NULL
                GROUP BY visitor ORDER BY count(*) DESC LIMIT 1`,
    })
  ).someone;
  const path = `${site}/contacts/${visitor}`;
  const { identities } = await (await worker.admin(path)).json();
  let erasure = await (await worker.admin(path, { method: "DELETE" })).json();
  assert.ok(erasure.id, JSON.stringify(erasure));
  while (erasure.state !== "done") {
    const step = await worker.admin(`${site}/erasures/${erasure.id}/step`, { method: "POST" });
    erasure = await step.json();
    assert.equal(step.status, 200, JSON.stringify(erasure));
  }
  await rm(join(folder, "archive"), { recursive: true });
  await archiveAll(OVER + (AFTER_DAYS + 5) * DAY);
  await fetched();
  const names = [visitor, ...identities].map((name) => `'${name}'`).join(", ");
  const { left } = await asked({
    left: `SELECT count(*) FROM observations WHERE CAST(visitor AS VARCHAR) IN (${names}) OR contact IN (${names})`,
  });
  assert.deepEqual(left, [[0]]);
  await isTheSame();
}

for (const databases of [1, 4]) {
  describe(databases > 1 ? `in ${databases} databases` : "in one database", () => {
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "goalpost-archive-"));
      story = month({ end: midnight, shoppers: databases > 1 ? 600 : 2_000 });
      await start({ plan });
      await send(part(0));
      if (databases > 1) {
        // What is archived by then takes along that it is.
        await archiveAll(OVER);
        await spread(databases);
      }
      await send(part(1));
      await worker.rollUp();
    });
    after(stop);

    test("health says that there is a bucket", async () => {
      const { checks } = await (await fetch(`${worker.url}/health`)).json();
      assert.deepEqual(checks.find(({ name }) => name === "ARCHIVE"), { name: "ARCHIVE", ok: true, detail: "" });
    });
    test("every observation of a day that is over is in one file, and manifests say which", isComplete);
    test("DuckDB counts sessions, pages, conversions and revenue as the reports do", isTheSame);
    test("the list of files is the manifests'", isListed);
    test("what arrives late is in a further file, and once", isLate);
    test("old observations leave, and every report answers the same", leaves);
    test("all of it sent once more is known for copies, though its rows have left", knowsCopies);
    test("an export has what only the files have, too", isExported);
    test("whoever is erased is in no file either, and the figures of all others are DuckDB's", isErased);
  });
}

test("without a bucket health says that nothing is archived", async () => {
  const bare = await startWorker({ archiveAfterDays: 9 });
  try {
    const response = await fetch(`${bare.url}/health`);
    assert.equal(response.status, 503);
    const { checks } = await response.json();
    const details = checks.filter((check) => check.name.startsWith("ARCHIVE")).map((it) => it.detail);
    assert.deepEqual(details, [
      "not bound, so nothing is archived and nothing leaves the database; see wrangler.jsonc",
      "internal: is set, but ARCHIVE is not bound, so nothing leaves the database; bind a bucket",
    ]);
    await bare.cron(Date.now());
  } finally {
    await bare.dispose();
  }
});
