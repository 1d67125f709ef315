import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { PageLoad, browser, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp, problem } from "../harness/checks.mjs";
import { differences } from "../harness/schema.mjs";
import { startWorker } from "../harness/worker.mjs";

const shop = {
  ...plan,
  segments: [
    { id: "buyers", name: "Buyers", when: { done: "product-purchase" } },
    { id: "fans", when: { done: "watch-video", at_least: 2, within: "30d" } },
    { id: "gone", when: { all: [{ group: "purchase" }, { not: { group: "purchase", within: "180d" } }] } },
    { id: "new", when: { not: { any: [{ group: "purchase" }, { done: "watch-video" }] } } },
  ],
};

let worker;
let api;
before(async () => {
  worker = await startWorker({ plan: shop });
  await worker.publish({ ...shop, site: "other" });
  api = await (await fetch(`${worker.url}/api/v1/openapi.json`)).json();
});
after(() => worker.dispose());
afterEach(() => everythingAddsUp(worker));

const checked = (route, method, body) => {
  const { schema } = api.paths[route][method].responses[200].content["application/json"];
  assert.deepEqual(differences(schema, body, api), []);
  return body;
};

/** What a page with this visitor's cookie is answered. */
const ask = (visitor, items = [], { site = "shop", headers = {}, ...fields } = {}) =>
  fetch(`${worker.url}/_g/s`, {
    method: "POST",
    body: new PageLoad(site).beacon(items, { visitor: undefined, ...fields }),
    headers: { ...browser, ...(visitor && { cookie: `gp_visitor=${visitor}` }), ...headers },
  });

const told = async (...asked) => {
  const response = await ask(...asked);
  assert.equal(response.status, 200, await response.clone().text());
  return checked("/_g/s", "post", await response.json());
};

async function admin(route, path, site = "shop") {
  const response = await worker.admin(`${site}/${path}`);
  assert.equal(response.status, 200, await response.clone().text());
  return checked(`/api/v1/sites/{site}/${route}`, "get", await response.json());
}

const listed = async (query, site) =>
  (await admin("reports/contacts", `reports/contacts?${new URLSearchParams(query)}`, site)).contacts.map(
    ({ contact }) => contact,
  );

async function server(events, site = "shop") {
  const response = await worker.admin(`${site}/events`, { method: "POST", body: JSON.stringify({ events }) });
  const { results } = await response.json();
  assert.deepEqual(results.map(({ result }) => result), events.map(() => "stored"));
}

const play = (load) => load.item({ kind: "media", step: "play", video: "walk" });
const ago = (days) => Date.now() - days * 86_400_000;

test("a page is told its visitor's segments, and what the next conversion makes of them", async () => {
  const first = new PageLoad("shop");
  assert.deepEqual(await told(first.visitor), {
    segments: ["new"],
    next: { "product-purchase": ["buyers"], "watch-video": [] },
  });
  await post(worker, first.beacon([first.view(), play(first)]));
  await worker.settle();
  // Another play may be of the same session, which counts once.
  const { segments, next } = await told(first.visitor);
  assert.deepEqual([segments, next], [[], { "product-purchase": ["buyers"], "watch-video": null }]);

  const second = new PageLoad("shop", { visitor: first.visitor });
  const items = [play(second), play(second), second.purchase("S1", "500")];
  const atOnce = await told(first.visitor, items);
  assert.deepEqual(atOnce.segments, ["buyers", "fans"]);
  assert.deepEqual((await told(first.visitor)).segments, [], "nothing of it was stored");
  await post(worker, second.beacon(items));
  await worker.settle();
  assert.deepEqual((await told(first.visitor)).segments, ["buyers", "fans"]);
  assert.deepEqual((await told(first.visitor, items)).segments, ["buyers", "fans"]);
  assert.deepEqual((await told(first.visitor, [], { site: "other" })).segments, ["new"]);
  assert.deepEqual((await told()).segments, ["new"], "whoever has no cookie has done nothing");
  assert.deepEqual((await told(undefined, [], { visitor: first.visitor })).segments, ["new"], "the cookie says who it is");
});

test("nobody is looked up who does not allow it", async () => {
  const { visitor } = new PageLoad("shop");
  for (const [headers, fields] of [
    [{ "sec-gpc": "1" }],
    [{ dnt: "1" }],
    [{ "user-agent": "Googlebot/2.1 (+http://www.google.com/bot.html)" }],
    [{}, { consent: "denied" }],
    [{}, { cookieless: "1" }],
  ]) {
    assert.deepEqual(await told(visitor, [], { headers, ...fields }), {}, JSON.stringify([headers, fields]));
  }
});

test("a question that cannot be answered says why", async () => {
  const answers = [
    [await ask(undefined, [], { headers: { origin: "https://evil.example" } }), 403, "foreign-host", /evil\.example/],
    [await ask(undefined, [], { site: "nobody" }), 404, "unknown-site", /no site 'nobody'/],
    [await ask(undefined, ["x".repeat(80_000)]), 413, "too-large", /65536/],
    [await ask(undefined, ["{"]), 400, "bad-beacon", /not a beacon/],
  ];
  for (const [response, status, kind, text] of answers) {
    assert.match((await problem(response, status, kind)).detail, text);
    assert.equal(response.headers.get("access-control-allow-origin"), null);
  }
  const { headers } = await ask();
  assert.equal(headers.get("cache-control"), "private, no-store");
  assert.equal(headers.get("x-goalpost"), "1");
});

test("who belongs to a segment is found, counted and exported", async () => {
  const order = (id, contact, days) => ({
    id, time: ago(days), commerce: "purchase", order: id, revenue: "900", currency: "JPY", contact,
  });
  await server([
    order("K1", { customer: "k1", email: "k1@shop.example" }, 3),
    order("K2", "customer:k2", 200),
    order("K3", "customer:k3", 200),
    { id: "K3-back", time: ago(1), commerce: "refund", order: "K3" },
  ]);
  await server([order("O1", "customer:other", 3)], "other");
  const of = async (id, site) => (await admin("contacts/{contact}", `contacts/${id}`, site)).segments;
  assert.deepEqual(await of("customer:k1"), ["buyers"]);
  assert.deepEqual(await of("customer:k2"), ["buyers", "gone"]);
  assert.deepEqual(await of("customer:k3"), ["new"], "what was given back was not bought");

  assert.deepEqual(await listed({ segment: "buyers" }), ["customer:k1", "customer:k2"]);
  assert.deepEqual(await listed({ segment: "gone", order: "value" }), ["customer:k2"]);
  assert.deepEqual(await listed({ segment: "gone", q: "k" }), ["customer:k2"]);
  assert.deepEqual(await listed({ segment: "buyers", stage: "visitor" }), []);
  assert.deepEqual(await listed({ segment: "buyers" }, "other"), ["customer:other"]);

  const { contacts, next } = await admin("reports/contacts", "reports/contacts?segment=buyers&limit=1");
  assert.deepEqual([contacts[0].contact, next], ["customer:k1", "customer:k1"]);
  assert.deepEqual(await listed({ segment: "buyers", after: next }), ["customer:k2"]);

  const counted = await admin("segments", "segments");
  assert.deepEqual([counted.contacts, counted.next], [3, null]);
  assert.deepEqual(
    counted.segments.map(({ id, name, members }) => [id, name, members]),
    [["buyers", "Buyers", 2], ["fans", "fans", 0], ["gone", "gone", 1], ["new", "new", 1]],
  );
  const members = await admin("segments/{segment}", "segments/buyers");
  assert.equal(members.contacts.length, 2);
  const [{ contact, identities }] = members.contacts;
  assert.equal(contact, "customer:k1");
  assert.match(identities.join(), /^customer:k1,email:[0-9a-f]{64}$/);
  const csv = await worker.admin("shop/segments/buyers?format=csv");
  assert.equal(csv.headers.get("content-type"), "text/csv; charset=utf-8");
  assert.deepEqual((await csv.text()).split("\r\n").slice(0, 2), [
    "contact,identity",
    '"customer:k1","customer:k1"',
  ]);
});

test("a segment that the plan does not have is named with those that it has", async () => {
  for (const path of ["reports/contacts?segment=fan", "segments/fan"]) {
    const response = await worker.admin(`shop/${path}`);
    assert.equal(
      (await problem(response, 400, "bad-parameter")).detail,
      "segment: 'fan' is not a segment of the plan, which has buyers, fans, gone, new",
    );
  }
  assert.equal((await fetch(`${worker.url}/api/v1/sites/shop/segments`)).status, 401);
});
