import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { PageLoad, plan as basic, post } from "../harness/beacon.mjs";
import { problem } from "../harness/checks.mjs";
import { differences } from "../harness/schema.mjs";
import { startWorker } from "../harness/worker.mjs";

const plan = { ...basic, segments: [{ id: "asked", when: { done: "demo-request" } }] };

const folder = join(tmpdir(), `goalpost-assets-${process.pid}`);
const WEBHOOK_KEY = "what the platform signs with";
let worker;

before(async () => {
  await mkdir(join(folder, "a/0a1b"), { recursive: true });
  await writeFile(join(folder, "gp.js"), "export {};");
  await writeFile(join(folder, "a/0a1b/sdk.js"), "export {};");
  // The smallest module there is.
  await writeFile(join(folder, "a/0a1b/sdk.wasm"), Buffer.from("0061736d01000000", "hex"));
  await writeFile(join(folder, "index.html"), "<title>The shop</title>");
  worker = await startWorker({
    plan,
    webhookKeys: { shop: { shopify: [WEBHOOK_KEY] } },
    change: (options) => {
      options.assets.directory = folder;
    },
  });
});
after(async () => {
  await worker.dispose();
  await rm(folder, { recursive: true });
});

const get = (path, init) => fetch(worker.url + path, init);

test("health says that all is well", async () => {
  const response = await get("/health");
  assert.equal(response.status, 200);
  assert.deepEqual((await response.json()).ready, true);
});

test("the loader lives five minutes at most, the SDK for ever", async () => {
  const loader = await get("/_g/gp.js");
  assert.equal(loader.status, 200);
  assert.match(loader.headers.get("content-type"), /^text\/javascript/);
  const age = Number(/max-age=(\d+)/.exec(loader.headers.get("cache-control"))[1]);
  assert.ok(age <= 300);
  assert.equal(await loader.text(), "export {};");

  for (const [file, type] of [
    ["sdk.js", /^text\/javascript/],
    ["sdk.wasm", /^application\/wasm$/],
  ]) {
    const part = await get(`/_g/a/0a1b/${file}`);
    assert.equal(part.status, 200, file);
    assert.match(part.headers.get("content-type"), type);
    assert.match(part.headers.get("cache-control"), /max-age=31536000, immutable/);
    const known = await get(`/_g/a/0a1b/${file}`, {
      headers: { "if-none-match": part.headers.get("etag") },
    });
    assert.equal(known.status, 304, file);
  }
  const wasm = await WebAssembly.compileStreaming(get("/_g/a/0a1b/sdk.wasm"));
  assert.ok(wasm instanceof WebAssembly.Module);
  await problem(await get("/_g/a/0000/sdk.js"), 404, "not-found");
});

test("everything else is the shop's, or a problem", async () => {
  assert.match(await (await get("/")).text(), /The shop/);
  const missing = await problem(await get("/no/such/page"), 404, "not-found");
  assert.match(missing.detail, /\/no\/such\/page/);
});

test("each route takes its methods, and says which", async () => {
  const head = await get("/_g/plan/shop", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.ok(head.headers.get("etag"));
  assert.equal((await head.arrayBuffer()).byteLength, 0);

  const options = await get("/_g/c", { method: "OPTIONS" });
  assert.equal(options.status, 204);
  assert.equal(options.headers.get("allow"), "POST, OPTIONS");

  for (const [path, method, allow] of [
    ["/_g/c", "GET", "POST, OPTIONS"],
    ["/_g/gp.js", "POST", "GET, HEAD, OPTIONS"],
    ["/health", "QUERY", "GET, HEAD, OPTIONS"],
    ["/api/v1/sites/shop/plan", "DELETE", "PUT, GET, HEAD, OPTIONS"],
    ["/api/v1/sites/shop/tokens/1", "GET", "DELETE, OPTIONS"],
  ]) {
    const response = await get(path, { method });
    assert.equal(response.headers.get("allow"), allow);
    await problem(response, 405, "method-not-allowed");
  }
});

test("only pages of the site's own hosts may read the answer to a beacon", async () => {
  const load = new PageLoad("shop");
  const own = await post(worker, load.beacon([load.view()]));
  assert.equal(own.headers.get("access-control-allow-origin"), "https://shop.example");
  assert.equal(own.headers.get("vary"), "Origin");
  const evil = { origin: "https://evil.example" };
  const foreign = await post(worker, load.beacon([load.view()]), evil);
  assert.equal(foreign.status, 403);
  assert.equal(foreign.headers.get("access-control-allow-origin"), null);
});

test("every answer carries the edge's sign", async () => {
  const paths = ["/health", "/_g/c", "/_g/plan/shop", "/no/such/page", "/api/v1/sites/shop/plan"];
  for (const path of paths) {
    assert.equal((await get(path)).headers.get("x-goalpost"), "1", path);
  }
});

test("every answer of our own is what it says, in no frame, and passes no address on", async () => {
  const load = new PageLoad("shop");
  const answers = [
    await post(worker, load.beacon([load.view()])),
    await post(worker, "junk"),
    await get("/_g/c", { method: "OPTIONS" }),
    await get("/_g/p.gif?site=shop&kind=page"),
    await get("/_g/live"),
    await get("/_g/live.js"),
    await get("/_g/plan/shop"),
    await get("/health"),
    await get("/no/such/page"),
    await get("/api/v1/sites/shop/plan"),
    await worker.admin("shop/reports/overview"),
    await worker.admin("shop/reports/overview?format=csv"),
    await get("/api/v1/openapi.json", { method: "HEAD" }),
  ];
  for (const { url, status, headers } of answers) {
    const of = `${status} ${url}`;
    assert.equal(headers.get("x-content-type-options"), "nosniff", of);
    assert.equal(headers.get("referrer-policy"), "no-referrer", of);
    const policy = headers.get("content-security-policy");
    assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/, of);
  }
  // What runs in the shop's pages is under the shop's policy.
  const loader = await get("/_g/gp.js");
  assert.equal(loader.headers.get("x-content-type-options"), "nosniff");
  assert.equal(loader.headers.get("content-security-policy"), null);
});

test("no figure without a token", async () => {
  const path = "/api/v1/sites/shop/reports/goals";
  const useless = [undefined, "Bearer", "Basic abc", "Bearer wrong", `Token ${worker.token}`];
  for (const authorization of useless) {
    const response = await get(path, { headers: authorization ? { authorization } : {} });
    assert.match(response.headers.get("www-authenticate"), /^Bearer/);
    await problem(response, 401, "unauthorized");
  }
  const response = await get(path, { headers: { authorization: `bearer ${worker.token}` } });
  assert.equal(response.status, 200);
});

test("a token of a site does what its scopes say, on that site, until it ends", async () => {
  const now = Date.now();
  const tokens = [
    ["reader", "shop", "read", null],
    ["writer", "shop", "publish", now + 60_000],
    ["late", "shop", "read publish", now - 1],
    ["foreign", "other", "read publish", null],
  ];
  for (const [secret, site, scopes, end] of tokens) {
    await worker.db
      .prepare(
        `INSERT INTO tokens (id, site, hash, scopes, created_at, expires_at)
         VALUES (?1, ?2, unhex(?3), ?4, ?5, ?6)`,
      )
      .bind(secret, site, createHash("sha256").update(secret).digest("hex"), scopes, now, end)
      .run();
  }
  const as = (secret, path, init = {}) =>
    get(`/api/v1/sites/shop/${path}`, { ...init, headers: { authorization: `Bearer ${secret}` } });
  const put = { method: "PUT", body: JSON.stringify(plan) };
  assert.equal((await as("reader", "plans")).status, 200);
  await problem(await as("reader", "plan", put), 403, "missing-scope");
  assert.equal((await as("writer", "plan", put)).status, 200);
  await problem(await as("writer", "plans"), 403, "missing-scope");
  await problem(await as("late", "plans"), 401, "unauthorized");
  await problem(await as("foreign", "plans"), 401, "unauthorized");
});

test("every route of the OpenAPI document answers as it says", async () => {
  const document = await (await get("/api/v1/openapi.json")).json();
  assert.equal(document.openapi, "3.1.0");
  const load = new PageLoad("shop");
  const seen = load.event("demo_requested");
  await post(worker, load.beacon([seen]));
  await worker.settle();
  const begin = { method: "POST", body: JSON.stringify({ version: 1 }) };
  const { id: replay } = await (await worker.admin("shop/plan/replay", begin)).json();
  // Whoever is erased is nobody that the rest asks for.
  const nobody = "/api/v1/sites/shop/contacts/customer%3A404";
  const gone = await worker.admin("shop/contacts/customer%3A404", { method: "DELETE" });
  const { id: erasure } = await gone.json();
  const values = {
    site: "shop",
    erasure,
    version: "1",
    hash: "0a1b",
    file: "sdk.js",
    observation: seen.id,
    replay,
    contact: load.visitor,
    kind: "shopify",
    segment: "asked",
  };
  const tokens = async () => {
    const body = JSON.stringify({ name: "of the document", scopes: ["read"] });
    return (await worker.admin("shop/tokens", { method: "POST", body })).json();
  };
  const bodies = {
    Collect: load.beacon([load.view(), load.event("demo_requested")]),
    Link: JSON.stringify({ site: "shop", record: `${load.visitor} ${load.session} 1 1`, host: "localhost" }),
    PageSegments: load.beacon([]),
    Publish: JSON.stringify(plan),
    BeginReplay: begin.body,
    ExplainTried: JSON.stringify({ kind: "event", name: "demo_requested" }),
    PutCosts: JSON.stringify({
      currency: "JPY",
      costs: [{ day: "2026-11-21", channel: "Email", amount: "100" }],
    }),
    CreateToken: JSON.stringify({ name: "another", scopes: ["costs"], expires_at: Date.now() + 60_000 }),
    Webhook: "{}",
    "Compat(Segment)": JSON.stringify({ batch: [{ type: "track", event: "called" }, { type: "group" }] }),
    "Compat(Posthog)": JSON.stringify({ api_key: worker.token, batch: [{ event: "called" }] }),
    "Compat(Snowplow)": JSON.stringify({ data: [{ e: "se", se_ac: "called" }] }),
    Events: JSON.stringify({ events: [{ event: "demo_requested" }, {}] }),
  };
  /** Something new waits in quarantine, of the site or of none; gives it put right. */
  const waiting = async (ofSite) => {
    const other = new PageLoad("shop");
    const good = other.event("demo_requested");
    const [right, body] = ofSite
      ? [JSON.stringify(good), other.beacon([{ ...good, kind: 5 }])]
      : [other.beacon([good]), other.beacon([good], { v: 7 })];
    await post(worker, body);
    await worker.settle();
    const list = ofSite ? "/api/v1/sites/shop/quarantine" : "/api/v1/quarantine";
    const answer = await get(list, { headers: { authorization: `Bearer ${worker.token}` } });
    values.id = (await answer.json()).waiting[0].id;
    return right;
  };
  let called = 0;
  for (const [template, item] of Object.entries(document.paths)) {
    if (template.includes("{token}")) values.token = (await tokens()).id;
    for (const [method, operation] of Object.entries(item)) {
      const { operationId } = operation;
      if (template.includes("quarantine/{id}")) {
        const right = await waiting(operationId.endsWith("(UnderSite)"));
        if (operationId.startsWith("Replay")) bodies[operationId] = right;
      }
      const place = template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
      const path = operationId === "Erase" ? nobody : place;
      const headers = { origin: "https://shop.example" };
      if (operation.security) {
        await problem(await get(path, { method: method.toUpperCase() }), 401, "unauthorized");
        headers.authorization = `Bearer ${worker.token}`;
      }
      const body = bodies[operationId];
      // It is a client's own, so it is told by its own means.
      if (operationId.startsWith("Compat")) headers.authorization = `Bearer ${worker.token}`;
      if (operationId === "Webhook") {
        const code = createHmac("sha256", WEBHOOK_KEY).update(body).digest("base64");
        Object.assign(headers, { "x-shopify-hmac-sha256": code, "x-shopify-topic": "shop/update" });
      }
      const response = await get(path, { method: method.toUpperCase(), headers, body });
      assert.equal(response.status, 200, `${method} ${path}`);
      const [[type, { schema }]] = Object.entries(operation.responses[200].content);
      if (type !== "*/*") assert.ok(response.headers.get("content-type").startsWith(type), path);
      if (type === "application/json") {
        const found = differences(schema, await response.json(), document);
        assert.deepEqual(found, [], `${method} ${path}`);
      }
      for (const parameter of operation.parameters ?? []) {
        if (parameter.in !== "query") continue;
        const strange = `${path}?${parameter.name}=%00`;
        const bad = await get(strange, { method: method.toUpperCase(), headers, body });
        if (bad.status === 200) continue;
        const { detail } = await problem(bad, 400, "bad-parameter");
        assert.ok(detail.startsWith(`${parameter.name}:`), detail);
      }
      called += 1;
    }
  }
  assert.ok(called >= 18, String(called));
});

test("the live page is closed to anything but its own two files", async () => {
  const page = await get("/_g/live");
  assert.equal(page.status, 200);
  const policy = page.headers.get("content-security-policy");
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ]) {
    assert.ok(policy.includes(part), part);
  }
  const html = await page.text();
  for (const file of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    assert.equal((await get(`/_g/${file[1]}`)).status, 200, file[1]);
  }
  const script = await (await get("/_g/live.js")).text();
  assert.doesNotMatch(script, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/);
});
