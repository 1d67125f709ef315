// What a visitor allows decides what is kept and what is sent.

import assert from "node:assert/strict";
import { only } from "./assets.mjs";
import { page } from "./page.mjs";
import { beacons, cookie, isForgetting, NONE, nothingRecorded, record, traces } from "./recorder.mjs";
import { noCalls, until, visit } from "./shop.mjs";

/** The shop's pages with another attribute of consent, which may change while a test runs. */
const pagesSay = (shop, said) => {
  const pages = { said };
  shop.wire.changePages((html) => html.replace('data-consent="granted"', `data-consent="${pages.said}"`));
  return pages;
};

const browse = async (shop, browser) => {
  await browser.enter(shop.at("/shoes/nimbus/"));
  await browser.click('form#buy label:has(input[name=size][value="26.0"])');
  await browser.click("#add-to-cart");
  await browser.until(() => !document.getElementById("added").hidden, "a shoe in the bag");
};

const say = (browser, consent) => browser.run((consent) => window.goalpost("consent", consent), consent);

const forgotten = async (browser) => {
  await browser.until(() => localStorage.getItem("gp") === null, "the visitor's id to go");
  await until(async () => !(await cookie(browser)), "the edge's cookie to go");
};

const visitors = async (shop, where) =>
  (await shop.rows(`SELECT DISTINCT hex(visitor) AS visitor FROM observations WHERE ${where}`)).map(
    ({ visitor }) => visitor,
  );

visit("nothing is sent and nothing is kept before consent", {}, async ({ shop, browser }) => {
  pagesSay(shop, "unknown");
  record(shop);
  await browse(shop, browser);
  await browser.flush();
  await nothingRecorded(browser, "browsing");
  assert.deepEqual(await traces(browser), NONE);
  await browser.go(shop.at("/shoes/"));
  await browser.closeTab();
  await browser.newTab();
  await browser.enter(shop.at("/guides/care/"));
  await browser.flush();
  assert.deepEqual(await traces(browser), NONE);
  assert.equal(shop.wire.beacons().length, 0, "no beacon left");
  assert.deepEqual(await browser.cookies(), []);
  await shop.settled();
  await shop.observed(0);
});

visit("what was seen before consent arrives with its own times", {}, async ({ shop, browser }) => {
  pagesSay(shop, "unknown");
  await browse(shop, browser);
  const asked = await browser.run(() => Date.now());
  assert.equal(shop.wire.beacons().length, 0, "no beacon left");
  await browser.until(`() => Date.now() > ${asked + 500}`, "some time to pass");
  await say(browser, "granted");
  await shop.settled(browser);
  await shop.converted("shoe-in-bag", 1);
  const rows = await shop.rows("SELECT kind, time FROM observations ORDER BY seq");
  assert.deepEqual(rows[0].kind, "page");
  for (const { kind, time } of rows) assert.ok(time <= asked, `${kind} was seen before the answer`);
});

const ACTIONS = {
  view: (browser) => browser.run(() => history.pushState({}, "", `/shoes/${Math.random()}/`)),
  click: (browser) => browser.click('header a[href$="/guides/care/"]'),
  purchase: (browser) =>
    browser.run(() => window.goalpost("track", "purchase", { order_id: "A1", value: 5, currency: "JPY" })),
  identify: (browser) => browser.run(() => window.goalpost("identify", { email: "aoi@shop.example" })),
  hide: async (browser) => {
    const tab = await browser.driver.getWindowHandle();
    await browser.newTab("about:blank");
    await browser.close();
    await browser.switchTo(tab);
  },
  unknown: (browser) => say(browser, "unknown"),
  deny: (browser) => say(browser, "denied"),
  flush: (browser) => browser.flush(),
  reload: (browser) => fresh(browser),
};

/** A page that the browser has no copy of, from before the shop knew the answer. */
const fresh = async (browser) => {
  await browser.go(`${browser.shop}/shoes/?${Math.random()}`);
  await browser.loaded();
  await browser.flush();
};

/** A few of the many sequences, always the same ones. */
function* sequences(count, seed) {
  const names = Object.keys(ACTIONS);
  for (let n = 0; n < count; n += 1) {
    const sequence = [];
    for (let at = 0; at < 6; at += 1) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      sequence.push(names[Math.floor((seed / 2_147_483_648) * names.length)]);
    }
    yield sequence;
  }
}

for (const [state, seed] of [["unknown", 1], ["denied", 2], ["withdrawn", 3]]) {
  visit(`whatever six things happen, nothing is kept or sent while consent is ${state}`, {}, async ({ shop, browser }) => {
    browser.shop = shop.url;
    const pages = pagesSay(shop, state === "withdrawn" ? "granted" : state);
    record(shop);
    await fresh(browser);
    if (state === "withdrawn") {
      await shop.observed(1);
      pages.said = "denied";
      await say(browser, "denied");
      await forgotten(browser);
      await browser.run(() => window.recorded.splice(0));
    }
    const before = beacons(shop).length;
    for (const sequence of sequences(12, seed)) {
      for (const action of sequence) {
        await ACTIONS[action](browser);
        await browser.loaded();
        // A link may have led to a page that has no time to be recorded.
        if (await browser.run(() => !!window.recorded)) await nothingRecorded(browser, sequence);
      }
      assert.deepEqual(await traces(browser), NONE, `${sequence}`);
      assert.equal(beacons(shop).length, before, `${sequence}`);
      await fresh(browser);
    }
    await shop.settled();
    await shop.observed(state === "withdrawn" ? 1 : 0);
  });
}

visit("a refusal ends it and leaves nothing behind", {}, async ({ shop, browser }) => {
  await browse(shop, browser);
  await shop.converted("shoe-in-bag", 1);
  assert.ok((await traces(browser)).local.includes("gp"));
  assert.ok(await cookie(browser));
  const stored = await shop.value("SELECT count(*) FROM observations");

  await say(browser, "denied");
  const sent = beacons(shop).length;
  await forgotten(browser);
  await browser.run(() => window.goalpost("track", "after", {}));
  await noCalls(browser);
  await browser.click("footer a[href^='tel:']");
  await browser.run(() => window.goalpost("flush"));
  assert.deepEqual(await traces(browser), NONE);
  await browser.go("about:blank");
  await shop.settled();
  assert.equal(beacons(shop).length, sent, "nothing was sent any more");
  assert.equal(shop.wire.beacons().filter(({ body }) => isForgetting(body)).length, 1);
  await shop.observed(stored);
});

visit("who withdraws and agrees again is somebody else", {}, async ({ shop, browser }) => {
  await browser.enter(shop.at("/"));
  await browser.flush();
  const [before] = await visitors(shop, "true");
  await say(browser, "denied");
  await forgotten(browser);
  await say(browser, "granted");
  await browser.run(() => window.goalpost("track", "again", {}));
  await shop.settled(browser);
  const [after, ...more] = await visitors(shop, "body ->> 'name' = 'again'");
  assert.equal(more.length, 0);
  assert.notEqual(after, before);
  await until(async () => (await cookie(browser))?.replaceAll("-", "").toUpperCase() === after, "the new cookie");
});

visit("a withdrawal that the edge could not hear of holds all the same", {}, async ({ shop, browser }) => {
  const pages = pagesSay(shop, "granted");
  await browser.enter(shop.at("/"));
  await browser.flush();
  const [before] = await visitors(shop, "true");
  shop.wire.cut();
  await say(browser, "denied");
  await browser.until(() => localStorage.getItem("gp") === "-", "the visitor's id to go");
  assert.ok(await cookie(browser), "only the edge can take its cookie away");
  shop.wire.mend();

  await say(browser, "granted");
  await browser.run(() => window.goalpost("track", "again", {}));
  await browser.flush();
  await shop.observed(1, "body ->> 'name' = 'again'");
  const [after] = await visitors(shop, "body ->> 'name' = 'again'");
  assert.notEqual(after, before);

  shop.wire.cut();
  await say(browser, "denied");
  await browser.until(() => localStorage.getItem("gp") === "-", "the visitor's id to go");
  shop.wire.mend();
  pages.said = "denied";
  await browser.go(shop.at("/shoes/"));
  await forgotten(browser);
  assert.deepEqual(await traces(browser), NONE);
});

visit("a withdrawal that the edge refuses is asked for again", {}, async ({ shop, browser }) => {
  const pages = pagesSay(shop, "granted");
  await browser.enter(shop.at("/"));
  await shop.settled(browser);
  shop.wire.serve("/_g/c", "", { "x-goalpost": "1" }, 400);
  await say(browser, "denied");
  await until(() => shop.wire.beacons().some(({ body }) => isForgetting(body)), "the wish to be forgotten");
  pages.said = "denied";
  await browser.go(shop.at("/shoes/"));
  assert.equal(await browser.run(() => localStorage.getItem("gp")), "-");
  shop.wire.pages.delete("/_g/c");
  await browser.go(shop.at("/shoes/"));
  await forgotten(browser);
  assert.deepEqual(await traces(browser), NONE);
});

for (const form of ["wasm", "raw"]) {
  /** Opens a page, and waits until what it has seen has arrived. */
  const enter = async (shop, browser, path, count) => {
    await browser.go(shop.at(path));
    await shop.observed(count, `kind = 'page' AND form = '${form}'`);
    await browser.flush();
  };

  visit(`a request under way brings nobody back (${form})`, {}, async ({ shop, browser }) => {
    only(form, shop);
    await enter(shop, browser, "/", 1);
    shop.wire.hold(/\/_g\/c/);
    await browser.run(() => {
      window.goalpost("track", "late", {});
      window.goalpost("flush");
    });
    await until(() => shop.wire.held.length > 0, "a request under way");
    await say(browser, "denied");
    await until(() => shop.wire.held.length > 1, "the wish to be forgotten");
    const [late, wish] = shop.wire.held.splice(0);
    wish();
    await forgotten(browser);
    late();
    shop.wire.release();
    await shop.observed(1, "body ->> 'name' = 'late'");
    await browser.run(() => new Promise((done) => setTimeout(done, 300)));
    assert.deepEqual(await traces(browser), NONE);
  });

  visit(`a withdrawal in one tab holds in the others (${form})`, {}, async ({ shop, browser }) => {
    only(form, shop);
    await enter(shop, browser, "/", 1);
    const other = await browser.driver.getWindowHandle();
    await browser.newTab();
    await enter(shop, browser, "/shoes/", 2);
    await say(browser, "denied");
    await forgotten(browser);
    await browser.switchTo(other);
    const sent = beacons(shop).length;
    await browser.run(() => window.goalpost("track", "after", {}));
    await browser.flush();
    assert.deepEqual(await traces(browser), NONE);
    await browser.go("about:blank");
    await shop.settled();
    assert.equal(beacons(shop).length, sent);
    await shop.observed(2);
  });

  visit(`a withdrawal holds on the page before, which comes back from the back/forward cache (${form})`, {}, async ({ shop, browser }) => {
    only(form, shop);
    // Where it does not come back but is loaded anew, it knows what was said.
    const said = `
      window.dataLayer = [["consent", "update", { analytics_storage: localStorage.getItem("ck.said") || "granted" }]];`;
    const html = page("<p>A page</p>", said).replace('data-consent="granted"', 'data-consent="gcm"');
    for (const path of ["/one/", "/two/"]) shop.wire.serve(path, html);
    await enter(shop, browser, "/one/", 1);
    await browser.until(async () => (await navigator.locks.query()).held.length === 0, "no lock");
    await enter(shop, browser, "/two/", 2);
    await browser.run(() => localStorage.setItem("ck.said", "denied"));
    await say(browser, "denied");
    await forgotten(browser);
    const sent = beacons(shop).length;
    await browser.back();
    await browser.until(() => location.pathname === "/one/" && typeof window.goalpost === "function", "the page before");
    await browser.run(() => window.goalpost("track", "after", {}));
    await browser.flush();
    await forgotten(browser);
    assert.deepEqual(await traces(browser), NONE);
    await shop.settled();
    assert.equal(beacons(shop).length, sent);
    await shop.observed(2);
  });

  visit(`who agrees after a refusal is seen where they are, from where they came (${form})`, {}, async ({ shop, browser }) => {
    only(form, shop);
    const elsewhere = shop.url.replace("localhost", "127.0.0.1");
    shop.wire.serve("/there/", `<!doctype html><title>There</title><a href="${shop.url}/here/">here</a>`);
    shop.wire.serve("/here/", page("<p>Here</p>").replace('data-consent="granted"', 'data-consent="denied"'));
    await browser.go(`${elsewhere}/there/`);
    await browser.follow("a");
    await say(browser, "granted");
    await shop.observed(1, `kind = 'page' AND form = '${form}'`);
    await say(browser, "denied");
    await forgotten(browser);
    await say(browser, "granted");
    await shop.observed(2, "kind = 'page'");
    await shop.settled(browser);
    assert.deepEqual(
      await shop.rows("SELECT DISTINCT body ->> 'path' AS path, body ->> 'referrer' AS referrer FROM observations"),
      [{ path: "/here/", referrer: `${elsewhere}/` }],
    );
    assert.equal(await shop.value("SELECT count(DISTINCT visitor) FROM observations"), 2);
  });
}

visit("what the disk tells only after a withdrawal is not kept again", {}, async ({ shop, browser }) => {
  const id = "01a2006e8dd0700084a77de7d5704c50";
  shop.wire.serve("/", page("<p>A page</p>", `
    localStorage.setItem("gp-${id}", "${id}\x1f{}");
    var tell, told = new Promise(function (done) { tell = done; });
    var getAllKeys = IDBObjectStore.prototype.getAllKeys;
    IDBObjectStore.prototype.getAllKeys = function () {
      window.isAsked = true;
      var real = getAllKeys.apply(this, arguments);
      var shown = { get result() { return real.result; } };
      real.onsuccess = function () { told.then(function () { shown.onsuccess(); }); };
      return shown;
    };`));
  await browser.enterApp(shop.at("/"));
  await browser.until(() => window.isAsked, "what is asked of the disk");
  await say(browser, "denied");
  await browser.until(() => !/ /.test(localStorage.getItem("gp")), "the visitor's id to go");
  await browser.run(() => {
    tell();
    return new Promise((done) => setTimeout(done, 500));
  });
  await forgotten(browser);
  assert.deepEqual(await traces(browser), NONE);
});

visit("a browser that signals a refusal is not asked", { signals: "gpc" }, async ({ shop, browser }) => {
  await browser.go(shop.at("/shoes/nimbus/"));
  await browser.click('form#buy label:has(input[name=size][value="26.0"])');
  await browser.click("#add-to-cart");
  await say(browser, "granted");
  await browser.flush();
  await browser.go(shop.at("/"));
  await browser.flush();
  assert.equal(shop.wire.beacons().length, 0, "no beacon left");
  assert.deepEqual(await traces(browser), NONE);
  await shop.observed(0);
});

/** A script before all others of the shop's pages. */
const begin = (shop, script) =>
  shop.wire.changePages((html) => html.replace("<head>", `<head><script>${script}</script>`));

const purposes = (shop, name) =>
  shop.value(`SELECT consent FROM observations WHERE body ->> 'name' = '${name}'`);

visit("Google's Consent Mode decides", {}, async ({ shop, browser }) => {
  pagesSay(shop, "gcm");
  begin(
    shop,
    `window.dataLayer = []; function gtag() { dataLayer.push(arguments); }
     gtag("consent", "default", { analytics_storage: "denied", ad_storage: "denied", wait_for_update: 500 });`,
  );
  await browser.enter(shop.at("/"));
  await browser.run(() => window.goalpost("track", "early", {}));
  await browser.flush();
  assert.equal(shop.wire.beacons().length, 0, "a default that denies is no answer yet, and no grant");
  assert.deepEqual(await traces(browser), NONE);
  const asked = await browser.run(() => Date.now());
  await browser.run(() => gtag("consent", "update", { analytics_storage: "granted", ad_storage: "granted" }));
  await shop.observed(1, "body ->> 'name' = 'early'");
  assert.equal(await purposes(shop, "early"), "ad_storage");
  assert.ok((await shop.value("SELECT max(time) FROM observations")) <= asked);
  await browser.run(() => gtag("consent", "update", { ad_storage: "denied" }));
  await browser.run(() => window.goalpost("track", "measured", {}));
  await browser.flush();
  await shop.observed(1, "body ->> 'name' = 'measured'");
  assert.equal(await purposes(shop, "measured"), null);
  await browser.run(() => gtag("consent", "update", { analytics_storage: "denied" }));
  await forgotten(browser);
  await browser.run(() => window.goalpost("track", "refused", {}));
  await browser.flush();
  await shop.settled();
  await shop.observed(0, "body ->> 'name' = 'refused'");
  assert.deepEqual(await traces(browser), NONE);
});

visit("where Google's Consent Mode denies in some region, only an update grants", {}, async ({ shop, browser }) => {
  pagesSay(shop, "gcm");
  begin(
    shop,
    `window.dataLayer = []; function gtag() { dataLayer.push(arguments); }
     gtag("consent", "default", { analytics_storage: "denied", region: ["ES"] });
     gtag("consent", "default", { analytics_storage: "granted" });`,
  );
  record(shop);
  await browse(shop, browser);
  await browser.flush();
  await nothingRecorded(browser, "browsing");
  assert.deepEqual(await traces(browser), NONE);
  await browser.run(() => gtag("consent", "update", { analytics_storage: "granted" }));
  await shop.settled(browser);
  await shop.converted("shoe-in-bag", 1);
});

visit("a page that has no list where Google's Consent Mode has one is not harmed, and may say it itself", {}, async ({ shop, browser }) => {
  const before = `
    window.harm = [];
    addEventListener("unhandledrejection", function (event) { harm.push(String(event.reason)); });
    window.dataLayer = { pageType: "shoe" };`;
  shop.wire.serve("/own/", page("<p>A page</p>", before).replace('data-consent="granted"', 'data-consent="gcm"'));
  await browser.enter(shop.at("/own/"));
  await browser.until(() => performance.getEntriesByType("resource").some(({ name }) => /consent\.js/.test(name)), "the reader");
  await browser.run(() => new Promise((done) => setTimeout(done, 200)));
  assert.deepEqual(await browser.run(() => window.harm), []);
  await shop.observed(0);
  await say(browser, "granted");
  await shop.observed(1);
});

visit("the IAB's framework decides", {}, async ({ shop, browser }) => {
  pagesSay(shop, "tcf");
  await browser.enter(shop.at("/"));
  await browser.run(() => window.goalpost("track", "early", {}));
  // The consent manager comes late, and first only shows its questions.
  await browser.run(() => {
    const none = { consents: {}, legitimateInterests: {} };
    window.__tcfapi = (command, version, heard) => {
      if (command !== "addEventListener" || version !== 2) return;
      window.answer = (eventStatus, purpose) => heard({ eventStatus, gdprApplies: true, purpose }, true);
      window.answer("cmpuishown", none);
    };
  });
  await browser.until(() => !!window.answer, "somebody who listens");
  await browser.flush();
  assert.equal(shop.wire.beacons().length, 0, "nobody has answered yet");
  assert.deepEqual(await traces(browser), NONE);
  await browser.run(() =>
    window.answer("useractioncomplete", {
      consents: { 1: true, 3: true, 7: true },
      legitimateInterests: { 8: true },
    }),
  );
  await shop.observed(1, "body ->> 'name' = 'early'");
  assert.equal(await purposes(shop, "early"), "ad_storage,ad_user_data");
  await browser.run(() =>
    window.answer("useractioncomplete", { consents: { 1: true }, legitimateInterests: {} }),
  );
  await forgotten(browser);
  assert.deepEqual(await traces(browser), NONE);
});
