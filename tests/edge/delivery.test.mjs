import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp, fate, problem } from "../harness/checks.mjs";
import { refusing, reluctant, sendTo } from "../harness/queues.mjs";
import { startWorker, until } from "../harness/worker.mjs";

/** Nor is there anything else where messages could wait. */
function refuseMessages(worker) {
  sendTo(refusing)(worker);
  delete worker.durableObjects;
}

function message(load, items) {
  const content = { beacon: JSON.parse(load.beacon(items)) };
  return JSON.stringify({ received_at: Date.now(), content });
}

const rows = async (worker, table) =>
  (await worker.db.prepare(`SELECT count(*) AS n FROM ${table} WHERE site = 'shop'`).first()).n;

describe("by way of the queue", () => {
  let worker;
  before(async () => {
    worker = await startWorker({ plan });
  });
  after(() => worker.dispose());
  afterEach(() => everythingAddsUp(worker));

  test("fifty identical beacons at once are one row each", async () => {
    const load = new PageLoad("shop");
    const items = [load.view(), load.event("demo_requested"), load.purchase("P1", "9800")];
    const beacon = load.beacon(items);
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(worker, beacon)));
    assert.deepEqual(new Set(answers.map((one) => one.status)), new Set([200]));
    await worker.settle();
    assert.equal(await rows(worker, "observations"), 3);
    assert.equal(await rows(worker, "conversions"), 2);
    assert.equal(await fate(worker, "shop", "duplicate"), 147);
  });

  test("fifty pages at once are fifty visits", async () => {
    const before = await rows(worker, "observations");
    const loads = Array.from({ length: 50 }, () => new PageLoad("shop"));
    await Promise.all(loads.map((load) => post(worker, load.beacon([load.view(), load.view()]))));
    await worker.settle();
    assert.equal(await rows(worker, "observations"), before + 100);
  });

  test("a message that comes again changes no total", async () => {
    const load = new PageLoad("shop");
    const text = message(load, [load.view(), load.purchase("P2", "100")]);
    const queue = await worker.queue();
    const before = await rows(worker, "conversions");
    for (let copy = 0; copy < 3; copy += 1) await queue.send(text, { contentType: "text" });
    await worker.settle();
    // Long after the first, and in another batch.
    await queue.send(text, { contentType: "text" });
    await worker.settle();
    assert.equal(await rows(worker, "conversions"), before + 1);
  });

  test("a batch acknowledges what it stored, and asks again for the rest", async () => {
    const load = new PageLoad("shop");
    const seen = load.view();
    const sent = ["no JSON", message(load, [seen]), '{"content":{"novel":1}}'];
    const consumer = await worker.miniflare.getWorker("goalpost");
    const outcome = await consumer.queue(
      "goalpost-events",
      sent.map((body, at) => ({ id: String(at), timestamp: new Date(), attempts: 1, body })),
    );
    assert.equal(outcome.outcome, "ok");
    assert.deepEqual(outcome.explicitAcks, ["1"]);
    assert.deepEqual(outcome.retryMessages.map((one) => one.msgId).sort(), ["0", "2"]);
  });

  test("the beacon's own bytes reach the row", async () => {
    const load = new PageLoad("shop");
    const seen = { ...load.view(), title: "靴 👟 \"quoted\" \u2028 null}}" };
    await post(worker, load.beacon([seen]));
    await worker.settle();
    const row = await worker.db
      .prepare("SELECT body, country, device FROM observations WHERE id = unhex(?1, '-')")
      .bind(seen.id)
      .first();
    assert.deepEqual(JSON.parse(row.body), seen);
    assert.deepEqual([row.country, row.device], ["JP", "desktop"]);
  });
});

describe("dead letters", () => {
  let worker;
  before(async () => {
    worker = await startWorker({
      plan,
      change: (options) => {
        options.queueConsumers["goalpost-events"].maxRetries = 1;
      },
    });
  });
  after(() => worker.dispose());
  afterEach(() => everythingAddsUp(worker));

  test("poison ends in quarantine with its bytes", async () => {
    const text = '{"received_at":1795000000000,"content":{"beacon":{"site":"shop"},"novel":1}}';
    await (await worker.queue()).send(text, { contentType: "text" });
    const row = await until(
      () => worker.db.prepare("SELECT * FROM quarantine WHERE reason = 'poison'").first(),
      "the poison in quarantine",
    );
    assert.equal(row.site, "shop");
    assert.equal(Buffer.from(row.body, "base64").toString(), text);
    assert.match(row.detail, /could not read/);
  });

  test("a letter that only died of an outage is stored after all", async () => {
    const load = new PageLoad("shop");
    const seen = load.view();
    const consumer = await worker.miniflare.getWorker("goalpost");
    const letter = { id: "1", timestamp: new Date(), attempts: 1, body: message(load, [seen]) };
    const outcome = await consumer.queue("goalpost-dead", [letter]);
    assert.deepEqual(outcome.explicitAcks, ["1"]);
    const found = await worker.db
      .prepare("SELECT 1 AS found FROM observations WHERE id = unhex(?1, '-')")
      .bind(seen.id)
      .first();
    assert.equal(found.found, 1);
  });
});

for (const [name, change] of [
  ["a queue that refuses", refuseMessages],
  ["no queue at all", (worker) => {
    delete worker.queueProducers;
    delete worker.durableObjects;
  }],
]) {
  test(`${name}: beacons are stored directly, with the same answers`, async () => {
    const worker = await startWorker({ change, beside: [refusing] });
    try {
      await worker.publish(plan);
      const load = new PageLoad("shop");
      const items = [load.view(), load.purchase("D1", "500")];
      for (let copy = 0; copy < 2; copy += 1) {
        const answer = await post(worker, load.beacon(items));
        assert.equal(answer.status, 200);
        assert.equal((await answer.json()).results[items[1].id], "ok");
      }
      // It is there before the answer was: no waiting.
      assert.equal(await rows(worker, "observations"), 2);
      assert.equal(await rows(worker, "conversions"), 1);
      assert.equal(await fate(worker, "shop", "duplicate"), 2);
      await problem(await post(worker, "junk"), 400, "bad-beacon");
      assert.equal(await fate(worker, "", "quarantined", "json"), 1);
      await everythingAddsUp(worker);
    } finally {
      await worker.dispose();
    }
  });
}

test("a queue that refuses for a while: messages wait until it takes them, and each item is stored once", async () => {
  const worker = await startWorker({ plan, change: sendTo(reluctant), beside: [reluctant] });
  try {
    const loads = Array.from({ length: 20 }, () => new PageLoad("shop"));
    const beacons = loads.map((load) => load.beacon([load.view(), load.purchase(`W${load.page}`, "500")]));
    const answers = await Promise.all([...beacons, ...beacons].map((beacon) => post(worker, beacon)));
    for (const answer of answers) assert.equal(answer.status, 200);
    await until(async () => (await fate(worker, "shop", "duplicate")) === 40, "the last message");
    assert.equal(await rows(worker, "observations"), 40);
    assert.equal(await rows(worker, "conversions"), 20);
    await everythingAddsUp(worker);
  } finally {
    await worker.dispose();
  }
});

test("what waits for the queue outlives the process", async () => {
  const persist = await mkdtemp(join(tmpdir(), "goalpost-overflow-"));
  try {
    const load = new PageLoad("shop");
    const before = await startWorker({ plan, persist, change: sendTo(refusing), beside: [refusing] });
    try {
      assert.equal((await post(before, load.beacon([load.view()]))).status, 200);
      assert.equal(await rows(before, "observations"), 0);
    } finally {
      await before.dispose();
    }
    const after = await startWorker({ persist, migrate: false });
    try {
      await until(async () => (await rows(after, "observations")) === 1, "the message that waited");
      await everythingAddsUp(after);
    } finally {
      await after.dispose();
    }
  } finally {
    await rm(persist, { recursive: true, force: true });
  }
});

test("neither queue nor database: the page keeps its items and comes again", async () => {
  const worker = await startWorker({ change: refuseMessages, beside: [refusing], migrate: false });
  try {
    const plans = await worker.miniflare.getKVNamespace("PLANS", "goalpost");
    await plans.put("site:shop", JSON.stringify({ plan: "0", hosts: plan.hosts }));
    const load = new PageLoad("shop");
    const answer = await post(worker, load.beacon([load.view()]));
    assert.equal(answer.headers.get("retry-after"), "5");
    assert.equal(answer.headers.get("x-goalpost"), "1");
    await problem(answer, 503, "unavailable");
    await problem(await post(worker, "junk"), 503, "unavailable");
    const health = await fetch(`${worker.url}/health`);
    assert.equal(health.status, 503);
    const { ready, checks } = await health.json();
    assert.equal(ready, false);
    assert.match(checks.find((one) => one.name === "DB").detail, /migrations apply/);
  } finally {
    await worker.dispose();
  }
});

test("a failing transaction is tried again, and nothing of it is there meanwhile", async () => {
  const worker = await startWorker({ plan });
  try {
    const load = new PageLoad("shop");
    const items = [load.view(), load.purchase("R1", "700")];
    await worker.db.prepare("ALTER TABLE fates RENAME TO fates_away").run();
    const consumer = await worker.miniflare.getWorker("goalpost");
    const body = message(load, items);
    const deliver = (attempts) =>
      consumer.queue("goalpost-events", [{ id: "1", timestamp: new Date(), attempts, body }]);
    const failed = await deliver(1);
    assert.deepEqual(failed.explicitAcks, []);
    assert.deepEqual(failed.retryMessages.map((one) => one.msgId), ["1"]);
    assert.ok(failed.retryMessages[0].delaySeconds >= 1);
    assert.equal(await rows(worker, "observations"), 0);
    await worker.db.prepare("ALTER TABLE fates_away RENAME TO fates").run();
    const stored = await deliver(2);
    assert.deepEqual(stored.explicitAcks, ["1"]);
    assert.equal(await rows(worker, "observations"), 2);
    await everythingAddsUp(worker);
  } finally {
    await worker.dispose();
  }
});
