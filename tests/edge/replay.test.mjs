import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp, fate, problem } from "../harness/checks.mjs";
import { differences } from "../harness/schema.mjs";
import { startWorker } from "../harness/worker.mjs";

let worker;
let document;
before(async () => {
  worker = await startWorker({ plan });
  document = await (await fetch(`${worker.url}/api/v1/openapi.json`)).json();
});
after(() => worker.dispose());
afterEach(() => everythingAddsUp(worker));

const sent = (site, path, body) =>
  worker.admin(`${site}/${path}`, {
    method: "POST",
    body: body === undefined ? undefined : JSON.stringify(body),
  });

/** The answer of a replay's route; it has the shape that the document gives it. */
async function answer(response, path = "plan/replay", method = "post") {
  const body = await response.json();
  assert.equal(response.status, 200, JSON.stringify(body));
  const operation = document.paths[`/api/v1/sites/{site}/${path}`][method];
  const { schema } = operation.responses["200"].content["application/json"];
  assert.deepEqual(differences(schema, body, document), []);
  return body;
}

const begin = async (site, body) => answer(await sent(site, "plan/replay", body));
const step = async ({ site, id }, limit = 2000) =>
  answer(await sent(site, `plan/replay/${id}/step?limit=${limit}`), "plan/replay/{replay}/step");
const show = async ({ site, id }) =>
  answer(await worker.admin(`${site}/plan/replay/${id}`), "plan/replay/{replay}", "get");

/** Takes steps to the end. */
async function finish(replay, limit) {
  let now = replay;
  while (now.state === "running") now = await step(now, limit);
  return now;
}

const of = (replay, id) => replay.definitions.find((one) => one.definition === id);
const above = (least) => ({
  id: "product-purchase",
  name: "Purchase",
  group: "purchase",
  when: { commerce: "purchase", and: [{ property: "revenue", at_least: least }] },
  count: "once_per_order",
  value: { property: "revenue" },
});

/** A shop with some purchases and events. */
async function shop(site) {
  const { hash } = await worker.publish({ ...plan, site });
  const load = new PageLoad(site);
  const items = [
    load.purchase("A1", "90"),
    load.purchase("A2", "100"),
    load.purchase("A2", "100"),
    load.event("demo_requested"),
    load.event("demo_requested"),
    load.item({ kind: "trigger", name: "size-found" }),
  ];
  await post(worker, load.beacon(items));
  await worker.settle();
  return { site, hash, load, items };
}

const conversions = async (site) => {
  const { results } = await worker.db
    .prepare(
      `SELECT definition, scope, who, dedup, kind, time, day, points, minor, currency, money,
         hex(observation) AS observation, plan
       FROM conversions WHERE site = ?1 ORDER BY 1, 2, 3, 4`,
    )
    .bind(site)
    .all();
  return results;
};

test("a dry run says which conversions a plan would lose, and why", async () => {
  const { site, items } = await shop("dry");
  const before = await conversions(site);
  const tried = { ...plan, site, outcomes: [above(100)] };
  const begun = await begin(site, { plan: tried });
  assert.deepEqual([begun.state, begun.steps, begun.version], ["running", 0, null]);
  const done = await finish(begun);
  assert.deepEqual([done.state, done.replayed, done.apply], ["done", 6, false]);

  const purchase = of(done, "product-purchase");
  assert.equal(purchase.text, "Purchase 2 → 1: 1 lost");
  assert.deepEqual(purchase.old.value, [
    { currency: "JPY", amount: { minor: 190, decimal: "190" } },
  ]);
  assert.deepEqual(purchase.new.conversions, 1);
  assert.deepEqual(purchase.examples, [
    {
      change: "lost",
      observation: items[0].id,
      key: "order:A1",
      old: { points: 0, value: { currency: "JPY", amount: { minor: 90, decimal: "90" } } },
      new: null,
      reason: "a condition does not hold",
    },
  ]);
  assert.equal(of(done, "demo-request").text, "Demo asked for 2, as before");
  assert.deepEqual(await show(done), done);
  // Nothing is stored, and nothing published.
  assert.deepEqual(await conversions(site), before);
  assert.equal((await (await worker.admin(`${site}/plans`)).json()).versions.length, 1);
  // After the end a step changes nothing.
  assert.deepEqual(await step(done), done);
});

test("a replay goes on after each step, and two steps at once are one", async () => {
  const { site } = await shop("steps");
  const tried = { ...plan, site, outcomes: [above(100)] };
  const whole = await finish(await begin(site, { plan: tried }));
  let replay = await begin(site, { plan: tried });
  const seen = [];
  while (replay.state === "running") {
    await Promise.all([step(replay, 1), step(replay, 1)]);
    replay = await show(replay);
    seen.push(replay.replayed);
  }
  assert.deepEqual(replay.definitions, whole.definitions);
  assert.deepEqual([replay.replayed, replay.state], [6, "done"], String(seen));
  assert.ok(replay.steps >= 4);
});

test("a replay that was left alone comes to its end by the clock", async () => {
  const { site } = await shop("left-alone");
  const begun = await begin(site, { plan: { ...plan, site, outcomes: [above(100)] } });
  await worker.rollUp();
  const done = await show(begun);
  assert.deepEqual([done.state, done.replayed], ["done", 6]);
  assert.equal(of(done, "product-purchase").text, "Purchase 2 → 1: 1 lost");
});

test("what is applied is what would have been from the start", async () => {
  const { site, hash, items } = await shop("applied");
  const changed = {
    ...plan,
    site,
    outcomes: [above(100)],
    goals: [
      { id: "demo-request", when: { event: "demo_requested" }, count: "once_per_session", points: 7 },
      { id: "any-order", when: { commerce: "purchase" }, points: 1 },
      { id: "size-found" },
    ],
  };
  const begun = await begin(site, { plan: changed, apply: true });
  assert.deepEqual([begun.version, begun.apply], [2, true]);
  // While it is being applied, no other begins.
  const busy = await problem(await sent(site, "plan/replay", { version: 1 }), 409, "busy");
  assert.match(busy.detail, new RegExp(begun.id));
  const done = await finish(begun, 2);
  assert.equal(done.state, "applied");

  const twin = "applied-twin";
  await worker.publish({ ...changed, site: twin });
  const load = new PageLoad(twin);
  const texts = items.map((item) => ({ ...item, page: load.page }));
  await post(worker, load.beacon(texts));
  await worker.settle();
  const unplanned = (rows) => rows.map(({ plan: _, ...row }) => row);
  const applied = await conversions(site);
  assert.deepEqual(unplanned(applied), unplanned(await conversions(twin)));
  assert.deepEqual(new Set(applied.map((row) => row.plan)), new Set([begun.plan]));
  assert.notEqual(begun.plan, hash);

  // Once more changes nothing.
  const again = await finish(await begin(site, { version: 2, apply: true }));
  for (const one of again.definitions) assert.match(one.text, /, as before$/);
  // And back again.
  await finish(await begin(site, { version: 1, apply: true }));
  assert.deepEqual(new Set((await conversions(site)).map((row) => row.plan)), new Set([hash]));
  assert.equal((await conversions(site)).length, 5);
});

test("published without being applied, a plan leaves the past as it was", async () => {
  const { site, hash, load } = await shop("onward");
  const before = await conversions(site);
  const next = await worker.publish({ ...plan, site, outcomes: [above(100)] });
  assert.deepEqual(await conversions(site), before);
  await post(worker, load.beacon([load.purchase("A3", "100")]));
  await worker.settle();
  const after = await conversions(site);
  const orders = after.filter((row) => row.definition === "product-purchase");
  assert.deepEqual(
    orders.map((row) => [row.scope, row.plan]),
    [["order:A1", hash], ["order:A2", hash], ["order:A3", next.hash]],
  );
  // The difference that it would make is still there to be seen.
  const tried = await finish(await begin(site, { version: 2 }));
  assert.equal(of(tried, "product-purchase").text, "Purchase 3 → 2: 1 lost");
  assert.equal(tried.version, 2);
});

test("what waits in quarantine is stored once a plan accepts it", async () => {
  const { site, load } = await shop("waiting");
  const twice = () => load.item({ kind: "trigger", name: "fitted" });
  const items = [twice(), twice(), load.item({ kind: "trigger", name: "never-heard-of" })];
  await post(worker, load.beacon(items));
  await worker.settle();
  const fitted = { id: "fitted", name: "Fitted", count: "once_per_session", points: 4 };
  const tried = { ...plan, site, goals: [...plan.goals, fitted] };
  const dry = await finish(await begin(site, { plan: tried }));
  assert.deepEqual([dry.accepted, dry.replayed], [2, 9]);
  assert.equal(of(dry, "fitted").text, "Fitted 0 → 1: 1 gained");
  assert.equal(await fate(worker, site, "quarantined", "unregistered"), 3);

  const done = await finish(await begin(site, { plan: tried, apply: true }), 1);
  assert.deepEqual([done.state, done.accepted], ["applied", 2]);
  assert.equal(await fate(worker, site, "quarantined", "unregistered"), 1);
  assert.equal(await fate(worker, site, "stored"), 8);
  const rows = (await conversions(site)).filter((row) => row.definition === "fitted");
  assert.deepEqual(
    rows.map((row) => [row.scope, row.points, row.plan]),
    [[`session:${load.session}`, 4, done.plan]],
  );
});

test("a period is days of the site", async () => {
  const { site } = await shop("period");
  const tried = { ...plan, site, outcomes: [above(100)] };
  const future = await finish(await begin(site, { plan: tried, from: "2999-01-01" }));
  assert.deepEqual([future.replayed, future.definitions, future.from], [0, [], "2999-01-01"]);
  const past = await finish(await begin(site, { plan: tried, to: "2020-01-01" }));
  assert.deepEqual([past.replayed, past.definitions, past.from], [0, [], null]);
});

test("what cannot be replayed is refused in words", async () => {
  const { site } = await shop("refused");
  const bad = { ...plan, site, outcomes: [above("much")], goals: [{ id: "x", pionts: 1 }] };
  const found = await problem(await sent(site, "plan/replay", { plan: bad }), 422, "bad-plan");
  const paths = found.problems.map((one) => one.path);
  assert.ok(paths.every((path) => path.startsWith("plan.")), String(paths));
  assert.equal(paths.length, 2);
  const elsewhere = { plan: { ...plan, site: "other" } };
  await problem(await sent(site, "plan/replay", elsewhere), 422, "bad-plan");

  for (const [body, status, kind, detail] of [
    [{ version: 9 }, 404, "not-found", /^version: /],
    [{ version: 1, from: "yesterday" }, 400, "bad-parameter", /^from: /],
    [{ version: 1, from: "2026-02-02", to: "2026-02-01" }, 400, "bad-parameter", /^from: /],
    [{ version: 1, plan }, 400, "bad-parameter", /^version: /],
    [{}, 400, "bad-parameter", /^plan: /],
    [{ version: "1" }, 400, "bad-parameter", /^body: /],
  ]) {
    const refused = await problem(await sent(site, "plan/replay", body), status, kind);
    assert.match(refused.detail, detail);
  }
  await problem(await sent("none", "plan/replay", { version: 1 }), 404, "unknown-site");
  for (const id of ["x", "01a1ee56-5e00-7303-8303-030303030303"]) {
    await problem(await worker.admin(`${site}/plan/replay/${id}`), 404, "not-found");
    await problem(await sent(site, `plan/replay/${id}/step`), 404, "not-found");
  }
  const replay = await begin(site, { version: 1 });
  await problem(
    await sent(site, `plan/replay/${replay.id}/step?limit=0`),
    400,
    "bad-parameter",
  );
  // A dry run makes room for the next.
  await begin(site, { version: 1 });
  const former = await show(replay);
  assert.deepEqual([former.state, former.problem], ["failed", "another replay began"]);
});
