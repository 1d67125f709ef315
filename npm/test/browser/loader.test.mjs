import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { Builder, By } from "selenium-webdriver";
import chrome from "selenium-webdriver/chrome.js";
import { BODY, openShop } from "./shop.mjs";

/** WebAssembly is forbidden, and the same as JavaScript is not there. */
const NO_MODULE = { csp: "default-src 'self'; script-src 'self' 'unsafe-inline'", missing: /sdk-js\.js$/ };

let driver;
before(async () => {
  const options = new chrome.Options()
    .addArguments("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking");
  const { CHROME, CHROMEDRIVER } = process.env;
  if (CHROME) options.setChromeBinaryPath(CHROME);
  const builder = new Builder().forBrowser("chrome").setChromeOptions(options);
  if (CHROMEDRIVER) builder.setChromeService(new chrome.ServiceBuilder(CHROMEDRIVER));
  driver = await builder.build();
});
after(() => driver?.quit());

const inShop = (name, options, visit) =>
  test(name, async () => {
    const shop = await openShop(options);
    try {
      await visit(shop);
    } finally {
      await driver.get("about:blank");
      await shop.close();
    }
  });

const call = (...args) => driver.executeScript("goalpost(...arguments)", ...args);
const kinds = (items) => items.map(({ kind }) => kind);
const loaderIsThere = () => driver.wait(() => driver.executeScript("return !!goalpost.q && !goalpost.q.length && goalpost.q.push !== [].push"), 10_000);
const uuid7 = /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/;

inShop("a page that is left before the SDK arrives sends one beacon, raw", { refuse: /sdk\.js$/ }, async (shop) => {
  const from = Date.now();
  await driver.get(`${shop.url}/shoes/?utm_source=mail&utm_medium=email&secret=1#top`);
  await loaderIsThere();
  await driver.findElement(By.id("word")).click();
  await driver.findElement(By.id("plain")).click();
  await driver.executeScript(`goalpost("track", "Order Completed", {
    order_id: "A1", total: 120.5, nested: { self: window }, items: [{ sku: "alto" }, "no"],
    half: "a\\ud800", long: "シ".repeat(300), big: 10n,
  })`);
  await call("track", "size_chosen", { size: 26 });
  await call("trigger", "white-paper", {});
  await call("identify", { email: "a@shop.example" });
  assert.equal(shop.beacons.length, 0, "nothing is sent while the page is seen");
  await driver.get("about:blank");
  await shop.until(() => shop.beacons.length > 0);

  const [beacon] = shop.beacons;
  assert.match(beacon.type, /^text\/plain/);
  assert.equal(shop.beacons.length, 1);
  assert.deepEqual([beacon.v, beacon.site, beacon.form], [1, "shop", "raw"]);
  assert.match(beacon.page, uuid7);
  const [page, click, purchase, event, trigger, ...more] = beacon.items;
  assert.deepEqual(more, [], "who it is never leaves unhashed");
  assert.deepEqual(beacon.items.map(({ seq }) => seq - 65_536), [0, 1, 2, 3, 4]);
  for (const item of beacon.items) {
    assert.match(item.id, uuid7);
    const time = parseInt(item.id.slice(0, 12), 16);
    assert.ok(time >= from && time <= beacon.sent, "an id tells when");
    assert.equal(item.path, "/shoes/");
  }
  assert.deepEqual(
    [page.kind, page.host, page.title, page.query],
    ["page", "127.0.0.1", "シューズ", { utm_source: "mail", utm_medium: "email" }],
  );
  assert.deepEqual(click.elements, [
    { tag: "a", id: "buy", class: "cta big", attr: { "data-sku": "alto", href: "#bought" } },
    { tag: "p", class: "lead", attr: {} },
    { tag: "main", id: "shop", attr: {} },
  ]);
  assert.deepEqual([purchase.kind, purchase.name], ["track", "Order Completed"]);
  assert.deepEqual(purchase.properties, { order_id: "A1", total: 120.5, items: [{ sku: "alto" }], half: "a\ufffd", long: "シ".repeat(170), big: "10" });
  assert.deepEqual([event.kind, event.name, event.properties], ["track", "size_chosen", { size: 26 }]);
  assert.deepEqual([trigger.kind, trigger.name], ["trigger", "white-paper"]);
  assert.ok(!JSON.stringify(beacon).includes("a@shop"), "no address in it");
});

inShop("what the stub queued keeps its time and comes after the page view", { refuse: /sdk\.js$/ }, async (shop) => {
  await driver.get(`${shop.url}/`);
  await driver.executeScript("document.documentElement.dataset.time = Date.now()");
  await loaderIsThere();
  await call("track", "later");
  await driver.get("about:blank");
  await shop.until(() => shop.beacons.length > 0);
  assert.deepEqual(kinds(shop.items()), ["page", "track"]);
});

inShop("where no module runs, the raw form sends everything", NO_MODULE, async (shop) => {
  await driver.get(`${shop.url}/shoes/`);
  await loaderIsThere();
  await shop.until(() => shop.items().length >= 1);
  await call("track", "purchase", { transaction_id: "A2", value: 10 });
  await call("identify", { email: " A@Shop.Example " });
  await driver.findElement(By.id("word")).click();
  await driver.executeScript("history.pushState({}, '', '/shoes/alto/')");
  await driver.executeScript("return goalpost('flush')");
  await shop.until(() => shop.items().length >= 5);
  const items = shop.items();
  assert.ok(shop.beacons.every(({ form }) => form === "raw"));
  assert.deepEqual(kinds(items).sort(), ["click", "identify", "page", "page", "track"]);
  const hash = createHash("sha256").update("a@shop.example").digest("hex");
  assert.equal(items.find(({ kind }) => kind === "identify").contact, `email:${hash}`);
  assert.deepEqual(items.filter(({ kind }) => kind === "page").map(({ path }) => path), ["/shoes/", "/shoes/alto/"]);
  const [session, ...sessions] = new Set(items.map(({ session }) => session));
  assert.match(session, uuid7);
  assert.deepEqual(sessions, []);
  assert.deepEqual(items.map(({ seq }) => seq - 65_536).sort(), [0, 1, 2, 3, 4]);
  const record = await driver.executeScript("return localStorage.gp");
  assert.match(record, new RegExp(`^${shop.beacons[0].visitor} ${session} \\d+ 1$`));

  const before = shop.items().length;
  await call("track", "last");
  await driver.get(`${shop.url}/blank`);
  await shop.until(() => shop.items().length > before);
  assert.equal(shop.items().at(-1).name, "last");
});

inShop("without consent nothing is sent or stored, and its first times survive", { ...NO_MODULE, attributes: 'data-site="shop"' }, async (shop) => {
  await driver.get(`${shop.url}/`);
  await loaderIsThere();
  await call("track", "early");
  await shop.until(() => shop.asked.some((asked) => asked.includes("raw.js")));
  await driver.executeScript("return goalpost('flush')");
  assert.equal(shop.beacons.length, 0);
  assert.equal(await driver.executeScript("return localStorage.length + document.cookie"), "0");
  const granted = Date.now();
  await call("consent", "granted");
  await shop.until(() => shop.items().length === 2);
  for (const { id } of shop.items()) assert.ok(parseInt(id.slice(0, 12), 16) <= granted);
});

inShop("a tab that is closed sends what it held", { refuse: /sdk\.js$/ }, async (shop) => {
  const first = await driver.getWindowHandle();
  await driver.switchTo().newWindow("tab");
  await driver.get(`${shop.url}/`);
  await loaderIsThere();
  await call("track", "bought");
  await driver.close();
  await driver.switchTo().window(first);
  await shop.until(() => shop.beacons.length > 0);
  assert.deepEqual(kinds(shop.items()), ["page", "track"]);
});

inShop("what leaves raw belongs to the visitor and session that all tabs share from then on", { refuse: /sdk\.js$/ }, async (shop) => {
  const [visitor, session] = ["01a2006e-8dd0-7000-84a7-7de7d5704c50", "01a2006e-8ecd-7000-9b75-d8d0896d1e52"];
  const [halfAnHour, known, begun] = [1_800_000, /^01a2006e-/, uuid7];
  const kept = (ago, loads) => `${visitor} ${session} ${Date.now() - ago} ${loads}`;
  for (const [before, whose, which, load] of [
    [kept(0, 65_534), known, known, 65_535],
    [kept(halfAnHour, 65_535), known, begun, 0],
    ["", begun, begun, 1],
  ]) {
    await driver.get(`${shop.url}/blank`);
    await driver.executeScript("localStorage.clear(); if (arguments[0]) localStorage.gp = arguments[0]", before);
    const [from, beacons] = [Date.now(), shop.beacons.length];
    await driver.get(`${shop.url}/`);
    await loaderIsThere();
    await driver.get(`${shop.url}/blank`);
    await shop.until(() => shop.beacons.length > beacons);
    const beacon = shop.beacons.at(-1);
    assert.match(beacon.visitor, whose);
    assert.match(beacon.session, which);
    assert.equal(beacon.items[0].seq, load * 65_536);
    const [toldVisitor, toldSession, last, loads] = (await driver.executeScript("return localStorage.gp")).split(" ");
    assert.deepEqual([toldVisitor, toldSession, loads], [beacon.visitor, beacon.session, String(load)]);
    assert.ok(last >= from && last <= Date.now());
  }
});

inShop("whom the edge must still forget is forgotten by what leaves raw, and nothing is kept in that place", { refuse: /sdk\.js$/ }, async (shop) => {
  await driver.get(`${shop.url}/blank`);
  await driver.executeScript('localStorage.gp = "-"');
  await driver.get(`${shop.url}/`);
  await loaderIsThere();
  await driver.get(`${shop.url}/blank`);
  await shop.until(() => shop.beacons.length > 0);
  assert.equal(shop.beacons[0].visitor, "-");
  assert.equal(await driver.executeScript("return localStorage.gp"), "-");
});

inShop("nobody is recognised in what leaves raw where nobody may be", { refuse: /sdk\.js$/, attributes: 'data-site="shop" data-consent="granted" data-cookieless' }, async (shop) => {
  await driver.get(`${shop.url}/`);
  await loaderIsThere();
  await driver.get(`${shop.url}/blank`);
  await shop.until(() => shop.beacons.length > 0);
  assert.equal(shop.beacons[0].visitor, undefined);
  assert.equal(await driver.executeScript("return localStorage.length"), 0);
});

/** Runs a script in every page before its own. */
const onEachPage = async (source, visit) => {
  const { identifier } = await driver.sendAndGetDevToolsCommand("Page.addScriptToEvaluateOnNewDocument", { source });
  try {
    await visit();
  } finally {
    await driver.sendDevToolsCommand("Page.removeScriptToEvaluateOnNewDocument", { identifier });
  }
};

inShop("a browser that refuses for its visitor is obeyed, whatever the page says", {}, (shop) =>
  onEachPage("Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { value: true })", async () => {
    await driver.get(`${shop.url}/`);
    await loaderIsThere();
    await call("consent", "granted");
    await call("track", "never");
    await driver.executeScript("return goalpost('flush')");
    await driver.get(`${shop.url}/blank`);
    assert.deepEqual(shop.asked.filter((asked) => /_g/.test(asked)), ["GET /_g/gp.js"]);
  }),
);

inShop("a page that is only prepared is not seen before it is shown", { refuse: /sdk\.js$/ }, (shop) =>
  onEachPage("Object.defineProperty(Document.prototype, 'prerendering', { value: true })", async () => {
    await driver.get(`${shop.url}/`);
    await driver.wait(() => driver.executeScript("return document.readyState == 'complete' && performance.getEntriesByType('resource').some(({ name }) => name.endsWith('gp.js'))"), 10_000);
    await call("track", "while");
    assert.ok(await driver.executeScript("return Array.isArray(goalpost.q)"), "the stub still queues");
    await driver.executeScript("document.dispatchEvent(new Event('prerenderingchange'))");
    await call("track", "after");
    await driver.get("about:blank");
    await shop.until(() => shop.beacons.length > 0);
    assert.deepEqual(shop.items().map(({ kind, name }) => name ?? kind), ["page", "while", "after"]);
  }),
);

inShop("denied consent forgets, and asks the edge for nothing", { attributes: 'data-site="shop" data-consent="denied"' }, async (shop) => {
  await driver.get(`${shop.url}/`);
  await loaderIsThere();
  await call("track", "never");
  await driver.executeScript("return goalpost('flush')");
  await driver.get(`${shop.url}/blank`);
  assert.deepEqual(shop.asked.filter((asked) => /_g/.test(asked)), ["GET /_g/gp.js"]);
});

inShop("what was held before a denial is gone", { refuse: /sdk\.js$/ }, async (shop) => {
  await driver.get(`${shop.url}/`);
  await loaderIsThere();
  await call("track", "before");
  await call("consent", "denied");
  await call("track", "while");
  await call("consent", "granted");
  await call("track", "after");
  await driver.get("about:blank");
  await shop.until(() => shop.beacons.length > 0);
  assert.deepEqual(shop.items().map(({ name }) => name), ["after"]);
});

/** What a page load has captured, and what has become of it as far as it tells. */
const balance = (shop) => {
  const { captured: told = 0, dropped } = shop.beacons.at(-1);
  const ids = new Set(shop.items().map(({ id }) => id));
  const captured = Math.max(told, ...shop.items().map(({ seq }) => (seq & 0xffff) + 1));
  return { captured, stored: ids.size, overflow: dropped?.overflow ?? 0, consent: dropped?.consent ?? 0 };
};

/** The page's calls before the loader is there. */
const early = (script) => `${BODY}<script>${script}</script>`;

for (const [form, options] of [["wasm", {}], ["raw", NO_MODULE]]) {
  inShop(`who turns out to be nobody takes no place in ${form} form, whoever asks`, {
    ...options,
    body: early(`
      goalpost("identify", { email: "" });
      goalpost("track", "early");
      goalpost("identify", { email: "a@shop.example" });
      goalpost("identify", { phone: "n/a" });`),
  }, async (shop) => {
    await driver.get(`${shop.url}/`);
    await shop.until(() => shop.items().length >= 3);
    await call("identify", { email: "" });
    await call("track", "late");
    await driver.executeScript("return goalpost('flush')");
    await shop.until(() => shop.items().length >= 4);
    assert.deepEqual(kinds(shop.items()).filter((kind) => kind === "identify"), ["identify"]);
    assert.deepEqual(balance(shop), { captured: 4, stored: 4, overflow: 0, consent: 0 });
    assert.ok(shop.beacons.every((beacon) => beacon.form === form));
  });

  inShop(`who may not be recognised takes no place in ${form} form`, {
    ...options,
    attributes: 'data-site="shop" data-consent="granted" data-cookieless',
    body: early('goalpost("identify", { email: "a@shop.example" }); goalpost("track", "early");'),
  }, async (shop) => {
    await driver.get(`${shop.url}/`);
    await shop.until(() => shop.items().length >= 2);
    await call("identify", { email: "a@shop.example" });
    await call("track", "late");
    await driver.executeScript("return goalpost('flush')");
    await shop.until(() => shop.items().length >= 3);
    assert.deepEqual(balance(shop), { captured: 3, stored: 3, overflow: 0, consent: 0 });
  });

  inShop(`what there was no room for is told in ${form} form`, {
    ...options,
    body: early('for (let n = 1; n <= 2004; n++) goalpost("track", "n", { n }); goalpost("identify", { email: "a@shop.example" });'),
  }, async (shop) => {
    await driver.get(`${shop.url}/`);
    await shop.until(() => new Set(shop.items().map(({ id }) => id)).size >= 2_000);
    await call("track", "late");
    await driver.executeScript("return goalpost('flush')");
    await shop.until(() => shop.items().some(({ name }) => name === "late"));
    assert.deepEqual(balance(shop), { captured: 2_007, stored: 2_001, overflow: 6, consent: 0 });
  });

  inShop(`what a denial takes back in ${form} form is told of once there is consent again`, { ...options, attributes: 'data-site="shop"' }, async (shop) => {
    await driver.get(`${shop.url}/`);
    const chunk = form === "raw" ? "raw.js" : "/plan/";
    await shop.until(() => shop.asked.some((asked) => asked.includes(chunk)));
    await driver.executeScript("return goalpost('flush')");
    await call("track", "before");
    await call("consent", "denied");
    await call("track", "while");
    await call("consent", "granted");
    await call("track", "after");
    await driver.executeScript("return goalpost('flush')");
    await shop.until(() => shop.items().some(({ name }) => name === "after"));
    const { captured, stored, consent } = balance(shop);
    assert.equal(consent, 2);
    assert.equal(captured, stored + consent);
  });
}

inShop("what a denial took back before the SDK was there has no place", {
  body: early(`
    goalpost("track", "before");
    goalpost("consent", "denied");
    goalpost("track", "while");
    goalpost("consent", "granted");
    goalpost("track", "after");`),
}, async (shop) => {
  await driver.get(`${shop.url}/`);
  await shop.until(() => shop.items().length >= 2);
  await call("track", "late");
  await driver.executeScript("return goalpost('flush')");
  await shop.until(() => shop.items().some(({ name }) => name === "late"));
  assert.deepEqual(shop.items().map(({ kind, name }) => name ?? kind).sort(), ["after", "late", "page"]);
  assert.deepEqual(balance(shop), { captured: 3, stored: 3, overflow: 0, consent: 0 });
});

inShop("what a page asks about first of an element is kept first", {
  refuse: /sdk\.js$/,
  body: `<a id="call" data-a="1" data-b="2" data-c="3" data-d="4" data-e="5" data-f="6" data-g="7" data-h="8" href="tel:+81355550100" onclick="return false">Call</a>`,
}, async (shop) => {
  await driver.get(`${shop.url}/`);
  await loaderIsThere();
  await driver.findElement(By.id("call")).click();
  await driver.get("about:blank");
  await shop.until(() => shop.beacons.length > 0);
  const { attr } = shop.items()[1].elements[0];
  assert.equal(attr.href, "tel:+81355550100");
  assert.equal(Object.keys(attr).length, 8);
});

inShop("of a long attribute the SDK keeps as much as the wire takes", { body: `<a id="call" data-big="${"x".repeat(50_000)}" href="#called">Call</a>` }, async (shop) => {
  await driver.get(`${shop.url}/`);
  await shop.until(() => shop.items().length >= 1);
  await driver.findElement(By.id("call")).click();
  await driver.executeScript("return goalpost('flush')");
  await shop.until(() => shop.items().some(({ kind }) => kind === "click"));
  const { attr } = shop.items().find(({ kind }) => kind === "click").elements[0];
  assert.deepEqual(attr, { href: "#called", "data-big": "x".repeat(512) });
});

inShop("in raw form a click in a form is one, and a script's is none", { ...NO_MODULE, body: `${BODY}<form id="order"><p id="blank">Order</p></form>` }, async (shop) => {
  await driver.get(`${shop.url}/`);
  await shop.until(() => shop.items().length >= 1);
  await driver.executeScript("document.getElementById('buy').click()");
  await driver.findElement(By.id("blank")).click();
  await driver.executeScript("return goalpost('flush')");
  await shop.until(() => shop.items().length >= 2);
  assert.deepEqual(shop.items().slice(1).map(({ kind, elements }) => [kind, elements[0].id]), [["click", "order"]]);
});

inShop("a page without a stub, and a loader that is there twice", { stub: false, refuse: /sdk\.js$/, body: '<script async src="/_g/gp.js" data-site="shop" data-consent="granted"></script>' }, async (shop) => {
  await driver.get(`${shop.url}/`);
  await driver.wait(() => driver.executeScript("return !!window.goalpost"), 10_000);
  await shop.until(() => shop.asked.filter((asked) => asked.includes("gp.js")).length > 0);
  await call("track", "once");
  await driver.get("about:blank");
  await shop.until(() => shop.beacons.length > 0);
  assert.deepEqual(kinds(shop.items()), ["page", "track"]);
});

inShop(
  "the package works as a module of its own, and keeps what it is told before init",
  { body: `<script type="module">
    import { flush, init, track } from "/_g/index.js";
    track("early");
    const goalpost = init({ site: "app", consent: "granted" });
    goalpost.track("late");
    window.same = init({ site: "app" }) === goalpost;
    window.flushed = flush();
  </script>`, attributes: 'data-site="shop" data-consent="denied"' },
  async (shop) => {
    await driver.get(`${shop.url}/app/`);
    await driver.wait(() => driver.executeScript("return !!window.flushed"), 10_000);
    await driver.executeScript("return window.flushed");
    await shop.until(() => shop.items().length >= 3);
    assert.ok(await driver.executeScript("return window.same"));
    assert.deepEqual(shop.items().map(({ kind, name }) => name ?? kind), ["page", "early", "late"]);
    assert.ok(shop.beacons.every(({ site, form }) => site === "app" && form === "wasm"));
  },
);

inShop(
  "the package with cookieless off has a session in what leaves raw",
  { refuse: /sdk\.js$/, stub: false, attributes: 'data-site="shop" data-consent="denied"', body: `<script type="module">
    import { init } from "/_g/index.js";
    init({ site: "app", consent: "granted", cookieless: false });
    window.launched = true;
  </script>` },
  async (shop) => {
    await driver.get(`${shop.url}/app/`);
    await driver.wait(() => driver.executeScript("return !!window.launched"), 10_000);
    await driver.get(`${shop.url}/blank`);
    await shop.until(() => shop.beacons.length > 0);
    const [{ visitor, session }] = shop.beacons;
    assert.match(visitor, uuid7);
    assert.match(await driver.executeScript("return localStorage.gp"), new RegExp(`^${visitor} ${session} `));
  },
);

inShop("the SDK takes over what was held, with its ids", {}, async (shop) => {
  await driver.get(`${shop.url}/shoes/`);
  await call("track", "early", { n: 1 });
  await driver.wait(() => driver.executeScript("return performance.getEntriesByType('resource').some(({ name }) => name.includes('/plan/'))"), 20_000);
  await driver.executeScript("return goalpost('flush')");
  await shop.until(() => shop.items().length >= 2);
  assert.equal(shop.beacons[0].form, "wasm");
  assert.deepEqual(kinds(shop.items()).slice(0, 2), ["page", "event"]);
  await call("track", "late");
  await driver.executeScript("return goalpost('flush')");
  await shop.until(() => shop.items().some(({ name }) => name === "late"));
  assert.deepEqual(shop.items().map(({ seq }) => seq & 0xffff), [0, 1, 2]);
});
