import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { PageLoad, plan, post, uuid } from "../harness/beacon.mjs";
import { everythingAddsUp, problem } from "../harness/checks.mjs";
import { startWorker, until } from "../harness/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker({ plan });
});
after(() => worker.dispose());
afterEach(() => everythingAddsUp(worker));

const report = async (name, site = "shop") =>
  (await worker.admin(`${site}/reports/${name}`)).json();
const one = (body, id) => body.definitions.find((definition) => definition.id === id);

test("yen and dollars, each in its own coin, each order once", async () => {
  const load = new PageLoad("shop");
  const again = new PageLoad("shop", { visitor: load.visitor });
  const items = [
    load.purchase("J1", "14800"),
    load.purchase("U1", "129.00", "USD"),
    load.purchase("U2", "0.10", "USD"),
    load.event("demo_requested"),
  ];
  await post(worker, load.beacon(items));
  await post(worker, again.beacon([again.purchase("J1", "14800")]));
  await worker.settle();

  const purchase = one(await report("outcomes"), "product-purchase");
  assert.equal(purchase.name, "Purchase");
  assert.equal(purchase.conversions, 3);
  assert.equal(purchase.people, 1);
  const nothing = (decimal) => ({ minor: 0, decimal });
  assert.deepEqual(purchase.value, [
    { currency: "JPY", claimed: { minor: 14800, decimal: "14800" }, verified: nothing("0") },
    { currency: "USD", claimed: { minor: 12910, decimal: "129.10" }, verified: nothing("0.00") },
  ]);
  assert.deepEqual(purchase.days.length, 1);
  assert.deepEqual(purchase.days[0].value, purchase.value);

  const demo = one(await report("goals"), "demo-request");
  assert.deepEqual([demo.name, demo.conversions, demo.points], ["Demo asked for", 1, 20]);
  const unused = one(await report("goals"), "size-found");
  assert.deepEqual([unused.conversions, unused.days], [0, []]);
});

test("a day is the shop's day", async () => {
  const site = "clock";
  await worker.publish({ ...plan, site });
  // More than a day apart, so never on one day.
  const hour = 3_600_000;
  const now = Date.now();
  const times = [now - hour, now - 25 * hour];
  const load = new PageLoad(site);
  const items = times.map((time) => ({ ...load.event("demo_requested"), id: uuid(time) }));
  await post(worker, load.beacon(items));
  await worker.settle();
  const { days } = one(await report("goals", site), "demo-request");
  const tokyo = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Tokyo", dateStyle: "short" });
  assert.deepEqual(days.map((day) => day.day), times.map((time) => tokyo.format(time)).sort());
});

test("a period is two days of the calendar, in order", async () => {
  for (const [query, field] of [
    ["from=2026-02-30", "from"],
    ["to=yesterday", "to"],
    ["from=2026-03-02&to=2026-03-01", "from"],
    ["from=2020-01-01&to=2026-01-01", "from"],
  ]) {
    const response = await worker.admin(`shop/reports/goals?${query}`);
    const { detail } = await problem(response, 400, "bad-parameter");
    assert.ok(detail.startsWith(`${field}: `), detail);
  }
  const past = await report("goals?from=2020-01-01&to=2020-01-31");
  assert.deepEqual([past.from, past.to], ["2020-01-01", "2020-01-31"]);
  assert.equal(one(past, "demo-request").conversions, 0);
  await problem(await worker.admin("nowhere/reports/goals"), 404, "unknown-site");
});

test("conversions come the latest first, page by page, with their evidence", async () => {
  const site = "pages";
  const { hash } = await worker.publish({ ...plan, site });
  const load = new PageLoad(site);
  const items = Array.from({ length: 25 }, () => load.event("demo_requested", { shop: "tokyo" }));
  await post(worker, load.beacon(items));
  await worker.settle();
  const seen = [];
  let path = "conversions?limit=10";
  let pages = 0;
  while (path) {
    const body = await report(path, site);
    seen.push(...body.conversions);
    path = body.next && `conversions?limit=10&before=${body.next}`;
    pages += 1;
  }
  assert.equal(pages, 3);
  assert.equal(new Set(seen.map((row) => row.key)).size, 25);
  assert.deepEqual(seen.map((row) => row.time), seen.map((row) => row.time).sort((a, b) => b - a));
  const [{ evidence }] = seen;
  assert.equal(evidence.plan, hash);
  assert.equal(evidence.version, 1);
  assert.deepEqual(
    evidence.body,
    items.find((item) => item.id === evidence.observation),
  );
  const none = await report("conversions?definition=watch-video", site);
  assert.deepEqual(none.conversions, []);
  await problem(await worker.admin("pages/reports/conversions?before=x"), 400, "bad-parameter");
  await problem(await worker.admin("pages/reports/conversions?limit=0"), 400, "bad-parameter");
});

test("every fate is counted, and what a browser let go beside it", async () => {
  const site = "fates";
  await worker.publish({ ...plan, site });
  const load = new PageLoad(site);
  const good = load.view();
  const lost = load.view();
  const bad = load.item({ kind: "telepathy" });
  const last = load.view();
  await post(worker, load.beacon([good, bad, last], { dropped: { overflow: 1 } }));
  await post(worker, load.beacon([good], { dropped: { overflow: 1 } }));
  await worker.settle();
  assert.ok(lost, "captured, and let go by the browser");
  const balance = await report("conservation", site);
  const { captured, stored, duplicate, quarantined, dropped, waiting, holds } = balance;
  assert.deepEqual(
    { captured, stored, duplicate, quarantined, dropped, waiting, holds },
    { captured: 4, stored: 2, duplicate: 1, quarantined: 1, dropped: 1, waiting: 0, holds: true },
  );
  const { fates } = await report("fates", site);
  const tallies = fates.map((row) => [row.fate, row.reason, row.count]);
  assert.deepEqual(tallies.sort(), [
    ["dropped", "overflow", 1],
    ["duplicate", "", 1],
    ["quarantined", "unknown_kind", 1],
    ["stored", "", 2],
  ]);
});

test("an item that never came is waiting, and no longer when it came", async () => {
  const site = "waiting";
  await worker.publish({ ...plan, site });
  const load = new PageLoad(site);
  const late = load.view();
  await post(worker, load.beacon([load.view()]));
  await worker.settle();
  assert.equal((await report("conservation", site)).waiting, 1);
  await post(worker, load.beacon([late]));
  await worker.settle();
  assert.equal((await report("conservation", site)).waiting, 0);
});

test("what arrives is on the live list within two seconds, with what it meant", async () => {
  const site = "live";
  await worker.publish({ ...plan, site });
  const load = new PageLoad(site);
  const live = async (after = "") => (await worker.admin(`${site}/live?after=${after}`)).json();
  const empty = await live();
  assert.deepEqual([empty.observations, empty.quarantined], [[], []]);

  const play = () => load.item({ kind: "media", step: "play", video: "walk" });
  const first = play();
  const second = play();
  const order = load.purchase("L1", "14800");
  const bad = load.item({ kind: "telepathy" });
  const sent = Date.now();
  await post(worker, load.beacon([first, second, order, bad]));
  const found = await until(
    async () => {
      const body = await live(empty.cursor);
      return body.observations.length >= 3 && body;
    },
    "the observations on the live list",
    2_000,
  );
  assert.ok(Date.now() - sent < 2_000);
  const by = (id) => found.observations.find((row) => row.id === id);
  const meant = (id) => by(id).conversions.map((it) => [it.definition, it.counted]);
  assert.deepEqual(meant(first.id), [["watch-video", true]]);
  assert.deepEqual(meant(second.id), [["watch-video", false]]);
  assert.equal(by(second.id).subject, "walk plays");
  assert.equal(by(first.id).visitor, load.visitor.slice(-8));
  const [bought] = by(order.id).conversions;
  assert.deepEqual([bought.name, bought.key], ["Purchase", "order:L1"]);
  assert.deepEqual(bought.money, { currency: "JPY", minor: 14800, decimal: "14800" });
  assert.equal(found.quarantined[0].reason, "unknown_kind");
  assert.equal(found.totals.holds, true);
  assert.equal(found.totals.captured, 4);

  // Newest first, and a later call brings nothing older than a few seconds before.
  assert.deepEqual(found.observations.map((row) => row.id), [order.id, second.id, first.id]);
  await problem(await worker.admin(`${site}/live?after=x`), 400, "bad-parameter");
});
