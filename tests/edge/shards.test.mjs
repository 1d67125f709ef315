// One database and four, told the same by the same people: every report is the same, before, during and
// after the rows have spread.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { sendMonth } from "../../examples/storefront/month/send.mjs";
import { month } from "../../examples/storefront/month/shoppers.mjs";
import { PageLoad, plan as small, post, uuid } from "../harness/beacon.mjs";
import { everythingKept, problem } from "../harness/checks.mjs";
import { root, startWorker } from "../harness/worker.mjs";

const DAY = 86_400_000;
const MINUTE = 60_000;
const TOKYO = 9 * 3_600_000;
const midnight = Math.floor((Date.now() + TOKYO) / DAY) * DAY - TOKYO;

/** How many people shop. */
const SHOPPERS = Number(process.env.SHOPPERS ?? 300);

const REPORTS = [
  "reports/overview",
  "reports/overview?by=day&compare=previous",
  "reports/outcomes",
  "reports/outcomes?by=day",
  "reports/outcomes?by=channel&dates=refund",
  "reports/goals",
  "reports/groups",
  "reports/channels",
  "reports/channels?device=mobile",
  "reports/channels?definition=product-purchase",
  "reports/campaigns",
  "reports/landing-pages",
  "reports/landing-pages?channel=Email",
  "reports/events",
  "reports/sessions",
  "reports/sessions?by=country",
  "reports/overview?stage=customer",
  "reports/attribution",
  "reports/attribution?model=all&by=campaign",
  "reports/velocity",
  "reports/funnels",
  "reports/funnels?unit=contact",
  "reports/what-if",
  "reports/carts",
  "reports/carts?list=abandoned",
  "reports/contacts?limit=200",
  "reports/contacts?order=contact&limit=50",
  "reports/contacts?order=value&limit=5",
  "reports/contacts?order=points&limit=5",
  "reports/contacts?order=last&limit=5",
  "reports/contacts?order=value&stage=customer&limit=5",
  "reports/conversions?limit=200",
  "reports/fates",
  "reports/conservation",
  "segments",
];

let folder;
let plan;
let one;
let four;
let clock = Date.now();

/** All that was sent, to be sent once more. */
let whole;
const named = Array.from({ length: 8 }, (_, at) => ({
  load: new PageLoad("cloud-kicks"),
  contact: `customer:k${at % 2}`,
  order: `K${at}`,
}));
const told = [];

const both = (work) => Promise.all([work(one), work(four)]);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "goalpost-shards-"));
  plan = JSON.parse(await readFile(join(root, "examples/storefront/plan.json"), "utf8"));
  one = await startWorker({ plan });
  four = await startWorker({ plan, persist: folder });
});
after(async () => {
  await one?.dispose();
  await four?.dispose();
  await rm(folder, { recursive: true, force: true });
});

const door = (worker) => ({
  fetch: (path, init) => worker.miniflare.dispatchFetch(`${worker.url}${path}`, init),
  token: worker.token,
  site: plan.site,
});

async function answer(worker, path, init) {
  const response = await worker.admin(`${plan.site}/${path}`, init);
  const text = await response.text();
  assert.equal(response.status, 200, `${path}: ${text}`);
  // When something arrived differs by what it takes to send it twice.
  return JSON.parse(text, (key, value) => (key === "received_at" ? undefined : value));
}

async function equal(when) {
  for (const path of REPORTS) {
    const [ours, theirs] = await both((worker) => answer(worker, path));
    assert.deepEqual(theirs, ours, `${path}, ${when}`);
  }
}

/** The clock runs in both as if it were some minutes later. */
async function cron(minutes = 10) {
  clock += minutes * MINUTE;
  await both((worker) => worker.cron(clock));
}

const spread = async () => four.db.prepare("SELECT * FROM spread").first();

/** Everything that some people did, of whom a part has two browsers. */
function story() {
  const own = month({ end: midnight, shoppers: SHOPPERS });
  const second = new Map();
  const seen = new Map();
  for (const visit of own.visits) {
    const times = (seen.get(visit.visitor) ?? 0) + 1;
    seen.set(visit.visitor, times);
    if (times > 1 && Number.parseInt(visit.visitor.at(-1), 16) % 3 === 0) {
      if (!second.has(visit.visitor)) second.set(visit.visitor, uuid(visit.time));
      visit.visitor = second.get(visit.visitor);
    }
  }
  return own;
}

const part = (whole, from, to) => ({
  ...whole,
  visits: whole.visits.slice(from * whole.visits.length, to * whole.visits.length),
  events: whole.events.slice(from * whole.events.length, to * whole.events.length),
});

test("from one database to four while people go on", async () => {
  whole = story();
  const send = async (from, to) => {
    await both((worker) => sendMonth(door(worker), part(whole, from, to)));
    await both((worker) => worker.settle());
  };
  await send(0, 0.5);
  await both((worker) => worker.rollUp());
  await equal("in one database");

  await four.dispose();
  four = await startWorker({ adminToken: four.token, persist: folder, databases: 4, shards: 4 });
  await equal("with four bound");
  await send(0.5, 0.6);
  await equal("before anything has moved");

  let from = 0.6;
  let runs = 0;
  for (; (await spread())?.state !== "done"; runs += 1) {
    assert.ok(runs < 300, JSON.stringify(await spread()));
    await cron();
    if (from < 0.9 && runs % 2 === 1) {
      await send(from, from + 0.1);
      // What is sent again is there already, wherever it is.
      await both((worker) => sendMonth(door(worker), { ...part(whole, 0.3, 0.32), events: [], costs: whole.costs }));
      await both((worker) => worker.settle());
      await equal(`in run ${runs}`);
      from += 0.1;
    }
  }
  await send(from, 1);
  await cron();
  await cron(20);
  await equal("once everybody is at home");
  await both((worker) => worker.rollUp());
  await equal("with kept figures");

  const rows = await Promise.all(
    four.databases.map(async (db) => {
      const { n } = await db.prepare("SELECT count(*) AS n FROM observations").first();
      const left = await db.prepare("SELECT count(*) AS n FROM leaving").first();
      assert.equal(left.n, 0);
      return n;
    }),
  );
  const all = rows.reduce((sum, n) => sum + n, 0);
  const { n } = await one.db.prepare("SELECT count(*) AS n FROM observations").first();
  assert.equal(all, n, "each observation is in one database");
  assert.ok(rows.every((own) => own > n / 8 && own < n / 2), `each has its share: ${rows}`);
});

/** What the named say, in two parts, and their shop's server of them. */
async function tellOfTheNamed() {
  for (const which of [0, 1]) {
    for (const { texts } of named) await both((worker) => post(worker, texts[which]));
    await both((worker) => worker.settle());
  }
  const headers = { "content-type": "application/json" };
  return both((worker) => answer(worker, "events", { method: "POST", headers, body: JSON.stringify({ events: told }) }));
}

test("two browsers come together in one database when they are named", async () => {
  for (const one of named) {
    const { load, contact, order } = one;
    one.texts = [
      load.beacon([load.view(), load.adds("nimbus")]),
      load.beacon([load.identify(contact), load.purchase(order, "1000", "JPY")]),
    ];
  }
  const time = Date.now();
  told.push(
    { id: "k-sale", time, commerce: "purchase", order: "K0", revenue: "1000", currency: "JPY", contact: "customer:k0" },
    { id: "k-back", time, commerce: "refund", order: "K2", amount: "400", currency: "JPY" },
    { id: "k-same", time, identify: true, contact: { customer: "k0", email: "k0@shop.example" } },
  );
  const [ours, theirs] = await tellOfTheNamed();
  assert.deepEqual(theirs, ours);
  await equal("after they were named");
  for (const at of [0, 1]) {
    const [ours, theirs] = await both((worker) => answer(worker, `contacts/customer:k${at}`));
    assert.equal(ours.visitors.length, 4);
    assert.deepEqual(theirs, ours);
  }
});

test("everything of a person is shown, and erased, wherever it is", async () => {
  const exported = await both(async (worker) => {
    const rows = [];
    for (let next = ""; next !== null; ) {
      const page = await answer(worker, `contacts/customer:k1/export${next && `?after=${next}`}`);
      rows.push(...page.rows.map((row) => JSON.stringify(row)));
      next = page.next;
    }
    return rows.sort();
  });
  const tables = (rows) => rows.map((row) => JSON.parse(row).table).sort();
  assert.deepEqual(tables(exported[1]), tables(exported[0]));
  const erased = await both((worker) => answer(worker, "contacts/customer:k1", { method: "DELETE" }));
  assert.deepEqual(
    erased.map(({ state, observations }) => [state, observations]),
    [["done", 16], ["done", 16]],
  );
  for (const worker of [one, four]) {
    await problem(await worker.admin(`${plan.site}/contacts/customer:k1`), 404, "not-found");
  }
  await equal("after somebody was erased");
  for (const { acts } of await both((worker) => answer(worker, "audit"))) {
    assert.ok(acts.some(({ act }) => act === "erase"), "it is known who erased");
  }
  const names = await four.db.prepare("SELECT count(*) AS n FROM homes WHERE name = '3customer:k1'").first();
  assert.equal(names.n, 0);
});

test("all of it sent once more after somebody was erased: they stay gone, and every other figure is what it was", async () => {
  await both((worker) => worker.rollUp());
  const figures = async () => {
    const counted = REPORTS.filter((path) => !["reports/fates", "reports/conservation"].includes(path));
    return Object.fromEntries(await Promise.all(counted.map(async (path) => [path, await answer(four, path)])));
  };
  const before = await figures();
  const gone = named.filter(({ contact }) => contact === "customer:k1");
  await tellOfTheNamed();
  // What had not arrived yet is of the erased as well.
  const late = gone.map(({ load }) => load.beacon([load.view()]));
  for (const beacon of late) await both((worker) => post(worker, beacon));
  await both((worker) => sendMonth(door(worker), whole));
  await both((worker) => worker.settle());
  await equal("after it was all sent once more");
  await both((worker) => worker.rollUp());
  await equal("with kept figures after that");
  assert.deepEqual(await figures(), before);

  const names = gone.flatMap(({ load, order }) => [load.visitor, load.visitor.replaceAll("-", ""), `"${order}"`, `order:${order}`]);
  for (const worker of [one, four]) {
    await problem(await worker.admin(`${plan.site}/contacts/customer:k1`), 404, "not-found");
    for (const db of worker.databases) {
      for (const [table, text] of Object.entries(await everythingKept({ db }))) {
        for (const name of ["customer:k1", ...names]) assert.ok(!text.includes(name), `${name} in ${table}`);
      }
    }
  }
  const erased = async ({ databases }) => {
    const sql = "SELECT coalesce(sum(count), 0) AS n FROM fates WHERE fate = 'dropped' AND reason = 'erased'";
    const counts = await Promise.all(databases.map((db) => db.prepare(sql).first("n")));
    return counts.reduce((sum, n) => sum + n, 0);
  };
  assert.deepEqual(await both(erased), [20, 20]);
});

/** The next night, until everything had its turn: what the check says. */
async function night() {
  clock = Math.ceil(clock / DAY) * DAY + 3 * 60 * MINUTE;
  for (let runs = 0; ; runs += 1) {
    await cron();
    const { check } = await answer(four, "reports/health");
    const tonight = new Date(clock).toISOString().slice(0, 10);
    if (check.parts.length === 13 && check.parts.every(({ night, done }) => night === tonight && done)) return check;
    assert.ok(runs < 60, JSON.stringify(check.parts));
  }
}

test("the nightly check walks every database", async () => {
  const sound = await night();
  assert.deepEqual(sound.differences, []);
  const parts = new Map(sound.parts.map(({ part, compared }) => [part, compared]));
  for (const database of ["", " DB_2", " DB_3", " DB_4"]) {
    for (const part of ["conversions", "evidence", "figures"]) assert.ok(parts.get(part + database) > 0, part + database);
  }
  assert.ok(parts.get("totals") > 0);
  const { checks } = await (await fetch(`${four.url}/health`)).json();
  assert.match(checks.find(({ name }) => name === "NIGHTLY_CHECK").detail, /^last went on \d+ (ms|s|min|h) ago$/);

  const [, second] = four.databases;
  const { id } = await second
    .prepare("SELECT hex(observation) AS id FROM conversions WHERE minor > 1 ORDER BY day LIMIT 1").first();
  await second.prepare("UPDATE conversions SET minor = 1 WHERE observation = unhex(?)").bind(id).run();
  const found = (await night()).differences;
  assert.deepEqual(found.map(({ part }) => part), ["conversions DB_2"]);
  assert.match(found[0].detail, /^value: 1 minor JPY is kept, \d+ minor JPY follows$/);

  await second
    .prepare("INSERT INTO refold SELECT site, definition, scope, who, dedup FROM evidence WHERE observation = unhex(?)")
    .bind(id).run();
  assert.deepEqual((await night()).differences, []);
});

test("what works with one database says so", async () => {
  const headers = { "content-type": "application/json" };
  const replay = await four.admin(`${plan.site}/plan/replay`, {
    method: "POST", headers, body: JSON.stringify({ plan }),
  });
  const { detail } = await problem(replay, 409, "busy");
  assert.equal(
    detail,
    "replay: this works while everybody is in one database; set SHARDS to 1, and wait until /health says nothing under SPREAD",
  );
  const { checks } = await (await fetch(`${four.url}/health`)).json();
  const of = (name) => checks.find((check) => check.name === name);
  assert.deepEqual([of("DB").ok, of("SHARDS").ok, of("SPREAD").detail], [true, true, ""]);
});

test("and back to one", async () => {
  await four.dispose();
  four = await startWorker({ adminToken: four.token, persist: folder, databases: 4, shards: 1 });
  for (let runs = 0; ; runs += 1) {
    assert.ok(runs < 300, JSON.stringify(await spread()));
    await cron();
    const { shards, state } = await spread();
    if (shards === 1 && state === "done") break;
  }
  await equal("back in one database");
  await night();
  const headers = { "content-type": "application/json" };
  const replay = await four.admin(`${plan.site}/plan/replay`, { method: "POST", headers, body: JSON.stringify({ plan }) });
  assert.equal(replay.status, 200, await replay.text());
  for (const db of four.databases.slice(1)) {
    const tables = ["observations", "sessions", "evidence", "conversions", "known_visitors", "identities", "refunds"];
    for (const table of tables) {
      const { n } = await db.prepare(`SELECT count(*) AS n FROM ${table}`).first();
      assert.equal(n, 0, table);
    }
  }
});

describe("in four databases from the beginning", () => {
  const plan = {
    ...small,
    carts: { abandoned_after: "30m" },
    goals: [...small.goals, { id: "asked", when: { event: "asked" }, count: "once_per_contact", points: 1 }],
  };
  let worker;
  before(async () => {
    worker = await startWorker({ plan, databases: 4, shards: 4 });
    // From then on only whoever comes together with somebody moves.
    const done = () => worker.db.prepare("SELECT 1 AS n FROM spread WHERE state = 'done'").first("n");
    for (let runs = 0; !(await done()); runs += 1) {
      assert.ok(runs < 10, "it spreads for ever");
      await worker.cron(Date.now() + runs * 20 * MINUTE);
    }
  });
  after(() => worker?.dispose());

  const get = async (path) => {
    const response = await worker.admin(`shop/${path}`);
    assert.equal(response.status, 200, await response.clone().text());
    return response.json();
  };
  const counts = (sql) => Promise.all(worker.databases.map((db) => db.prepare(`SELECT count(*) AS n FROM ${sql}`).first("n")));
  const sum = (numbers) => numbers.reduce((all, n) => all + n, 0);
  const told = (events) => worker.admin("shop/events", { method: "POST", body: JSON.stringify({ events }) });

  test("a cart that was given up is an event, whichever database it is in", async () => {
    const anHourAgo = (item) => ({ ...item, id: uuid(Date.now() - 60 * MINUTE) });
    for (let n = 0; n < 12; n += 1) {
      const load = new PageLoad("shop");
      await post(worker, load.beacon([anHourAgo(load.view()), anHourAgo(load.adds("walk"))]));
    }
    await worker.settle();
    // Those of the first one were looked at before.
    await worker.db.prepare("DELETE FROM open_carts").run();
    const wait = sum(await counts("open_carts"));
    assert.ok(wait > 0);
    await worker.cron(Date.now());
    assert.equal(sum(await counts("observations WHERE source = 'server' AND body ->> 'name' = 'cart_abandoned'")), wait);
    assert.equal(sum(await counts("open_carts")), 0);
  });

  test("the best contacts come first, and a search keeps those that are asked for, wherever they are", async () => {
    const names = Array.from({ length: 60 }, (_, n) => `c${String(n).padStart(2, "0")}`);
    const time = Date.now();
    const known = names.map((customer) => ({ id: `is-${customer}`, time, identify: true, contact: { customer } }));
    const bought = names.slice(40).map((customer, n) => ({
      id: `buys-${customer}`, time: time + n, commerce: "purchase", order: customer, revenue: String(100 + n), currency: "JPY", contact: { customer },
    }));
    assert.equal((await told([...known, ...bought])).status, 200);
    const found = async (query) => {
      const { contacts, next } = await get(`reports/contacts?${query}`);
      return [contacts.map(({ contact }) => contact.replace("customer:", "")), next];
    };
    const best = ["c59", "c58", "c57"];
    for (const order of ["value", "last"]) {
      assert.deepEqual(await found(`order=${order}&limit=3`), [best, null], order);
      assert.deepEqual(await found(`order=${order}&stage=customer&limit=3`), [best, null], order);
      assert.deepEqual(await found(`q=c&order=${order}&limit=3`), [best, null], `${order} of a search`);
    }
    assert.deepEqual(await found("q=c&stage=customer&limit=2"), [["c40", "c41"], "customer:c41"]);
    assert.deepEqual(await found("q=c&stage=customer&limit=50&after=customer:c41"), [names.slice(42), null]);
    const walked = [];
    for (let after = ""; after !== null; ) {
      const [page, next] = await found(`q=c&limit=25&after=${after}`);
      walked.push(...page);
      after = next;
    }
    assert.deepEqual(walked, names);
  });

  test("an observation is explained by whose it is, also once they have moved elsewhere", async () => {
    const seen = Array.from({ length: 8 }, () => {
      const load = new PageLoad("shop");
      return { load, asks: load.event("asked") };
    });
    for (const { load, asks } of seen) await post(worker, load.beacon([asks]));
    await worker.settle();
    for (const [n, { load }] of seen.entries()) await post(worker, load.beacon([load.identify(`customer:m${n % 2}`)]));
    await worker.settle();
    await worker.cron(Date.now());
    const names = await counts("known_visitors");
    assert.ok(names.filter((n) => n > 0).length <= 2, "each of both is in one database");
    assert.ok((await counts("observations WHERE kind = 'event'")).filter((n) => n > 0).length > 2, "what they did stays");
    for (const { asks } of seen) {
      const { definitions } = await get(`observations/${asks.id}/explain`);
      const { counted } = definitions.find(({ definition }) => definition === "asked");
      assert.ok(counted, "it is counted");
    }
  });
});
