// What the deployment keeps secret is nowhere else: not in its log, its tables, its cache or its answers.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { orderToken, signature } from "../../examples/server/sign.mjs";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { everythingKept } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

const signing = "signing-canary-5d1c0e6f7a";
const platform = "webhook-canary-93be417c20";
const admin = "admin-canary-1f8a6b3c9d0e4f5a7b2c8d9e0f1a2b3c";

/** Whoever looks for these in what was answered, logged and kept. */
class Search {
  answers = "";
  log = [];

  constructor(secrets) {
    this.secrets = secrets;
  }

  async ask(url, init) {
    const answer = await fetch(url, init);
    this.answers += JSON.stringify([...answer.headers]) + (await answer.text());
    return answer.status;
  }

  async finds(worker) {
    const places = { ...(await everythingKept(worker)), answers: this.answers, log: this.log.join("\n") };
    const cache = await worker.miniflare.getKVNamespace("PLANS", "goalpost");
    for (const { name } of (await cache.list()).keys) places[`KV ${name}`] = await cache.get(name);
    return Object.entries(places).flatMap(([place, text]) =>
      this.secrets.filter((secret) => text.includes(secret)).map((secret) => `${secret} in ${place}`),
    );
  }
}

describe("a deployment that works", () => {
  const search = new Search([signing, platform, admin]);
  let worker;
  before(async () => {
    worker = await startWorker({
      plan,
      adminToken: admin,
      signingKeys: { shop: [signing] },
      webhookKeys: { shop: { shopify: [platform] } },
      log: search.log,
    });
  });
  after(() => worker?.dispose());

  test("its keys and tokens are in no log, no table, no cache and no answer", async () => {
    const site = `${worker.url}/api/v1/sites/shop`;
    const as = (token, more) => ({ headers: { authorization: `Bearer ${token}`, ...more } });

    // Tokens, used as they should be and not.
    const wanted = { name: "Till", scopes: ["read", "events"] };
    const made = await (await worker.admin("shop/tokens", { method: "POST", body: JSON.stringify(wanted) })).json();
    search.secrets.push(made.token.split("_").slice(2).join("_"));
    for (const token of [admin, made.token, `${made.token}x`, `x${admin}`, `${admin} `]) {
      for (const path of ["tokens", "plan", "reports/health", "contacts/customer%3A1", "nothing"]) {
        await search.ask(`${site}/${path}`, as(token));
      }
      await search.ask(`${worker.url}/api/v1/metrics`, as(token));
      await search.ask(`${worker.url}/health`, as(token));
    }

    // Signed words of servers, and of others.
    const events = [{ id: "1", commerce: "purchase", order: "A1", revenue: "5", currency: "JPY", time: Date.now() }];
    for (const body of [JSON.stringify({ events }), "{", JSON.stringify({ events: 1 })]) {
      for (const signed of [signature(body, signing), signature(body, "another"), `t=1,v1=${"0".repeat(64)}`, "nonsense"]) {
        const headers = { "goalpost-signature": signed };
        await search.ask(`${site}/events`, { method: "POST", body, headers });
        await search.ask(`${site}/webhooks/goalpost`, { method: "POST", body, headers });
      }
      const code = createHmac("sha256", platform).update(body).digest("base64");
      const headers = { "x-shopify-topic": "orders/paid", "x-shopify-hmac-sha256": code };
      await search.ask(`${site}/webhooks/shopify`, { method: "POST", body, headers });
    }
    const order = { site: "shop", order: "A1", amount: "5", currency: "JPY" };
    const load = new PageLoad("shop");
    for (const token of [orderToken(order, signing), orderToken(order, "another"), "a.b"]) {
      const properties = { order: "A1", revenue: "5", currency: "JPY", token };
      const purchase = load.item({ kind: "commerce", name: "purchase", properties });
      await post(worker, load.beacon([load.view(), purchase]));
    }

    // Faults of all that there is.
    await (await worker.queue()).send("nobody can read this", { contentType: "text" });
    await worker.settle();
    await worker.db.exec("CREATE TRIGGER refuse BEFORE INSERT ON observations BEGIN SELECT raise(ABORT, 'no'); END");
    await search.ask(`${site}/events`, { method: "POST", body: JSON.stringify({ events: [{ ...events[0], id: "2" }] }), ...as(admin) });
    await post(worker, load.beacon([load.event("late"), load.item({ kind: "novel" })]));
    await worker.db.exec("DROP TRIGGER refuse");
    await worker.settle();
    await worker.cron(Date.now());
    await search.ask(`${site}/audit`, as(admin));
    const [waits] = (await (await worker.admin("shop/quarantine")).json()).waiting;
    for (const path of ["", `/${waits.id}`]) {
      assert.equal(await search.ask(`${site}/quarantine${path}`, as(admin)), 200);
    }
    await search.ask(`${site}/quarantine/${waits.id}/replay`, { method: "POST", ...as(admin) });

    assert.match(search.log.join("\n"), /\{/, "something was logged");
    assert.match(search.answers, /unauthorized/);
    assert.deepEqual(await search.finds(worker), []);
    search.secrets = [wanted.name];
    assert.ok((await search.finds(worker)).length > 1, "what is no secret is found");
  });
});

describe("a deployment whose secrets cannot be read", () => {
  const search = new Search([signing, platform]);
  let worker;
  before(async () => {
    worker = await startWorker({
      plan,
      log: search.log,
      change: ({ bindings }) => {
        bindings.SIGNING_KEYS = `{"shop": ["${signing}"`;
        bindings.WEBHOOK_KEYS = `{"shop": "${platform}"}`;
      },
    });
  });
  after(() => worker?.dispose());

  test("says so, and not what they are", async () => {
    const body = "{}";
    const headers = { "goalpost-signature": signature(body, signing), "x-shopify-hmac-sha256": "AAAA" };
    for (const path of ["sites/shop/events", "sites/shop/webhooks/shopify"]) {
      const status = await search.ask(`${worker.url}/api/v1/${path}`, { method: "POST", body, headers });
      assert.ok(status >= 400, `${path}: ${status}`);
    }
    const token = { headers: { authorization: `Bearer ${worker.token}` } };
    await search.ask(`${worker.url}/health`, token);
    await worker.cron(Date.now());
    assert.match(search.answers, /SIGNING_KEYS/);
    assert.match(search.answers, /WEBHOOK_KEYS/);
    assert.deepEqual(await search.finds(worker), []);
  });
});
