// What the stores can do to a Worker: a database that is full or fails after its commit, a cache that
// cannot be relied on, a queue that takes nothing.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp, fate } from "../harness/checks.mjs";
import { refusing, sendTo } from "../harness/queues.mjs";
import { failingStores, tell } from "../harness/stores.mjs";
import { startWorker, until } from "../harness/worker.mjs";

const QUEUES = ["goalpost-events", "goalpost-dead"];

/** What D1 says once it has no room. */
const FULL = "Exceeded maximum DB size";

/** A message with a page view and a purchase. */
function message() {
  const load = new PageLoad("shop");
  const items = [load.view(), load.purchase(load.page, "100")];
  return JSON.stringify({ received_at: Date.now(), content: { beacon: JSON.parse(load.beacon(items)) } });
}

/** Delivers texts, sent so long ago, as the queue does; what the consumer says of each. */
async function deliver(worker, queue, texts, agoMs = 0) {
  const consumer = await worker.miniflare.getWorker("goalpost");
  const timestamp = new Date(Date.now() - agoMs);
  const letters = texts.map((body, at) => ({ id: String(at), timestamp, attempts: 1, body }));
  const { outcome, explicitAcks, retryMessages } = await consumer.queue(queue, letters);
  assert.equal(outcome, "ok");
  return { acknowledged: explicitAcks.sort(), again: retryMessages.map(({ msgId }) => msgId).sort() };
}

const numbers = (texts) => texts.map((_, at) => String(at));

const count = async (db, table) => (await db.prepare(`SELECT count(*) AS n FROM ${table}`).first()).n;

const fill = (db, table) =>
  db
    .prepare(
      `CREATE TRIGGER full_${table} BEFORE INSERT ON ${table}
       BEGIN SELECT RAISE(ABORT, '${FULL}'); END`,
    )
    .run();

const makeRoom = (db, table) => db.prepare(`DROP TRIGGER full_${table}`).run();

const health = async (worker) => {
  const response = await fetch(`${worker.url}/health`);
  const { checks } = await response.json();
  return { status: response.status, ...Object.fromEntries(checks.map(({ name, ...own }) => [name, own])) };
};

test("a full database: neither queue is acknowledged, no dead letter becomes poison, and all is stored once there is room", async () => {
  const worker = await startWorker({ plan });
  try {
    await fill(worker.db, "observations");
    await fill(worker.db, "quarantine");
    const load = new PageLoad("shop");
    const seen = load.view();
    const answer = await post(worker, load.beacon([seen]));
    assert.equal((await answer.json()).results[seen.id], "ok", "the queue has it");

    const poison = '{"received_at":1795000000000,"content":{"beacon":{"site":"shop"},"novel":1}}';
    const sent = Object.fromEntries(QUEUES.map((queue) => [queue, [message(), message(), message()]]));
    sent["goalpost-dead"].push(poison);
    for (const queue of QUEUES) {
      const told = await deliver(worker, queue, sent[queue]);
      assert.deepEqual(told, { acknowledged: [], again: numbers(sent[queue]) }, queue);
    }
    // Something was deleted, and there is room for what is small.
    await makeRoom(worker.db, "quarantine");
    const dead = await deliver(worker, "goalpost-dead", sent["goalpost-dead"]);
    assert.deepEqual(dead, { acknowledged: ["3"], again: ["0", "1", "2"] });
    assert.equal(await fate(worker, "shop", "quarantined", "poison"), 1);
    assert.equal(await count(worker.db, "observations"), 0);

    await makeRoom(worker.db, "observations");
    for (const queue of QUEUES) {
      const told = await deliver(worker, queue, sent[queue].slice(0, 3));
      assert.deepEqual(told, { acknowledged: ["0", "1", "2"], again: [] }, queue);
    }
    await until(async () => (await count(worker.db, "observations")) === 13, "what the page was told is kept");
    assert.equal(await fate(worker, "shop", "quarantined", "poison"), 1);
    await everythingAddsUp(worker);
  } finally {
    await worker.dispose();
  }
});

test("a database that fails after its commit: what it has stored is stored once, from either queue", async () => {
  const worker = await startWorker({ plan, change: failingStores });
  try {
    let stored = 0;
    for (const queue of QUEUES) {
      for (const text of ["Network connection lost.", "Replica disconnected from primary."]) {
        const sent = [message()];
        await tell(worker, { commits: `D1_ERROR: ${text}`, times: 1 });
        assert.deepEqual(await deliver(worker, queue, sent), { acknowledged: [], again: ["0"] }, `${queue}: ${text}`);
        stored += 2;
        assert.equal(await count(worker.db, "observations"), stored, "it was committed");
        await everythingAddsUp(worker);
        assert.deepEqual(await deliver(worker, queue, sent), { acknowledged: ["0"], again: [] });
        assert.equal(await count(worker.db, "observations"), stored);
      }
    }
    assert.equal(await count(worker.db, "conversions"), stored / 2);
    assert.equal(await fate(worker, "shop", "quarantined", "poison"), 0);
    await everythingAddsUp(worker);
  } finally {
    await worker.dispose();
  }
});

test("a cache of plans that is stale, emptied, garbled or throws: each item meets the plan that its page named", async () => {
  const persist = await mkdtemp(join(tmpdir(), "goalpost-plans-"));
  const sites = ["stale", "emptied", "garbled", "throwing"];
  const goals = plan.goals.map((goal) => (goal.id === "demo-request" ? { ...goal, points: 7 } : goal));
  const hashes = {};
  try {
    const before = await startWorker({ persist });
    try {
      for (const site of sites) {
        const older = await before.publish({ ...plan, site });
        const newer = await before.publish({ ...plan, site, goals });
        hashes[site] = { older: older.hash, newer: newer.hash };
      }
    } finally {
      await before.dispose();
    }
    // Another isolate, which knows nothing yet.
    const worker = await startWorker({ persist, migrate: false, change: failingStores });
    try {
      const cache = await worker.miniflare.getKVNamespace("PLANS", "goalpost");
      const keys = (site) => [`site:${site}`, ...Object.values(hashes[site]).map((hash) => `plan:${site}:${hash}`)];
      await cache.put("site:stale", JSON.stringify({ plan: hashes.stale.older, hosts: plan.hosts }));
      for (const key of keys("emptied")) await cache.delete(key);
      for (const key of keys("garbled")) await cache.put(key, '{"site":"garb');
      await tell(worker, { unread: ":throwing" });
      for (const site of sites) {
        const { older, newer } = hashes[site];
        for (const hash of [newer, older]) {
          const load = new PageLoad(site);
          const sent = await post(worker, load.beacon([load.event("demo_requested")], { plan: hash }));
          assert.equal(sent.status, 200, site);
        }
        const page = await fetch(`${worker.url}/_g/plan/${site}`);
        assert.equal(page.status, 200, site);
        assert.equal(page.headers.get("etag"), `"${site === "stale" ? older : newer}"`, site);
      }
      await worker.settle();
      for (const site of sites) {
        const { older, newer } = hashes[site];
        const { results } = await worker.db
          .prepare("SELECT plan, points FROM conversions WHERE site = ?1 ORDER BY points DESC")
          .bind(site)
          .all();
        assert.deepEqual(results, [{ plan: older, points: 20 }, { plan: newer, points: 7 }], site);
      }
      // What was of no use is there again, for the next isolate.
      for (const site of ["emptied", "garbled"]) {
        for (const key of keys(site)) assert.ok(JSON.parse(await cache.get(key)).hosts, key);
      }
      await everythingAddsUp(worker);
    } finally {
      await worker.dispose();
    }
  } finally {
    await rm(persist, { recursive: true, force: true });
  }
});

test("dead letters that still cannot be stored are an alarm, although the queue goes on", async () => {
  const worker = await startWorker({ plan, databases: 2, shards: 2 });
  try {
    const [, second] = worker.databases;
    // From its first run on, new people are spread over both.
    await worker.cron(Date.now());
    await fill(second, "observations");
    const sent = Array.from({ length: 12 }, message);
    const fresh = await deliver(worker, "goalpost-events", sent);
    const failed = fresh.again.length;
    assert.ok(failed > 0 && failed < 12, `${failed} of them are of the second database`);
    await worker.settle();
    assert.deepEqual((await health(worker)).DEAD_QUEUE, { ok: true, detail: "nothing is known to wait" });

    const dead = fresh.again.map((at) => sent[at]);
    assert.deepEqual(await deliver(worker, "goalpost-dead", dead, 600_000), { acknowledged: [], again: numbers(dead) });
    const told = await health(worker);
    assert.equal(told.status, 503);
    assert.equal(told.QUEUE.ok, true);
    assert.equal(told.DEAD_QUEUE.ok, false);
    assert.match(
      told.DEAD_QUEUE.detail,
      new RegExp(`^${failed} messages could not be stored \\d+ m?s ago, the oldest after 10 min; .*'message_not_stored'`),
    );
    const metrics = await (await worker.admin("shop/metrics")).text();
    assert.match(metrics, new RegExp(`^goalpost_backlog_messages\\{place="dead"\\} ${failed}$`, "m"));
    assert.match(metrics, /^goalpost_backlog_oldest_seconds\{place="dead"\} 600\.\d{3}$/m);

    await makeRoom(second, "observations");
    assert.deepEqual(await deliver(worker, "goalpost-dead", dead), { acknowledged: numbers(dead), again: [] });
    const stored = (await count(worker.db, "observations")) + (await count(second, "observations"));
    assert.equal(stored, 24);
  } finally {
    await worker.dispose();
  }
});

test("what waits in the overflow shows in health", async () => {
  const worker = await startWorker({ plan, change: sendTo(refusing), beside: [refusing] });
  try {
    const load = new PageLoad("shop");
    assert.equal((await post(worker, load.beacon([load.view()]))).status, 200);
    const told = await until(async () => {
      const { OVERFLOW } = await health(worker);
      return OVERFLOW?.detail.startsWith("1 ") && OVERFLOW;
    }, "the overflow's first try");
    assert.equal(told.ok, true, "it has not waited for long");
    assert.match(told.detail, /^1 messages could not be handed on to the queue \d+ m?s ago, the oldest after \d+ m?s$/);
  } finally {
    await worker.dispose();
  }
});
