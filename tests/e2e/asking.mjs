// Pages whose plan asks about more than views and clicks.

import { plan } from "./shop.mjs";

/** The shop's plan with these goals and no funnel. */
export const asking = (...goals) => ({ ...plan, funnels: [], goals });

/** Waits until the page has loaded one of our files. */
export const loads = (browser, name) =>
  browser.until(
    `() => performance.getEntriesByType("resource").some((entry) => entry.name.endsWith("/${name}"))`,
    name,
  );

/** Opens a page, and waits until what the plan asks for is looked out for. */
export const enter = async (shop, browser, path) => {
  await browser.enter(shop.at(path));
  await loads(browser, "watch.js");
  await browser.flush();
};

export const hasLoaded = (browser, name) =>
  browser.run(
    (name) => performance.getEntriesByType("resource").some((entry) => entry.name.endsWith(name)),
    name,
  );

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));
