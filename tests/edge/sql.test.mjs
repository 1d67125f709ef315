// What looks like SQL is text: in every parameter of every route that reads, and in what is sent.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp, everythingKept } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

const STRANGE = [
  "'; DELETE FROM observations; --",
  "' OR '1'='1",
  "x') OR 1=1 UNION SELECT source FROM plans --",
];

/** What only the other site has. */
const OTHERS = "only-the-other-site";

const segments = [{ id: "asked", when: { done: "demo-request" } }];

let worker;
const own = new PageLoad("shop");
before(async () => {
  worker = await startWorker({ plan: { ...plan, segments } });
  await worker.publish({ ...plan, site: "other" });
  const other = new PageLoad("other");
  const customer = (load, name) => load.identify(`customer:${name}`);
  await post(worker, own.beacon([own.view(), own.event("demo_requested"), customer(own, "7"), own.purchase("A1", "500")]));
  await post(worker, other.beacon([other.view({ path: `/${OTHERS}` }), other.event(OTHERS), customer(other, OTHERS)]));
  await worker.settle();
  await worker.rollUp();
});
after(() => worker?.dispose());

/** All rows but those of acts and of what was asked last. */
async function kept() {
  const { audit, tokens, ...rest } = await everythingKept(worker);
  assert.ok(audit !== undefined && tokens !== undefined && rest.observations.length > 100);
  return rest;
}

test("SQL in a parameter is a text that nothing is called: no row changes, and none of another site is seen", async () => {
  const document = await (await fetch(`${worker.url}/api/v1/openapi.json`)).json();
  const values = { site: "shop", version: "1", observation: own.page, contact: "customer:7", segment: "asked" };
  const earlier = await kept();
  let asked = 0;
  for (const [template, { get }] of Object.entries(document.paths)) {
    if (!get?.security || !template.startsWith("/api/v1/sites/{site}/")) continue;
    const place = (changed = {}) =>
      template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent({ ...values, ...changed }[name] ?? "none"));
    const ask = async (path) => {
      const answer = await fetch(worker.url + path, { headers: { authorization: `Bearer ${worker.token}` } });
      const text = await answer.text();
      assert.ok(answer.status < 500, `${path}: ${answer.status} ${text}`);
      assert.ok(!text.includes(OTHERS), path);
      asked += 1;
    };
    for (const strange of STRANGE) {
      for (const parameter of get.parameters ?? []) {
        const { name } = parameter;
        if (parameter.in === "query") await ask(`${place()}?${new URLSearchParams({ [name]: strange })}`);
        else if (parameter.in === "path") await ask(place({ [name]: strange }));
      }
    }
  }
  assert.ok(asked > 400, `${asked}`);
  assert.deepEqual(await kept(), earlier);
});

test("a filter of SQL finds nobody", async () => {
  const sessions = async (query) => {
    const answer = await worker.admin(`shop/reports/sessions?${new URLSearchParams(query)}`);
    const { rows, detail } = await answer.json();
    assert.equal(answer.status, 200, detail);
    return rows.reduce((sum, row) => sum + row.sessions.value, 0);
  };
  assert.equal(await sessions({}), 1);
  const contacts = async (q) =>
    (await (await worker.admin(`shop/reports/contacts?${new URLSearchParams({ q })}`)).json()).contacts;
  assert.equal((await contacts("customer:7")).length, 1);
  for (const strange of STRANGE) {
    for (const filter of [{ campaign: strange }, { landing: `/${strange}` }]) assert.equal(await sessions(filter), 0);
    assert.deepEqual(await contacts(strange), [], strange);
  }
});

test("SQL in what is sent is stored as what it says", async () => {
  const load = new PageLoad("shop");
  const items = STRANGE.map((text) => load.event(text, { [text]: text, order: text }));
  const bought = STRANGE.map((text, at) => load.purchase(text, String(at + 1)));
  assert.equal((await post(worker, load.beacon([load.view({ path: `/${STRANGE[0]}` }), ...items, ...bought]))).status, 200);
  const events = STRANGE.map((text) => ({ id: text, event: text, time: Date.now(), contact: { customer: text } }));
  const told = await worker.admin("shop/events", { method: "POST", body: JSON.stringify({ events }) });
  const { results } = await told.json();
  assert.deepEqual(results.map(({ result }) => result), STRANGE.map(() => "stored"));
  await worker.settle();
  const { rows } = await (await worker.admin("shop/reports/events")).json();
  const names = rows.map((row) => row.event.id ?? row.event);
  for (const text of STRANGE) assert.ok(names.includes(`event ${text}`), JSON.stringify(names));
  await everythingAddsUp(worker);
});
