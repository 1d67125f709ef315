// What an operator sees: health, metrics, the nightly check, timing, and the log.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp, problem } from "../harness/checks.mjs";
import { root, startWorker, until } from "../harness/worker.mjs";

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** Five in the morning (UTC) of a day from now. */
const night = (days) => Math.floor(Date.now() / DAY) * DAY + days * DAY + 5 * HOUR;

const health = async (worker) => {
  const response = await fetch(`${worker.url}/health`);
  const { ready, checks } = await response.json();
  const found = Object.fromEntries(checks.map(({ name, ...own }) => [name, own]));
  return { status: response.status, ready, ...found };
};

const report = async (worker) => {
  const response = await worker.admin("shop/reports/health");
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
};

/** Three visits with a video and a purchase each; one purchase is confirmed by a server. */
async function visits(worker) {
  for (const number of [1, 2, 3]) {
    const load = new PageLoad("shop");
    const items = [
      load.view(),
      load.item({ kind: "media", step: "play", video: "walk" }),
      load.purchase(`N${number}`, "9800"),
    ];
    assert.equal((await post(worker, load.beacon(items))).status, 200);
  }
  const paid = {
    id: "N1-paid", time: Date.now(), commerce: "purchase", order: "N1", revenue: "9000", currency: "JPY",
  };
  const body = JSON.stringify({ events: [paid] });
  assert.equal((await worker.admin("shop/events", { method: "POST", body })).status, 200);
  await worker.settle();
}

/** Families by their names, read by another reader than ours. */
function read(text) {
  const python = process.env.OPENMETRICS;
  assert.ok(python, "set OPENMETRICS to a Python that has prometheus_client, as `cargo xtask test` does");
  const answer = execFileSync(python, [join(root, "tests/harness/read_metrics.py")], { input: text });
  return Object.fromEntries(JSON.parse(answer).map((family) => [family.name, family]));
}

const sample = (family, labels = {}) => {
  const found = family.samples.find((own) => JSON.stringify(own.labels) === JSON.stringify(labels));
  assert.ok(found, `${family.name} has no ${JSON.stringify(labels)}: ${JSON.stringify(family.samples)}`);
  return found.value;
};

describe("a shop", () => {
  let worker;
  const log = [];
  before(async () => {
    worker = await startWorker({ plan, log });
    await visits(worker);
  });
  after(() => worker?.dispose());

  const lines = (reason) =>
    log
      .filter((line) => line.includes(`"reason":"${reason}"`))
      .map((line) => JSON.parse(line.slice(line.indexOf("{"))));

  test("health tells when the cron ran and how long messages waited", async () => {
    const fresh = await health(worker);
    assert.equal(fresh.status, 200);
    assert.match(fresh.CRON.detail, /^has not run yet$/);
    assert.match(fresh.QUEUE.detail, /^\d+ messages came \d+ m?s ago, the oldest after \d+ m?s$/);
    await worker.cron(night(0));
    const now = await health(worker);
    assert.equal(now.status, 200);
    assert.match(now.CRON.detail, /^began \d+ m?s ago, and took \d+ m?s$/);
  });

  test("a cron that stopped, or whose steps go on failing, is an alarm", async () => {
    const set = (values) => worker.db.prepare(`UPDATE cron_run SET ${values}`).run();
    await worker.cron(night(0));
    const { results } = await worker.db.prepare("SELECT * FROM cron_run").all();
    const [{ began_at }] = results;
    await set(`began_at = ${began_at - 2 * HOUR}`);
    const late = await health(worker);
    assert.equal(late.status, 503);
    assert.equal(late.ready, false);
    assert.match(late.CRON.detail, /2 h ago.*look at the Worker's triggers/);

    await worker.db.prepare("ALTER TABLE stale_days RENAME TO stale_days_away").run();
    for (const failures of [1, 2, 3]) {
      await worker.cron(night(0));
      const failing = await health(worker);
      assert.equal(failing.status, failures < 3 ? 200 : 503, failing.CRON.detail);
      assert.match(failing.CRON.detail, new RegExp(`failed: figures.*${failures} runs in a row`));
    }
    await worker.db.prepare("ALTER TABLE stale_days_away RENAME TO stale_days").run();
    const [line] = lines("cron_step_failed");
    assert.equal(line.step, "figures");
    await worker.cron(night(0));
    assert.equal((await health(worker)).status, 200);

    // It never wrote its end.
    await set("ended_at = NULL");
    await worker.cron(night(0));
    assert.equal((await health(worker)).status, 200);
  });

  test("of the queue's batches, one a minute is written down", async () => {
    const noted = () => worker.db.prepare("SELECT * FROM queue_batch").first();
    const before = await noted();
    assert.ok(before.messages >= 1 && before.oldest_ms >= 0);
    await worker.settle();
    assert.deepEqual(await noted(), before);
  });

  test("a message that waited for long is an alarm for as long as it is news", async () => {
    const set = (values) => worker.db.prepare(`UPDATE queue_batch SET ${values}`).run();
    await set("oldest_ms = 600000");
    const late = await health(worker);
    assert.equal(late.status, 503);
    assert.match(late.QUEUE.detail, /the oldest after 10 min; nothing is lost/);
    await set(`at = at - ${HOUR}`);
    assert.equal((await health(worker)).status, 200);
    await set("oldest_ms = 20");
  });

  test("what is kept follows from its rows, and a row damaged by hand is named every night until it is mended", async () => {
    // Today's figures are kept, too.
    await worker.rollUp();
    await worker.cron(night(1));
    const sound = await report(worker);
    assert.deepEqual(sound.check.differences, []);
    assert.deepEqual(
      sound.check.parts.map(({ part, done }) => [part, done]),
      [["conversions", true], ["evidence", true], ["figures", true], ["totals", true]],
    );
    for (const { part, compared } of sound.check.parts) assert.ok(compared > 0, part);
    assert.equal((await health(worker)).status, 200);

    // The rows themselves, behind the back of every trigger: a trigger would mark the day.
    const triggers = await worker.db
      .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'conversions'")
      .all();
    for (const { name } of triggers.results) await worker.db.prepare(`DROP TRIGGER ${name}`).run();
    const damage = (sql) => worker.db.prepare(sql).run();
    await damage("UPDATE conversions SET minor = 1 WHERE order_number = 'N2'");
    await damage("UPDATE conversions_daily SET conversions = conversions + 1 WHERE cut = '' AND definition = 'watch-video'");
    await damage("DELETE FROM fates WHERE fate = 'stored' AND form = 'server'");
    log.length = 0;
    await worker.cron(night(2));
    const { check } = await report(worker);
    const named = check.differences.map(({ part, what }) => `${part}: ${what}`).sort();
    const today = (await worker.db.prepare("SELECT min(day) AS day FROM conversions").first()).day;
    assert.match(named[0], /^conversions: product-purchase [0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.deepEqual(named.slice(1), [`figures: conversions_daily ${today}`, "totals: stored"]);
    const wrong = check.differences.find(({ part }) => part === "conversions");
    assert.equal(wrong.detail, "value: 1 minor JPY is kept, 9800 minor JPY follows");
    const told = await health(worker);
    assert.equal(told.status, 503);
    assert.match(told.NIGHTLY_CHECK.detail, /3 kept figures do not follow from their rows/);
    assert.ok(!told.NIGHTLY_CHECK.detail.includes("shop"), "health is for anyone");
    await until(() => lines("difference").length >= 3, "the log");
    assert.deepEqual(
      lines("difference").map(({ level, site, part }) => `${level} ${site} ${part}`).sort(),
      ["error shop conversions", "error shop figures", "error shop totals"],
    );
    // Nothing was put right, and the same is named once.
    const kept = await worker.db.prepare("SELECT minor FROM conversions WHERE order_number = 'N2'").first();
    assert.equal(kept.minor, 1);
    await worker.cron(night(3));
    assert.equal((await report(worker)).check.differences.length, 3);

    // As docs/operating.md says.
    for (const { sql } of triggers.results) await worker.db.prepare(sql).run();
    const id = wrong.what.split(" ")[1];
    const mend = (sql) => worker.db.prepare(sql).run();
    await mend(
      `INSERT INTO refold SELECT site, definition, scope, who, dedup FROM evidence
       WHERE site = 'shop' AND observation = unhex('${id.replaceAll("-", "")}')`,
    );
    await mend(`INSERT INTO stale_days VALUES ('shop', 'conversions', '${today}') ON CONFLICT DO NOTHING`);
    await worker.rollUp();
    await mend(
      `INSERT INTO fates SELECT site, date(received_at / 1000, 'unixepoch'), 'other', 'stored', '', sdk, form,
       count(*) FROM observations WHERE form = 'server' GROUP BY 1, 2, 6, 7`,
    );
    // And evidence that says something else.
    await mend("UPDATE evidence SET points = 77 WHERE definition = 'watch-video'");
    await worker.cron(night(4));
    const others = (await report(worker)).check.differences;
    assert.deepEqual(
      [...new Set(others.map(({ part, detail }) => `${part}: ${detail}`))].sort(),
      ["conversions: points: 5 is kept, 77 follows", "evidence: its evidence says something else"],
    );
    await mend("UPDATE observations SET verdict = verdict WHERE kind = 'media'");
    await worker.rollUp();
    await worker.cron(night(5));
    assert.deepEqual((await report(worker)).check.differences, []);
    assert.equal((await health(worker)).status, 200);
    await everythingAddsUp(worker);
  });

  test("the balance is told by the SDK's version and form, with what the edge did not believe", async () => {
    const load = new PageLoad("shop");
    const lie = { ...load.event("nothing"), claims: ["demo-request"] };
    await post(worker, load.beacon([load.view(), { kind: "odd" }, lie], { sdk: "9.9.9", form: "js" }));
    await fetch(`${worker.url}/_g/p.gif?site=shop&kind=page`);
    await worker.settle();
    const { difference, balance, labels, claims, amounts } = await report(worker);
    assert.equal(difference, 0);
    assert.equal(balance.holds, true);
    const by = (form) => labels.find((own) => own.form === form);
    assert.equal(by("wasm").stored, 9);
    assert.equal(by("wasm").captured, 9);
    assert.deepEqual([by("js").sdk, by("js").stored], ["9.9.9", 2]);
    assert.equal(by("server").stored, 1);
    assert.ok(by("pixel"));
    const sum = (name) =>
      labels.filter(({ origin }) => origin === "page").reduce((all, own) => all + own[name], 0);
    for (const name of ["captured", "stored", "duplicate", "quarantined", "dropped"]) {
      assert.equal(sum(name), balance[name], name);
    }
    assert.deepEqual(claims.refused, { numerator: 1, denominator: balance.stored });
    assert.equal(by("js").claimed_only, 1);
    // Two of three purchases rest on the page's word alone.
    assert.deepEqual(amounts.unverified, { numerator: 2, denominator: 3 });
    assert.equal(amounts.verified, 1);
  });

  test("metrics are OpenMetrics, by another's reader", async () => {
    const response = await worker.admin("shop/metrics");
    assert.equal(response.status, 200);
    assert.equal(
      response.headers.get("content-type"),
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    );
    const text = await response.text();
    assert.ok(text.endsWith("\n# EOF\n"));
    const found = read(text);
    const { results } = await worker.db
      .prepare("SELECT form, sum(count) AS n FROM fates WHERE site = 'shop' AND fate = 'stored' GROUP BY 1")
      .all();
    for (const { form, n } of results) {
      assert.ok(sample(found.goalpost_arrivals, { form }) >= n, form);
    }
    assert.equal(found.goalpost_arrivals.type, "counter");
    const stored = results.reduce((all, own) => all + own.n, 0);
    assert.equal(sample(found.goalpost_items, { fate: "stored", reason: "" }), stored);
    assert.equal(found.goalpost_cron_age_seconds.unit, "seconds");
    assert.ok(sample(found.goalpost_cron_age_seconds) < 600);
    assert.ok(sample(found.goalpost_queue_oldest_seconds) < 60);
    assert.ok(sample(found.goalpost_database_bytes) > 100_000);
    assert.equal(sample(found.goalpost_check_differences), 0);
    assert.ok(sample(found.goalpost_check_compared) > 0);
  });

  test("what anybody sends makes no further line of the metrics", async () => {
    const count = async () => (await (await worker.admin("shop/metrics")).text()).split("\n").length;
    const load = new PageLoad("shop");
    await post(worker, load.beacon([load.view()], { sdk: "1.0.0" }));
    await worker.settle();
    const before = await count();
    for (let at = 0; at < 5; at += 1) {
      await post(worker, load.beacon([load.event(`of its own ${at}`)], { sdk: `2.0.${at}` }));
    }
    await worker.settle();
    assert.equal(await count(), before);
  });

  test("a token for metrics reads nothing else", async () => {
    const body = JSON.stringify({ name: "Monitoring", scopes: ["metrics"] });
    const { token } = await (await worker.admin("shop/tokens", { method: "POST", body })).json();
    const as = (path) =>
      fetch(`${worker.url}/api/v1/sites/${path}`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await as("shop/metrics")).status, 200);
    await problem(await as("shop/reports/health"), 403, "missing-scope");
    await problem(await as("other/metrics"), 401, "unauthorized");
  });

  test("an answer to a token says what it cost, and no other does", async () => {
    const response = await worker.admin("shop/reports/overview");
    const timing = response.headers.get("server-timing");
    assert.match(
      timing,
      /^auth;dur=\d+, db;dur=\d+;desc="\d+ statements, \d+ rows read, \d+ rows written", sql;dur=\d+\.\d, total;dur=\d+$/,
    );
    const [, statements, rows] = /(\d+) statements, (\d+) rows read/.exec(timing);
    assert.ok(Number(statements) > 0);
    assert.equal(rows, response.headers.get("goalpost-rows-read"));
    const load = new PageLoad("shop");
    for (const other of [
      await fetch(`${worker.url}/health`),
      await fetch(`${worker.url}/_g/plan/shop`),
      await post(worker, load.beacon([load.view()])),
      await fetch(`${worker.url}/api/v1/sites/shop/reports/overview`),
    ]) {
      assert.equal(other.headers.get("server-timing"), null, other.url);
    }
  });

  test("the log is one object a line, and names nobody", async () => {
    const mail = "mia@example.com";
    log.length = 0;
    // A broken beacon is kept with its bytes; anybody can send any number of them.
    const load = new PageLoad("shop");
    await problem(await post(worker, `{"v":1,"site":"shop","items":[{"note":"${mail}"`), 400, "bad-beacon");
    await post(worker, load.beacon([`{"kind":"identify","contact":"${mail}`]));
    await worker.settle();
    // A refused token.
    const path = `${worker.url}/api/v1/sites/shop/contacts/${encodeURIComponent(mail)}`;
    const refused = await fetch(path, { headers: { authorization: `Bearer of ${mail}` } });
    await problem(refused, 401, "unauthorized");
    // A write that the database refuses.
    await worker.db.prepare("ALTER TABLE fates RENAME TO fates_away").run();
    const consumer = await worker.miniflare.getWorker("goalpost");
    const content = { beacon: JSON.parse(load.beacon([load.identify(mail)])) };
    const body = JSON.stringify({ received_at: Date.now(), content });
    await consumer.queue("goalpost-events", [{ id: "m-1", timestamp: new Date(), attempts: 1, body }]);
    // An answer that cannot be given.
    const none = await worker.admin("shop/reports/fates");
    await problem(none, 503, "unavailable");
    await worker.db.prepare("ALTER TABLE fates_away RENAME TO fates").run();
    await until(() => lines("no_answer").length > 0, "the log");

    assert.deepEqual(
      log.map((line) => JSON.parse(line)).map(({ level, reason }) => `${level} ${reason}`),
      ["warn token_refused", "error message_not_stored", "error no_answer"],
    );
    const [token] = lines("token_refused");
    assert.deepEqual([token.site, token.scope], ["shop", "read"]);
    const [message] = lines("message_not_stored");
    assert.equal(message.message, "m-1");
    assert.match(message.problem, /no such table.*fates/);
    const [answer] = lines("no_answer");
    assert.deepEqual([answer.operation, answer.site], ["Report(Fates)", "shop"]);
    assert.ok(!log.join("\n").includes(mail));
    await everythingAddsUp(worker);
  });
});

describe("a large shop", () => {
  let worker;
  const SILENT = 40_000;
  const CONVERTING = 5_000;
  const SESSIONS = 2_000;
  before(async () => {
    worker = await startWorker({ plan });
    const run = (sql, ...values) => worker.db.prepare(sql).bind(...values).run();
    const numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)";
    const id = (what) => `unhex(printf('%012x7000a000%012x', ?2 + i, ${what} + i))`;
    const midnight = Math.floor(Date.now() / DAY) * DAY - DAY;
    const day = new Date(midnight).toISOString().slice(0, 10);
    // As if they had come by the queue: what follows from them follows by the triggers.
    const observe = (kind, verdict) => `${numbers}
      INSERT INTO observations (
        site, id, received_at, time, day, seq, page, visitor, session, kind, source, form, sdk, plan,
        country, device, digest, verdict, batch, body)
      SELECT 'shop', ${id("1")}, ?2 + i, ?2 + i, ?3, i, ${id("100000")}, ${id("200000")}, ${id("300000")},
        '${kind}', 'page', 'wasm', 'test', 'p', 'JP', 'desktop', i, ${verdict}, x'00', '{}'
      FROM n`;
    const verdict = `json_array(json_object('definition', 'demo-request', 'scope', 'e' || i, 'kind', 'goal',
      'points', 20))`;
    await run(observe("page", "NULL"), SILENT, midnight, day);
    await run(observe("event", verdict), CONVERTING, midnight + HOUR, day);
    await run(
      `INSERT INTO fates VALUES ('shop', ?1, 'page', 'stored', '', 'test', 'wasm', ?2)`,
      day,
      SILENT + CONVERTING,
    );
    await run(
      `${numbers}
       INSERT INTO sessions (
         site, visitor, session, day, started_at, ended_at, pages, interactions, matches, entry, trail)
       SELECT 'shop', ${id("400000")}, ${id("500000")}, ?3, ?2 + i, ?2 + i + 60000, 2, 1, 0,
         '00000000001' || json_object('path', '/p' || (i % 50), 'channel', 'Email', 'device', 'mobile'), '0'
       FROM n`,
      SESSIONS, midnight, day,
    );
    await worker.rollUp();
  });
  after(() => worker?.dispose());

  const parts = async () => {
    const { results } = await worker.db.prepare("SELECT * FROM checks WHERE site = 'shop'").all();
    return Object.fromEntries(results.map((own) => [own.part, own]));
  };
  const read = (found) => Object.values(found).reduce((all, own) => all + own.rows_read, 0);

  test("a run of the check reads a bounded number of rows, and the next goes on", async () => {
    let before = 0;
    let runs = 0;
    for (;;) {
      await worker.cron(night(0));
      runs += 1;
      const found = await parts();
      const now = read(found);
      // It begins no step after 50,000 rows; the largest step here is that of the day's conversions.
      if (process.env.GOALPOST_LOG) console.log(runs, now - before, found);
      assert.ok(now - before < 50_000 + 30 * CONVERTING, `run ${runs}: ${now - before}`);
      before = now;
      if (Object.keys(found).length === 4 && Object.values(found).every(({ done }) => done)) break;
      assert.ok(runs < 10, JSON.stringify(found));
    }
    assert.ok(runs > 1, "it was too small to be bounded");
    const found = await parts();
    assert.equal(found.conversions.compared, CONVERTING);
    assert.equal(found.evidence.compared, 40_000);
    assert.deepEqual((await report(worker)).check.differences, []);
    // What a row costs, as docs/operating.md says.
    const cost = (own) => own.rows_read / own.compared;
    assert.ok(cost(found.conversions) < 8, String(cost(found.conversions)));
    assert.ok(cost(found.evidence) < 3, String(cost(found.evidence)));
    assert.ok(found.figures.rows_read < 60 * SESSIONS + 31 * CONVERTING, String(found.figures.rows_read));
    // The next night goes on where this one stopped, and comes to the end.
    for (let again = 0; again < runs; again += 1) await worker.cron(night(1));
    const { evidence } = await parts();
    assert.equal(evidence.compared, SILENT + CONVERTING - 40_000);
    assert.ok(cost(evidence) < 8, String(cost(evidence)));
    if (process.env.GOALPOST_LOG) console.log(await parts());
  });

  test("of much that is wrong, the first hundred are named", async () => {
    const { results } = await worker.db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'conversions'")
      .all();
    for (const { name } of results) await worker.db.prepare(`DROP TRIGGER ${name}`).run();
    await worker.db.prepare("UPDATE conversions SET points = 1").run();
    await worker.cron(night(2));
    const { check } = await report(worker);
    const found = check.differences.filter(({ part }) => part === "conversions");
    assert.equal(found.length, 100);
    assert.equal(found[0].detail, "points: 1 is kept, 20 follows");
  });
});
