import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { problem } from "../harness/checks.mjs";
import { differences } from "../harness/schema.mjs";
import { startWorker } from "../harness/worker.mjs";

let worker;
let document;
before(async () => {
  worker = await startWorker({ plan });
  document = await (await fetch(`${worker.url}/api/v1/openapi.json`)).json();
});
after(() => worker.dispose());

async function answer(response, path, method) {
  const body = await response.json();
  assert.equal(response.status, 200, JSON.stringify(body));
  const { schema } =
    document.paths[path][method].responses["200"].content["application/json"];
  assert.deepEqual(differences(schema, body, document), []);
  return body;
}

const explain = async (site, id, query = "") =>
  answer(
    await worker.admin(`${site}/observations/${id}/explain${query}`),
    "/api/v1/sites/{site}/observations/{observation}/explain",
    "get",
  );
const tryOut = async (site, item, query = "") =>
  answer(
    await worker.admin(`${site}/explain${query}`, { method: "POST", body: JSON.stringify(item) }),
    "/api/v1/sites/{site}/explain",
    "post",
  );
const of = (body, id) => body.definitions.find((one) => one.definition === id);

test("a copy names the conversion that counts", async () => {
  const load = new PageLoad("shop");
  const play = () => load.item({ kind: "media", step: "play", video: "walk" });
  const [first, second] = [play(), play()];
  await post(worker, load.beacon([first, second]));
  await worker.settle();

  const counts = of(await explain("shop", first.id), "watch-video");
  assert.deepEqual(
    [counts.matched, counts.reason, counts.key],
    [true, "matched, counts once_per_session", `session:${load.session}`],
  );
  assert.deepEqual([counts.counted.here, counts.counted.text], [true, "counted"]);

  const body = await explain("shop", second.id);
  assert.equal(body.fate, "stored");
  const copy = of(body, "watch-video");
  assert.equal(copy.matched, true);
  assert.deepEqual([copy.counted.here, copy.counted.observation], [false, first.id]);
  assert.match(
    copy.counted.text,
    new RegExp(`^already counted in session ${load.session} at \\d{4}-\\d\\d-\\d\\d \\d\\d:`),
  );
  const other = of(body, "demo-request");
  assert.deepEqual(
    [other.name, other.matched, other.reason, other.key, other.counted],
    ["Demo asked for", false, "waits for another kind of observation", null, null],
  );
});

test("another plan explains the same observation in its own way", async () => {
  const site = "two-plans";
  const older = await worker.publish({ ...plan, site });
  const load = new PageLoad(site);
  const demo = load.event("demo_requested");
  await post(worker, load.beacon([demo], { plan: older.hash }));
  await worker.settle();
  const newer = await worker.publish({
    ...plan,
    site,
    goals: [{ id: "demo-request", when: { event: "demo_asked" } }],
  });
  const decided = await explain(site, demo.id);
  assert.equal(decided.plan, older.hash);
  assert.equal(of(decided, "demo-request").matched, true);
  for (const named of ["2", newer.hash]) {
    const body = await explain(site, demo.id, `?plan=${named}`);
    assert.equal(body.plan, newer.hash);
    assert.equal(of(body, "demo-request").reason, "path, selector, name, step or mark differs");
  }
  await problem(
    await worker.admin(`${site}/observations/${demo.id}/explain?plan=7`),
    404,
    "not-found",
  );
  await problem(
    await worker.admin(`${site}/observations/${demo.id}/explain?plan=${"0".repeat(32)}`),
    404,
    "not-found",
  );
  await problem(
    await worker.admin(`${site}/observations/${demo.id}/explain?plan=latest`),
    400,
    "bad-parameter",
  );
});

test("what waits in quarantine says why", async () => {
  const load = new PageLoad("shop");
  const bad = load.item({ kind: "trigger", name: "unheard-of" });
  const worse = load.purchase("Q1", "much");
  await post(worker, load.beacon([bad, worse]));
  await worker.settle();
  const body = await explain("shop", bad.id);
  assert.equal(body.fate, "quarantined");
  assert.equal(body.problem.reason, "unregistered");
  assert.match(body.problem.detail, /'unheard-of'/);
  const value = await explain("shop", worse.id);
  assert.equal(value.problem.reason, "value");
  assert.ok(value.definitions.every((one) => !one.matched));
  await problem(
    await worker.admin(`shop/observations/${load.page}/explain`),
    404,
    "not-found",
  );
  await problem(await worker.admin("shop/observations/x/explain"), 404, "not-found");
});

test("an observation can be tried out by hand", async () => {
  const body = await tryOut("shop", { kind: "event", name: "demo_requested" });
  assert.equal(body.fate, null);
  const demo = of(body, "demo-request");
  assert.deepEqual([demo.matched, demo.counted], [true, null]);
  const half = await tryOut("shop", { kind: "hologram" });
  assert.equal(half.problem.reason, "unknown_kind");
  assert.deepEqual(half.definitions, []);
  for (const bad of ["[]", "x"]) {
    const response = await worker.admin("shop/explain", { method: "POST", body: bad });
    await problem(response, 400, "bad-parameter");
  }
  await problem(
    await worker.admin("none/explain", { method: "POST", body: "{}" }),
    404,
    "unknown-site",
  );
});
