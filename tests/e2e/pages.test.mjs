// What is a page view: history, the back button, pages that are only prepared.

import assert from "node:assert/strict";
import { until, visit } from "./shop.mjs";

const paths = (shop) =>
  shop.rows(
    "SELECT body ->> 'path' AS path, body ->> 'referrer' AS referrer, hex(page) AS page FROM observations WHERE kind = 'page' ORDER BY seq",
  );

visit("a page that comes back from the back/forward cache is a new page view", {}, async ({ shop, browser }) => {
  await browser.enter(shop.at("/shoes/"));
  await browser.run(() => {
    window.sameDocument = true;
  });
  // Browsers keep no page that holds a lock, as ours does for a moment after its session has begun.
  await browser.until(async () => (await navigator.locks.query()).held.length === 0, "no lock");
  // Not by a click: Firefox keeps no page that its driver has clicked in.
  await browser.go(shop.at("/shoes/alto/"));
  await shop.observed(2, "kind = 'page'");
  await browser.back();
  await browser.until(() => location.pathname === "/shoes/", "the page before");
  assert.equal(await browser.run(() => window.sameDocument), true, "it is the same document again");
  await shop.settled(browser);
  await shop.observed(3, "kind = 'page'");
  assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 1);
  const seen = await paths(shop);
  assert.deepEqual(seen.map(({ path }) => path).sort(), ["/shoes/", "/shoes/", "/shoes/alto/"]);
  assert.equal(new Set(seen.map(({ page }) => page)).size, 2, "what comes back is the same page load");
});

visit("pushState counts once for each change of the path, and replaceState of a query not at all", {}, async ({ shop, browser }) => {
  await browser.enter(shop.at("/shoes/"));
  await browser.run(() => {
    history.pushState(null, "", "/shoes/?sort=price");
    history.replaceState(null, "", "/shoes/?sort=name");
    history.pushState(null, "", "/shoes/#top");
  });
  await browser.run(() => {
    history.pushState(null, "", "/shoes/alto/");
    history.replaceState(null, "", "/shoes/alto/");
  });
  await browser.run(() => history.pushState(null, "", "/shoes/cirrus/"));
  await browser.run(() => {
    const arrived = new Promise((done) => addEventListener("popstate", done, { once: true }));
    history.back();
    return arrived.then(() => true);
  });
  await shop.settled(browser);
  await shop.observed(4, "kind = 'page'");
  const seen = await paths(shop);
  assert.deepEqual(
    seen.map(({ path }) => path),
    ["/shoes/", "/shoes/alto/", "/shoes/cirrus/", "/shoes/alto/"],
  );
  assert.equal(seen[1].referrer, shop.at("/shoes/"));
});

visit("a page that is only prepared is not counted before it is shown", { needs: ["prerender"] }, async ({ shop, browser }) => {
  shop.wire.serve("/ran", "");
  shop.wire.changePages((html) =>
    html.replace(
      "</body>",
      `<script>addEventListener("load", () => fetch("/ran?" + document.prerendering))</script></body>`,
    ),
  );
  await browser.enter(shop.at("/shoes/"));
  await shop.observed(1, "kind = 'page'");
  await browser.run(() => {
    const rules = document.createElement("script");
    rules.type = "speculationrules";
    rules.text = JSON.stringify({ prerender: [{ urls: ["/shoes/cirrus/"], eagerness: "immediate" }] });
    document.head.append(rules);
  });
  const prepared = await until(
    () => shop.wire.requests.find(({ path }) => path === "/shoes/cirrus/"),
    "the browser to prepare the page",
  );
  assert.match(prepared.headers["sec-purpose"] ?? "", /prerender/);
  await until(
    () => shop.wire.requests.some(({ path }) => path === "/ran?true"),
    "the prepared page to run to its end",
  );
  await shop.settled(browser);
  assert.equal(shop.wire.beacons().some(({ body }) => body.includes("/shoes/cirrus/")), false);
  await shop.observed(1, "kind = 'page'");

  await browser.click('main a[href="/shoes/cirrus/"]');
  await browser.until(() => location.pathname === "/shoes/cirrus/", "the page that was prepared");
  const activated = await browser.run(
    () => performance.getEntriesByType("navigation")[0].activationStart > 0,
  );
  assert.equal(activated, true, "the page was prepared and then shown");
  await browser.flush();
  await shop.observed(1, "kind = 'page' AND body LIKE '%/shoes/cirrus/%'");
  await shop.converted("shoe-viewed", 1);
});
