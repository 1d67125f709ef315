import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, afterEach, before, describe, test } from "node:test";
import { signature } from "../../examples/server/sign.mjs";
import { plan } from "../harness/beacon.mjs";
import { everythingAddsUp, problem } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

const KEY = "the key that the shop signs with";
const NEXT = "the key that it will sign with next";
const OTHERS = "the key of the other shop there";

const shop = {
  ...plan,
  since: "2020-01-01",
  outcomes: [
    ...plan.outcomes,
    { id: "close-won", when: "server", count: "once_per_contact", value: { fixed: "120000" } },
    { id: "warranty", group: "purchase", value: { property: "revenue" } },
  ],
};

let worker;
before(async () => {
  worker = await startWorker({
    plan: shop,
    signingKeys: { shop: [KEY, NEXT], other: [OTHERS] },
  });
  await worker.publish({ ...shop, site: "other" });
});
after(() => worker?.dispose());
afterEach(() => everythingAddsUp(worker));

const send = (body, headers = {}, site = "shop") =>
  fetch(`${worker.url}/api/v1/sites/${site}/events`, { method: "POST", body, headers });

/** What the edge answers to events, with the token that may do everything. */
async function report(events, site = "shop") {
  const authorization = `Bearer ${worker.token}`;
  const response = await send(JSON.stringify({ events }), { authorization }, site);
  assert.equal(response.status, 200, await response.clone().text());
  const { results } = await response.json();
  assert.equal(results.length, events.length);
  return results;
}

const outcomes = (results) => results.map(({ result }) => result);

const all = async (sql, ...values) => {
  const { results } = await worker.db.prepare(sql).bind(...values).all();
  return results;
};

const order = (number, fields = {}) => ({
  id: `${number}-paid`,
  time: Date.now(),
  commerce: "purchase",
  order: number,
  revenue: "129.00",
  currency: "USD",
  ...fields,
});

test("each event has an answer of its own, in its place", async () => {
  const time = Date.now();
  const results = await report([
    order("A1", { time }),
    { id: "won-1", time, outcome: "close-won", contact: { email: "Ann@shop.example" } },
    { id: "call-1", time, event: "demo_requested", contact: { customer: 7 } },
    { identify: true, contact: { customer: "7", email: "ann@shop.example" } },
    { id: "new-1", time, outcome: "not-in-the-plan" },
    { id: "bad-1", time, commerce: "purchase", revenue: "NaN" },
    7,
    order("A1", { time }),
    order("A1", { time, revenue: "1.00" }),
  ]);
  assert.deepEqual(outcomes(results), [
    "stored", "stored", "stored", "stored", "quarantined", "refused", "refused", "duplicate", "conflict",
  ]);
  assert.deepEqual(
    results.map(({ id }) => id),
    ["A1-paid", "won-1", "call-1", results[3].id, "new-1", "bad-1", null, "A1-paid", "A1-paid"],
  );
  assert.match(results[3].id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.match(results[4].problem, /'not-in-the-plan' is not a definition of this plan/);
  assert.match(results[5].problem, /^revenue: 'NaN' is not a plain decimal number/);
  assert.match(results[8].problem, /^id: another event with this id and time was here before/);
  const kept = await all("SELECT reason, body FROM quarantine WHERE site = 'shop' ORDER BY reason");
  assert.deepEqual(kept.map(({ reason }) => reason), ["conflict", "unregistered"]);
  for (const table of ["observations", "quarantine"]) {
    const bodies = await all(`SELECT body FROM ${table}`);
    assert.ok(bodies.every(({ body }) => !/ann@/i.test(body)), "no address is stored");
  }
});

test("a request that is sent again stores nothing twice", async () => {
  const time = Date.now() - 60_000;
  const events = [
    order("B1", { time }),
    { time, event: "demo_requested", contact: { customer: "8" } },
    { id: "bad", time, event: "" },
    { id: "new-2", time, goal: "not-in-the-plan" },
  ];
  assert.deepEqual(outcomes(await report(events)), ["stored", "stored", "refused", "quarantined"]);
  const rows = () => all("SELECT count(*) AS n FROM observations UNION ALL SELECT count(*) FROM quarantine");
  const once = await rows();
  for (let again = 0; again < 2; again += 1) {
    const results = outcomes(await report(events));
    assert.deepEqual(results, ["duplicate", "duplicate", "refused", "quarantined"]);
  }
  assert.deepEqual(await rows(), once);
  const [sale] = await all("SELECT minor, currency, money FROM conversions WHERE scope = 'order:B1'");
  assert.deepEqual(sale, { minor: 12900, currency: "USD", money: "verified" });
});

test("an order that counts once, and one without a number that counts every time", async () => {
  const time = Date.now();
  const purchase = (id, number) => order(number, { id, time });
  await report([purchase("c1", "C1"), purchase("c2", "C1"), purchase("c3", ""), purchase("c4", "")]);
  const rows = await all(
    "SELECT scope FROM conversions WHERE definition = 'product-purchase' AND batch = " +
      "(SELECT batch FROM observations WHERE site = 'shop' ORDER BY received_at DESC LIMIT 1)",
  );
  assert.equal(rows.length, 3);
});

test("what cannot be stored is told why, field by field", async () => {
  const time = Date.now();
  const table = [
    [{ event: "x", time: time + 600_000 }, /^time: .* is in the future/],
    [{ event: "x", time: "2019-12-31T23:59:59+09:00" }, /^time: 2019-12-31 is before 2020-01-01/],
    [{ commerce: "purchase", revenue: "1.005", currency: "USD" }, /^revenue: '1.005' has more decimals than its currency, USD$/],
    [{ commerce: "purchase", revenue: "5", currency: "XAU" }, /^currency: 'XAU' is not a currency code/],
    [{ commerce: "refund", time, order: "" }, /^order: is missing/],
    [{ event: "x", site: "other" }, /^site: 'other' is not 'shop'/],
    [{ event: "x", id: "x".repeat(129), time }, /^id: has at most 128 bytes/],
    [{ event: "x", contact: {} }, /^contact: names nobody/],
    [{ evnet: "x" }, /^evnet: is not a field of an event; did you mean 'event'\?$/],
  ];
  const results = await report(table.map(([event]) => event));
  for (const [at, [, expected]] of table.entries()) {
    assert.equal(results[at].result, "refused");
    assert.match(results[at].problem, expected);
  }
});

test("an amount that the plan cannot read waits, and does not fail its neighbours", async () => {
  const time = Date.now();
  const results = await report([
    { id: "w1", time, outcome: "warranty", properties: { revenue: "12.345", currency: "USD" } },
    { id: "w2", time, outcome: "warranty", properties: { revenue: "12.34", currency: "USD" } },
  ]);
  assert.deepEqual(outcomes(results), ["quarantined", "stored"]);
  assert.match(results[0].problem, /^warranty: property 'revenue' has more decimals/);
});

test("an id of one site says nothing on another", async () => {
  const event = order("D1");
  assert.deepEqual(outcomes(await report([event])), ["stored"]);
  assert.deepEqual(outcomes(await report([event], "other")), ["stored"]);
});

test("a thousand events fit, and one more is too many", async () => {
  const time = Date.now();
  const events = Array.from({ length: 1_001 }, (_, at) => ({ id: `many-${at}`, time, event: "seen" }));
  const authorization = `Bearer ${worker.token}`;
  const tooMany = await send(JSON.stringify({ events }), { authorization });
  assert.match((await problem(tooMany, 413, "too-large")).detail, /^events: at most 1000 .* 1001/);
  const results = await report(events.slice(1));
  assert.ok(results.every(({ result }) => result === "stored"));
  const padded = `{"events":[]${" ".repeat(1_000_000)}}`;
  await problem(await send(padded, { authorization }), 413, "too-large");
  assert.deepEqual(await report([]), []);
});

test("a body that is no list of events is a problem, and nothing of it is kept", async () => {
  const authorization = `Bearer ${worker.token}`;
  for (const body of ["", "{", "[]", "{}", '{"events":[NaN]}', '{"events":{}}', '{"site":"other","events":[]}']) {
    const found = await problem(await send(body, { authorization }), 400, "bad-events");
    assert.match(found.detail, /JSON|events|site/);
  }
  await problem(await send('{"events":[]}', { authorization }, "nobody"), 404, "unknown-site");
});

describe("who may report", () => {
  const body = JSON.stringify({ events: [{ event: "x" }] });
  const signed = (header) => ({ "goalpost-signature": header });

  test("a signature of either key of the site", async () => {
    for (const key of [KEY, NEXT]) {
      assert.equal((await send(body, signed(signature(body, key)))).status, 200);
    }
  });

  test("nobody with another key, another body, another site, or an old signature", async () => {
    const now = Math.floor(Date.now() / 1_000);
    const table = [
      [body, signature(body, OTHERS), /no key of the site/],
      [body, signature(body, "a key that nobody has given it"), /no key of the site/],
      [`${body} `, signature(body, KEY), /no key of the site/],
      [body.replace('{"event"', '{ "event"'), signature(body, KEY), /no key of the site/],
      [body, signature(body, KEY, now - 310), /more than 300 seconds away/],
      [body, signature(body, KEY, now + 310), /more than 300 seconds away/],
      [body, "t=1,v1=00", /is not 't=<unix seconds>/],
      [body, "nonsense", /is not 't=<unix seconds>/],
    ];
    for (const [text, header, expected] of table) {
      const found = await problem(await send(text, signed(header)), 401, "unauthorized");
      assert.match(found.detail, expected);
    }
    await problem(await send(body, signed(signature(body, KEY)), "other"), 401, "unauthorized");
    // What is not signed is not even read.
    await problem(await send("{", signed(signature(body, KEY))), 401, "unauthorized");
    const stranger = await problem(await send(body, signed(signature(body, KEY)), "nobody"), 401, "unauthorized");
    assert.match(stranger.detail, /SIGNING_KEYS/);
  });

  test("a token with the scope, on its own site, and no other", async () => {
    for (const [secret, site, scopes] of [
      ["till", "shop", "events"],
      ["reader", "shop", "read publish"],
      ["others", "other", "events"],
    ]) {
      await worker.db
        .prepare("INSERT INTO tokens (id, site, hash, scopes, created_at) VALUES (?1, ?2, unhex(?3), ?4, 0)")
        .bind(secret, site, createHash("sha256").update(secret).digest("hex"), scopes)
        .run();
    }
    const as = (secret) => send(body, { authorization: `Bearer ${secret}` });
    assert.equal((await as("till")).status, 200);
    const found = await problem(await as("reader"), 403, "missing-scope");
    assert.match(found.detail, /'events'/);
    await problem(await as("others"), 401, "unauthorized");
    await problem(await send(body), 401, "unauthorized");
    // A token does not help a signature that is wrong.
    const both = { authorization: "Bearer till", "goalpost-signature": "t=1,v1=00" };
    await problem(await send(body, both), 401, "unauthorized");
  });
});

test("while the database is away nothing is half stored, and a retry is safe", async () => {
  const events = [order("E1"), order("E2")];
  // It fails at the last: when the second order becomes a conversion.
  await worker.db
    .prepare(
      `CREATE TRIGGER away BEFORE INSERT ON evidence WHEN NEW.order_number = 'E2'
       BEGIN SELECT RAISE(ABORT, 'Network connection lost'); END`,
    )
    .run();
  const authorization = `Bearer ${worker.token}`;
  const response = await send(JSON.stringify({ events }), { authorization });
  await worker.db.prepare("DROP TRIGGER away").run();
  assert.equal(response.headers.get("retry-after"), "5");
  await problem(response, 503, "unavailable");
  assert.deepEqual(await all("SELECT 1 FROM observations WHERE order_number IN ('E1', 'E2')"), []);
  assert.deepEqual(outcomes(await report(events)), ["stored", "stored"]);
});
