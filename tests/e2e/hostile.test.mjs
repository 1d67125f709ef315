// Pages that break what scripts rely on: they are not harmed, and are measured all the same.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { cookie, isForgetting } from "./recorder.mjs";
import { plan, until, visit } from "./shop.mjs";

const { Key } = createRequire(import.meta.url)("selenium-webdriver");

const page = (before = "") => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>A page with a past</title>
<link rel="icon" href="data:,">
${before && '<script src="/hostile/before.js"></script>'}
<script async src="/_g/gp.js" data-site="cloud-kicks" data-consent="granted"></script>
</head>
<body>
<main>
<a class="call" href="tel:+81355550100">Call</a>
<button id="own" type="button" class="cta">Count</button>
<p id="count">0</p>
</main>
<script src="/hostile/own.js"></script>
</body>
</html>`;

/**
 * What the page does itself. It tells of it by pictures that it asks for, and not by its text: a page
 * that breaks what all scripts share breaks the scripts by which some drivers look into it.
 */
const OWN = `
  var count = 0;
  function say(what) { new Image().src = "/hostile/said?" + what; }
  requestAnimationFrame(function () { requestAnimationFrame(function () { say("drawn"); }); });
  document.querySelector(".call").addEventListener("click", function (event) { event.preventDefault(); });
  document.getElementById("own").addEventListener("click", function () {
    count += 1;
    document.getElementById("count").textContent = String(count);
    say("count-" + count);
    window.goalpost && goalpost("track", "demo_requested", { shop: "tokyo", seats: 2, lines: [{ size: "26.0" }] });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "w") return;
    goalpost("consent", "denied");
    setInterval(function () { localStorage.getItem("gp") === null && say("forgotten"); }, 100);
  });`;

const SCRIPT = { "content-type": "text/javascript" };

const serve = (shop, { before, headers }) => {
  shop.wire.serve("/hostile/", page(before), headers);
  shop.wire.serve("/hostile/own.js", OWN, SCRIPT);
  shop.wire.serve("/hostile/before.js", before ?? "", SCRIPT);
  shop.wire.serve("/hostile/said", "", {}, 204);
};

const said = (shop, what) => shop.wire.requests.filter(({ path }) => path === `/hostile/said?${what}`).length;

/**
 * Goes to the link and to the button and presses each, by keyboard: drivers find places by scripts in the page.
 * Of a page that it has not drawn yet, Chromium drops them.
 */
const use = async (shop, browser) => {
  await until(() => said(shop, "drawn") > 0, "the page to be drawn");
  await browser.driver.actions().sendKeys(Key.TAB, Key.ENTER, Key.TAB, Key.ENTER).perform();
};

/** Has the page do something that the driver's own scripts may not survive. */
const doDeed = async (shop, browser, deed) => {
  await browser.run(`() => { setTimeout(function () { ${deed}; say("deed"); }, 200); }`);
  await until(() => said(shop, "deed") > 0, "the page's deed");
};

/** Neither an error nor a warning, but for what the page itself is to blame for. */
const unharmed = async (shop, browser, own = /^$/) => {
  await until(() => said(shop, "count-1") === 1, "the page's own script to work");
  assert.equal(said(shop, "count-2"), 0, "and to work once");
  const entries = await browser.console();
  assert.deepEqual(
    entries.filter(({ level, message }) => level !== "INFO" && level !== "DEBUG" && !own.test(message)),
    [],
  );
};

const measured = async (shop) => {
  await shop.observed(1, "kind = 'page'");
  await shop.observed(2, "kind = 'click'");
  await shop.converted("call-us", 1);
  await shop.converted("cta", 1);
  await shop.converted("demo-request", 1);
  await shop.converted("tokyo-fitting", 1);
  const properties = await shop.value("SELECT body ->> '$.properties' FROM observations WHERE kind = 'event'");
  assert.deepEqual(JSON.parse(properties), {
    shop: "tokyo",
    seats: 2,
    lines: [{ size: "26.0" }],
  });
};

/** Opens the page, and waits until the SDK runs or at least the loader. */
const enter = async (shop, browser, isLoaderEnough = false) => {
  await browser.go(shop.at("/hostile/"));
  await until(
    () =>
      shop.wire.beacons().length > 0 ||
      (isLoaderEnough && shop.wire.requests.some(({ path }) => path.endsWith("/sdk.js"))),
    "the SDK",
  );
};

/** What pages really do to the objects that all scripts share. */
const PASTS = {
  "adds to Object.prototype": `
    Object.prototype.extend = function () { return "polluted"; };
    Object.prototype.value = "polluted";
    Object.prototype.id = "polluted";
    Object.prototype.contact = "polluted";`,
  "adds to Array.prototype": `
    Array.prototype.last = function () { return this[this.length - 1]; };
    Array.prototype.remove = function () {};
    String.prototype.trimAll = function () { return this; };`,
  "has its own Array.from and Function.prototype.bind": `
    Array.from = function (list) { return [].slice.call(list); };
    Function.prototype.bind = (function (real) {
      return function () { return real.apply(this, arguments); };
    })(Function.prototype.bind);`,
};

for (const [what, before] of Object.entries(PASTS)) {
  visit(`a page that ${what}`, {}, async ({ shop, browser }) => {
    serve(shop, { before });
    await enter(shop, browser);
    await use(shop, browser);
    await measured(shop);
    await unharmed(shop, browser);
  });
}

/** Withdraws consent by the page's own key, and sees the edge's cookie go, of which no script knows. */
const withdraw = async (shop, browser) => {
  await shop.settled();
  assert.ok(await cookie(browser), "the edge knows the visitor");
  await browser.driver.actions().sendKeys("w").perform();
  await until(() => said(shop, "forgotten") > 0, "the visitor's id to go");
  assert.equal(await cookie(browser), undefined, "the edge has forgotten the visitor");
  assert.equal(shop.wire.beacons().filter(({ body }) => isForgetting(body)).length, 1);
};

/** What an old library does to the way in which objects become text. */
const OLD_LIBRARY = `
  Array.prototype.toJSON = function () { return "a list of " + this.length; };
  String.prototype.toJSON = function () { return "a text"; };
  Object.prototype.toJSON = undefined;`;

visit("a page that makes text of lists, as an old library does it", {}, async ({ shop, browser }) => {
  serve(shop, { before: OLD_LIBRARY });
  await enter(shop, browser);
  await use(shop, browser);
  await measured(shop);
  await withdraw(shop, browser);
  await unharmed(shop, browser);
});

visit("a page that makes text of lists is measured in raw form too", {}, async ({ shop, browser }) => {
  serve(shop, { before: OLD_LIBRARY, headers: { "content-security-policy": "default-src 'self'; img-src 'self' data:" } });
  shop.wire.hold(/sdk-js\.js/);
  await enter(shop, browser);
  await use(shop, browser);
  await measured(shop);
  assert.deepEqual(await shop.rows("SELECT DISTINCT form FROM observations"), [{ form: "raw" }]);
  await withdraw(shop, browser);
  await unharmed(shop, browser, /Content.Security.Policy/);
});

visit("a page that makes text of lists is measured by the loader alone", {}, async ({ shop, browser }) => {
  serve(shop, { before: OLD_LIBRARY });
  shop.wire.hold(/sdk\.js/);
  await enter(shop, browser, true);
  await use(shop, browser);
  await unharmed(shop, browser);
  await browser.go("about:blank");
  await measured(shop);
});

visit("a page that has a name of ours for something else is measured by the loader alone", {}, async ({ shop, browser }) => {
  serve(shop, { before: "window.matches = [];" });
  shop.wire.hold(/sdk\.js/);
  await enter(shop, browser, true);
  await use(shop, browser);
  // On nothing that could be used: its way outwards is looked at to the end.
  await browser.driver.actions().move({ x: 1, y: 1 }).click().perform();
  await unharmed(shop, browser);
  await browser.go("about:blank");
  await measured(shop);
});

visit("a page that breaks what every script is made of is not harmed by us", {}, async ({ shop, browser }) => {
  serve(shop, { before: "Object.prototype.get = undefined;" });
  await browser.go(shop.at("/hostile/"));
  await use(shop, browser);
  await unharmed(shop, browser);
});

visit("a page whose SDK never comes is measured by the loader alone", {}, async ({ shop, browser }) => {
  serve(shop, {});
  shop.wire.hold(/sdk\.js/);
  await enter(shop, browser, true);
  await use(shop, browser);
  await unharmed(shop, browser);
  await browser.go("about:blank");
  await measured(shop);
  assert.deepEqual(await shop.rows("SELECT DISTINCT form FROM observations"), [{ form: "raw" }]);
});

/** What a page does after we are there, and what of it may cost us. */
const DEEDS = {
  "breaks fetch and sendBeacon": `
    window.fetch = function () { throw new Error("no fetch here"); };
    navigator.sendBeacon = function () { throw new Error("no beacon here"); };
    window.setTimeout = function () { throw new Error("no timers here"); };`,
  "breaks JSON": `
    JSON.stringify = JSON.parse = function () { throw new Error("no JSON here"); };`,
};

for (const [what, deed] of Object.entries(DEEDS)) {
  visit(`a page that ${what}`, {}, async ({ shop, browser }) => {
    serve(shop, {});
    await enter(shop, browser);
    await browser.flush();
    await doDeed(shop, browser, deed);
    await use(shop, browser);
    await measured(shop);
    await unharmed(shop, browser);
  });
}

visit("a page whose own handlers throw", {}, async ({ shop, browser }) => {
  serve(shop, {
    before: `
      addEventListener("click", function () { throw new Error("the page's own"); }, true);
      document.addEventListener("visibilitychange", function () { throw new Error("the page's own"); });`,
  });
  await enter(shop, browser);
  await use(shop, browser);
  await measured(shop);
  await unharmed(shop, browser, /the page's own/);
});

visit("a page that breaks the arrays of all scripts is not harmed by us", {}, async ({ shop, browser }) => {
  serve(shop, {});
  await enter(shop, browser);
  await shop.observed(1, "kind = 'page'");
  await doDeed(shop, browser, `
    Array.prototype.flatMap = Array.prototype.findIndex = Array.prototype.splice = function () {
      throw new Error("no arrays here");
    };`);
  await use(shop, browser);
  await unharmed(shop, browser);
});

visit("a browser that refuses cookies and storage", {
  storage: "refused",
}, async ({ shop, browser }) => {
  serve(shop, {});
  await enter(shop, browser);
  const refused = await browser.run(() => {
    try {
      return !window.localStorage;
    } catch {
      return true;
    }
  });
  assert.equal(refused, true, "the browser refuses storage");
  await use(shop, browser);
  await measured(shop);
  assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 1);
  await unharmed(shop, browser);
});

visit("a page that forbids WebAssembly is measured in js form", {}, async ({ shop, browser }) => {
  serve(shop, { headers: { "content-security-policy": "default-src 'self'; img-src 'self' data:" } });
  await enter(shop, browser);
  await use(shop, browser);
  await measured(shop);
  assert.deepEqual(await shop.rows("SELECT DISTINCT form FROM observations"), [{ form: "js" }]);
  await unharmed(shop, browser, /Content.Security.Policy/);
});

visit("a browser whose storage is full", { storage: "full", needs: ["quota"] }, async ({ shop, browser }) => {
  serve(shop, {
    before: `
      try {
        for (var size = 1 << 22, n = 0; size; size >>= 1) {
          try { for (;;) localStorage.setItem("page" + n++, new Array(size + 1).join("x")); } catch (full) {}
        }
      } catch (refused) {}`,
  });
  await enter(shop, browser);
  const full = await browser.run(() => {
    try {
      localStorage.setItem("more", "x".repeat(100));
      return false;
    } catch {
      return true;
    }
  });
  assert.equal(full, true, "nothing more can be stored");
  await use(shop, browser);
  await measured(shop);
  assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 1);
  await unharmed(shop, browser);
});

/** A plan that looks out for everything there is. */
const CURIOUS = {
  ...plan,
  goals: [...plan.goals, { id: "end", when: { scroll: 100 } }, { id: "stayed", when: { dwell: "1s" } }],
};

/** A page as large as any; where the browser tells of it, it notes what of ours took long in one piece. */
const LARGE = `
  document.addEventListener("DOMContentLoaded", function () {
    var main = document.querySelector("main");
    var text = "";
    for (var n = 0; n < 50000; n++) text += n % 50 ? "<i>" + n + "</i>" : "<video id=v" + n + "></video><p class=a>";
    var all = document.createElement("section");
    all.innerHTML = text;
    main.append(all);
  });
  window.long = [];
  var kind = "long-animation-frame";
  if (PerformanceObserver.supportedEntryTypes.indexOf(kind) >= 0) new PerformanceObserver(function (list) {
    list.getEntries().forEach(function (frame) {
      frame.scripts.forEach(function (script) {
        if (script.sourceURL.indexOf("/_g/") > 0) window.long.push(script.duration);
      });
    });
  }).observe({ type: kind, buffered: true });`;

visit("a page of 50,000 elements and 1,000 videos waits for us nowhere", { plan: CURIOUS }, async ({ shop, browser }) => {
  serve(shop, { before: LARGE });
  const longest = [];
  // Another program may have the processor; it does not have it each time.
  for (let attempt = 0; attempt < 4; attempt += 1) {
    await enter(shop, browser);
    await browser.until(
      () => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/watch.js")),
      "what looks out for all of it",
    );
    await browser.run(async () => {
      if (document.querySelectorAll("video").length !== 1_000) throw new Error("the page is not as large as it should be");
      const pause = (ms) => new Promise((done) => setTimeout(done, ms));
      for (const step of [0.2, 0.5, 0.8, 1]) {
        scrollTo({ top: document.documentElement.scrollHeight * step, behavior: "instant" });
        await pause(300);
      }
      const videos = [...document.querySelectorAll("video")];
      for (const video of videos.slice(0, 100)) {
        for (const type of ["play", "timeupdate", "ended"]) video.dispatchEvent(new Event(type));
      }
      for (let n = 0; n < 50; n += 1) {
        window.goalpost("track", "swatch_seen", { n });
        document.body.append(document.createElement("p"));
      }
      // What was added has moved the end of the page.
      scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
    });
    // A slow machine paints the end of such a page seconds later. A key before that leads back to the top.
    await shop.converted("end", attempt + 1);
    await shop.converted("stayed", attempt + 1);
    longest.push(Math.max(0, ...(await browser.run(() => window.long))));
    if (longest.at(-1) < 50) break;
  }
  console.log(`longest of our scripts' work in one piece, by visit: ${longest.map(Math.round).join(", ")} ms`);
  assert.ok(Math.min(...longest) < 50, `a script of ours took ${longest} ms`);
  await use(shop, browser);
  await shop.settled(browser);
  await shop.converted("call-us", 1);
  await shop.converted("demo-request", 1);
  await shop.observed(200 * longest.length, "kind = 'media'");
  await unharmed(shop, browser);
});
