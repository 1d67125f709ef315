// The demo shop behind a real Worker with a real database, and what must hold after every visit.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { everythingAddsUp } from "../harness/checks.mjs";
import { root, startWorker, until } from "../harness/worker.mjs";
import { openBrowser, reasonNotIn } from "./browser.mjs";
import { openWire } from "./wire.mjs";

export { until };

/** The storefront's own plan. */
export const plan = JSON.parse(await readFile(join(root, "examples/storefront/plan.json"), "utf8"));

const { site } = plan;

/** Opens the shop. */
export async function openShop(options = {}) {
  const worker = await startWorker({ shop: true, plan: options.plan ?? plan, signingKeys: options.signingKeys });
  const wire = await openWire(worker.url);
  return new Shop(worker, wire);
}

export class Shop {
  constructor(worker, wire) {
    this.worker = worker;
    this.wire = wire;
    this.url = wire.url;
    this.site = site;
  }

  at(path) {
    return this.url + path;
  }

  async rows(sql, ...params) {
    const { results } = await this.worker.db.prepare(sql).bind(...params).all();
    return results;
  }

  /** The one value that a query gives. */
  async value(sql, ...params) {
    const [row] = await this.rows(sql, ...params);
    return row && Object.values(row)[0];
  }

  /** Waits until a query gives this value. */
  async becomes(expected, sql, ...params) {
    let found;
    await until(
      async () => (found = await this.value(sql, ...params)) === expected,
      `${expected} from ${sql} ${params}`,
    ).catch((problem) => {
      problem.message += `; it is ${found}`;
      throw problem;
    });
  }

  /** Waits until so many observations are stored. */
  observed(count, where = "true", ...params) {
    return this.becomes(
      count,
      `SELECT count(*) FROM observations WHERE site = '${site}' AND ${where}`,
      ...params,
    );
  }

  conversions(definition) {
    return this.rows(
      `SELECT definition, scope, who, dedup, kind, points, minor, currency, money,
         hex(session) AS session, hex(visitor) AS visitor, contact, time
       FROM conversions WHERE site = '${site}' AND definition = ?1 ORDER BY time`,
      definition,
    );
  }

  /** Waits until a definition has happened so often, and nothing on its way changes that. */
  async converted(definition, count) {
    await this.becomes(
      count,
      `SELECT count(*) FROM conversions WHERE site = '${site}' AND definition = ?1`,
      definition,
    );
    await this.worker.settle();
    const found = await this.conversions(definition);
    assert.equal(found.length, count, `conversions of ${definition}`);
    return found;
  }

  /** Waits until all that the page has seen was sent, and all that was sent has met its fate. */
  async settled(browser) {
    if (browser) await browser.flush();
    await this.worker.settle();
  }

  /** What became of everything that the site's pages have captured. */
  async balance() {
    const response = await this.worker.admin(`${site}/reports/conservation`);
    assert.equal(response.status, 200);
    return response.json();
  }

  /** Asserts that every captured item has one fate, and every total follows from its rows. */
  async conservation({ waiting = 0 } = {}) {
    await this.worker.settle();
    await everythingAddsUp(this.worker, { waiting });
  }

  /** Asserts that page and edge have agreed on everything. */
  async agreement() {
    assert.deepEqual(await this.rows("SELECT * FROM disagreements"), []);
  }

  async close() {
    await this.wire.close();
    await this.worker.dispose();
  }
}

/**
 * A test with a shop and a browser of its own, after which every item must have its fate.
 *
 * @param {string} name
 * @param {{ plan?: object, signingKeys?: Record<string, string[]>, needs?: string[], storage?: "refused" | "full", signals?: "gpc" | "dnt",
 *   isPrivate?: boolean, waiting?: number, disagreements?: boolean }} options
 * @param {(parts: { shop: Shop, browser: import("./browser.mjs").Browser }) => Promise<void>} body
 */
export function visit(name, options, body) {
  const skip = reasonNotIn(options.needs);
  const run = async ({ signal }) => {
    const shop = await openShop(options);
    let browser;
    // A command that is never answered would keep the browser, and with it the whole run, for ever.
    signal.addEventListener("abort", () => browser?.quit());
    try {
      browser = await openBrowser({ ...options, wire: shop.wire });
      await browser.newShownTab();
      await body({ shop, browser });
      await shop.conservation(options);
      if (!options.disagreements) await shop.agreement();
    } finally {
      await browser?.quit();
      await shop.close();
    }
  };
  test(name, { timeout: 300_000, skip }, run);
}

/** Plays a video to its end, and waits for that. */
export async function play(browser, selector) {
  await browser.element(selector);
  await browser.run((selector) => {
    const video = document.querySelector(selector);
    video.muted = true;
    window.hasEnded = false;
    video.addEventListener("ended", () => (window.hasEnded = true), { once: true });
    return video.play().then(() => {});
  }, selector);
  await browser.until(() => window.hasEnded, `the end of ${selector}`);
}

/** A link to call would hand over to a telephone, and the driver's next clicks would miss the page. */
export const noCalls = (browser) =>
  browser.run(() => addEventListener("click", (event) => event.preventDefault()));

/** Puts a shoe into the bag and pays for it; ends on the thank-you page. */
export async function buy(shop, browser, { prefix = "", shoe = "nimbus", email = "a@shop.example", isPatient = false } = {}) {
  const go = (path) => (isPatient ? browser.enter(shop.at(path)) : browser.go(shop.at(path)));
  await go(`${prefix}/shoes/${shoe}/`);
  await browser.click('form#buy label:has(input[name=size][value="26.0"])');
  await browser.click("#add-to-cart");
  await browser.until(() => !document.getElementById("bag-count").hidden, "a shoe in the bag");
  await go(`${prefix}/checkout/`);
  for (const [field, text] of Object.entries({
    name: "Aoi Sato",
    email,
    phone: "+81 3 5555 0100",
    street: "1-2-3 Jingumae",
    city: "Tokyo",
    postcode: "150-0001",
  })) {
    await browser.type(`#${field}`, text);
  }
  await browser.follow("#place-order");
  return browser.text("#order-id");
}
