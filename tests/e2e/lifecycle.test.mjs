// What a page goes through, and how it is used: hidden, frozen, changed by script, framed, by keyboard.

import assert from "node:assert/strict";
import { pause } from "./asking.mjs";
import { only } from "./assets.mjs";
import { BUTTON, page } from "./page.mjs";
import { plan, until, visit } from "./shop.mjs";

const pathsOf = async (shop) =>
  (await shop.rows("SELECT body ->> 'path' AS path FROM observations WHERE kind = 'page' ORDER BY seq"))
    .map(({ path }) => path);

visit("what a page in the background has seen arrives while it is there", {}, async ({ shop, browser }) => {
  shop.wire.serve("/visit/", page(BUTTON));
  await browser.enter(shop.at("/visit/"));
  await browser.click("#own");
  await browser.hide();
  await shop.observed(1, "kind = 'click'");
});

/** Counts what is written to the disk. */
const WRITES = `{
  window.written = 0;
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (...given) {
    window.written += 1;
    return transaction.apply(this, given);
  };
}`;

visit("a page shows what a click does before it is worked on, in the order of what was seen", {}, async ({ shop, browser }) => {
  const button = `${BUTTON}<script>
    document.getElementById("own").onclick = () => {
      const before = (window.before = window.written);
      // After the handlers, and what they have left for right after them.
      setTimeout(() => (window.atOnce = window.written - before));
      window.clicked = Date.now();
      goalpost("track", "begin_checkout");
      history.pushState(null, "", "/bag/");
      goalpost("track", "shown");
    };
  </script>`;
  shop.wire.serve("/visit/", page(button, WRITES));
  await browser.enter(shop.at("/visit/"));
  await shop.settled(browser);
  await browser.click("#own");
  await browser.until(() => window.written > window.before, "the step to be written down");
  const { atOnce, clicked } = await browser.run(() => ({ atOnce: window.atOnce, clicked: window.clicked }));
  assert.equal(atOnce, 0, "written down before the page could show what the click does");
  await shop.settled(browser);
  await shop.observed(5);
  const seen = await shop.rows("SELECT kind, body ->> 'name' AS name, body ->> 'path' AS path, time FROM observations ORDER BY seq");
  assert.deepEqual(
    seen.map(({ kind, name, path }) => [kind, name, path]),
    [
      ["page", null, "/visit/"],
      ["click", null, "/visit/"],
      ["commerce", "begin_checkout", "/visit/"],
      ["page", null, "/bag/"],
      ["event", "shown", "/bag/"],
    ],
  );
  const [, click, ...after] = seen.map(({ time }) => time);
  assert.ok(click <= clicked, `the click has the time at which it was worked on: ${click - clicked} ms late`);
  assert.deepEqual(after, after.toSorted((one, other) => one - other));
});

visit("a flush in a click waits for that click", {}, async ({ shop, browser }) => {
  const button = `${BUTTON}<script>
    document.getElementById("own").onclick = () => goalpost("flush").then(() => (window.flushed = true));
  </script>`;
  shop.wire.serve("/visit/", page(button));
  await browser.enter(shop.at("/visit/"));
  shop.wire.hold(/_g\/c/);
  await browser.click("#own");
  await pause(500);
  assert.notEqual(await browser.run(() => window.flushed), true);
  shop.wire.release();
  await browser.until(() => window.flushed, "the end of the flush");
  await shop.observed(1, "kind = 'click'");
});

/** A browser may end the script of a page that closes, and still tells the page in another event. */
const CUT_SHORT = `{
  const { sendBeacon } = navigator;
  let times = 0;
  navigator.sendBeacon = (...given) => {
    if (++times === 1) throw new Error("cut short");
    return sendBeacon.apply(navigator, given);
  };
}`;

for (const [what, held] of [["the SDK", undefined], ["the loader", /sdk(\.wasm|-js)/]]) {
  visit(`${what} tries again where the end of a page was cut short`, { needs: ["lateBeacons"] }, async ({ shop, browser }) => {
    if (held) shop.wire.hold(held);
    shop.wire.serve("/visit/", page(BUTTON, CUT_SHORT));
    await browser.newTab();
    if (held) await browser.go(shop.at("/visit/"));
    else await browser.enter(shop.at("/visit/"));
    await browser.click("#own");
    await browser.closeTab();
    await shop.observed(1, "kind = 'page'");
    await shop.observed(1, "kind = 'click'");
  });
}

visit("what is seen after an end that was cut short, and was none, is not forgotten", { needs: ["lateBeacons"] }, async ({ shop, browser }) => {
  shop.wire.serve("/visit/", page(BUTTON, CUT_SHORT));
  await browser.newTab();
  await browser.enter(shop.at("/visit/"));
  const tab = await browser.driver.getWindowHandle();
  await browser.click("#own");
  const show = await browser.hide();
  await show();
  await browser.switchTo(tab);
  await browser.click("#own");
  await browser.closeTab();
  await shop.observed(2, "kind = 'click'");
});

visit("a page that is frozen has sent what it saw, and goes on when it thaws", { needs: ["lifecycle"] }, async ({ shop, browser }) => {
  shop.wire.serve("/visit/", page(BUTTON));
  await browser.enter(shop.at("/visit/"));
  await browser.click("#own");
  await browser.cdp("Page.setWebLifecycleState", { state: "frozen" });
  await shop.observed(1, "kind = 'click'");
  await browser.cdp("Page.setWebLifecycleState", { state: "active" });
  await browser.click("#own");
  await shop.settled(browser);
  await shop.observed(2, "kind = 'click'");
  await shop.observed(1, "kind = 'page'");
});

visit("an app that changes its own address has a page view for each path", {}, async ({ shop, browser }) => {
  shop.wire.serve("/app/", page("<p>An app</p>"));
  await browser.enter(shop.at("/app/"));
  await browser.run(() => history.pushState(null, "", "/app/one/"));
  await browser.run(() => history.replaceState(null, "", "/app/two/"));
  await browser.run(() => history.pushState({}, "", "/app/two/?sort=price#top"));
  await browser.run(() => {
    location.hash = "bottom";
  });
  await browser.run(() => history.go(-3));
  await browser.until(() => location.pathname === "/app/", "the first address");
  await shop.settled(browser);
  await shop.observed(4, "kind = 'page'");
  assert.deepEqual(await pathsOf(shop), ["/app/", "/app/one/", "/app/two/", "/app/"]);
});

for (const form of ["wasm", "raw"]) {
  visit(`a page of an app has the title that the app gives it after the address (${form})`, {}, async ({ shop, browser }) => {
    only(form, shop);
    shop.wire.serve("/app/", page("<p>An app</p>"));
    await browser.go(shop.at("/app/"));
    await shop.observed(1, `kind = 'page' AND form = '${form}'`);
    await browser.run(() => {
      const go = (path) => {
        history.pushState(null, "", path);
        return Promise.resolve().then(() => (document.title = path));
      };
      return go("/app/one/").then(() => go("/app/two/")).then(() => window.goalpost("track", "read", {}));
    });
    await browser.run(() => new Promise((done) => setTimeout(done, 100)));
    await shop.settled(browser);
    const seen = await shop.rows("SELECT kind, body ->> 'path' AS path, body ->> 'title' AS title FROM observations ORDER BY seq");
    // Who moves on at once has no title of their own any more.
    assert.deepEqual(seen.map(({ title }) => title), ["A page", seen[1].title, "/app/two/", null]);
    assert.deepEqual(seen.map(({ path }) => path), ["/app/", "/app/one/", "/app/two/", "/app/two/"]);
  });
}

visit("an app on the Navigation API has a page view for each path", { needs: ["entries"] }, async ({ shop, browser }) => {
  shop.wire.serve("/app/", page("<p>An app</p>"));
  await browser.enter(shop.at("/app/"));
  await browser.run(async () => {
    navigation.addEventListener("navigate", (event) => event.intercept({ handler: async () => {} }));
    await navigation.navigate("/app/one/").finished;
    await navigation.navigate("/app/one/?page=2").finished;
    await navigation.back().finished;
    await navigation.back().finished;
  });
  await shop.settled(browser);
  await shop.observed(3, "kind = 'page'");
  assert.deepEqual(await pathsOf(shop), ["/app/", "/app/one/", "/app/"]);
});

visit("an app that moves on before the module arrives has both page views", {}, async ({ shop, browser }) => {
  shop.wire.serve("/app/", page(BUTTON));
  shop.wire.hold(/sdk\.wasm/);
  await browser.go(shop.at("/app/"));
  await browser.until(() => typeof window.goalpost === "function", "the loader");
  await browser.run(() => history.pushState(null, "", "/app/one/"));
  await browser.click("#own");
  shop.wire.release();
  await shop.observed(2, "kind = 'page'");
  await shop.observed(1, "kind = 'click' AND body ->> 'path' = '/app/one/'");
  assert.deepEqual((await pathsOf(shop)).sort(), ["/app/", "/app/one/"]);
  await shop.settled(browser);
});

visit("elements that come later are clicked like any other, in an open shadow root too", {}, async ({ shop, browser }) => {
  shop.wire.serve("/visit/", page('<main id="room"></main>'));
  await browser.enter(shop.at("/visit/"));
  await browser.run(() => {
    const room = document.getElementById("room");
    room.innerHTML = '<button id="late" type="button">Late</button><span id="host"></span>';
    room.addEventListener("click", (event) => event.stopImmediatePropagation());
    const inside = document.createElement("button");
    inside.id = "inside";
    inside.textContent = "Inside";
    document.getElementById("host").attachShadow({ mode: "open" }).append(inside);
  });
  await browser.click("#late");
  await browser.click("#host");
  await shop.settled(browser);
  await shop.observed(1, `kind = 'click' AND body LIKE '%"late"%'`);
  await shop.observed(1, `kind = 'click' AND body LIKE '%"inside"%'`);
});

visit("a click by keyboard counts, and a script's does not", {}, async ({ shop, browser }) => {
  shop.wire.serve("/visit/", page(BUTTON));
  await browser.enter(shop.at("/visit/"));
  await browser.press("#own");
  await browser.press("#own", "Space");
  await shop.settled(browser);
  await shop.observed(2, "kind = 'click'");
  await browser.run(() => document.getElementById("own").click());
  await shop.settled(browser);
  await shop.observed(2, "kind = 'click'");
});

visit("a click with the wheel counts, and one with the right button does not", { needs: ["buttons"] }, async ({ shop, browser }) => {
  shop.wire.serve("/visit/", page(`${BUTTON}<p><a id="link" href="/aside/">Aside</a></p>`));
  shop.wire.serve("/aside/", "<!doctype html><title>Aside</title>");
  await browser.enter(shop.at("/visit/"));
  await browser.rightClick("#own");
  await browser.middleClick("#link");
  await shop.observed(1, `kind = 'click' AND body LIKE '%"link"%'`);
  await shop.settled(browser);
  await shop.observed(1, "kind = 'click'");
});

visit("a page in a frame of the shop is a page of the same session", {}, async ({ shop, browser }) => {
  shop.wire.serve("/framed/", page(BUTTON));
  shop.wire.serve("/frame/", page('<iframe id="frame" src="/framed/"></iframe>'));
  await browser.enter(shop.at("/frame/"));
  await shop.observed(2, "kind = 'page'");
  await browser.driver.switchTo().frame(await browser.element("#frame"));
  await browser.click("#own");
  await browser.driver.switchTo().defaultContent();
  await shop.observed(1, "kind = 'click' AND body ->> 'path' = '/framed/'");
  assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 1);
  await shop.settled(browser);
});

visit("a sandboxed frame, which is of no origin, harms nothing and is kept out", {}, async ({ shop, browser }) => {
  shop.wire.serve("/framed/", page(BUTTON));
  shop.wire.serve("/frame/", page(`${BUTTON}<iframe id="frame" sandbox="allow-scripts" src="/framed/"></iframe>`));
  await browser.enter(shop.at("/frame/"));
  await browser.click("#own");
  await until(
    () => shop.wire.beacons().some(({ headers }) => headers.origin === "null"),
    "a beacon of no origin",
  );
  await shop.settled(browser);
  await shop.observed(1, "kind = 'page'");
  await shop.observed(1, "kind = 'click'");
  const dropped = await shop.value("SELECT sum(count) FROM fates WHERE fate = 'dropped' AND reason = 'host'");
  assert.ok(dropped >= 1, "it is counted");
});

visit("a sandboxed frame is measured where the plan says so, and marked", { plan: { ...plan, sandboxed: true } }, async ({ shop, browser }) => {
  shop.wire.serve("/framed/", page(BUTTON));
  shop.wire.serve("/frame/", page(`${BUTTON}<iframe id="frame" sandbox="allow-scripts" src="/framed/"></iframe>`));
  await browser.enter(shop.at("/frame/"));
  await browser.click("#own");
  await until(
    () => shop.wire.beacons().some(({ headers }) => headers.origin === "null"),
    "a beacon of no origin",
  );
  await shop.settled(browser);
  await shop.observed(2, "kind = 'page'");
  await shop.observed(1, "kind = 'page' AND doubts = 'sandboxed' AND body ->> 'path' = '/framed/'");
  await shop.observed(1, "kind = 'page' AND doubts IS NULL");
});
