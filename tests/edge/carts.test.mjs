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
  const { totals: before } = await report(site);
  assert.deepEqual(
    [before.carts, before.bought, before.abandoned, before.recovered, before.open],
    [2, 1, 1, 0, 0],
  );
  assert.deepEqual(before.abandonment_rate, {
    numerator: 1, numerator_name: "abandoned", denominator: 2, denominator_name: "bought+abandoned",
    decimal: "0.5000",
  });
  const { carts, of } = await report(site, "?list=abandoned");
  assert.deepEqual([of, carts[0].contact, carts[0].visitor], [1, "customer:slow", slow.visitor]);
  assert.deepEqual(carts[0].products, ["walk"]);

  await told(site, [purchase("S1", 5, "customer:slow")]);
  await worker.cron(Date.now());
  assert.equal((await events(site)).length, 1);
  const { totals } = await report(site);
  assert.deepEqual([totals.abandoned, totals.recovered], [1, 1]);
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
  assert.deepEqual(rows.map(({ value, carts }) => [value, carts]), [["desktop", 2]]);
  assert.equal(totals.open, 1);
  assert.equal((await report(site, "?by=channel")).rows.length, 1);
  assert.ok((await report(site, "?by=day")).rows.length >= 1);
  const list = await worker.admin(`${site}/reports/carts?list=abandoned&format=csv`);
  assert.match(list.headers.get("content-type"), /^text\/csv/);
  const lines = (await list.text()).trimEnd().split("\r\n");
  assert.equal(lines.length, 2);
  assert.ok(lines[0].startsWith("visitor,contact,session,products,first_add,last_add"));
  assert.equal(lines[1].split(",")[3], "'=1+1");
  const table = await (await worker.admin(`${site}/reports/carts?by=device&format=csv`)).text();
  assert.ok(table.startsWith("device,carts,bought,abandoned,recovered,open,"), table);
  const past = await report(site, "?from=2020-01-01&to=2020-01-31");
  assert.equal(past.totals.carts, 0);
  assert.equal(past.totals.abandonment_rate.decimal, null);
  for (const query of ["by=height", "list=all", "format=pdf", "colour=red", "from=never"]) {
    await problem(await worker.admin(`${site}/reports/carts?${query}`), 400, "bad-parameter");
  }
});
