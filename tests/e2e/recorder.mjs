// Records what a page keeps and sends, whatever the browser: each way out is watched in the page, the
// jar and the wire from outside.

import assert from "node:assert/strict";

/** Runs in the page before any other script; what it notes is in `recorded`. */
const watch = () => {
  const recorded = (window.recorded = []);
  const note = (owner, name, what) => {
    const real = owner[name];
    owner[name] = function (...args) {
      const noted = what(...args);
      if (noted) recorded.push(noted);
      return real.apply(this, args);
    };
  };
  // The shop has storage of its own.
  const ours = (key) => !String(key).startsWith("ck.");
  note(Storage.prototype, "setItem", (key, value) => ours(key) && value !== "-" && `kept ${key} ${value}`);
  note(IDBFactory.prototype, "open", (name) => `opened ${name}`);
  note(IDBObjectStore.prototype, "put", () => "put into a database");
  note(navigator.constructor.prototype, "sendBeacon", (_, body) => `beaconed ${body}`);
  note(window, "fetch", (url, { method = "GET", body } = {}) => method !== "GET" && !isForgetting(body) && `sent ${body}`);
  note(XMLHttpRequest.prototype, "send", (body) => `sent ${body}`);
  const jar = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  Object.defineProperty(Document.prototype, "cookie", {
    ...jar,
    set(text) {
      recorded.push(`cookie ${text}`);
      jar.set.call(this, text);
    },
  });
};

/** Whether a beacon is nothing but the wish to be forgotten, which says nothing of anybody. */
export const isForgetting = (body) => /^\{"v":1,"site":"[^"]*","visitor":"-","items":\[\]\}$/.test(body);

/** Has every page of the shop recorded. */
export const record = (shop) =>
  shop.wire.changePages((html) =>
    html.replace("<head>", `<head><script>{const isForgetting=${isForgetting};(${watch})()}</script>`),
  );

/** The beacons that carry something. */
export const beacons = (shop) => shop.wire.beacons().filter(({ body }) => !isForgetting(body));

/** The visitor in the edge's cookie, which no script can read. */
export const cookie = async (browser) => {
  const cookies = await browser.driver.manage().getCookies();
  return cookies.find(({ name }) => name === "gp_visitor")?.value;
};

/** All that the browser keeps of ours. */
export const traces = async (browser) => ({
  ...(await browser.run(async () => ({
    local: Object.keys(localStorage).filter((key) => !key.startsWith("ck.")),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map(({ name }) => name),
  }))),
  cookies: (await browser.driver.manage().getCookies()).map(({ name }) => name),
});

export const NONE = { local: [], session: [], databases: [], cookies: [] };

/** Asserts that the page on show has kept and sent nothing. */
export const nothingRecorded = async (browser, after) =>
  assert.deepEqual(await browser.run(() => window.recorded), [], `after ${after}`);
