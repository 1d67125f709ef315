// What a shop's server sends, and how it tries again.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { connect, SendError, signOrder, signRequest } from "goalpost/server";

const KEY = "0123456789abcdef";

let edge;
let server;
let requests;
let answers;
before(async () => {
  server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts).toString();
    requests.push({ body, headers: request.headers, url: request.url, time: Date.now() });
    const answer = answers.shift();
    if (answer?.cut) return request.socket.destroy();
    if (answer) return response.writeHead(answer.status, answer.headers).end(answer.html ?? JSON.stringify(answer.body ?? {}));
    const results = JSON.parse(body).events.map(({ id }) => ({ id, result: "stored" }));
    response.end(JSON.stringify({ results }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  edge = `http://127.0.0.1:${server.address().port}/`;
});
beforeEach(() => {
  requests = [];
  answers = [];
});
after(() => server.close());

const shop = (options = {}) => connect({ edge, site: "shop", key: KEY, pauses: [0, 0], ...options });

test("a request is signed as the edge's own tests have it", async () => {
  assert.equal(
    await signRequest('{"events":[]}', KEY, 1_795_000_000),
    "t=1795000000,v1=709a5ed2b0f000d0a1b7eb5facec92aa4241f1e1bfeadc8f3a5683f43e415b84",
  );
  await assert.rejects(signRequest("", "secret"), /key: has fewer than 16 bytes/);
});

test("an order token says its order, and no other hand has written it", async () => {
  const order = { site: "shop", order: "Ä-1", amount: "129.00", currency: "USD", expires: 1_795_000_000_000 };
  const [payload, code] = (await signOrder(order, KEY)).split(".");
  assert.deepEqual(JSON.parse(Buffer.from(payload, "base64url").toString()), order);
  assert.equal(code, createHmac("sha256", KEY).update(payload).digest("base64url"));
  assert.deepEqual(await shop().signOrder({ order: "Ä-1", amount: "129.00", currency: "USD", expires: order.expires }), `${payload}.${code}`);
});

test("a token is sent as it is, a key only signs", async () => {
  await shop({ token: "t0", key: undefined }).events.send([{ goal: "call-us" }]);
  await shop().events.send([{ goal: "call-us" }]);
  assert.equal(requests[0].headers.authorization, "Bearer t0");
  assert.equal(requests[0].url, "/api/v1/sites/shop/events");
  assert.match(requests[1].headers["goalpost-signature"], /^t=\d{10},v1=[0-9a-f]{64}$/);
});

test("without an answer the same ids and times are sent again", async () => {
  answers = [{ cut: true }, { status: 503 }];
  const results = await shop().events.send([{ event: "shipped" }, { id: "mine", time: 5, goal: "call-us" }]);
  assert.equal(requests.length, 3);
  assert.equal(new Set(requests.map(({ body }) => body)).size, 1);
  assert.equal(results[1].id, "mine");
  const [first] = JSON.parse(requests[0].body).events;
  assert.ok(first.id && first.time);
});

test("what another process may send again goes as it is: the edge asks for the time that is missing", async () => {
  const events = [{ id: "mine", goal: "call-us" }, { commerce: "refund", order: "A1" }, { commerce: "refund", order: "A1", time: 5 }];
  await shop().events.send(events);
  await shop().events.send(events);
  for (const { body } of requests) assert.deepEqual(JSON.parse(body).events, events);
});

test("who has neither a token nor a key is told, and keeps the events", async () => {
  for (const [options, message] of [
    [{ key: undefined }, /^token: is missing; write one with the scope events, or the site's key$/],
    [{ key: "short" }, /^key: has fewer than 16 bytes/],
  ]) {
    await assert.rejects(shop(options).events.send([{ event: "x" }, { event: "y" }]), (error) => {
      assert.ok(error instanceof SendError);
      assert.match(error.message, message);
      assert.deepEqual(error.unsent.map(({ event }) => event), ["x", "y"]);
      return true;
    });
  }
  assert.equal(requests.length, 0);
});

test("where there is no edge, the answer of what is there is told at once", async () => {
  answers = [{ status: 404, html: "<!doctype html><title>Not found</title>" }];
  await assert.rejects(shop().events.send([{ event: "x" }]), /^SendError: the edge answered 404$/);
  assert.equal(requests.length, 1);
});

test("it waits as long as the edge asks", async () => {
  answers = [{ status: 429, headers: { "retry-after": "1" } }];
  await shop().events.send([{ event: "shipped" }]);
  assert.ok(requests[1].time - requests[0].time >= 990);
});

test("a refusal is not tried again, and nothing that did not arrive is lost", async () => {
  const events = Array.from({ length: 1_001 }, (_, at) => ({ id: `e${at}`, time: 1, event: "x" }));
  answers = [undefined, { status: 401, body: { detail: "a token is missing" } }];
  await assert.rejects(shop().events.send(events), (error) => {
    assert.ok(error instanceof SendError);
    assert.equal(error.message, "a token is missing");
    assert.equal(error.results.length, 1_000);
    assert.deepEqual(error.unsent, [events[1_000]]);
    return true;
  });
  assert.equal(requests.length, 2);
});

test("a proxy's page is no answer", async () => {
  answers = [{ status: 200 }, { status: 200 }, { status: 200 }];
  await assert.rejects(shop().events.send([{ event: "x" }]), /the edge answered 200/);
});

test("what is too much for one request goes in several", async () => {
  const events = Array.from({ length: 30 }, () => ({ event: "x", properties: { text: "é".repeat(30_000) } }));
  const results = await shop().events.send(events);
  assert.equal(results.length, 30);
  assert.ok(requests.length > 1 && requests.every(({ body }) => Buffer.byteLength(body) <= 1_000_000));
  assert.deepEqual(await shop().events.send([]), []);
});
