import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp, problem } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const put = (site, body) => worker.admin(`${site}/plan`, { method: "PUT", body });

test("a plan with ten mistakes lists ten", async () => {
  const mistaken = {
    site: "shop",
    timezone: "Asia/Tokio",
    currency: "YEN",
    hosts: ["https://shop.example/"],
    session: { timeout: "half an hour" },
    outcomes: [
      { id: "Big Sale", when: { commerce: "purchase" } },
      { id: "sale", group: "purchase", when: { commerce: "bought" } },
      { id: "lead", group: "nowhere", when: { event: "lead" } },
    ],
    goals: [
      { id: "call", when: { click: "a[" }, points: 1 },
      { id: "video", when: { media: "play" }, count: "once" },
      { id: "guide", when: { page: "/guides/:topic" }, point: 2 },
    ],
  };
  const body = await problem(await put("shop", JSON.stringify(mistaken)), 422, "bad-plan");
  const paths = body.problems.map((one) => one.path);
  assert.equal(paths.length, 10, JSON.stringify(body.problems, null, 2));
  assert.equal(new Set(paths).size, 10, String(paths));
  for (const one of body.problems) assert.ok(one.detail.length > 0, one.path);
  await problem(await worker.admin("shop/plan"), 404, "unknown-site");
});

test("a body that is no plan is refused in words", async () => {
  for (const body of ["", "{", "[]", "null", Buffer.from([0xff, 0xfe])]) {
    const found = await problem(await put("shop", body), 422, "bad-plan");
    assert.ok(found.problems.length > 0);
  }
  const large = `{"site":"shop","x":"${"y".repeat(300_000)}"}`;
  await problem(await put("shop", large), 413, "too-large");
});

test("a plan goes to its own site only", async () => {
  const found = await problem(await put("other", JSON.stringify(plan)), 422, "bad-plan");
  assert.deepEqual(found.problems.map((one) => one.path), ["site"]);
});

test("the same content again changes nothing, and an older version can come back", async () => {
  const first = await worker.publish(plan);
  assert.deepEqual([first.version, first.changed], [1, true]);
  // Other spaces and another order of fields are the same content.
  const { goals, ...rest } = plan;
  const again = await worker.publish({ goals, ...rest });
  assert.deepEqual([again.version, again.hash, again.changed], [1, first.hash, false]);

  const second = await worker.publish({ ...plan, hosts: ["new.example"] });
  assert.deepEqual([second.version, second.changed], [2, true]);
  assert.notEqual(second.hash, first.hash);

  const back = await worker.admin("shop/plans/1/publish", { method: "POST" });
  assert.deepEqual(await back.json(), { ...first, changed: true });
  const list = await (await worker.admin("shop/plans")).json();
  assert.deepEqual(
    list.versions.map((one) => [one.version, one.current]),
    [[2, false], [1, true]],
  );
  const current = await (await worker.admin("shop/plan")).json();
  assert.deepEqual(current.hosts, plan.hosts);

  // Publishing what once was makes no third version.
  const third = await worker.publish({ ...plan, hosts: ["new.example"] });
  assert.deepEqual([third.version, third.changed], [2, true]);
  await worker.publish(plan);

  const post = { method: "POST" };
  await problem(await worker.admin("shop/plans/9/publish", post), 404, "not-found");
  await problem(await worker.admin("shop/plans/x/publish", post), 400, "bad-parameter");
  await problem(await worker.admin("none/plans/1/publish", post), 404, "unknown-site");
});

test("twenty publishers at once agree on one version", async () => {
  const site = "crowd";
  const all = await Promise.all(
    Array.from({ length: 20 }, () => worker.publish({ ...plan, site })),
  );
  assert.deepEqual(new Set(all.map((one) => one.version)), new Set([1]));
  assert.equal(all.filter((one) => one.changed).length, 1);
});

test("a page gets the compiled plan, and none that it already has", async () => {
  const { hash } = await worker.publish(plan);
  const address = `${worker.url}/_g/plan/shop`;
  const response = await fetch(address);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/octet-stream");
  assert.equal(response.headers.get("etag"), `"${hash}"`);
  assert.match(response.headers.get("cache-control"), /max-age=60, stale-while-revalidate/);
  const text = await response.text();
  assert.equal(text[0], "3", "the version of the format");
  assert.ok(text.includes("demo-request"));

  for (const tag of [`"${hash}"`, `W/"${hash}"`, `"x", "${hash}"`]) {
    const known = await fetch(address, { headers: { "if-none-match": tag } });
    assert.equal(known.status, 304, tag);
    assert.equal(known.headers.get("etag"), `"${hash}"`);
  }
  const other = await fetch(address, { headers: { "if-none-match": '"other"' } });
  assert.equal(other.status, 200);
  await problem(await fetch(`${worker.url}/_g/plan/none`), 404, "unknown-site");
});

test("a page's plan decides about its own beacon, whatever was published since", async () => {
  const site = "versions";
  const older = await worker.publish({ ...plan, site });
  const renamed = plan.goals.map((goal) =>
    goal.id === "demo-request" ? { ...goal, points: 7 } : goal,
  );
  const newer = await worker.publish({ ...plan, site, goals: renamed });
  for (const { hash } of [older, newer]) {
    const load = new PageLoad(site);
    const sent = await post(worker, load.beacon([load.event("demo_requested")], { plan: hash }));
    assert.equal(sent.status, 200);
  }
  await worker.settle();
  const { results } = await worker.db
    .prepare("SELECT plan, points FROM conversions WHERE site = ?1 ORDER BY points DESC")
    .bind(site)
    .all();
  assert.deepEqual(results, [
    { plan: older.hash, points: 20 },
    { plan: newer.hash, points: 7 },
  ]);
  await everythingAddsUp(worker);
});
