// The example of a shop's server, against the real edge.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { report } from "../../examples/server/report.mjs";
import { shop } from "../../examples/server/server.mjs";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

const KEY = "the key that the shop signs with";

let worker;
let server;
let address;
before(async () => {
  worker = await startWorker({ plan, signingKeys: { shop: [KEY] } });
  server = shop({ url: worker.url, site: "shop", key: KEY }).listen(0, "127.0.0.1");
  await once(server, "listening");
  address = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
  server?.close();
  await worker?.dispose();
});

const ask = async (path, body, headers = {}) => {
  const init = body && { method: "POST", body: JSON.stringify(body), headers };
  const response = await fetch(address + path, init);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return response.headers.get("content-type").includes("json") ? JSON.parse(text) : text;
};

const sale = (order) =>
  worker.db
    .prepare("SELECT minor, money, refunded, contact FROM conversions WHERE order_number = ?1")
    .bind(order)
    .first();

test("an order is signed, paid once and given back in part", async () => {
  const load = new PageLoad("shop");
  const order = { number: "A1", amount: "14800", currency: "JPY", email: "ann@shop.example" };
  const { page } = await ask("/orders", order, { cookie: `a=b; gp_visitor=${load.visitor}` });
  const html = await ask(page);
  const { order_id, ...properties } = JSON.parse(/"purchase", (\{.*\})\)/.exec(html)[1]);
  const purchase = { kind: "commerce", name: "purchase", properties: { order: order_id, ...properties } };
  assert.equal((await post(worker, load.beacon([load.item(purchase)]))).status, 200);
  await worker.settle();
  assert.deepEqual(await sale("A1"), { minor: 14_800, money: "verified", refunded: 0, contact: null });

  for (const [path, body] of [["paid", {}], ["refunds", { id: "A1-back-1", amount: "4800" }]]) {
    const said = [await ask(`/orders/A1/${path}`, body), await ask(`/orders/A1/${path}`, body)];
    assert.deepEqual(said.map(([{ result }]) => result), ["stored", "duplicate"]);
  }
  const { contact, ...money } = await sale("A1");
  assert.deepEqual(money, { minor: 14_800, money: "verified", refunded: 4_800 });
  assert.match(contact, /^email:[0-9a-f]{64}$/);
  await everythingAddsUp(worker);
});

test("without an answer it tries again, and with a refusal it does not", async () => {
  let down = 2;
  const gate = { url: worker.url, site: "shop", key: KEY, pauses: [0, 0, 0] };
  const real = globalThis.fetch;
  globalThis.fetch = async (...args) => {
    down -= 1;
    // The edge has stored it, but its answer is lost.
    const response = await real(...args);
    if (down >= 0) throw new TypeError("fetch failed");
    return response;
  };
  try {
    const event = { id: "lost-1", time: Date.now(), event: "seen" };
    assert.equal((await report(gate, [event]))[0].result, "duplicate");
    assert.equal(down, -1);
    await assert.rejects(report({ ...gate, key: "not the key of the shop" }, [event]), /no key of the site/);
  } finally {
    globalThis.fetch = real;
  }
});
