import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { PageLoad, plan, post, uuid } from "../harness/beacon.mjs";
import { everythingAddsUp, problem } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

const funnels = [
  {
    id: "checkout",
    name: "Checkout",
    steps: [{ page: "/shoes/:id" }, { commerce: "add_to_cart" }, { definition: "product-purchase" }],
  },
  {
    id: "newsletter",
    unit: "contact",
    steps: [{ arrival: "Email" }, { page: "/shoes/:id" }, { commerce: "purchase" }],
  },
];

let worker;
before(async () => {
  worker = await startWorker({ plan: { ...plan, funnels } });
});
after(() => worker.dispose());
afterEach(() => everythingAddsUp(worker));

const start = Date.now() - 3_600_000;

const report = async (query) => {
  const response = await worker.admin(`shop/reports/funnels${query}`);
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
};

const lines = (body, columns) =>
  body.rows.map((row) => [
    row[body.columns[0].id].name,
    ...columns.map((id) => row[id].value?.decimal ?? row[id].value),
  ]);

/** A session that sees these things a minute apart. */
async function walk(visitor, minute, make) {
  const load = new PageLoad("shop", { visitor });
  const items = make(load).map((item, at) => ({ ...item, id: uuid(start + (minute + at) * 60_000) }));
  await post(worker, load.beacon(items));
}

const shoe = (load, query = {}) => load.view({ path: "/shoes/7", query });
const cart = (load) =>
  load.item({ kind: "commerce", name: "add_to_cart", properties: { product: "7" } });
const mail = { utm_source: "news", utm_medium: "email" };

test("how far sessions and people came, before and after it is kept", async () => {
  const [one, two] = [uuid(), uuid()];
  await walk(one, 0, (load) => [shoe(load, mail), cart(load), load.purchase("F1", "100")]);
  await walk(two, 0, (load) => [shoe(load, mail), load.event("x"), cart(load)]);
  await walk(two, 30, (load) => [load.purchase("F2", "100")]);
  await walk(uuid(), 0, (load) => [load.view(), cart(load)]);
  await worker.settle();
  const ask = async () => ({
    checkout: lines(await report("?funnel=checkout"), ["reached", "rate_from_first", "median_time"]),
    strict: lines(await report("?funnel=checkout&order=strict"), ["reached"]),
    people: lines(await report("?funnel=checkout&unit=contact"), ["reached"]),
    newsletter: lines(await report("?funnel=newsletter"), ["reached"]),
    channels: lines(await report("?by=channel"), ["began", "completed"]),
    all: lines(await report(""), ["began", "completed", "completion_rate"]),
  });
  const live = await ask();
  assert.deepEqual(live.checkout, [
    ["/shoes/:id", 2, "1.0000", null],
    ["commerce add_to_cart", 2, "1.0000", "90.000"],
    ["definition product-purchase", 1, "0.5000", "60.000"],
  ]);
  assert.deepEqual(live.strict.map(([, reached]) => reached), [2, 1, 1]);
  assert.deepEqual(live.people.map(([, reached]) => reached), [2, 2, 2]);
  assert.deepEqual(live.newsletter, [
    ["arrival Email", 2],
    ["/shoes/:id", 2],
    ["commerce purchase", 2],
  ]);
  assert.deepEqual(live.channels, [["Checkout", 2, 1], ["newsletter", 2, 2]]);
  assert.deepEqual(live.all, [["Checkout", 2, 1, "0.5000"], ["newsletter", 2, 2, "1.0000"]]);
  await worker.rollUp();
  const kept = await worker.db
    .prepare("SELECT count(*) AS days FROM kept_days WHERE part = 'funnels' AND made_for <> ''")
    .first();
  assert.ok(kept.days > 0);
  assert.deepEqual(await ask(), live);
});

test("a funnel that the plan does not have is refused with those it has", async () => {
  const refused = await problem(await worker.admin("shop/reports/funnels?funnel=x"), 400, "bad-parameter");
  assert.equal(refused.detail, "funnel: 'x' is none of: checkout, newsletter");
});
