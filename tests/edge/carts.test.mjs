import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { PageLoad, plan, post, uuid } from "../harness/beacon.mjs";
import { everythingAddsUp, problem } from "../harness/checks.mjs";
import { differences } from "../harness/schema.mjs";
import { startWorker } from "../harness/worker.mjs";

const shop = {
  ...plan,
  carts: { abandoned_after: "30m" },
  goals: [...plan.goals, { id: "cart-left", when: { event: "cart_abandoned" }, points: 1 }],
};

const minute = 60_000;

let worker;
let api;
before(async () => {
  worker = await startWorker({ plan: shop });
  api = await (await fetch(`${worker.url}/api/v1/openapi.json`)).json();
});
after(() => worker.dispose());
afterEach(() => everythingAddsUp(worker));

let sites = 0;
/** A site of its own for each test. */
async function open() {
  sites += 1;
  const site = `carts-${sites}`;
  await worker.publish({ ...shop, site });
  return site;
}

async function report(site, query = "") {
  const response = await worker.admin(`${site}/reports/carts${query}`);
  assert.equal(response.status, 200, await response.clone().text());
  const body = await response.json();
  const { schema } = api.paths["/api/v1/sites/{site}/reports/carts"].get.responses[200].content[
    "application/json"
  ];
  assert.deepEqual(differences(schema, body, api), []);
  return body;
}

/** A row's counts by their names. */
const counts = (row) =>
  Object.fromEntries(Object.entries(row).filter(([, own]) => typeof own.value === "number").map(([id, own]) => [id, own.value]));

const events = async (site) => {
  const sql = "SELECT body, visitor, contact FROM observations WHERE site = ?1 AND source = 'server' AND body ->> 'name' = 'cart_abandoned'";
  return (await worker.db.prepare(sql).bind(site).all()).results;
};

const count = async (sql, site) =>
  (await worker.db.prepare(`SELECT count(*) AS n FROM ${sql}`).bind(site).first()).n;

/** An item that was seen so many minutes ago. */
const ago = (minutes, item) => ({ ...item, id: uuid(Date.now() - minutes * minute) });

async function told(site, events) {
  const response = await worker.admin(`${site}/events`, {
    method: "POST",
    body: JSON.stringify({ events }),
  });
  const { results } = await response.json();
  assert.deepEqual(results.map(({ result }) => result), events.map(() => "stored"));
}

test("a cart that was given up is one event that a plan can count, over any number of runs", async () => {
  const site = await open();
  const load = new PageLoad(site);
  const items = [ago(21, load.view()), ago(20, load.adds("walk")), ago(19, load.adds("run"))];
  await post(worker, load.beacon(items));
  await worker.settle();
  await worker.cron(Date.now());
  assert.equal((await events(site)).length, 0, "not yet");
  const ended = await worker.db.prepare("SELECT ended_at FROM sessions WHERE site = ?1").bind(site).first();

  for (const minutes of [12, 22, 32]) await worker.cron(Date.now() + minutes * minute);
  const [event, ...more] = await events(site);
  assert.deepEqual(more, []);
  const { properties } = JSON.parse(event.body);
  assert.deepEqual(properties, {
    session: load.session,
    products: [{ product: "walk" }, { product: "run" }],
  });
  assert.equal(await count("conversions WHERE site = ?1 AND definition = 'cart-left'", site), 1);
  assert.equal(await count("fates WHERE site = ?1 AND fate = 'duplicate'", site), 0);
  assert.equal(await count("open_carts WHERE site = ?1", site), 0);
  assert.deepEqual(
    await worker.db.prepare("SELECT ended_at FROM sessions WHERE site = ?1").bind(site).first(),
    ended,
  );
  const person = await (await worker.admin(`${site}/contacts/${load.visitor}`)).json();
  assert.equal(person.points, 1);
});

test("what a server sold in time is no event; what it sold later is recovered", async () => {
  const site = await open();
  const [quick, slow] = [new PageLoad(site), new PageLoad(site)];
  for (const [load, contact] of [[quick, "customer:quick"], [slow, "customer:slow"]]) {
    const items = [ago(61, load.view()), ago(60, load.adds("walk")), ago(59, load.identify(contact))];
    await post(worker, load.beacon(items));
  }
  await worker.settle();
  const purchase = (id, minutes, contact) => ({
    id, time: Date.now() - minutes * minute, commerce: "purchase", order: id, revenue: "100",
    currency: "JPY", contact,
  });
  await told(site, [purchase("Q1", 45, "customer:quick")]);
  await worker.cron(Date.now());
  const found = await events(site);
  assert.equal(found.length, 1);
  const before = (await report(site)).totals;
  assert.deepEqual(counts(before), { carts: 2, bought: 1, abandoned: 1, recovered: 0, open: 0 });
  assert.deepEqual(before.abandonment_rate.value, {
    numerator: 1, numerator_name: "abandoned", denominator: 2, denominator_name: "bought+abandoned",
    decimal: "0.5000",
  });
  const { rows, of } = await report(site, "?list=abandoned");
  assert.deepEqual([of, rows[0].contact.id, rows[0].visitor.id], [1, "customer:slow", slow.visitor]);
  assert.equal(rows[0].products.id, "walk");

  await told(site, [purchase("S1", 5, "customer:slow")]);
  await worker.cron(Date.now());
  assert.equal((await events(site)).length, 1);
  const { totals } = await report(site);
  assert.deepEqual([totals.abandoned.value, totals.recovered.value], [1, 1]);
  assert.equal((await report(site, "?list=abandoned")).of, 0);
});

test("a report tells carts apart, and is a table for a spreadsheet", async () => {
  const site = await open();
  const load = new PageLoad(site);
  await post(worker, load.beacon([ago(50, load.view()), ago(49, load.adds("=1+1"))]));
  const still = new PageLoad(site);
  await post(worker, still.beacon([ago(2, still.view()), ago(1, still.adds("run"))]));
  await worker.settle();
  const { rows, totals } = await report(site, "?by=device");
  assert.deepEqual(rows.map(({ device, carts }) => [device.id, carts.value]), [["desktop", 2]]);
  assert.equal(totals.open.value, 1);
  assert.equal((await report(site, "?by=channel")).rows.length, 1);
  const days = await report(site, "?by=day&compare=previous");
  assert.equal(days.rows.length, 30);
  assert.equal(days.rows.reduce((sum, { carts }) => sum + carts.value, 0), 2);
  assert.deepEqual(days.totals.carts, { value: 2, previous: 0 });
  const list = await worker.admin(`${site}/reports/carts?list=abandoned&format=csv`);
  assert.match(list.headers.get("content-type"), /^text\/csv/);
  const lines = (await list.text()).trimEnd().split("\r\n");
  assert.equal(lines.length, 2);
  assert.ok(lines[0].startsWith("visitor,contact,session,products,first_add,last_add"));
  assert.equal(lines[1].split(",")[3], "'=1+1");
  const table = await (await worker.admin(`${site}/reports/carts?by=device&format=csv`)).text();
  assert.ok(table.startsWith("device,carts,bought,abandoned,recovered,open,"), table);
  const past = await report(site, "?from=2020-01-01&to=2020-01-31");
  assert.equal(past.totals.carts.value, 0);
  assert.equal(past.totals.abandonment_rate.value.decimal, null);
  for (const query of ["by=height", "list=all", "format=pdf", "colour=red", "from=never"]) {
    await problem(await worker.admin(`${site}/reports/carts?${query}`), 400, "bad-parameter");
  }
});

test("figures of carts are the same before they are kept and after, and are read from few rows", async () => {
  const site = await open();
  for (let n = 0; n < 12; n += 1) {
    const load = new PageLoad(site);
    const items = [ago(25 * 60 + n, load.view()), ago(25 * 60, load.adds("walk"))];
    if (n % 3 === 0) items.push(ago(24 * 60, load.purchase(`K${n}`, "100")));
    await post(worker, load.beacon(items));
  }
  const still = new PageLoad(site);
  await post(worker, still.beacon([ago(2, still.view()), ago(1, still.adds("run"))]));
  await worker.settle();
  const queries = ["", "?by=day&compare=previous", "?by=channel", "?by=device"];
  const all = async () => JSON.stringify(await Promise.all(queries.map((query) => report(site, query))));
  const rowsRead = async () => {
    const response = await worker.admin(`${site}/reports/carts`);
    return Number(response.headers.get("goalpost-rows-read"));
  };
  const [live, read] = [await all(), await rowsRead()];
  await worker.rollUp();
  assert.equal(await count("stale_days WHERE site = ?1 AND part = 'carts'", site), 0);
  assert.ok((await count("carts_daily WHERE site = ?1", site)) > 0);
  assert.equal(await all(), live);
  assert.ok((await rowsRead()) < read / 2, `${await rowsRead()} of ${read}`);

  const { totals } = await report(site);
  assert.deepEqual(counts(totals), { carts: 13, bought: 0, abandoned: 12, recovered: 4, open: 1 });
  // What arrives late is counted at once: its day is no longer taken from what is kept.
  const late = new PageLoad(site);
  await post(worker, late.beacon([ago(24 * 60 + 9, late.view()), ago(24 * 60 + 8, late.adds("late"))]));
  await worker.settle();
  assert.ok((await count("stale_days WHERE site = ?1 AND part = 'carts'", site)) > 0);
  assert.equal((await report(site)).totals.carts.value, 14);
});
