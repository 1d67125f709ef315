// The demo's month, sent through the doors that everybody uses: what reports say of it is what the
// story itself says, counted by code that knows nothing of Goalpost.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { sendMonth } from "../../examples/storefront/month/send.mjs";
import { month } from "../../examples/storefront/month/shoppers.mjs";
import { everythingAddsUp } from "../harness/checks.mjs";
import { root, startWorker } from "../harness/worker.mjs";

const DAY = 86_400_000;
const TOKYO = 9 * 3_600_000;
const midnight = Math.floor((Date.now() + TOKYO) / DAY) * DAY - TOKYO;
const day = (time) => new Date(time + TOKYO).toISOString().slice(0, 10);
const period = `from=${day(midnight - 28 * DAY)}&to=${day(midnight - DAY)}`;

let worker;
let site;
let story;

before(async () => {
  const plan = JSON.parse(await readFile(join(root, "examples/storefront/plan.json"), "utf8"));
  site = plan.site;
  worker = await startWorker({ plan });
  story = month({ end: midnight });
  const door = {
    fetch: (path, init) => worker.miniflare.dispatchFetch(`${worker.url}${path}`, init),
    token: worker.token,
    site,
  };
  await sendMonth(door, story);
  await worker.settle();
});
after(() => worker?.dispose());

async function report(name, query = "") {
  const response = await worker.admin(`${site}/reports/${name}?${period}${query}`);
  const answer = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  return answer;
}

const yen = (money) => money.find((it) => it.currency === "JPY")?.minor ?? 0;

async function isTrue() {
  const { truth } = story;
  const { totals } = await report("overview");
  for (const [id, wanted] of [
    ["sessions", truth.sessions],
    ["visitors", truth.visitors],
    ["page_views", truth.pages],
    ["bounces", truth.bounces],
  ]) {
    assert.equal(totals[id].value, wanted, id);
  }
  assert.equal(yen(totals.cost.value), truth.costs);

  const channels = await report("channels");
  const sessions = channels.rows
    .filter((row) => row.sessions.value > 0)
    .map((row) => [row.channel.id, row.sessions.value]);
  assert.deepEqual(Object.fromEntries(sessions), truth.channels);

  const orders = (await report("outcomes", "&definition=product-purchase")).totals;
  assert.equal(orders.conversions.value, truth.orders);
  assert.equal(orders.voided.value, truth.voided);
  assert.equal(yen(orders.verified.value), truth.verified);
  assert.equal(yen(orders.claimed.value), truth.claimed);
  assert.equal(yen(orders.refunded.value), truth.refunded);
  assert.equal(yen(orders.net.value), truth.verified - truth.refunded);

  const events = await report("events");
  const plays = events.rows.find((row) => row.event.id === "media play nimbus-walk");
  assert.equal(plays.events.value, truth.plays);
}

test("every report is true to the month before its figures are kept, and after", async () => {
  await isTrue();
  await worker.rollUp();
  await isTrue();
  await everythingAddsUp(worker);
});

test("channels, days, devices and countries each add up to the whole", async () => {
  for (const by of ["channel", "day", "device", "country"]) {
    const { rows, totals } = await report("overview", `&by=${by}`);
    for (const id of ["sessions", "page_views", "bounces", "conversions", "points"]) {
      const found = rows.reduce((sum, row) => sum + (row[id]?.value ?? 0), 0);
      if (totals[id]) assert.equal(found, totals[id].value, `${id} by ${by}`);
    }
    const verified = rows.reduce((sum, row) => sum + yen(row.verified.value), 0);
    assert.equal(verified, yen(totals.verified.value), `verified by ${by}`);
  }
});

test("the nightly check compares all of the month, and finds nothing", async () => {
  const morning = Math.floor(Date.now() / DAY) * DAY + 5 * 3_600_000;
  let compared = 0;
  // Four days of figures a night, twice: sessions and conversions.
  for (let night = 0; night < 16; night += 1) {
    for (let run = 0; run < 3; run += 1) await worker.cron(morning + night * DAY + run * 600_000);
    const response = await worker.admin(`${site}/reports/health`);
    const { check, difference } = await response.json();
    assert.deepEqual(check.differences, []);
    assert.equal(difference, 0);
    for (const { part, done, skipped } of check.parts) assert.deepEqual([done, skipped], [true, 0], part);
    compared += check.parts.find(({ part }) => part === "figures").compared;
  }
  const { n } = await worker.db
    .prepare("SELECT (SELECT count(*) FROM traffic_daily) + (SELECT count(*) FROM conversions_daily) AS n")
    .first();
  assert.ok(compared > n, `${compared} of ${n}`);
});
