// Who is let go because no person sends it, and what is kept though something speaks against it.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { PageLoad, browser, plan, post, uuid } from "../harness/beacon.mjs";
import { everythingAddsUp, fate, problem } from "../harness/checks.mjs";
import { startWorker } from "../harness/worker.mjs";

const day = new Date().toISOString().slice(0, 10);
const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36";

async function row(worker, id) {
  const found = await worker.db
    .prepare("SELECT *, lower(hex(visitor)) AS whose FROM observations WHERE id = unhex(?1, '-')")
    .bind(id)
    .first();
  return found;
}

const json = async (response) => {
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
};

describe("a page without an origin", () => {
  let worker;
  before(async () => {
    worker = await startWorker({ plan: { ...plan, sandboxed: true } });
    await worker.publish({ ...plan, site: "closed" });
  });
  after(() => worker?.dispose());
  afterEach(() => everythingAddsUp(worker));

  test("is taken where the plan says so, marked, counted, and is nobody whom a cookie names", async () => {
    const stranger = uuid();
    const load = new PageLoad("shop");
    const [seen, bought] = [load.view(), load.purchase("S1", "9800")];
    const answer = await post(worker, load.beacon([seen, bought]), {
      origin: "null",
      cookie: `gp_visitor=${stranger}`,
    });
    const { headers } = answer;
    assert.equal(headers.get("access-control-allow-origin"), "*");
    assert.equal(headers.get("access-control-allow-credentials"), null);
    assert.equal(headers.get("set-cookie"), null);
    assert.equal(headers.get("x-goalpost"), "1");
    assert.equal((await json(answer)).results[seen.id], "ok");
    await worker.settle();
    const { doubts, source, whose } = await row(worker, bought.id);
    assert.deepEqual([doubts, source, whose], ["sandboxed", "page", load.visitor.replaceAll("-", "")]);
    const { money } = await worker.db
      .prepare("SELECT money FROM conversions WHERE site = 'shop' AND order_number = 'S1'")
      .first();
    assert.equal(money, "claimed");
    const report = await json(await worker.admin("shop/reports/fates"));
    assert.deepEqual(report.doubts, [{ day, doubt: "sandboxed", count: 2 }]);
    const explained = await json(await worker.admin(`shop/observations/${seen.id}/explain`));
    assert.deepEqual([explained.fate, explained.doubts], ["stored", ["sandboxed"]]);
  });

  test("says the same by its image, and learns nothing of a visitor's segments", async () => {
    const path = "p.gif?site=shop&kind=purchase&order=S2&revenue=5.00&currency=USD";
    const image = await fetch(`${worker.url}/_g/${path}`, { headers: { ...browser, origin: "null" } });
    assert.equal(image.status, 200);
    await worker.settle();
    const { results } = await worker.db
      .prepare("SELECT doubts FROM observations WHERE order_number = 'S2'")
      .all();
    assert.deepEqual(results, [{ doubts: "sandboxed" }]);
  });

  test("is another host's where the plan does not say so, and so is any other host where it does", async () => {
    for (const [site, origin] of [
      ["closed", "null"],
      ["shop", "https://evil.example"],
      ["shop", "nullx"],
    ]) {
      const load = new PageLoad(site);
      const answer = await post(worker, load.beacon([load.view()]), { origin });
      assert.equal(answer.headers.get("access-control-allow-origin"), null);
      await problem(answer, 403, "foreign-host");
    }
    await worker.settle();
    assert.equal(await fate(worker, "closed", "dropped", "host"), 1);
  });

  test("has no further fate for what the page itself sends once more", async () => {
    const load = new PageLoad("shop");
    const seen = load.view();
    for (const origin of ["null", "https://shop.example"]) {
      assert.equal((await post(worker, load.beacon([seen]), { origin })).status, 200);
      await worker.settle();
    }
    assert.equal((await row(worker, seen.id)).doubts, "sandboxed");
    assert.equal(await fate(worker, "shop", "duplicate"), 1);
  });

  test("what waits in quarantine is marked once it is replayed", async () => {
    const load = new PageLoad("shop");
    const seen = load.item({ kind: "trigger", name: "later" });
    await post(worker, load.beacon([seen]), { origin: "null" });
    await worker.settle();
    const waits = await worker.db
      .prepare("SELECT request FROM quarantine WHERE id = unhex(?1, '-')")
      .bind(seen.id)
      .first();
    assert.equal(JSON.parse(waits.request).doubts, "sandboxed");
  });
});

describe("no person", () => {
  let worker;
  before(async () => {
    worker = await startWorker({ plan, dropsHeadless: true });
  });
  after(() => worker?.dispose());
  afterEach(() => everythingAddsUp(worker));

  /** One view, with what Cloudflare's network says of its sender. */
  async function view(headers, cf = {}) {
    const load = new PageLoad("shop");
    const seen = load.view();
    const response = await worker.miniflare.dispatchFetch(`${worker.url}/_g/c`, {
      method: "POST",
      body: load.beacon([seen]),
      headers: { ...browser, ...headers },
      cf: { country: "JP", asn: 64500, ...cf },
    });
    assert.equal(response.status, 200);
    await worker.settle();
    return { said: (await response.json()).results[seen.id], row: await row(worker, seen.id) };
  }

  for (const [name, headers, cf, reason] of [
    ["a crawler that says so", { "user-agent": "AnyBot/1.0 (+https://bot.example)" }, {}, "bot"],
    ["a crawler of the list", { "user-agent": "Mozilla/5.0 (compatible; Site24x7)" }, {}, "bot"],
    ["a client of a program", { "user-agent": "python-requests/2.32" }, {}, "bot"],
    ["a crawler that the platform has verified", {}, { botManagement: { verifiedBot: true } }, "bot"],
    ["a crawler that the platform has in a category", {}, { verifiedBotCategory: "AI Crawler" }, "bot"],
    ["what the platform knows to be automated", {}, { botManagement: { score: 1 } }, "bot"],
    [
      "a browser that a program drives, by its agent",
      { "user-agent": CHROME.replace("Chrome", "HeadlessChrome") },
      {},
      "headless",
    ],
    [
      "a browser that a program drives, by its brands",
      { "user-agent": CHROME, "sec-ch-ua": '"HeadlessChrome";v="156", "Not.A/Brand";v="99"' },
      {},
      "headless",
    ],
  ]) {
    test(`${name} is let go, and counted as ${reason}`, async () => {
      const before = await fate(worker, "shop", "dropped", reason);
      const { said, row: kept } = await view(headers, cf);
      assert.deepEqual([said, kept], ["drop", null]);
      assert.equal(await fate(worker, "shop", "dropped", reason), before + 1);
    });
  }

  for (const [name, headers, cf] of [
    ["a browser", { "user-agent": CHROME, "sec-ch-ua": '"Chromium";v="156"' }, {}],
    ["a browser that the platform is not sure of", {}, { botManagement: { score: 20, verifiedBot: false } }],
    ["the browser of an app", { "user-agent": `${CHROME} [Pinterest/Android]` }, {}],
  ]) {
    test(`${name} is measured`, async () => {
      const { said, row: kept } = await view(headers, cf);
      assert.deepEqual([said, kept.doubts], ["ok", null]);
    });
  }

  test("a data centre is a doubt, and lets nobody go: people's VPNs stand there", async () => {
    const { said, row: kept } = await view({}, { asn: 16509 });
    assert.deepEqual([said, kept.doubts], ["ok", "data_centre"]);
    await view({}, { asn: 14061 });
    const report = await json(await worker.admin("shop/reports/fates"));
    assert.deepEqual(report.doubts, [{ day, doubt: "data_centre", count: 2 }]);
  });
});
