// What the platform can do to a Worker: it ends in the middle of a request, a hundred times the load
// comes at once, and a deployment meets a database of before or after its own.

import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp, fate } from "../harness/checks.mjs";
import { refusing, sendTo } from "../harness/queues.mjs";
import { root, startWorker, until } from "../harness/worker.mjs";

const rows = async (worker, table) =>
  (await worker.db.prepare(`SELECT count(*) AS n FROM ${table} WHERE site = 'shop'`).first()).n;

/**
 * The Worker as it is built, within one that ends it: whenever Rust reads the body of a request that asks
 * for it, what the runtime throws where WebAssembly ends goes through Rust's frames.
 */
const ENDING = `
  import Worker from "./index.js";
  export * from "./index.js";
  const ends = {
    trap: () => new WebAssembly.RuntimeError("unreachable"),
    stack: () => new RangeError("Maximum call stack size exceeded"),
  };
  const ending = (request, end) => new Proxy(request, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (name !== "bytes") return typeof value === "function" ? value.bind(target) : value;
      return async () => {
        const bytes = await target.bytes();
        return Object.defineProperty(bytes, "length", { get() { throw end(); } });
      };
    },
  });
  export default class extends Worker {
    fetch(request) {
      const end = ends[request.headers.get("x-end")];
      return super.fetch(end ? ending(request, end) : request);
    }
  }`;

function endable(worker) {
  const path = join(worker.modulesRoot, "ending.js");
  worker.modules = [{ type: "ESModule", path, contents: ENDING }, ...worker.modules];
}

/** Sends it as a page does: after an answer that is no success it comes again. */
async function persist(worker, body, headers = {}, times = 20) {
  for (let time = 1; ; time += 1) {
    const response = await post(worker, body, headers);
    if (response.status === 200) return { answer: await response.json(), times: time };
    await response.body?.cancel();
    assert.ok(time < times, `${times} times ${response.status}`);
  }
}

describe("a Worker that ends in the middle of a request", () => {
  let worker;
  before(async () => {
    worker = await startWorker({ plan, change: endable });
  });
  after(() => worker?.dispose());

  for (const end of ["trap", "stack"]) {
    test(`takes no other request with it, and after three times the body waits in quarantine: ${end}`, async () => {
      const seen = await rows(worker, "observations");
      const held = await fate(worker, "", "quarantined", "poison");
      const good = Array.from({ length: 300 }, () => new PageLoad("shop"));
      const bad = Array.from({ length: 7 }, () => {
        const load = new PageLoad("shop");
        return load.beacon([load.event(`for aoi@shop.example, ${end}`)]);
      });
      const sent = good.map((load, at) => {
        const beacon = load.beacon([load.view(), load.view()]);
        const other = at % 40 === 20 ? persist(worker, bad[(at - 20) / 40], { "x-end": end }) : undefined;
        return Promise.all([persist(worker, beacon), other]);
      });
      const answers = await Promise.all(sent);
      for (const [{ answer }, other] of answers) {
        assert.deepEqual([...new Set(Object.values(answer.results))], ["ok"]);
        if (other) assert.deepEqual(other.answer, { results: {}, quarantined: "poison" });
      }
      const again = answers.reduce((sum, [own]) => sum + own.times - 1, 0);
      assert.ok(again <= 15, `${again} good beacons had to come again`);
      // A batch of the queue may have been under way, too: it comes again.
      const all = async () =>
        (await rows(worker, "observations")) === seen + 600 &&
        (await fate(worker, "", "quarantined", "poison")) === held + 7;
      await until(all, "all that was accepted is stored");
      const { results } = await worker.db
        .prepare("SELECT detail, body FROM quarantine WHERE reason = 'poison'")
        .all();
      const bodies = results.map(({ body }) => Buffer.from(body, "base64").toString());
      assert.equal(bodies.filter((body) => body.includes(`for [email], ${end}`)).length, 7);
      assert.ok(bodies.every((body) => !body.includes("aoi@")), "and no address of anybody");
      await everythingAddsUp(worker);
      const plans = await worker.admin("shop/plans");
      assert.equal(plans.status, 200, "other routes serve as before");
    });
  }
});

for (const [what, change] of [
  ["no queue", (worker) => delete worker.queueProducers],
  ["a queue that takes nothing", sendTo(refusing)],
]) {
  test(`with ${what}, a body on which the Worker ends is not taken: its page keeps it, and others are served`, async () => {
    const worker = await startWorker({
      plan,
      beside: [refusing],
      change(options) {
        endable(options);
        change(options);
      },
    });
    try {
      const load = new PageLoad("shop");
      const bad = load.beacon([load.view()]);
      for (let time = 0; time < 5; time += 1) {
        const response = await post(worker, bad, { "x-end": "trap" });
        assert.equal(response.status, 503, `time ${time}`);
        assert.equal(response.headers.get("retry-after"), "5");
      }
      const other = new PageLoad("shop");
      const { answer } = await persist(worker, other.beacon([other.view()]));
      assert.deepEqual(Object.values(answer.results), ["ok"]);
      // It keeps its items, so nothing of it was lost.
      assert.deepEqual(Object.values((await persist(worker, bad)).answer.results), ["ok"]);
    } finally {
      await worker.dispose();
    }
  });
}

test("a hundred times the load: some is turned away for later, nothing that was accepted is lost", async () => {
  const worker = await startWorker({
    plan,
    rates: { RATE_SITE: { simple: { limit: 60, period: 60 } } },
    signingKeys: { shop: ["the key that the shop signs with"] },
  });
  try {
    const loads = Array.from({ length: 1_500 }, () => new PageLoad("shop"));
    const sent = [];
    // Junk of the site's name is answered by status, beacons item by item.
    for (const [at, load] of loads.entries()) {
      const seen = load.view();
      const junk = at % 10 === 0 ? post(worker, `{"v":1,"site":"shop"${at}`) : undefined;
      sent.push(Promise.all([post(worker, load.beacon([seen])), junk, seen]));
    }
    const counts = { ok: 0, limited: 0, 400: 0, 429: 0 };
    const kept = [];
    const later = [];
    for (const [at, [answer, junk, seen]] of (await Promise.all(sent)).entries()) {
      assert.equal(answer.status, 200);
      const result = (await answer.json()).results[seen.id];
      counts[result] += 1;
      (result === "ok" ? kept : later).push({ load: loads[at], seen });
      if (!junk) continue;
      counts[junk.status] += 1;
      if (junk.status === 429) assert.equal(junk.headers.get("retry-after"), "60");
    }
    assert.equal(counts.ok + counts.limited, 1_500);
    assert.ok(counts.ok > 0 && counts.limited > 1_000, JSON.stringify(counts));
    assert.ok(counts[429] > 0, JSON.stringify(counts));
    await worker.settle();
    assert.equal(await rows(worker, "observations"), kept.length, "what was accepted is stored");
    await everythingAddsUp(worker);
    assert.ok(later.length > 0, "and the pages have the rest");
  } finally {
    await worker.dispose();
  }
});

/** Migrations up to one, as the harness and wrangler note them. */
async function migrate(worker, names) {
  const folder = join(root, "edge-worker/migrations");
  await worker.db
    .prepare("CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
    .run();
  for (const name of names) {
    const sql = await readFile(join(folder, name), "utf8");
    const statements = split(sql).map((one) => worker.db.prepare(one));
    const note = worker.db.prepare("INSERT INTO d1_migrations (name) VALUES (?1)").bind(name);
    await worker.db.batch([...statements, note]);
  }
}

/** Statements of a file: what ends a trigger does not end at its first semicolon. */
function split(sql) {
  const bare = sql.replace(/--.*$/gm, "");
  const parts = bare.match(/\s*CREATE TRIGGER[\s\S]*?\nEND;|[^;]+;/g) ?? [];
  return parts.map((one) => one.trim()).filter((one) => one.length > 1);
}

const migrations = async () =>
  (await readdir(join(root, "edge-worker/migrations"))).filter((name) => name.endsWith(".sql")).sort();

describe("a deployment", () => {
  test("on the database of before: what it takes is stored, then or after the migration", async () => {
    const worker = await startWorker({ migrate: false });
    try {
      const names = await migrations();
      const newer = names.indexOf("0015_doors.sql");
      await migrate(worker, names.slice(0, newer));
      const health = await (await fetch(`${worker.url}/health`)).json();
      assert.equal(health.ready, false);
      assert.match(health.checks.find(({ name }) => name === "DB").detail, /0015_doors/);
      await worker.publish({ ...plan, sandboxed: true });
      const load = new PageLoad("shop");
      const bought = load.purchase("N1", "100");
      assert.equal((await post(worker, load.beacon([load.view(), bought]))).status, 200);
      await worker.settle();
      assert.equal(await rows(worker, "observations"), 2, "what needs nothing new is stored at once");
      assert.equal(await rows(worker, "conversions"), 1);

      // What needs a new column waits in the queue, and is acknowledged all the same.
      const framed = new PageLoad("shop");
      assert.equal((await post(worker, framed.beacon([framed.view()]), { origin: "null" })).status, 200);
      const during = Array.from({ length: 40 }, () => new PageLoad("shop"));
      const sent = during.map((own) => post(worker, own.beacon([own.view()])));
      await migrate(worker, names.slice(newer));
      for (const answer of await Promise.all(sent)) assert.equal(answer.status, 200);
      await worker.settle();
      const deadline = Date.now() + 60_000;
      while ((await rows(worker, "observations")) < 43 && Date.now() < deadline) await worker.settle();
      assert.equal(await rows(worker, "observations"), 43);
      const doubted = await worker.db.prepare("SELECT count(*) AS n FROM observations WHERE doubts = 'sandboxed'").first();
      assert.equal(doubted.n, 1);
      await everythingAddsUp(worker);
      const ready = await (await fetch(`${worker.url}/health`)).json();
      assert.equal(ready.checks.find(({ name }) => name === "DB").ok, true);
    } finally {
      await worker.dispose();
    }
  });

  test("a Worker that begins anew knows what the one before it stored, and takes the rest", async () => {
    const kept = await mkdtemp(join(tmpdir(), "goalpost-deploy-"));
    try {
      let worker = await startWorker({ plan, persist: kept });
      const loads = Array.from({ length: 60 }, () => new PageLoad("shop"));
      const beacons = loads.map((load) => load.beacon([load.view(), load.purchase(load.page, "100")]));
      const half = beacons.slice(0, 30).map((beacon) => post(worker, beacon).then((answer) => answer.status));
      assert.deepEqual([...new Set(await Promise.all(half))], [200]);
      await worker.settle();
      await worker.dispose();
      // Pages that had no answer send again, and some that had one.
      worker = await startWorker({ persist: kept });
      try {
        await Promise.all(beacons.map((beacon) => persist(worker, beacon)));
        await worker.settle();
        assert.equal(await rows(worker, "observations"), 120);
        assert.equal(await rows(worker, "conversions"), 60);
        await everythingAddsUp(worker);
      } finally {
        await worker.dispose();
      }
    } finally {
      await rm(kept, { recursive: true });
    }
  });
});
