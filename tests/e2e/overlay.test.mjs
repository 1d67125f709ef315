// The panel that a developer looks at: it tells what was seen, and changes nothing of it.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../harness/worker.mjs";
import { play, until, visit } from "./shop.mjs";

const STRICT =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; media-src 'self'; " +
  "connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

/** The panel is closed to scripts: one that comes before the snippet's has it open all the same. */
const OPENED = `
  var real = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    window.panelMode = options.mode;
    return real.call(this, Object.assign({}, options, { mode: "open" }));
  };`;

const open = (shop) => {
  shop.wire.serve("/opened.js", OPENED, { "content-type": "text/javascript" });
  shop.wire.changePages((html) => html.replace("<head>", '<head><script src="/opened.js"></script>'));
};

/** What the panel says, or nothing where there is none. */
const panelText = (browser) =>
  browser.run(() => {
    const panel = document.querySelector("goalpost-overlay");
    if (!panel) return null;
    const texts = document.createTreeWalker(panel.shadowRoot, NodeFilter.SHOW_TEXT);
    const said = [];
    while (texts.nextNode()) said.push(texts.currentNode.nodeValue);
    return said.join("\n");
  });

const shows = async (browser, ...parts) => {
  let text;
  await until(async () => {
    text = (await panelText(browser)) ?? "";
    return parts.every((part) => text.includes(part));
  }, `the panel to show ${parts}`).catch((problem) => {
    problem.message += `; it shows ${text}`;
    throw problem;
  });
};

const picture = async (browser, name) => {
  const folder = join(root, "tests/e2e/shots");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.png`), await browser.screenshot(), "base64");
};

visit("the overlay tells what was seen, what counted and why not", {}, async ({ shop, browser }) => {
  open(shop);
  await browser.enter(shop.at("/shoes/nimbus/?goalpost=debug"));
  await shows(browser, "cloud-kicks", "arrived", "granted", "page /shoes/nimbus/", "shoe-viewed: matched, counts once_per_session");
  await play(browser, "video");
  await browser.click('form#buy label:has(input[name=size][value="26.0"])');
  await browser.click("#add-to-cart");
  await shows(browser, "rain-or-trail: a condition does not hold", "shoe-in-bag: matched", "watch-video: matched");
  await browser.flush();
  await shows(browser, "nothing", ": took ");
  await picture(browser, "overlay");
  await browser.driver.actions().sendKeys("\uE00C").perform();
  assert.equal(await panelText(browser), null, "Escape closes it");
  assert.equal(await browser.run(() => window.panelMode), "closed");

  await browser.run(() => window.goalpost("overlay"));
  await shows(browser, "page /shoes/nimbus/");
  await browser.run(() => document.querySelector("goalpost-overlay").click());
  await browser.driver.actions().sendKeys("\uE00C").perform();
  await shop.converted("shoe-in-bag", 1);
  await shop.observed(0, "body LIKE '%goalpost-overlay%'");
  const problems = (await browser.console()).filter(({ level }) => level === "SEVERE");
  assert.deepEqual(problems.filter(({ message }) => !message.includes("favicon")), []);
});

visit("under the strictest policy it is there, and tells that consent is awaited", {}, async ({ shop, browser }) => {
  const page = '<!doctype html><title>Strict</title><script src="/opened.js"></script><script src="/_g/gp.js" data-site="cloud-kicks"></script><p>Shoes';
  open(shop);
  shop.wire.serve("/strict/", page, { "content-security-policy": STRICT });
  await browser.go(shop.at("/strict/?goalpost=debug"));
  await shows(browser, "unknown: all waits in memory", "none yet");
  await browser.run(() => window.goalpost("consent", "granted"));
  await shows(browser, "page /strict/", "path, selector, name, step or mark differs: size-guide, from-mail", ": took 1");
  await picture(browser, "overlay-strict");
  const problems = (await browser.console()).filter(({ level }) => level === "SEVERE");
  assert.deepEqual(problems.filter(({ message }) => !message.includes("favicon")), []);
});

visit("who does not ask for it never loads it", {}, async ({ shop, browser }) => {
  await browser.enter(shop.at("/"));
  const loaded = await browser.run(() => performance.getEntriesByType("resource").map(({ name }) => name));
  assert.deepEqual(loaded.filter((name) => name.includes("overlay")), []);
  await shop.observed(1);
});
