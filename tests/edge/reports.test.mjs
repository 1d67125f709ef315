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
const row = (body, dimension, id) => body.rows.find((own) => own[dimension].id === id);
const one = (body, id) => row(body, "definition", id);
const value = (figure) => figure.value;

/** Days whose figures are not kept. */
const stale = async () =>
  (await worker.db.prepare("SELECT count(*) AS days FROM stale_days").first()).days;

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

  const outcomes = await report("outcomes");
  const purchase = one(outcomes, "product-purchase");
  assert.deepEqual(purchase.definition, { id: "product-purchase", name: "Purchase", in_plan: true });
  assert.deepEqual([purchase.conversions, purchase.people], [{ value: 3 }, { value: 1 }]);
  const claimed = [
    { currency: "JPY", minor: 14800, decimal: "14800" },
    { currency: "USD", minor: 12910, decimal: "129.10" },
  ];
  assert.deepEqual(value(purchase.claimed), claimed);
  assert.deepEqual(value(purchase.verified).map((own) => own.minor), [0, 0]);
  assert.deepEqual(value(outcomes.totals.claimed), claimed);

  const { rows } = await report("outcomes?by=day");
  assert.deepEqual(value(rows[0].claimed), claimed);
  const goals = await report("goals");
  const demo = one(goals, "demo-request");
  assert.deepEqual(
    [demo.definition.name, value(demo.conversions), value(demo.points)],
    ["Demo asked for", 1, 20],
  );
  assert.equal(value(one(goals, "size-found").conversions), 0);
  const problemOf = await problem(
    await worker.admin("shop/reports/overview?currency=JPY"),
    400,
    "bad-parameter",
  );
  assert.match(problemOf.detail, /^currency: no rate says what USD was worth in JPY on 20/);
});

test("a report says what it has read", async () => {
  for (const name of ["overview", "conversions", "fates", "conservation"]) {
    const { headers } = await worker.admin(`shop/reports/${name}`);
    assert.ok(Number(headers.get("goalpost-rows-read")) > 0, name);
  }
});

test("figures are the same before they are kept and after", async () => {
  const names = ["overview", "channels?by=day", "landing-pages", "groups", "events", "sessions"];
  const all = () => Promise.all(names.map((name) => report(name)));
  assert.ok((await stale()) > 0);
  const before = await all();
  await worker.rollUp();
  const { days } = await worker.db
    .prepare("SELECT count(*) AS days FROM stale_days WHERE part IN ('traffic', 'conversions')")
    .first();
  assert.equal(days, 0);
  assert.deepEqual(await all(), before);

  const load = new PageLoad("shop");
  await post(worker, load.beacon([load.view(), load.event("demo_requested")]));
  await worker.settle();
  const [overview] = await all();
  assert.equal(value(overview.totals.goals), value(before[0].totals.goals) + 1);
  assert.equal(value(overview.totals.sessions), value(before[0].totals.sessions) + 1);
});

test("a rate names what it is made of, and nothing of nothing is no data", async () => {
  const site = "rates";
  await worker.publish({ ...plan, site });
  const { totals } = await report("overview", site);
  assert.deepEqual(value(totals.conversion_rate), {
    numerator: 0,
    numerator_name: "conversions",
    denominator: 0,
    denominator_name: "sessions",
    decimal: null,
  });
  const loads = [1, 2, 3, 4].map(() => new PageLoad(site));
  for (const load of loads) await post(worker, load.beacon([load.view()]));
  const [first, second] = loads;
  await post(worker, first.beacon([first.purchase("A", "100"), first.purchase("B", "100")]));
  await post(worker, second.beacon([second.purchase("C", "100")]));
  await worker.settle();
  const body = await report("overview?compare=previous", site);
  const rate = (id) => value(body.totals[id]);
  assert.equal(rate("conversion_rate").decimal, "0.7500");
  assert.equal(rate("session_conversion_rate").decimal, "0.5000");
  assert.equal(body.totals.conversion_rate.previous.decimal, null);
  assert.equal(body.totals.conversions.previous, 0);
  const column = body.columns.find((own) => own.id === "conversion_rate");
  assert.deepEqual([column.numerator, column.denominator], ["conversions", "sessions"]);
  const byVisitors = await report("overview?denominator=visitors", site);
  assert.equal(value(byVisitors.totals.conversion_rate).denominator_name, "visitors");
});

test("costs replace what was said before, and say what a conversion costs", async () => {
  const site = "costs";
  await worker.publish({ ...plan, site });
  const put = (body) =>
    worker.admin(`${site}/costs`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const today = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Tokyo", dateStyle: "short" });
  const day = today.format(Date.now());
  const costs = [
    { day, channel: "Email", amount: "900" },
    { day, channel: "Paid Search", campaign: "autumn", amount: "2100", clicks: 30 },
  ];
  for (const amount of ["1", "900", "900"]) {
    costs[0].amount = amount;
    const stored = await put({ currency: "JPY", costs });
    assert.deepEqual(await stored.json(), { site, stored: 2 });
  }
  const list = await (await worker.admin(`${site}/costs`)).json();
  assert.deepEqual(list.costs.map((own) => own.amount.minor), [900, 2100]);
  const load = new PageLoad(site);
  await post(worker, load.beacon([load.view(), load.purchase("A", "6000")]));
  await worker.settle();
  const { totals } = await report("overview", site);
  assert.deepEqual(value(totals.cost), [{ currency: "JPY", minor: 3000, decimal: "3000" }]);
  assert.equal(value(totals.cost_per_conversion)[0].decimal, "3000.00");
  assert.equal(value(totals.cost_per_acquisition)[0].decimal, "3000.00");
  assert.equal(value(totals.return_on_spend_with_claimed)[0].decimal, "2.0000");
  const channels = await report("channels", site);
  assert.equal(value(row(channels, "channel", "Paid Search").clicks), 30);

  const wrong = await put({ currency: "JPY", costs: [{ ...costs[0], channel: "Pigeon" }, costs[1]] });
  const { problems } = await problem(wrong, 422, "bad-costs");
  assert.equal(problems.length, 1);
  assert.equal(problems[0].path, "costs[0].channel");
});

test("a table is CSV too, and no text in it is a formula", async () => {
  const site = "sheets";
  await worker.publish({ ...plan, site });
  const load = new PageLoad(site);
  await post(worker, load.beacon([load.event('=HYPERLINK("x")')]));
  await worker.settle();
  const response = await worker.admin(`${site}/reports/events?format=csv`);
  assert.equal(response.headers.get("content-type"), "text/csv; charset=utf-8");
  assert.match(response.headers.get("content-disposition"), /^attachment; filename="sheets-events-/);
  const lines = (await response.text()).split("\r\n");
  assert.equal(lines[0], "event,events,event_sessions,events_per_session,share_of_sessions");
  assert.equal(lines.length, 4);
  const named = await worker.admin(`${site}/reports/landing-pages?format=csv&limit=1`);
  assert.match(await named.text(), /^landing,sessions,/);
});

test("a report is narrowed by what it knows, and refuses the rest by name", async () => {
  const by = async (query) => value((await report(`overview?${query}`)).totals.sessions);
  const all = await by("");
  const devices = await Promise.all(
    ["desktop", "mobile", "tablet", "(none)"].map((device) => by(`device=${device}`)),
  );
  assert.equal(devices.reduce((sum, count) => sum + count), all);
  assert.equal(await by("country=JP"), all);
  for (const [query, detail] of [
    ["colour=red", /^colour: is no parameter of this report; it takes from, to, /],
    ["by=weather", /^by: 'weather' is none of: day, channel, /],
    ["device=watch", /^device: 'watch' is none of: desktop, mobile, tablet, \(none\)$/],
    ["stage=friend", /^stage: 'friend' is none of: visitor, marketing_lead, .*, cancelled$/],
    ["definition=nothing", /^definition: 'nothing' is none of: /],
    ["format=xls", /^format: 'xls' is none of: json, csv$/],
  ]) {
    const response = await worker.admin(`shop/reports/overview?${query}`);
    const found = await problem(response, 400, "bad-parameter");
    assert.match(found.detail, detail);
  }
});

test("a report is narrowed to people who stand at a stage today, and the stages add up", async () => {
  const site = "stages";
  await worker.publish({ ...plan, site });
  const [buyer, looker] = [new PageLoad(site), new PageLoad(site)];
  await post(worker, buyer.beacon([buyer.view(), buyer.identify("customer:1"), buyer.purchase("S1", "900")]));
  const before = new PageLoad(site, { visitor: buyer.visitor });
  await post(worker, before.beacon([before.view(), before.event("demo_requested")]));
  await post(worker, looker.beacon([looker.view()]));
  await worker.settle();
  const totals = async (query) => (await report(`overview?${query}`, site)).totals;
  const figures = ({ sessions, visitors, conversions, people, goals }) =>
    [sessions, visitors, conversions, people, goals].map(value);
  const everyone = figures(await totals(""));
  assert.deepEqual(everyone, [3, 2, 1, 1, 1]);
  assert.deepEqual(figures(await totals("stage=customer")), [2, 1, 1, 1, 1]);
  assert.deepEqual(figures(await totals("stage=visitor")), [1, 1, 0, 0, 0]);
  assert.deepEqual(figures(await totals("stage=lost")), [0, 0, 0, 0, 0]);
  const channels = await report("channels?stage=customer", site);
  assert.deepEqual(channels.filters, { stage: "customer" });
  assert.ok(!channels.columns.some(({ id }) => id === "cost"), "nobody knows what customers cost");
  assert.equal(channels.totals.claimed.value[0].minor, 900);
  await worker.rollUp();
  assert.deepEqual(figures(await totals("stage=customer")), [2, 1, 1, 1, 1]);
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
  const { rows } = await report("goals?by=day", site);
  const tokyo = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Tokyo", dateStyle: "short" });
  assert.deepEqual(
    rows.map((own) => own.day.id),
    times.map((time) => tokyo.format(time)).sort(),
  );
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
  assert.equal(value(one(past, "demo-request").conversions), 0);
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
  const [{ evidence, copies }] = seen;
  assert.deepEqual(
    copies.map((copy) => [copy.observation, copy.source, copy.decides]),
    [[evidence.observation, "page", ["when", "worth", "who"]]],
  );
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
