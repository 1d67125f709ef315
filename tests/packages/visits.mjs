// What every app must show in a real browser: a page view for each page, and an order once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { join } from "node:path";
import { openBrowser } from "../e2e/browser.mjs";
import { openShop } from "../e2e/shop.mjs";
import { planFile, project } from "./project.mjs";

/** Goes from the first page to the list, to the thank-you page and back, as a person does. */
export async function visited(folder, { strict, further } = {}) {
  const shop = await openShop();
  let browser;
  try {
    browser = await openBrowser();
    await browser.newTab();
    shop.wire.serveFolder("/app/", folder);
    await browser.go(shop.at("/app/"));
    await browser.until(
      () => performance.getEntriesByType("resource").some(({ name }) => /\/_g\/plan\//.test(name)),
      "the SDK, which asks for the plan",
    );
    if (strict) await browser.until(() => /xx$/.test(document.body.dataset.effects), "effects that run twice");
    await browser.click("#to-shoes");
    await browser.until(() => /\/app\/shoes\/?$/.test(location.pathname), "the list");
    await browser.click("#to-thanks");
    await browser.until(() => /\/app\/thanks\/?$/.test(location.pathname), "the thank-you page");
    await browser.element("#thanks");
    await browser.back();
    await browser.until(() => /\/app\/shoes\/?$/.test(location.pathname), "the list again");
    await browser.element("#to-thanks");
    await shop.converted("product-purchase", 1);
    await shop.observed(4, "kind = 'page'");
    await shop.observed(1, "body LIKE '%\"purchase\"%'");
    const pages = await shop.rows("SELECT body ->> '$.path' AS path FROM observations WHERE kind = 'page' ORDER BY seq");
    const plain = pages.map(({ path }) => path.replace(/\/$/, ""));
    assert.deepEqual(plain, ["/app", "/app/shoes", "/app/thanks", "/app/shoes"]);
    const [{ minor, currency }] = await shop.conversions("product-purchase");
    assert.deepEqual([minor, currency], [14_800, "JPY"]);
    const forms = await shop.rows("SELECT DISTINCT form FROM observations");
    assert.deepEqual(forms, [{ form: "wasm" }]);
    await further?.({ shop, browser });
    const problems = (await browser.console()).filter(({ level }) => level === "SEVERE");
    assert.deepEqual(problems.filter(({ message }) => !message.includes("favicon")), []);
    await shop.conservation();
    await shop.agreement();
  } finally {
    await browser?.quit();
    await shop.close();
  }
}

/** A test: the template is installed, checked, built and visited. */
export function app(name, { types, check, build, out, strict, further }) {
  test(`${name}: installed, checked, built, and each page counts once`, { timeout: 600_000 }, async () => {
    const made = await project(name);
    try {
      if (types) await made.run("npx", "goalpost", "plan", "types", planFile, "--out", types);
      if (check) await made.run("npx", ...check);
      await made.run(...build);
      await visited(join(made.folder, out), { strict, further });
    } finally {
      await made.remove();
    }
  });
}
