// What other systems report in words of their own.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { signature } from "../../examples/server/sign.mjs";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp, problem } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

const KEY = "shpss_0123456789abcdef";
const NEXT = "shpss_fedcba9876543210";
const OWN = "the key that the shop signs with";

let worker;
before(async () => {
  const shop = { ...plan, since: "2020-01-01" };
  worker = await startWorker({
    plan: shop,
    signingKeys: { shop: [OWN] },
    webhookKeys: { shop: { shopify: [KEY, NEXT] } },
  });
  await worker.publish({ ...shop, site: "other" });
});
after(() => worker?.dispose());
afterEach(() => everythingAddsUp(worker));

const hmac = (body, key = KEY) => createHmac("sha256", key).update(body).digest("base64");

const deliver = (topic, body, { code = hmac(body), site = "shop", id = "w-1" } = {}) =>
  fetch(`${worker.url}/api/v1/sites/${site}/webhooks/shopify`, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-shopify-topic": topic,
      "x-shopify-webhook-id": id,
      "x-shopify-hmac-sha256": code,
    },
  });

const paid = (id, fields = {}) =>
  JSON.stringify({
    id,
    name: `#${id}`,
    total_price: "409.94",
    currency: "USD",
    created_at: "2026-11-20T12:00:00-05:00",
    email: "Jon@shop.example",
    customer: { id: 115310627314723 },
    ...fields,
  });

const refund = (id, order, amount, fields = {}) =>
  JSON.stringify({
    id,
    order_id: order,
    created_at: "2026-11-20T13:00:00-05:00",
    transactions: [{ kind: "refund", status: "success", amount, currency: "USD" }],
    ...fields,
  });

const results = async (response) => {
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()).results.map(({ result }) => result);
};

const sale = (order) =>
  worker.db
    .prepare("SELECT minor, currency, money FROM conversions WHERE site = 'shop' AND scope = ?1")
    .bind(`order:${order}`)
    .first();

test("an order that was paid is one verified purchase, however often it is told", async () => {
  const body = paid(1001);
  assert.deepEqual(await results(await deliver("orders/paid", body)), ["stored"]);
  assert.deepEqual(await results(await deliver("orders/paid", body)), ["duplicate"]);
  const again = await deliver("orders/paid", body, { id: "w-2", code: hmac(body, NEXT) });
  assert.deepEqual(await results(again), ["duplicate"], "another subscription, the next key");
  assert.deepEqual(await sale(1001), { minor: 40994, currency: "USD", money: "verified" });
  const { results: rows } = await worker.db.prepare("SELECT body FROM observations").all();
  assert.ok(rows.every((row) => !/jon@/i.test(row.body)), "no address is stored");
});

test("what a page claims of the order gives way to what the shop's platform says", async () => {
  const load = new PageLoad("shop");
  assert.equal((await post(worker, load.beacon([load.purchase("1002", "999999", "USD")]))).status, 200);
  await worker.settle();
  assert.equal((await sale(1002)).money, "claimed");
  assert.deepEqual(await results(await deliver("orders/paid", paid(1002))), ["stored"]);
  assert.deepEqual(await sale(1002), { minor: 40994, currency: "USD", money: "verified" });
});

test("a refund takes away what its transactions gave back", async () => {
  await deliver("orders/paid", paid(1003));
  assert.deepEqual(await results(await deliver("refunds/create", refund(7, 1003, "10.01"))), ["stored"]);
  assert.deepEqual(await results(await deliver("refunds/create", refund(7, 1003, "10.01"))), ["duplicate"]);
  const row = await worker.db
    .prepare("SELECT refund FROM observations WHERE site = 'shop' AND refund IS NOT NULL AND order_number = '1003'")
    .first();
  assert.deepEqual(JSON.parse(row.refund), { minor: 1001, currency: "USD" });
});

test("nothing without the signature of these very bytes", async () => {
  const body = paid(1004);
  const code = hmac(body);
  for (let at = 0; at < body.length; at += 7) {
    const other = `${body.slice(0, at)}${body[at] === "0" ? "1" : "0"}${body.slice(at + 1)}`;
    await problem(await deliver("orders/paid", other, { code }), 401, "unauthorized");
  }
  const spaced = JSON.stringify(JSON.parse(body), null, 1);
  await problem(await deliver("orders/paid", spaced, { code }), 401, "unauthorized");
  for (const wrong of ["", "AAAA", hmac(body, "another key of somebody"), code.slice(0, -4)]) {
    await problem(await deliver("orders/paid", body, { code: wrong }), 401, "unauthorized");
  }
  const foreign = await problem(await deliver("orders/paid", body, { site: "other" }), 401, "unauthorized");
  assert.match(foreign.detail, /WEBHOOK_KEYS/);
  assert.equal(await sale(1004), null);
  // It is looked at before anything is read.
  await problem(await deliver("orders/paid", "[", { code }), 401, "unauthorized");
});

test("what is not counted is answered all the same, and says why", async () => {
  for (const [topic, body, why] of [
    ["orders/create", paid(1005), /^X-Shopify-Topic: only orders\/paid/],
    ["orders/paid", paid(1005, { test: true }), /^test: /],
    ["orders/paid", "[]", /^the body is not that of orders\/paid/],
    ["refunds/create", refund(8, 1005, "1.00", { transactions: [] }), /^transactions: no money/],
  ]) {
    const response = await deliver(topic, body);
    assert.equal(response.status, 200);
    const answer = await response.json();
    assert.deepEqual(answer.results, []);
    assert.match(answer.ignored, why);
  }
  assert.equal(await sale(1005), null);
});

test("our own kind is a signed request, not an old one, and never a token's", async () => {
  const body = JSON.stringify({ events: [{ id: "won-1", time: Date.now(), event: "demo_requested" }] });
  const send = (headers) =>
    fetch(`${worker.url}/api/v1/sites/shop/webhooks/goalpost`, { method: "POST", body, headers });
  await problem(await send({ authorization: `Bearer ${worker.token}` }), 401, "unauthorized");
  const now = Math.floor(Date.now() / 1_000);
  for (const stale of [now - 302, now + 302]) {
    const found = await send({ "goalpost-signature": signature(body, OWN, stale) });
    assert.match((await problem(found, 401, "unauthorized")).detail, /300 seconds/);
  }
  const good = { "goalpost-signature": signature(body, OWN) };
  assert.deepEqual(await results(await send(good)), ["stored"]);
  assert.deepEqual(await results(await send(good)), ["duplicate"]);
});

test("a kind that nobody sends", async () => {
  const url = `${worker.url}/api/v1/sites/shop/webhooks/fax`;
  const { detail } = await problem(await fetch(url, { method: "POST", body: "{}" }), 404, "not-found");
  assert.match(detail, /goalpost and shopify/);
});
