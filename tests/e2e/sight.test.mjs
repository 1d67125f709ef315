// What a page can see of its visitors, where a plan asks about it.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { asking, enter, hasLoaded, loads, pause } from "./asking.mjs";
import { page } from "./page.mjs";
import { visit } from "./shop.mjs";

const { Button, Key } = createRequire(import.meta.url)("selenium-webdriver");

const SCROLLS = asking(
  { id: "half", when: { scroll: 50 } },
  { id: "read-on", when: { scroll: 75, and: [{ property: "path", starts_with: "/tall/" }] } },
  { id: "end", when: { any: [{ scroll: 100 }] } },
);

/** Scrolls to a share of the way, and waits until that was looked at. */
const scroll = (browser, share) =>
  browser.run(async (share) => {
    const { scrollHeight, clientHeight } = document.documentElement;
    scrollTo({ top: (scrollHeight - clientHeight) * share, behavior: "instant" });
    await new Promise((done) => setTimeout(done, 800));
  }, share);

visit("a mark on the way down counts once for each page view", { plan: SCROLLS }, async ({ shop, browser }) => {
  shop.wire.serve("/tall/", page('<div style="height: 6000px"></div>'));
  await enter(shop, browser, "/tall/");
  await scroll(browser, 0.3);
  await scroll(browser, 0.6);
  await scroll(browser, 0.1);
  await scroll(browser, 0.6);
  await shop.settled(browser);
  await shop.converted("half", 1);
  await shop.converted("read-on", 0);
  await scroll(browser, 1);
  await shop.settled(browser);
  await shop.converted("half", 1);
  await shop.converted("read-on", 1);
  await shop.converted("end", 1);

  await browser.run(() => {
    history.pushState(null, "", "/tall/2/");
    scrollTo({ top: 0, behavior: "instant" });
    // A hand is slower than the browser, which tells of it with the next frame.
    return new Promise((done) => addEventListener("scroll", () => done(true), { once: true }));
  });
  await scroll(browser, 0.8);
  await shop.settled(browser);
  await shop.converted("half", 2);
  await shop.converted("read-on", 2);
  await shop.converted("end", 1);
  const marks = await shop.rows(
    "SELECT body ->> 'path' AS path, body ->> 'percent' AS percent FROM observations WHERE kind = 'scroll' ORDER BY seq",
  );
  assert.deepEqual(
    marks.map(({ path, percent }) => `${path} ${percent}`),
    ["/tall/ 50", "/tall/ 75", "/tall/ 100", "/tall/2/ 50", "/tall/2/ 75"],
  );
});

visit("where an app's router leads, and a page that grows shorter, nobody has scrolled", { plan: SCROLLS }, async ({ shop, browser }) => {
  shop.wire.serve("/tall/", page('<style>html { scroll-behavior: smooth }</style><div id="all" style="height: 6000px"></div>'));
  await enter(shop, browser, "/tall/");
  await scroll(browser, 1);
  await shop.settled(browser);
  await shop.observed(3, "kind = 'scroll'");
  await browser.run(() => {
    history.pushState(null, "", "/tall/2/");
    scrollTo(0, 0);
  });
  await browser.until(() => scrollY === 0, "the way up");
  await pause(500);
  await scroll(browser, 1);
  await shop.settled(browser);
  await shop.observed(6, "kind = 'scroll'");
  await browser.run(() => {
    history.pushState(null, "", "/tall/3/");
    document.getElementById("all").style.height = `${innerHeight * 1.2}px`;
  });
  await pause(800);
  await shop.settled(browser);
  const marks = await shop.rows("SELECT body ->> 'path' AS path, count(*) AS marks FROM observations WHERE kind = 'scroll' GROUP BY 1 ORDER BY 1");
  assert.deepEqual(marks, [{ path: "/tall/", marks: 3 }, { path: "/tall/2/", marks: 3 }]);
});

visit("what is not the page's own way down counts nothing", { plan: SCROLLS }, async ({ shop, browser }) => {
  shop.wire.serve(
    "/short/",
    page('<div id="box" style="height: 200px; overflow: auto"><div style="height: 6000px"></div></div>'),
  );
  await enter(shop, browser, "/short/");
  await browser.run(async () => {
    document.getElementById("box").scrollTop = 5_800;
    await new Promise((done) => setTimeout(done, 800));
  });
  await shop.settled(browser);
  await shop.observed(0, "kind = 'scroll'");
});

visit("a mark that is reached as the page is left arrives", { plan: SCROLLS }, async ({ shop, browser }) => {
  shop.wire.serve("/tall/", page('<div style="height: 6000px"></div>'));
  await enter(shop, browser, "/tall/");
  await browser.run(() => {
    scrollTo({ top: 9_999, behavior: "instant" });
    // The page is left as soon as the browser has told of it.
    return new Promise((done) => requestAnimationFrame(() => done(true)));
  });
  await browser.closeTab();
  await shop.converted("end", 1);
});

visit("a plan that asks for nothing more loads nothing more", {
  plan: { ...asking({ id: "cta", when: { click: "a" } }), outcomes: [] },
}, async ({ shop, browser }) => {
  shop.wire.serve("/tall/", page('<div style="height: 6000px"></div>'));
  await browser.enter(shop.at("/tall/"));
  await scroll(browser, 1);
  assert.equal(await hasLoaded(browser, "watch.js"), false);
  assert.equal(await hasLoaded(browser, "embeds.js"), false);
  await shop.settled(browser);
  await shop.observed(1);
});

visit("the time with a page is that in which it is visible", {
  plan: asking({ id: "stayed", when: { dwell: "8s" } }),
}, async ({ shop, browser }) => {
  shop.wire.serve("/still/", page("<p>Stay.</p>"));
  await enter(shop, browser, "/still/");
  const show = await browser.hide();
  await pause(9_000);
  await shop.worker.settle();
  await shop.observed(0, "kind = 'dwell'");
  await show();
  await shop.converted("stayed", 1);
  await pause(8_500);
  await shop.settled(browser);
  await shop.converted("stayed", 1);
  await browser.run(() => history.pushState(null, "", "/still/2/"));
  await shop.converted("stayed", 2);
});

visit("a page that nobody uses any more is not dwelt on", {
  plan: asking({ id: "stayed", when: { dwell: "1m" } }),
}, async ({ shop, browser }) => {
  shop.wire.serve(
    "/still/",
    page(`<p>Stay.</p><script>
      { const real = performance.now.bind(performance); let ahead = 0;
        performance.now = () => real() + ahead; window.skip = (ms) => { ahead += ms; }; }
    </script>`),
  );
  await enter(shop, browser, "/still/");
  const skip = (ms) => browser.run((ms) => window.skip(ms), ms);
  const away = async () => {
    const show = await browser.hide();
    await show();
    await shop.settled(browser);
  };
  const press = () => browser.driver.actions().sendKeys("a").perform();
  // Of which 30 s count.
  await skip(300_000);
  await away();
  await shop.observed(0, "kind = 'dwell'");
  await press();
  await skip(20_000);
  await press();
  await skip(20_000);
  await away();
  await shop.converted("stayed", 1);
});

const FORMS = asking({ id: "sent", when: { submit: "form" } });

const form = (id, method) =>
  `<form id="${id}" method="${method}" action="/sent/${id}/"><input name="word" value="secret"><input name="action"><input name="method"></form>
   <a href="#" id="send-${id}" onclick="document.getElementById('${id}').submit(); return false">Send</a>`;

visit("a form that a script sends counts once, and data that go nowhere do not", { plan: FORMS, needs: ["navigation"] }, async ({ shop, browser }) => {
  shop.wire.serve(
    "/forms/",
    page(`${form("post", "post")}${form("get", "get")}
      <form id="checked" method="post" action="/sent/checked/"><button>Send</button></form>
      <script>
        document.getElementById("checked").addEventListener("submit", (event) => {
          event.preventDefault();
          setTimeout(() => event.target.submit(), 300);
        });
      </script>`),
  );
  for (const id of ["post", "get", "checked"]) shop.wire.serve(`/sent/${id}/`, page("Thank you"));
  const sent = async (n, selector) => {
    await enter(shop, browser, "/forms/");
    await browser.follow(selector);
    await shop.observed(n, "kind = 'submit'");
    await shop.converted("sent", n);
  };
  await sent(1, "#send-post");
  await sent(2, "#send-get");
  await sent(3, "#checked button");

  await enter(shop, browser, "/forms/");
  await browser.run(() => [...new FormData(document.getElementById("post"))].length);
  await pause(1_200);
  await browser.run(() => {
    [...new FormData(document.getElementById("get"))].length;
    location.href = "/sent/post/";
  });
  await browser.until(() => location.pathname === "/sent/post/", "the next page");
  await enter(shop, browser, "/forms/");
  await shop.settled(browser);
  await shop.converted("sent", 3);
  const said = shop.wire.beacons().map(({ body }) => body).join("");
  assert.equal(said.includes("secret"), false, "what was typed stays in the page");
});

visit("a form that is sent before the SDK is there counts", { plan: FORMS }, async ({ shop, browser }) => {
  shop.wire.serve("/forms/", page('<form id="fast" method="post" action="/sent/fast/"><button>Send</button></form>'));
  shop.wire.serve("/sent/fast/", "<title>Thank you</title>");
  shop.wire.hold(/sdk\.js/);
  await browser.go(shop.at("/forms/"));
  await browser.until(() => typeof window.goalpost === "function", "the loader");
  await browser.follow("#fast button");
  await shop.converted("sent", 1);
  const [row] = await shop.rows("SELECT form, body ->> '$.elements[0].id' AS id FROM observations WHERE kind = 'submit'");
  assert.deepEqual(row, { form: "raw", id: "fast" });
});

visit("a form that was sent in vain before the SDK was there counts once", { plan: FORMS }, async ({ shop, browser }) => {
  shop.wire.serve(
    "/forms/",
    page('<form id="fast" onsubmit="event.preventDefault()"><button>Send</button></form>'),
  );
  shop.wire.hold(/sdk\.js/);
  await browser.go(shop.at("/forms/"));
  await browser.until(() => typeof window.goalpost === "function", "the loader");
  await browser.click("#fast button");
  shop.wire.release();
  await loads(browser, "watch.js");
  await shop.settled(browser);
  await shop.converted("sent", 1);
  assert.equal(await shop.value("SELECT DISTINCT form FROM observations WHERE kind = 'submit'"), "wasm");
});

visit("what lies in open shadow roots and what comes later is seen", {
  plan: asking(
    { id: "call-us", when: { click: { link: "tel" } } },
    { id: "cta", when: { click: "x-card button.cta" } },
    { id: "sent", when: { submit: "form#inside" } },
  ),
}, async ({ shop, browser }) => {
  shop.wire.serve("/shadow/", page("<main></main>"));
  await enter(shop, browser, "/shadow/");
  await browser.run(() => {
    addEventListener("click", (event) => event.composedPath()[0].closest("a") && event.preventDefault());
    const card = document.createElement("x-card");
    const inner = document.createElement("x-inner");
    card.attachShadow({ mode: "open" }).append(inner);
    inner.attachShadow({ mode: "open" }).innerHTML = `
      <a href="tel:+81355550100"><b>Call</b></a>
      <button class="cta" type="button">Go</button>
      <form id="inside"><input name="q"><button>Send</button></form>`;
    inner.shadowRoot.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
    document.querySelector("main").append(card);
  });
  const within = (selector) =>
    browser.driver.executeScript(
      "return document.querySelector('x-card').shadowRoot.querySelector('x-inner').shadowRoot.querySelector(arguments[0])",
      selector,
    );
  await (await within("b")).click();
  await (await within("a")).sendKeys(Key.ENTER);
  const button = await within(".cta");
  await button.click();
  const hasButtons = browser.can("buttons");
  if (hasButtons) {
    await browser.driver.actions().move({ origin: button }).press(Button.MIDDLE).release(Button.MIDDLE).perform();
    await browser.driver.actions().move({ origin: button }).contextClick().perform();
  }
  await button.sendKeys(Key.SPACE);
  await (await within("#inside button")).click();
  await shop.settled(browser);
  await shop.converted("call-us", 2);
  await shop.converted("cta", hasButtons ? 3 : 2);
  await shop.converted("sent", 1);
  assert.equal(
    await shop.value("SELECT body ->> '$.elements[0].id' FROM observations WHERE kind = 'submit'"),
    "inside",
  );
});

visit("a page within a page is seen where it has the snippet itself", {
  plan: asking({ id: "call-us", when: { click: { link: "tel" } } }),
}, async ({ shop, browser }) => {
  const link = '<a href="tel:+81355550100" onclick="return false">Call</a>';
  shop.wire.serve("/bare/", link);
  shop.wire.serve("/within/", page(link));
  shop.wire.serve("/around/", page('<iframe id="bare" src="/bare/"></iframe><iframe id="within" src="/within/"></iframe>'));
  await enter(shop, browser, "/around/");
  await shop.observed(2, "kind = 'page'");
  for (const frame of ["bare", "within"]) {
    await browser.driver.switchTo().frame(await browser.element(`#${frame}`));
    await browser.click("a");
    await browser.driver.switchTo().defaultContent();
  }
  await shop.converted("call-us", 1);
  assert.equal(await shop.value("SELECT body ->> 'path' FROM observations WHERE kind = 'click'"), "/within/");
  assert.equal(await shop.value("SELECT count(DISTINCT page) FROM observations"), 2);
});
