// The example of a single-page app: the package instead of the snippet.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { promisify } from "node:util";
import { root } from "../harness/worker.mjs";
import { play, visit } from "./shop.mjs";

let built;

before(async () => {
  built = await mkdtemp(join(tmpdir(), "goalpost-spa-"));
  const args = ["run", "build", "-w", "goalpost-example-spa", "--", "--base=/spa/", "--outDir", built, "--emptyOutDir"];
  await promisify(execFile)("npm", args, { cwd: root });
});

after(() => rm(built, { recursive: true, force: true }));

visit("an app with the package is measured as it changes its own pages", {}, async ({ shop, browser }) => {
  shop.wire.serveFolder("/spa/", built);
  await browser.enterApp(shop.at("/spa/"));
  await browser.click('main a[data-product="nimbus"]');
  await browser.until(() => location.pathname === "/spa/shoes/nimbus/", "the shoe's page");
  await play(browser, "#nimbus-layers");
  await browser.click('form#buy label:has(input[name=size][value="26.0"])');
  await browser.click("#add-to-cart");
  await browser.until(() => !document.getElementById("bag-count").hidden, "a shoe in the bag");
  await browser.click('header a[href="/spa/shoes/"]');
  await browser.until(() => location.pathname === "/spa/shoes/", "the list");
  await browser.back();
  await browser.until(() => location.pathname === "/spa/shoes/nimbus/", "the shoe's page again");

  await shop.observed(4, "kind = 'page'");
  const pages = await shop.rows("SELECT body ->> '$.path' AS path FROM observations WHERE kind = 'page' ORDER BY seq");
  assert.deepEqual(
    pages.map(({ path }) => path),
    ["/spa/", "/spa/shoes/nimbus/", "/spa/shoes/", "/spa/shoes/nimbus/"],
  );
  await shop.converted("shoe-viewed", 1);
  await shop.converted("shoe-in-bag", 1);
  await shop.converted("watch-video", 1);
  await shop.observed(2, "body LIKE '%\"view_item\"%'");
  const forms = await shop.rows("SELECT DISTINCT form FROM observations");
  assert.deepEqual(forms, [{ form: "wasm" }]);
  const problems = (await browser.console()).filter(({ level }) => level === "SEVERE");
  assert.deepEqual(problems.filter(({ message }) => !message.includes("favicon")), []);
});
