// Clients that others wrote, pointed at the Worker: what is out of order for a moment, or answered and
// not heard, costs no event and doubles none.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, afterEach, before, test } from "node:test";
import { Analytics } from "@segment/analytics-node";
import snowplow from "@snowplow/node-tracker";
import { PostHog } from "posthog-node";
import { plan } from "../harness/beacon.mjs";
import { everythingAddsUp, problem } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

let worker;
let token;
before(async () => {
  worker = await startWorker({ plan });
  const made = await fetch(`${worker.url}/api/v1/sites/shop/tokens`, {
    method: "POST",
    headers: { authorization: `Bearer ${worker.token}` },
    body: JSON.stringify({ name: "a client", scopes: ["events"] }),
  });
  ({ token } = await made.json());
});
after(() => worker?.dispose());
afterEach(() => everythingAddsUp(worker));

const all = async (sql, ...values) => {
  const { results } = await worker.db.prepare(sql).bind(...values).all();
  return results;
};

/** What lies between a client and the Worker; its `lose` says of which answers the client hears nothing. */
async function wire(lose = () => false) {
  const heard = [];
  const server = createServer(async (request, response) => {
    const body = [];
    for await (const part of request) body.push(part);
    const { host, connection, "content-length": length, "transfer-encoding": coding, ...headers } = request.headers;
    const answer = await fetch(worker.url + request.url, {
      method: request.method,
      headers,
      body: Buffer.concat(body),
    });
    const text = await answer.text();
    const status = lose(heard.length) ? 503 : answer.status;
    heard.push({ status, own: answer.status, text });
    response.writeHead(status, { "content-type": "application/json" }).end(text);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    heard,
    at: (client) => `http://127.0.0.1:${server.address().port}/api/v1/sites/shop/compat/${client}`,
    close: () => new Promise((done) => server.close(done)),
  };
}

/** Each client tells of an order of 129 dollars and of four calls, and waits until all is sent. */
const CLIENTS = {
  async segment({ at }, key, order) {
    const { origin, pathname } = new URL(at("segment"));
    const path = `${pathname}/v1/batch`;
    const client = new Analytics({ writeKey: key, host: origin, path, flushAt: 5, maxRetries: 5 });
    const userId = `segment-${order}`;
    client.track({
      userId,
      event: "Order Completed",
      properties: { order_id: order, total: 128.99 + 0.01, currency: "USD", products: [{ sku: "cumulus" }] },
    });
    for (let call = 1; call <= 4; call += 1) client.track({ userId, event: "called", properties: { call } });
    await client.closeAndFlush();
  },
  async posthog({ at }, key, order) {
    const client = new PostHog(key, { host: at("posthog"), flushAt: 5, fetchRetryCount: 5, fetchRetryDelay: 200 });
    const distinctId = `posthog-${order}`;
    client.capture({ distinctId, event: "Order Completed", properties: { order_id: order, revenue: 129, currency: "USD" } });
    for (let call = 1; call <= 4; call += 1) client.capture({ distinctId, event: "called", properties: { call } });
    await client.shutdown();
  },
  async snowplow({ at, heard }, key, order) {
    const { origin, pathname } = new URL(at("snowplow"));
    const tracker = snowplow.newTracker(
      { namespace: "shop", appId: "shop" },
      {
        endpoint: origin,
        postPath: `${pathname}/com.snowplowanalytics.snowplow/tp2`,
        eventMethod: "post",
        bufferSize: 5,
        customHeaders: { authorization: `Bearer ${key}` },
      },
    );
    tracker.setUserId(`snowplow-${order}`);
    tracker.track(snowplow.buildEcommerceTransaction({ orderId: order, total: 129, currency: "USD" }));
    for (let call = 1; call <= 4; call += 1) {
      const event = { schema: "iglu:com.shop/called/jsonschema/1-0-0", data: { call } };
      tracker.track(snowplow.buildSelfDescribingEvent({ event }));
    }
    // It sends what failed again with the next flush.
    for (let tries = 0; tries < 20 && heard.at(-1)?.status !== 200; tries += 1) {
      await tracker.flush();
      await new Promise((done) => setTimeout(done, 100));
    }
  },
};

/** What is stored of an order and its calls, each once, by the person who told it. */
async function isThereOnce(client, order, answers) {
  const told = answers.filter(({ own }) => own === 200);
  const results = told.flatMap(({ text }) => JSON.parse(text).results.map(({ result }) => result));
  assert.equal(results.filter((result) => result === "stored").length, 5, results.join());
  assert.ok(results.every((result) => ["stored", "duplicate"].includes(result)), results.join());
  assert.deepEqual(
    await all("SELECT definition, minor, currency, money FROM conversions WHERE order_number = ?", order),
    [{ definition: "product-purchase", minor: 12_900, currency: "USD", money: "verified" }],
  );
  const [{ items }] = await all(
    "SELECT count(*) AS items FROM observations WHERE source = 'server' AND contact = ?",
    `customer:${client}-${order}`,
  );
  assert.equal(items, 5);
}

for (const [client, tell] of Object.entries(CLIENTS)) {
  test(`what ${client}'s client tells while the database is away is stored once it is back`, async () => {
    const order = `${client}-away`;
    await worker.db
      .prepare(
        `CREATE TRIGGER away BEFORE INSERT ON evidence WHEN NEW.order_number = '${order}'
         BEGIN SELECT RAISE(ABORT, 'Network connection lost'); END`,
      )
      .run();
    const between = await wire();
    const { heard } = between;
    const back = (async () => {
      while (!heard.length) await new Promise((done) => setTimeout(done, 10));
      await worker.db.prepare("DROP TRIGGER away").run();
    })();
    await tell(between, token, order);
    await back;
    await between.close();
    assert.equal(heard[0].own, 503);
    assert.equal(heard.at(-1).status, 200);
    await isThereOnce(client, order, heard);
  });

  test(`what ${client}'s client tells again, because it heard no answer, counts once`, async () => {
    const order = `${client}-again`;
    const between = await wire((already) => already === 0);
    await tell(between, token, order);
    await between.close();
    assert.ok(between.heard.length >= 2, "it was not told again");
    assert.equal(between.heard[0].own, 200);
    await isThereOnce(client, order, between.heard);
  });
}

test("a client needs a token that may tell events, wherever it has its place for one", async () => {
  const post = (path, body, headers = {}) =>
    fetch(`${worker.url}/api/v1/sites/shop/compat/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const basic = (name) => ({ authorization: `Basic ${btoa(`${name}:`)}` });
  await problem(await post("segment/v1/batch", { batch: [] }), 401, "unauthorized");
  await problem(await post("segment/v1/batch", { batch: [] }, basic("wrong")), 401, "unauthorized");
  await problem(await post("posthog/batch/", { api_key: "wrong", batch: [] }), 401, "unauthorized");
  assert.equal((await post("segment/v1/batch", { batch: [] }, basic(token))).status, 200);
  assert.equal((await post("posthog/batch/", { api_key: token, batch: [] })).status, 200);
  await problem(await post("segment/v1/batch", { batch: 1 }, basic(token)), 400, "bad-events");
  // No other route takes what a browser would send along by itself.
  const events = await fetch(`${worker.url}/api/v1/sites/shop/events`, {
    method: "POST",
    headers: basic(token),
    body: JSON.stringify({ events: [] }),
  });
  await problem(events, 401, "unauthorized");
});

test("what is not counted is told in the answer, and costs nothing else", async () => {
  const body = {
    batch: [
      { type: "group", groupId: "g", messageId: "g1" },
      { type: "track", event: "Order Completed", messageId: "o1", timestamp: new Date().toISOString(),
        properties: { order_id: "S1", total: "much", currency: "USD" } },
      { type: "track", event: "called", messageId: "c1", timestamp: new Date().toISOString(), userId: "7" },
    ],
  };
  const response = await fetch(`${worker.url}/api/v1/sites/shop/compat/segment/v1/batch`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200);
  const { results, ignored } = await response.json();
  assert.deepEqual(results.map(({ result }) => result), ["refused", "stored"]);
  assert.match(results[0].problem, /^revenue: 'much'/);
  assert.equal(ignored, "once: type: only track, identify, page and screen are counted");
});
