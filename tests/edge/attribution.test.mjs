import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { PageLoad, plan, post, uuid } from "../harness/beacon.mjs";
import { everythingAddsUp, problem } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker({ plan });
});
after(() => worker.dispose());
afterEach(() => everythingAddsUp(worker));

const DAY = 86_400_000;
const start = Date.now() - 60_000;

const report = async (name, site = "shop") => {
  const response = await worker.admin(`${site}/reports/${name}`);
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
};

/** Each row as its label and these figures. */
const lines = (body, columns) =>
  body.rows.map((row) => [
    row[body.columns[0].id].name,
    ...columns.map((id) => {
      const { value } = row[id];
      return Array.isArray(value) ? value.map((own) => own.decimal).join("+") : (value?.decimal ?? value);
    }),
  ]);

/** A session that began so many days ago, with what else it saw. */
async function visit(site, visitor, daysAgo, query, more = () => []) {
  const load = new PageLoad(site, { visitor });
  const at = (item, after) => ({ ...item, id: uuid(start - daysAgo * DAY + after) });
  const items = [load.view({ query }), ...more(load)].map(at);
  const answer = await post(worker, load.beacon(items));
  assert.equal(answer.status, 200);
}

const search = { utm_source: "google", utm_medium: "cpc", utm_campaign: "shoes" };
const mail = { utm_source: "news", utm_medium: "email", utm_campaign: "autumn" };

test("a purchase after three visits, by every model, before and after it is kept", async () => {
  const visitor = uuid();
  await visit("shop", visitor, 14, search);
  await visit("shop", visitor, 7, mail);
  await visit("shop", visitor, 0, {}, (load) => [load.purchase("A1", "10000")]);
  await worker.settle();
  const ask = async () => ({
    linear: lines(await report("attribution?model=linear"), ["conversions", "claimed_net"]),
    usual: lines(await report("attribution"), ["conversions", "claimed_net"]),
    decay: lines(await report("attribution?model=time_decay"), ["claimed_net"]),
    week: lines(await report("attribution?model=first&lookback=7d"), ["claimed_net"]),
    campaign: lines(await report("attribution?model=position&by=campaign"), ["claimed_net"]),
    data: lines(await report("attribution?model=data_driven"), ["claimed_net"]),
    all: (await report("attribution?model=all")).totals,
    velocity: lines(await report("velocity?definition=product-purchase"), ["outcomes", "median_visits"]),
  });
  const live = await ask();
  assert.deepEqual(live.linear, [
    ["Paid Search", "0.333334", "3334"],
    ["Direct", "0.333333", "3333"],
    ["Email", "0.333333", "3333"],
  ]);
  assert.deepEqual(live.usual, [["Email", "1.000000", "10000"]]);
  assert.deepEqual(live.decay, [["Direct", "5714"], ["Email", "2857"], ["Paid Search", "1429"]]);
  assert.deepEqual(live.week, [["Direct", "10000"]]);
  assert.deepEqual(live.campaign, [["(none)", "4000"], ["shoes", "4000"], ["autumn", "2000"]]);
  assert.deepEqual(live.data, [["Direct", "3334"], ["Email", "3333"], ["Paid Search", "3333"]]);
  assert.deepEqual(live.velocity, [["Purchase", 1, "3.00"]]);
  for (const model of ["first", "last", "linear", "position", "time_decay", "data_driven"]) {
    assert.equal(live.all[`${model}_claimed_net`].value[0].minor, 10000, model);
  }
  await worker.rollUp();
  const kept = await worker.db
    .prepare("SELECT count(*) AS days FROM kept_days WHERE part = 'credits' AND made_for = '30'")
    .first();
  assert.ok(kept.days > 0);
  assert.deepEqual(await ask(), live);
});

test("a refund takes its credits back, and money without a touch has its own row", async () => {
  const site = "refunds";
  await worker.publish({ ...plan, site });
  await visit(site, uuid(), 1, mail, (load) => [load.purchase("B1", "500")]);
  const events = (list) =>
    worker.admin(`${site}/events`, { method: "POST", body: JSON.stringify({ events: list }) });
  const time = start;
  const sent = await events([
    { commerce: "purchase", time, order: "B2", revenue: "700" },
    { commerce: "purchase", time, order: "B1", revenue: "500" },
  ]);
  assert.equal(sent.status, 200, await sent.clone().text());
  await worker.settle();
  assert.deepEqual(lines(await report("attribution", site), ["conversions", "net"]), [
    ["Email", "1.000000", "500"],
    ["(unattributed)", "1.000000", "700"],
  ]);
  await worker.rollUp();
  await events([{ commerce: "refund", time, order: "B1" }]);
  await worker.settle();
  const body = await report("attribution", site);
  assert.equal(body.totals.net.value[0].minor, 700);
  assert.equal(body.totals.conversions.value.decimal, "1.000000");
});

test("other products' figures of the same visits", async () => {
  const site = "others";
  await worker.publish({ ...plan, site });
  const visitor = uuid();
  await visit(site, visitor, 1, mail, (load) => [load.event("demo_requested"), load.event("demo_requested")]);
  await visit(site, visitor, 3, {});
  await worker.settle();
  const body = await report("what-if", site);
  const id = "conversions:demo-request";
  assert.deepEqual(lines(body, ["sessions", "bounces", "engagement_rate", id]), [
    ["goalpost", 2, 1, "0.5000", 2],
    ["ga4", 2, 1, "0.5000", 2],
    ["ua", 2, 1, "0.5000", 1],
    ["matomo", 2, 1, "0.5000", 1],
    ["plausible", 2, 1, "0.5000", 1],
  ]);
});

test("CSV for a spreadsheet, and words for what cannot be asked", async () => {
  const response = await worker.admin("shop/reports/attribution?model=linear&format=csv");
  assert.match(response.headers.get("content-disposition"), /attribution-.*\.csv/);
  const [head, first] = (await response.text()).split("\r\n");
  assert.match(head, /^channel,conversions,/);
  assert.match(first, /^Paid Search,0.333334,/);
  const refused = await problem(await worker.admin("shop/reports/attribution?model=best"), 400, "bad-parameter");
  assert.match(refused.detail, /^model: 'best' is none of: last_non_direct, first/);
});
