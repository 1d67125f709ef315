import assert from "node:assert/strict";
import { request } from "node:http";
import { after, afterEach, before, test } from "node:test";
import { PageLoad, browser, plan, post, uuid } from "../harness/beacon.mjs";
import { everythingAddsUp, fate, problem } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker({ plan });
});
after(() => worker.dispose());

afterEach(async () => {
  // Whatever came, the next visitor is served.
  const load = new PageLoad("shop");
  const sent = await post(worker, load.beacon([load.view()]));
  assert.equal(sent.status, 200);
  await worker.settle();
  await everythingAddsUp(worker);
});

/** What waits in quarantine under a reason. */
async function quarantined(site, reason) {
  await worker.settle();
  const { results } = await worker.db
    .prepare("SELECT * FROM quarantine WHERE site = ?1 AND reason = ?2")
    .bind(site, reason)
    .all();
  return results;
}

async function stored(id) {
  await worker.settle();
  const row = await worker.db
    .prepare("SELECT count(*) AS n FROM observations WHERE id = unhex(?1, '-')")
    .bind(id)
    .first();
  return row.n;
}

test("an empty body", async () => {
  await problem(await post(worker, ""), 400, "bad-beacon");
  assert.equal((await quarantined("", "json")).length, 1);
});

test("bodies that are JSON, but no beacon", async () => {
  const bodies = ["{", "[]", "null", "7", '"x"', '{"v":1}', '{"v":1,"site":"shop","items":{}}'];
  for (const body of bodies) {
    const found = await problem(await post(worker, body), 400, "bad-beacon");
    assert.match(found.detail, /beacon/);
  }
});

test("one byte too many, and a megabyte", async () => {
  const load = new PageLoad("shop");
  const full = load.beacon([load.view()]).padEnd(60_000, " ");
  assert.equal((await post(worker, full)).status, 200);
  const before = await fate(worker, "", "dropped", "too_large");
  await problem(await post(worker, `${full} `), 413, "too-large");
  await problem(await post(worker, "x".repeat(1_000_000)), 413, "too-large");
  await worker.settle();
  assert.equal(await fate(worker, "", "dropped", "too_large"), before + 2);
});

test("a megabyte that does not say how long it is", async () => {
  // The answer comes before all of it was sent, which `fetch` of Node takes for a failure.
  const answer = await new Promise((resolve, reject) => {
    const sent = request(`${worker.url}/_g/c`, { method: "POST", headers: browser }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode, body: JSON.parse(text) }));
    });
    sent.on("error", reject);
    for (let part = 0; part < 100; part += 1) sent.write(Buffer.alloc(10_000));
    sent.end();
  });
  assert.equal(answer.status, 413);
  assert.equal(answer.body.status, 413);
});

test("a short body in chunks is a beacon like any other", async () => {
  const load = new PageLoad("shop");
  const seen = load.view();
  const bytes = new TextEncoder().encode(load.beacon([seen]));
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(bytes.slice(0, 50));
      controller.enqueue(bytes.slice(50));
      controller.close();
    },
  });
  const response = await fetch(`${worker.url}/_g/c`, {
    method: "POST",
    body,
    duplex: "half",
    headers: browser,
  });
  assert.equal(response.status, 200);
  assert.equal(await stored(seen.id), 1);
});

test("200,000 levels deep, and as deep as fits", async () => {
  await problem(await post(worker, "[".repeat(200_000)), 413, "too-large");
  await problem(await post(worker, "[".repeat(60_000)), 400, "bad-beacon");
  const deep = `{"v":1,"site":"shop","items":[${"[".repeat(29_000)}${"]".repeat(29_000)}]}`;
  assert.equal((await post(worker, deep)).status, 200);
});

test("a deep item costs only itself", async () => {
  const load = new PageLoad("shop");
  const deep = load.item({ kind: "event", name: "deep" });
  const text = JSON.stringify({ ...deep, properties: "X" }).replace(
    '"X"',
    `{"a":${"[".repeat(3_000)}${"]".repeat(3_000)}}`,
  );
  const good = load.view();
  // In a field that nobody knows.
  const order = load.purchase("DEEP", "500");
  const unknown = JSON.stringify({ ...order, x: "X" }).replace('"X"', `${"[".repeat(3_000)}${"]".repeat(3_000)}`);
  const response = await post(worker, load.beacon([text, unknown, good]));
  assert.equal(response.status, 200);
  const results = { [deep.id]: "ok", [order.id]: "ok", [good.id]: "ok" };
  assert.deepEqual((await response.json()).results, results);
  assert.equal(await stored(good.id), 1);
  assert.equal(await stored(deep.id), 0);
  assert.equal(await stored(order.id), 0);
});

test("a body that is not text", async () => {
  const start = Buffer.from('{"v":1,"site":"shop"');
  const body = Buffer.concat([start, Buffer.from([0xff, 0xc3, 0x28])]);
  await problem(await post(worker, body), 400, "bad-beacon");
  const held = await quarantined("", "encoding");
  assert.ok(held.some((row) => Buffer.from(row.body, "base64").equals(body)), "the bytes are kept");
});

test("half an emoji costs only its own item", async () => {
  const load = new PageLoad("shop");
  const broken = load.view();
  const text = JSON.stringify({ ...broken, title: "X" }).replace('"X"', '"\\ud83d"');
  const good = load.view();
  assert.equal((await post(worker, load.beacon([text, good]))).status, 200);
  const held = await quarantined("shop", "encoding");
  assert.equal(held.length, 1);
  assert.equal(held[0].body, text);
  assert.equal(await stored(good.id), 1);
});

test("a version of the wire that is not known is kept, and the page is at peace", async () => {
  const load = new PageLoad("shop");
  const body = load.beacon([load.view()], { v: 7 });
  const response = await post(worker, body);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { results: {}, quarantined: "version" });
  const held = await quarantined("", "version");
  assert.equal(held.length, 1);
  assert.equal(Buffer.from(held[0].body, "base64").toString(), body);
});

test("a site that nobody has published", async () => {
  const load = new PageLoad("nowhere");
  await problem(await post(worker, load.beacon([load.view()])), 404, "unknown-site");
  assert.equal((await quarantined("nowhere", "unknown_site")).length, 1);
});

test("a duplicate is one row; the same id with other content is a conflict", async () => {
  const load = new PageLoad("shop");
  const first = load.purchase("C1", "100");
  const forged = { ...first, properties: { order: "C1", revenue: "999999" } };
  for (const item of [first, first, forged, forged]) {
    assert.equal((await post(worker, load.beacon([item]))).status, 200);
  }
  assert.equal(await stored(first.id), 1);
  assert.equal((await quarantined("shop", "conflict")).length, 1);
  const row = await worker.db
    .prepare("SELECT minor FROM conversions WHERE scope = 'order:C1'")
    .first();
  assert.equal(row.minor, 100);
});

test("each kind of bad item waits under its own reason, its siblings are stored", async () => {
  const load = new PageLoad("shop");
  const cases = [
    ["unknown_kind", load.item({ kind: "telepathy" })],
    ["field", load.item({ kind: "media", step: "rewind", video: "v" })],
    ["field", load.item({ kind: "commerce", name: "haggle" })],
    ["limit", load.item({ kind: "event", name: "long", properties: { text: "x".repeat(9_000) } })],
    ["unregistered", load.item({ kind: "trigger", name: "no-such-goal" })],
    ["value", load.purchase("V1", "12.50")],
  ];
  const good = load.view();
  const sent = await post(worker, load.beacon([...cases.map(([, item]) => item), good]));
  assert.equal(sent.status, 200);
  const results = Object.values((await sent.json()).results);
  assert.deepEqual(new Set(results), new Set(["ok"]), "the page need not send them again");
  for (const [reason, item] of cases) {
    const held = await quarantined("shop", reason);
    const own = held.find((row) => row.body.includes(item.id));
    assert.ok(own, `${reason}: ${JSON.stringify(item).slice(0, 80)}`);
    assert.ok(own.detail.length > 0);
  }
  assert.equal(await stored(good.id), 1);
});

test("items without an id or a place are kept too", async () => {
  const load = new PageLoad("shop");
  const good = load.view();
  const body = load.beacon(['{"seq":1}', "null", "7", '"x"', '{"id":"no"}', good]);
  assert.equal((await post(worker, body)).status, 200);
  assert.equal(await stored(good.id), 1);
});

test("more items than a beacon carries", async () => {
  const load = new PageLoad("shop");
  const items = Array.from({ length: 501 }, () => "{}");
  await problem(await post(worker, load.beacon(items)), 400, "bad-beacon");
  assert.equal((await quarantined("", "limit")).length, 1);
});

test("fields of a newer SDK are kept", async () => {
  const load = new PageLoad("shop");
  const seen = { ...load.view(), mood: { colour: "blue" } };
  const sent = await post(worker, load.beacon([seen], { weather: "fine" }));
  assert.equal(sent.status, 200);
  assert.equal(await stored(seen.id), 1);
  const row = await worker.db
    .prepare("SELECT body FROM observations WHERE id = unhex(?1, '-')")
    .bind(seen.id)
    .first();
  assert.deepEqual(JSON.parse(row.body).mood, { colour: "blue" });
});

test("pages of other hosts are turned away and counted", async () => {
  const origins = [
    { origin: "https://fooshop.example" },
    { origin: "https://shop.example.evil.example" },
    { origin: "null", referer: "https://shop.example/" },
    { origin: "" },
  ];
  const before = await fate(worker, "shop", "dropped", "host");
  for (const headers of origins) {
    const load = new PageLoad("shop");
    const found = await problem(
      await post(worker, load.beacon([load.view()]), headers),
      403,
      "foreign-host",
    );
    assert.match(found.detail, /hosts/);
  }
  await worker.settle();
  assert.equal(await fate(worker, "shop", "dropped", "host"), before + origins.length);
  const load = new PageLoad("shop");
  const own = await post(worker, load.beacon([load.view()]), {
    origin: "",
    referer: "https://shop.example:8443/shoes/",
  });
  assert.equal(own.status, 200, "a Referer speaks where there is no Origin");
});

for (const [name, headers, reason] of [
  ["a browser that signals GPC", { "sec-gpc": "1" }, "consent"],
  ["a browser that signals DNT", { dnt: "1" }, "consent"],
  ["a crawler", { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)" }, "bot"],
]) {
  test(`${name} is let go and counted`, async () => {
    const before = await fate(worker, "shop", "dropped", reason);
    const load = new PageLoad("shop");
    const seen = [load.view(), load.view()];
    const response = await post(worker, load.beacon(seen), headers);
    assert.equal(response.status, 200);
    const body = await response.json();
    assert.deepEqual(body, { results: { [seen[0].id]: "drop", [seen[1].id]: "drop" } });
    assert.equal(response.headers.get("set-cookie"), null);
    assert.equal(await stored(seen[0].id), 0);
    assert.equal(await fate(worker, "shop", "dropped", reason), before + 2);
  });
}

test("a signal that is not one does nothing", async () => {
  const load = new PageLoad("shop");
  const seen = load.view();
  const response = await post(worker, load.beacon([seen]), { "sec-gpc": "0", dnt: "0" });
  assert.equal((await response.json()).results[seen.id], "ok");
});

test("a visitor without storage is restored from the cookie", async () => {
  const load = new PageLoad("shop");
  const first = await post(worker, load.beacon([load.view()]));
  const cookie = first.headers.get("set-cookie");
  assert.match(cookie, /^gp_visitor=[0-9a-f-]{36}; Max-Age=34560000; Path=\/; HttpOnly; Same/);
  assert.equal((await first.json()).visitor, load.visitor);

  const seen = load.view();
  const sent = await post(worker, load.beacon([seen], { visitor: undefined }), {
    cookie: `a=b; ${cookie.split(";")[0]}`,
  });
  assert.equal((await sent.json()).visitor, load.visitor);
  await worker.settle();
  const row = await worker.db
    .prepare("SELECT lower(hex(visitor)) AS visitor FROM observations WHERE id = unhex(?1, '-')")
    .bind(seen.id)
    .first();
  assert.equal(row.visitor, load.visitor.replaceAll("-", ""));

  const stranger = await post(worker, load.beacon([load.view()], { visitor: undefined }));
  assert.deepEqual(Object.keys(await stranger.json()), ["results"]);
  assert.equal(stranger.headers.get("set-cookie"), null);
});

test("what is stored of a request is no address of anybody", async () => {
  const load = new PageLoad("shop");
  await post(worker, load.beacon([load.view()]), {
    "cf-connecting-ip": "203.0.113.77",
    "x-forwarded-for": "203.0.113.77",
    "x-real-ip": "203.0.113.77",
  });
  await worker.settle();
  const tables = await worker.db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 1) <> '_'")
    .all();
  for (const { name } of tables.results) {
    const { results } = await worker.db.prepare(`SELECT * FROM ${name}`).all();
    assert.ok(!JSON.stringify(results).includes("203.0.113.77"), name);
  }
});

test("random bytes never stop the Worker", async () => {
  for (let round = 0; round < 40; round += 1) {
    const bytes = Buffer.from(uuid() + uuid()).map((byte, at) => (byte * (at + round)) & 0xff);
    const response = await post(worker, bytes);
    assert.ok([200, 400].includes(response.status), String(response.status));
  }
});
