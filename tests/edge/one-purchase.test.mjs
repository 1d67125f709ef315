// One purchase that everybody reports: the page, again the page, the pixel, the shop's server, and
// the server again. In whatever order they arrive it is one outcome.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { orderToken, signature } from "../../examples/server/sign.mjs";
import { PageLoad, browser, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

const KEY = "the key that the shop signs with";

let worker;
before(async () => {
  worker = await startWorker({ plan, signingKeys: { shop: [KEY] } });
});
after(() => worker?.dispose());
afterEach(() => everythingAddsUp(worker));

const pixel = (query, headers = {}) =>
  fetch(`${worker.url}/_g/p.gif?${new URLSearchParams(query)}`, {
    headers: {
      referer: "https://shop.example/thanks/?utm_source=news",
      "user-agent": browser["user-agent"],
      ...headers,
    },
  });

async function reported(events) {
  const body = JSON.stringify({ events });
  const response = await fetch(`${worker.url}/api/v1/sites/shop/events`, {
    method: "POST",
    body,
    headers: { "goalpost-signature": signature(body, KEY) },
  });
  assert.equal(response.status, 200);
  return (await response.json()).results.map(({ result }) => result);
}

const conversions = async (order) => {
  const { results } = await worker.db
    .prepare(
      `SELECT minor, currency, money, lower(hex(visitor)) AS visitor, lower(hex(session)) AS session,
         refunded, voided, contact
       FROM conversions WHERE site = 'shop' AND definition = 'product-purchase' AND scope = ?1`,
    )
    .bind(`order:${order}`)
    .all();
  return results;
};

const plain = (id) => id.replaceAll("-", "");

/** What is done about an order, by name; each may be done any number of times. */
function deeds(order) {
  const load = new PageLoad("shop");
  const beacon = load.beacon([load.view(), load.purchase(order, "13000")]);
  const reload = load.beacon([load.purchase(order, "13000")]);
  const paid = {
    id: `${order}-paid`,
    time: Date.now(),
    commerce: "purchase",
    order,
    revenue: "12800",
    currency: "JPY",
    contact: { customer: `customer of ${order}` },
  };
  const ok = async (promise) => assert.equal((await promise).status, 200);
  return {
    load,
    page: () => ok(post(worker, beacon)),
    reload: () => ok(post(worker, reload)),
    pixel: () =>
      ok(pixel({ site: "shop", kind: "purchase", order, revenue: "13000", currency: "JPY" })),
    server: () => reported([paid]),
  };
}

const ORDERS = [
  ["page", "page", "reload", "pixel", "server", "server"],
  ["server", "server", "pixel", "reload", "page", "page"],
  ["pixel", "server", "page", "server", "reload", "page"],
  ["reload", "pixel", "page", "page", "server", "server"],
  ["server", "page", "pixel", "page", "server", "reload"],
];

for (const [at, order] of ORDERS.entries()) {
  test(`one purchase, reported in this order: ${order.join(", ")}`, async () => {
    const number = `O${at}`;
    const { load, ...done } = deeds(number);
    const answers = [];
    for (const name of order) {
      const answer = await done[name]();
      if (name === "server") answers.push(...answer);
      await worker.settle();
    }
    assert.deepEqual(answers, ["stored", "duplicate"]);
    assert.deepEqual(await conversions(number), [
      {
        minor: 12_800,
        currency: "JPY",
        money: "verified",
        visitor: plain(load.visitor),
        session: plain(load.session),
        refunded: 0,
        voided: 0,
        contact: `customer:customer of ${number}`,
      },
    ]);
  });
}

test("a refund before its purchase is held and applied, and its repetition gives back nothing more", async () => {
  const time = Date.now();
  const part = { id: "R1-part", time, commerce: "refund", order: "R1", amount: "2800", currency: "JPY" };
  assert.deepEqual(await reported([part, part]), ["stored", "duplicate"]);
  const { page, server } = deeds("R1");
  await page();
  await worker.settle();
  await server();
  const sums = async () => (await conversions("R1")).map(({ minor, refunded, voided }) => [minor, refunded, voided]);
  assert.deepEqual(await sums(), [[12_800, 2_800, 0]]);
  assert.deepEqual(await reported([part]), ["duplicate"]);
  assert.deepEqual(await reported([{ ...part, amount: "9000" }]), ["conflict"]);
  assert.deepEqual(await sums(), [[12_800, 2_800, 0]]);
  const all = { id: "R1-all", time, commerce: "refund", order: "R1", reason: "cancellation" };
  assert.deepEqual(await reported([all]), ["stored"]);
  assert.deepEqual(await sums(), [[12_800, 12_800, 1]]);
});

test("an order token makes the page's own amount a verified one, and only that amount", async () => {
  const token = (order, amount) =>
    orderToken({ site: "shop", order, amount, currency: "JPY" }, KEY);
  const load = new PageLoad("shop");
  const purchase = (order, properties) =>
    load.item({ kind: "commerce", name: "purchase", properties: { order, currency: "JPY", ...properties } });
  const beacon = load.beacon([
    purchase("T1", { revenue: "14800", token: token("T1", "14800") }),
    purchase("T2", { revenue: "99999999", token: token("T2", "14800") }),
    purchase("T3", { revenue: "14800", token: token("T1", "14800") }),
    purchase("T4", { revenue: "14800", token: "nonsense" }),
  ]);
  assert.equal((await post(worker, beacon)).status, 200);
  await worker.settle();
  const { results } = await worker.db
    .prepare("SELECT order_number, money, token FROM evidence WHERE order_number LIKE 'T%' ORDER BY 1")
    .all();
  assert.deepEqual(
    results.map((row) => Object.values(row)),
    [
      ["T1", "verified", null],
      ["T2", "claimed", "money"],
      ["T3", "claimed", "order"],
      ["T4", "claimed", "malformed"],
    ],
  );
});

test("an order token that was seen before buys nothing twice: not again, not for another, not when it is over", async () => {
  const signed = { site: "shop", order: "U1", amount: "14800", currency: "JPY" };
  const token = orderToken(signed, KEY);
  const buys = (load, order, more) =>
    load.item({ kind: "commerce", name: "purchase", properties: { order, revenue: "14800", currency: "JPY", ...more } });
  const first = new PageLoad("shop");
  const beacon = first.beacon([buys(first, "U1", { token })]);
  const another = new PageLoad("shop");
  const attempts = [
    beacon,
    // The same page once more, and a page of somebody else who has seen the token.
    beacon,
    first.beacon([buys(first, "U1", { token })]),
    another.beacon([
      buys(another, "U1", { token }),
      buys(another, "U2", { token }),
      buys(another, "U3", { token: orderToken({ ...signed, order: "U3", expires: Date.now() - 1 }, KEY) }),
      buys(another, "U4", { token: orderToken({ ...signed, order: "U4", site: "other" }, KEY) }),
      buys(another, "U5", { token: orderToken({ ...signed, order: "U5" }, "the key of another shop") }),
    ]),
  ];
  for (const attempt of attempts) {
    assert.equal((await post(worker, attempt)).status, 200);
    await worker.settle();
  }
  const found = await worker.db
    .prepare("SELECT order_number, minor, money FROM conversions WHERE order_number LIKE 'U%' ORDER BY 1")
    .raw();
  assert.deepEqual(found, [
    ["U1", 14_800, "verified"],
    ...["U2", "U3", "U4", "U5"].map((order) => [order, 14_800, "claimed"]),
  ]);
  const why = await worker.db
    .prepare("SELECT order_number, token FROM evidence WHERE order_number LIKE 'U%' AND token IS NOT NULL ORDER BY 1")
    .raw();
  assert.deepEqual(why, [["U2", "order"], ["U3", "expired"], ["U4", "site"], ["U5", "signature"]]);
});

test("the pixel is an image whatever it is asked, and what it says has a fate", async () => {
  const isImage = async (response) => {
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "image/gif");
    assert.equal(response.headers.get("cache-control"), "no-store");
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.equal(bytes.length, 43);
    assert.equal(bytes.subarray(0, 6).toString(), "GIF89a");
  };
  const visitor = new PageLoad("shop").visitor;
  const rows = (sql) => worker.db.prepare(sql).all().then(({ results }) => results);

  await isImage(await pixel({ site: "shop", kind: "page" }, { cookie: `gp_visitor=${visitor}` }));
  await isImage(await pixel({ site: "shop", kind: "event", event: "message_opened", message: "spring" }, { referer: "" }));
  await worker.settle();
  const seen = await rows(
    "SELECT kind, form, lower(hex(visitor)) AS visitor, body FROM observations WHERE form = 'pixel' AND kind <> 'commerce' ORDER BY id",
  );
  assert.deepEqual(
    seen.map(({ kind, form }) => [kind, form]),
    [["page", "pixel"], ["event", "pixel"]],
  );
  assert.equal(seen[0].visitor, plain(visitor));
  const page = JSON.parse(seen[0].body);
  assert.deepEqual([page.path, page.host, page.query], ["/thanks/", "shop.example", { utm_source: "news" }]);
  assert.deepEqual(JSON.parse(seen[1].body).properties, { message: "spring" });

  const nonsense = [
    [{}, "json"],
    [{ site: "nobody", kind: "page" }, "unknown_site"],
    [{ site: "shop" }, "field"],
    [{ site: "shop", kind: "\u0000" }, "unknown_kind"],
    [{ site: "shop", kind: "event" }, "field"],
    [{ site: "shop", kind: "purchase", order: "P9", revenue: "1e3" }, "value"],
    [{ site: "shop", kind: "page", path: "x".repeat(5_000) }, undefined],
  ];
  for (const [query, reason] of nonsense) {
    await isImage(await pixel(query));
    await worker.settle();
    const [last] = await rows("SELECT reason FROM quarantine ORDER BY received_at DESC, id DESC LIMIT 1");
    if (reason) assert.equal(last.reason, reason, JSON.stringify(query));
  }

  const dropped = async (headers, reason) => {
    const count = () => rows(`SELECT coalesce(sum(count), 0) AS n FROM fates WHERE site = 'shop' AND fate = 'dropped' AND reason = '${reason}'`);
    const [before] = await count();
    await isImage(await pixel({ site: "shop", kind: "page" }, headers));
    await worker.settle();
    const [after] = await count();
    assert.equal(after.n, before.n + 1, reason);
  };
  await dropped({ "sec-gpc": "1" }, "consent");
  await dropped({ "user-agent": "ExampleBot/1.0" }, "bot");
  await dropped({ referer: "https://evil.example/" }, "host");
  const [{ n }] = await rows("SELECT count(*) AS n FROM observations");
  await fetch(`${worker.url}/_g/p.gif?site=shop&kind=page`, { method: "HEAD", headers: browser });
  await worker.settle();
  assert.deepEqual(await rows("SELECT count(*) AS n FROM observations"), [{ n }]);
});
