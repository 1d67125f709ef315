// Who may ask, how much is taken, and what a body may grow to.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Agent, request } from "node:http";
import { after, afterEach, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { PageLoad, browser, plan, post, uuid } from "../harness/beacon.mjs";
import { everythingAddsUp, fate, problem } from "../harness/checks.mjs";
import { startWorker, until } from "../harness/worker.mjs";

const KEY = "the key that the shop signs with";

describe("tokens", () => {
  let worker;
  before(async () => {
    worker = await startWorker({ plan });
  });
  after(() => worker?.dispose());

  const as = (token, path, init = {}) =>
    fetch(`${worker.url}/api/v1/sites/${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}` },
    });
  const asked = (wanted) => ({ method: "POST", body: JSON.stringify(wanted) });
  const make = async (wanted, token = worker.token, site = "shop") => {
    const response = await as(token, `${site}/tokens`, asked(wanted));
    assert.equal(response.status, 200, await response.clone().text());
    return response.json();
  };
  const listed = async () => (await (await as(worker.token, "shop/tokens")).json()).tokens;

  test("a token is shown once, and kept only as its hash", async () => {
    const made = await make({ name: "Till", scopes: ["read", "events"] });
    assert.match(made.token, /^gp_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    assert.ok(made.token.startsWith(`gp_${made.id}_`));
    const secret = made.token.split("_").slice(2).join("_");
    const [own] = (await listed()).filter(({ id }) => id === made.id);
    assert.deepEqual(own, {
      id: made.id,
      name: "Till",
      scopes: ["read", "events"],
      created_at: made.created_at,
      expires_at: null,
      last_used_at: null,
    });
    const { results } = await worker.db
      .prepare("SELECT *, lower(hex(hash)) AS digest FROM tokens WHERE id = ?1")
      .bind(made.id)
      .all();
    assert.equal(results[0].digest, createHash("sha256").update(made.token).digest("hex"));
    assert.ok(!JSON.stringify(results).includes(secret));
  });

  test("a token does what its scopes say, on its own site alone", async () => {
    const { token } = await make({ name: "Reader", scopes: ["read"] });
    assert.equal((await as(token, "shop/plans")).status, 200);
    await problem(await as(token, "shop/tokens"), 403, "missing-scope");
    await problem(await as(token, "shop/plan", { method: "PUT", body: "{}" }), 403, "missing-scope");
    await problem(await as(token, "other/plans"), 401, "unauthorized");
    const admin = await make({ name: "All", scopes: ["admin"] });
    assert.equal((await as(admin.token, "shop/tokens")).status, 200);
    await problem(await as(admin.token, "other/tokens"), 401, "unauthorized");
  });

  test("nobody gives away more than they have: neither scopes nor time", async () => {
    const end = Date.now() + 60_000;
    const clerk = await make({ name: "Clerk", scopes: ["tokens", "read"], expires_at: end });
    await make({ name: "Less", scopes: ["read"], expires_at: end }, clerk.token);
    for (const wanted of [
      { name: "More", scopes: ["publish"], expires_at: end },
      { name: "All", scopes: ["admin"], expires_at: end },
      { name: "Longer", scopes: ["read"], expires_at: end + 1 },
      { name: "For ever", scopes: ["read"] },
    ]) {
      await problem(await as(clerk.token, "shop/tokens", asked(wanted)), 403, "missing-scope");
    }
    const strong = await make({ name: "Strong", scopes: ["publish"] });
    const rotate = `shop/tokens/${strong.id}/rotate`;
    await problem(await as(clerk.token, rotate, { method: "POST" }), 403, "missing-scope");
  });

  test("nobody revokes what does more or lasts longer, but their own", async () => {
    const end = Date.now() + 3_600_000;
    const clerk = await make({ name: "Clerk", scopes: ["tokens"], expires_at: end });
    const revoke = (token, { id }) => as(token, `shop/tokens/${id}`, { method: "DELETE" });
    for (const wanted of [
      { name: "Admin", scopes: ["admin"], expires_at: end },
      { name: "Longer", scopes: ["tokens"], expires_at: end + 1 },
    ]) {
      const other = await make(wanted);
      await problem(await revoke(clerk.token, other), 403, "missing-scope");
      assert.ok((await listed()).some(({ id }) => id === other.id));
    }
    const own = await make({ name: "Same", scopes: ["tokens"], expires_at: end });
    assert.equal((await revoke(clerk.token, own)).status, 200);
    assert.equal((await revoke(clerk.token, clerk)).status, 200);
  });

  test("a token that was rotated is not rotated again: who did not hear the answer rotates the next", async () => {
    const old = await make({ name: "Twice", scopes: ["read"] });
    const rotate = (id) => as(worker.token, `shop/tokens/${id}/rotate`, { method: "POST" });
    const next = await (await rotate(old.id)).json();
    const { detail } = await problem(await rotate(old.id), 422, "bad-token");
    assert.match(detail, /ends within a day, as one does that was rotated.* rotate the one that was made/);
    const third = await (await rotate(next.id)).json();
    assert.equal(third.expires_at, null);
  });

  test("a mistake names the field and the fix", async () => {
    for (const [wanted, detail] of [
      [{}, /^the body is not/],
      [{ name: "", scopes: ["read"] }, /^name: say in 1 to 64 bytes/],
      [{ name: "a", scopes: [] }, /^scopes: is empty; name some of read, publish/],
      [{ name: "a", scopes: ["write"] }, /^scopes: 'write' is none of/],
      [{ name: "a", scopes: ["read"], expires_at: 1 }, /^expires_at: is over already/],
    ]) {
      const found = await as(worker.token, "shop/tokens", asked(wanted));
      assert.match((await problem(found, 422, "bad-token")).detail, detail);
    }
  });

  test("a token that is revoked or over lets nobody in", async () => {
    const made = await make({ name: "Short", scopes: ["read"], expires_at: Date.now() + 700 });
    assert.equal((await as(made.token, "shop/plans")).status, 200);
    await until(async () => (await as(made.token, "shop/plans")).status === 401, "its end");
    const other = await make({ name: "Lost", scopes: ["read"] });
    assert.equal((await as(other.token, "shop/plans")).status, 200);
    const gone = await as(worker.token, `shop/tokens/${other.id}`, { method: "DELETE" });
    assert.deepEqual(await gone.json(), { id: other.id, revoked: true });
    await problem(await as(other.token, "shop/plans"), 401, "unauthorized");
    const again = await as(worker.token, `shop/tokens/${other.id}`, { method: "DELETE" });
    await problem(again, 404, "not-found");
    const foreign = await make({ name: "Here", scopes: ["read"] });
    const there = await as(worker.token, `other/tokens/${foreign.id}`, { method: "DELETE" });
    await problem(there, 404, "not-found");
  });

  test("after a rotation both hold, and the old one for a day", async () => {
    const old = await make({ name: "Sync", scopes: ["read", "costs"] });
    const rotated = await as(worker.token, `shop/tokens/${old.id}/rotate`, { method: "POST" });
    const next = await rotated.json();
    assert.notEqual(next.token, old.token);
    assert.deepEqual([next.name, next.scopes, next.expires_at], ["Sync", ["read", "costs"], null]);
    for (const { token } of [old, next]) assert.equal((await as(token, "shop/plans")).status, 200);
    const ends = Object.fromEntries((await listed()).map(({ id, expires_at }) => [id, expires_at]));
    assert.equal(ends[next.id], null);
    assert.ok(Math.abs(ends[old.id] - Date.now() - 86_400_000) < 60_000);
  });

  test("a use is written down once an hour", async () => {
    const { id, token } = await make({ name: "Used", scopes: ["read"] });
    const last = async () => {
      await as(token, "shop/plans");
      return (await listed()).find((own) => own.id === id).last_used_at;
    };
    const first = await last();
    assert.ok(Math.abs(first - Date.now()) < 60_000);
    assert.equal(await last(), first);
    const before = first - 3_600_001;
    await worker.db.prepare("UPDATE tokens SET last_used_at = ?1 WHERE id = ?2").bind(before, id).run();
    assert.ok((await last()) >= first);
  });
});

describe("bodies", () => {
  let worker;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  before(async () => {
    worker = await startWorker({ plan: { ...plan, since: "2020-01-01" }, signingKeys: { shop: [KEY] } });
  });
  after(async () => {
    agent.destroy();
    await worker?.dispose();
  });
  afterEach(async () => {
    await worker.settle();
    await everythingAddsUp(worker);
  });

  /** A request over the one connection that is kept, unless it has its own. */
  const send = (method, path, body, headers = {}, over = agent) =>
    new Promise((resolve, reject) => {
      const sent = request(`${worker.url}${path}`, { method, headers, agent: over }, (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("end", () =>
          resolve({ status: response.statusCode, text: Buffer.concat(parts).toString() }),
        );
      });
      sent.on("error", reject);
      sent.end(body);
    });
  const gzip = { "content-encoding": "gzip" };

  test("a compressed beacon is a beacon like any other", async () => {
    const load = new PageLoad("shop");
    for (const headers of [gzip, { "content-encoding": "GZIP" }, { "content-encoding": "identity" }]) {
      const seen = load.view();
      const text = load.beacon([seen]);
      const body = headers["content-encoding"] === "identity" ? text : gzipSync(text);
      const response = await post(worker, body, headers);
      assert.deepEqual((await response.json()).results, { [seen.id]: "ok" });
    }
    await worker.settle();
    assert.equal(await fate(worker, "shop", "stored"), 3);
  });

  test("what a body holds is counted, not what it weighs", async () => {
    const load = new PageLoad("shop");
    const full = load.beacon([load.view()]).padEnd(60_000, " ");
    assert.ok(gzipSync(full).length < 1_000);
    assert.equal((await post(worker, gzipSync(full), gzip)).status, 200);
    await problem(await post(worker, gzipSync(`${full} `), gzip), 413, "too-large");
    await worker.settle();
    assert.equal(await fate(worker, "", "dropped", "too_large"), 1);
  });

  test("a body that is not what it says waits in quarantine, byte for byte", async () => {
    const load = new PageLoad("shop");
    const whole = gzipSync(load.beacon([load.view()]));
    const half = whole.subarray(0, whole.length - 9);
    const found = await post(worker, half, gzip);
    assert.equal(found.headers.get("accept-encoding"), "gzip");
    await problem(found, 415, "bad-encoding");
    await problem(await post(worker, whole, { "content-encoding": "br" }), 415, "bad-encoding");
    await worker.settle();
    const { results } = await worker.db
      .prepare("SELECT body FROM quarantine WHERE reason = 'encoding'")
      .all();
    assert.ok(results.some(({ body }) => Buffer.from(body, "base64").equals(half)));
  });

  test("a signature is of the bytes as they are sent, compressed or not", async () => {
    const body = gzipSync(JSON.stringify({ events: [{ event: "demo_requested" }] }));
    const seconds = Math.floor(Date.now() / 1_000);
    const { createHmac } = await import("node:crypto");
    const code = createHmac("sha256", KEY).update(`${seconds}.`).update(body).digest("hex");
    const headers = { ...gzip, "goalpost-signature": `t=${seconds},v1=${code}` };
    const taken = await send("POST", "/api/v1/sites/shop/events", body, headers);
    assert.equal(taken.status, 200, taken.text);
    assert.equal(JSON.parse(taken.text).results[0].result, "stored");
  });

  test("each route takes what it says and not a byte more, and goes on serving", async () => {
    const document = JSON.parse((await send("GET", "/api/v1/openapi.json")).text);
    const authorization = `Bearer ${worker.token}`;
    const bomb = gzipSync(Buffer.alloc(4_000_000));
    let routes = 0;
    for (const [template, item] of Object.entries(document.paths)) {
      for (const [method, { requestBody }] of Object.entries(item)) {
        if (!requestBody) continue;
        const most = Number(/At most (\d+) bytes/.exec(requestBody.description)[1]);
        const path = template.replace("{site}", "shop").replace("{kind}", "shopify");
        const headers = { ...browser, authorization };
        // It is not read, so the runtime may end its connection after the answer.
        const over = await send(method.toUpperCase(), path, Buffer.alloc(most + 1, " "), headers, false);
        assert.equal(over.status, 413, `${path} over`);
        assert.match(over.text, /too-large/);
        const full = await send(method.toUpperCase(), path, Buffer.alloc(most, " "), headers);
        assert.ok(full.status !== 413 && full.status < 500, `${path} at ${most}: ${full.status}`);
        const packed = await send(method.toUpperCase(), path, bomb.subarray(0, most), { ...headers, ...gzip });
        assert.ok([401, 413, 415].includes(packed.status), `${path} compressed: ${packed.status}`);
        assert.equal((await send("GET", "/_g/plan/shop")).status, 200, "the connection goes on");
        routes += 1;
      }
    }
    assert.ok(routes >= 8, String(routes));
  });

  test("200 MB in 200 KB are turned away, and the next is served", async () => {
    const bomb = Buffer.concat(Array(200).fill(gzipSync(Buffer.alloc(1_000_000))));
    assert.ok(bomb.length < 250_000);
    const headers = { ...gzip, authorization: `Bearer ${worker.token}` };
    const answer = await send("POST", "/api/v1/sites/shop/events", bomb, headers);
    assert.equal(answer.status, 413);
    // As large as a beacon may be, it is 50 MB.
    const small = await post(worker, bomb.subarray(0, 50_000), gzip);
    assert.equal(small.status, 413);
    const load = new PageLoad("shop");
    assert.equal((await post(worker, load.beacon([load.view()]))).status, 200);
  });
});

describe("limits", () => {
  let worker;
  after(() => worker?.dispose());
  afterEach(async () => {
    await worker.settle();
    await everythingAddsUp(worker);
    await worker.dispose();
    worker = undefined;
  });
  const rate = (limit) => ({ simple: { limit, period: 60 } });
  const from = (address) => ({ "cf-connecting-ip": address });
  const view = async (load, headers) => {
    const seen = load.view();
    const response = await post(worker, load.beacon([seen]), headers);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("access-control-allow-origin"), "https://shop.example");
    return (await response.json()).results[seen.id];
  };

  test("a network has a rate, and beyond it a page keeps its items", async () => {
    worker = await startWorker({ plan, rates: { RATE_NETWORK: rate(3) } });
    const load = new PageLoad("shop");
    const answers = [];
    for (let n = 0; n < 5; n += 1) answers.push(await view(load, from(`203.0.113.${n}`)));
    assert.deepEqual(answers, ["ok", "ok", "ok", "limited", "limited"]);
    assert.equal(await view(load, from("203.0.114.1")), "ok", "another network");
    for (const [address, answer] of [
      ["2001:db8:1::1", "ok"],
      ["2001:db8:1:ffff::2", "ok"],
      ["2001:DB8:1:2:3:4:5:6", "ok"],
      ["2001:db8:1::4", "limited"],
      ["2001:db8:2::4", "ok"],
      ["::1", "ok"],
    ]) {
      assert.equal(await view(load, from(address)), answer, address);
    }
    await until(async () => (await fate(worker, "shop", "limited", "rate")) >= 1, "the count");
    // What was not taken has no fate: the page still has it, and sends it again.
    await worker.settle();
    assert.equal(await fate(worker, "shop", "stored"), 9);
    const { results } = await worker.db.prepare("SELECT site, captured FROM page_loads").all();
    assert.deepEqual(results.map(({ captured }) => captured), [12], "a page says what it has captured");
    await worker.db.prepare("UPDATE page_loads SET captured = 9").run();
  });

  test("a site has a rate of its own, and its servers are under none", async () => {
    worker = await startWorker({ plan: { ...plan, since: "2020-01-01" }, rates: { RATE_SITE: rate(2) } });
    await worker.publish({ ...plan, site: "other" });
    const load = new PageLoad("shop");
    const answers = [];
    for (let n = 0; n < 3; n += 1) answers.push(await view(load, from(`203.0.${n}.1`)));
    assert.deepEqual(answers, ["ok", "ok", "limited"]);
    assert.equal(await view(new PageLoad("other"), {}), "ok");
    const body = JSON.stringify({ events: [{ event: "demo_requested" }] });
    const told = await worker.admin("shop/events", { method: "POST", body });
    assert.equal((await told.json()).results[0].result, "stored");
    const image = await fetch(`${worker.url}/_g/p.gif?site=shop&kind=page&path=/`);
    assert.equal(image.status, 200);
  });

  test("junk has a rate too, and beyond it nothing of it is kept", async () => {
    worker = await startWorker({ plan, rates: { RATE_SITE: rate(2) } });
    const statuses = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await post(worker, `junk ${n}`)).status);
    assert.deepEqual(statuses, [400, 400, 429, 429, 429]);
    const limited = await post(worker, "junk");
    assert.equal(limited.headers.get("retry-after"), "60");
    await problem(limited, 429, "limited");
    await worker.settle();
    assert.equal(await fate(worker, "", "quarantined", "json"), 2);
  });

  test("names that anybody makes up share one rate, and leave no page loads but those that send", async () => {
    worker = await startWorker({ plan, rates: { RATE_SITE: rate(2) } });
    const statuses = [];
    for (let n = 0; n < 4; n += 1) {
      const load = new PageLoad(`made-up-${n}`);
      const items = Array.from({ length: 5 }, () => ({ ...load.view(), page: uuid() }));
      const response = await post(worker, load.beacon(items));
      statuses.push(response.status);
      if (response.status === 200) {
        assert.deepEqual([...new Set(Object.values((await response.json()).results))], ["limited"]);
      }
    }
    assert.deepEqual(statuses, [404, 404, 200, 200]);
    assert.equal((await fetch(`${worker.url}/_g/p.gif?site=made-up-9&kind=page&path=/`)).status, 200);
    const load = new PageLoad("shop");
    assert.equal(await view(load, {}), "ok", "a site's own rate is its own");
    await worker.settle();
    const { results } = await worker.db
      .prepare("SELECT site, count(*) AS loads FROM page_loads GROUP BY site ORDER BY site")
      .all();
    assert.deepEqual(results, ["made-up-0", "made-up-1", "shop"].map((site) => ({ site, loads: 1 })));
    assert.equal(await fate(worker, "made-up-0", "quarantined", "unknown_site"), 5);
    assert.equal(await fate(worker, "made-up-2", "quarantined", "unknown_site"), 0);
  });

  test("what a page asks beside its items has the same rate", async () => {
    worker = await startWorker({ plan, rates: { RATE_SITE: rate(2) } });
    const load = new PageLoad("shop");
    const ask = (path, body) =>
      fetch(`${worker.url}/_g/${path}`, { method: "POST", headers: browser, body });
    const segments = () => ask("s", load.beacon([]));
    const link = (site) => ask("link", JSON.stringify({ site, host: "shop.example", record: "" }));
    assert.equal((await segments()).status, 200);
    assert.equal((await segments()).status, 200);
    await problem(await segments(), 429, "limited");
    await problem(await link("shop"), 429, "limited");
    for (const status of [404, 404, 429]) assert.equal((await link(`none-${Math.random()}`)).status, status);
    await until(async () => (await fate(worker, "shop", "limited", "rate")) >= 1, "the count");
  });

  test("the pages of a site send so many items a day, and no more", async () => {
    worker = await startWorker({ plan: { ...plan, since: "2020-01-01" }, dailyItems: 5 });
    const load = new PageLoad("shop");
    const answers = [];
    for (let n = 0; n < 4; n += 1) {
      const items = [load.view(), load.view()];
      const response = await post(worker, load.beacon(items));
      answers.push(...new Set(Object.values((await response.json()).results)));
      await worker.settle();
    }
    assert.deepEqual(answers, ["ok", "ok", "ok", "limited"]);
    assert.equal(await fate(worker, "shop", "stored"), 6);
    await until(async () => (await fate(worker, "shop", "limited", "quota")) === 2, "the count");
    const body = JSON.stringify({ events: [{ event: "demo_requested" }] });
    const told = await worker.admin("shop/events", { method: "POST", body });
    assert.equal((await told.json()).results[0].result, "stored", "its servers are under no quota");
  });

  test("health says what is not limited", async () => {
    worker = await startWorker({ plan });
    const check = async (name) => {
      const { ready, checks } = await (await fetch(`${worker.url}/health`)).json();
      assert.ok(ready);
      return checks.find((own) => own.name === name);
    };
    const { ok, detail } = await check("RATE");
    assert.ok(ok);
    assert.match(detail, /^RATE_SITE and RATE_NETWORK: not bound, so these requests are not limited/);
    await worker.dispose();
    worker = await startWorker({ plan, rates: { RATE_SITE: rate(9), RATE_NETWORK: rate(9) } });
    assert.equal((await check("RATE")).detail, "");
  });

  test("health says that a key is too short, and of no site whose it is", async () => {
    worker = await startWorker({ plan, signingKeys: { shop: ["short"] }, webhookKeys: { shop: { shopify: ["short"] } } });
    const response = await fetch(`${worker.url}/health`);
    assert.equal(response.status, 503);
    const { checks } = await response.json();
    for (const name of ["SIGNING_KEYS", "WEBHOOK_KEYS"]) {
      assert.match(checks.find((own) => own.name === name).detail, /a key has less than \d+ bytes, so it signs nothing/);
    }
    assert.doesNotMatch(JSON.stringify(checks), /'shop'/);
  });

  test("junk fills a day's room in quarantine, and is counted beyond it", async () => {
    worker = await startWorker({ plan });
    const room = "INSERT INTO quarantine_days VALUES (?1, ?2, 63999000)";
    const today = new Date().toISOString().slice(0, 10);
    for (const site of ["shop", ""]) await worker.db.prepare(room).bind(site, today).run();
    const load = new PageLoad("shop");
    const strange = Array.from({ length: 6 }, () => load.item({ kind: "telepathy" }));
    const good = load.view();
    const body = load.beacon([...strange, good]);
    for (let copy = 0; copy < 2; copy += 1) {
      assert.equal((await post(worker, body)).status, 200);
      await worker.settle();
      const held = await fate(worker, "shop", "quarantined", "unknown_kind");
      assert.ok(held >= 1 && held < 4, `${held} fit`);
      assert.equal(await fate(worker, "shop", "dropped", "quarantine_full"), 6 - held);
      assert.equal(await fate(worker, "shop", "stored"), 1);
    }
    // Sites that nobody has published share one room, whatever they are called.
    const nowhere = Array.from({ length: 6 }, (_, n) => {
      const load = new PageLoad(`nowhere-${n}`);
      return load.beacon([load.view({ title: "x".repeat(300) })]);
    });
    const held = async () => {
      for (const body of nowhere) await post(worker, body);
      await worker.settle();
      return worker.db.prepare("SELECT count(*) AS n FROM quarantine WHERE reason = 'unknown_site'").first("n");
    };
    const few = await held();
    assert.ok(few >= 1 && few < 4, `${few} fit`);
    // Nothing is kept of what found no room, so it may come again once there is some.
    await worker.db.prepare("UPDATE quarantine_days SET bytes = 0 WHERE site = ''").run();
    assert.equal(await held(), 6);
  });
});

describe("hosts", () => {
  let worker;
  before(async () => {
    worker = await startWorker({ plan: { ...plan, hosts: ["shop.example", "xn--caf-dma.example"] } });
  });
  after(() => worker?.dispose());

  for (const [origin, answer] of [
    ["https://shop.example", 200],
    ["https://SHOP.EXAMPLE", 200],
    ["https://shop.example:8443", 200],
    ["https://xn--caf-dma.example", 200],
    ["https://shop.example.evil.test", 403],
    ["https://shop.example.", 403],
    ["https://fooshop.example", 403],
    ["https://www.shop.example", 403],
    ["https://shop.example@evil.test", 403],
    ["https://evil.test/shop.example", 403],
    ["https://evil.test?shop.example", 403],
    ["https://xn--cafe-dma.example", 403],
    ["null", 403],
  ]) {
    test(`a page of '${origin}' is answered ${answer}`, async () => {
      const load = new PageLoad("shop");
      const response = await post(worker, load.beacon([load.view()]), { origin });
      assert.equal(response.status, answer);
      const readable = response.headers.get("access-control-allow-origin");
      assert.equal(readable, answer === 200 ? origin : null);
    });
  }
});
