// Who is recognised, and what of a person never gets as far as the database.

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { cookie, NONE, record, traces } from "./recorder.mjs";
import { buy, noCalls, until, visit } from "./shop.mjs";

const hex = (id) => id.replaceAll("-", "").toUpperCase();

const inStorage = (browser) => browser.run(() => localStorage.getItem("gp")?.split(" ")[0]);

/** The visitor of the page view just seen, once storage and cookie agree about it. */
const settledVisitor = async (shop, browser, views) => {
  await browser.flush();
  await shop.observed(views, "kind = 'page'");
  const visitor = await shop.value(
    "SELECT hex(visitor) FROM observations WHERE kind = 'page' ORDER BY id DESC LIMIT 1",
  );
  await until(async () => {
    const [kept, jar] = [await inStorage(browser), await cookie(browser)];
    return kept && jar && hex(kept) === visitor && hex(jar) === visitor;
  }, "storage and cookie to name the visitor of the database");
  return visitor;
};

visit("whichever is lost of storage and cookie, the other brings the visitor back", {}, async ({ shop, browser }) => {
  await browser.enter(shop.at("/"));
  const first = await settledVisitor(shop, browser, 1);

  await browser.run(() => localStorage.removeItem("gp"));
  await browser.enter(shop.at("/shoes/"));
  assert.equal(await settledVisitor(shop, browser, 2), first, "without storage");

  await browser.driver.manage().deleteCookie("gp_visitor");
  await browser.enter(shop.at("/"));
  assert.equal(await settledVisitor(shop, browser, 3), first, "without the cookie");

  await browser.run(() => localStorage.removeItem("gp"));
  await browser.driver.manage().deleteCookie("gp_visitor");
  await browser.enter(shop.at("/shoes/"));
  assert.notEqual(await settledVisitor(shop, browser, 4), first, "without both");
});

visit("the cookie is the edge's alone", {}, async ({ shop, browser }) => {
  await browser.enter(shop.at("/"));
  await settledVisitor(shop, browser, 1);
  assert.equal(await browser.run(() => document.cookie), "");
  const cookies = await browser.driver.manage().getCookies();
  const { httpOnly, sameSite, path } = cookies.find(({ name }) => name === "gp_visitor");
  assert.deepEqual({ httpOnly, sameSite, path }, { httpOnly: true, sameSite: "Lax", path: "/" });
});

visit("where nobody may be recognised, nothing is kept and all is counted", {}, async ({ shop, browser }) => {
  shop.wire.changePages((html) => html.replace('data-consent="granted"', 'data-consent="granted" data-cookieless'));
  record(shop);
  await buy(shop, browser);
  await browser.run(() => window.goalpost("identify", { email: "aoi@shop.example", customer: "7" }));
  await browser.flush();
  await shop.converted("product-purchase", 1);
  await shop.converted("shoe-in-bag", 1);
  assert.deepEqual(await traces(browser), NONE);
  const kept = (await browser.run(() => window.recorded)).filter((what) => !what.startsWith("sent "));
  assert.deepEqual(kept, []);
  assert.deepEqual(await shop.rows("SELECT DISTINCT visitor, contact FROM observations"), [
    { visitor: null, contact: null },
  ]);
  assert.equal(await shop.value("SELECT count(*) FROM known_visitors"), 0);
  for (const { body } of shop.wire.beacons()) assert.equal(JSON.parse(body).visitor, undefined);
});

visit("a visitor of before is forgotten where nobody may be recognised", {}, async ({ shop, browser }) => {
  const pages = { attribute: "" };
  shop.wire.changePages((html) => html.replace("data-consent", `${pages.attribute} data-consent`));
  await browser.enter(shop.at("/"));
  await settledVisitor(shop, browser, 1);
  pages.attribute = "data-cookieless";
  await browser.enter(shop.at("/shoes/"));
  await shop.observed(2);
  let left;
  // A driver may hand an object's fields over in another order.
  await until(async () => isDeepStrictEqual((left = await traces(browser)), NONE), "everything to go").catch(() =>
    assert.deepEqual(left, NONE),
  );
  assert.equal(await shop.value("SELECT count(*) FROM observations WHERE visitor IS NULL"), 1);
});

/** What would name a person, and what must be found nowhere. */
const CANARIES = {
  email: "canary.aoi@mail.example",
  encoded: "canary.ben%40mail.example",
  phone: "+81 90 1111 2222",
  national: "090-3333-4444",
  card: "4111 1111 1111 1111",
  token: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl",
};
const PARTS = ["canary", "1111 2222", "3333-4444", "4111 1111", "eyJzdWIi", "typed-"];

/** Everything in the database as one text. */
const everything = async (shop) => {
  const tables = await shop.rows(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name <> 'plans'",
  );
  const texts = [];
  for (const { name } of tables) texts.push(JSON.stringify(await shop.rows(`SELECT * FROM "${name}"`)));
  return texts.join("\n");
};

visit("nothing that names a person is stored, and no form's value leaves the page", {}, async ({ shop, browser }) => {
  const { email, encoded, phone, national, card, token } = CANARIES;
  const page = (body) => `<!doctype html><html><head><title>Order of ${email}, ${phone}</title>
    <script async src="/_g/gp.js" data-site="${shop.site}" data-consent="granted"></script></head><body>${body}</body></html>`;
  const forms = `
    <a id="call" href="tel:${phone.replaceAll(" ", "")}">call</a>
    <a id="mail-${email}" class="mail" href="mailto:${email}?subject=x">mail</a>
    <form id="contact"><input name="typed" value="typed-1"><input type="email" name="email">
      <input type="password" name="password"><textarea name="message"></textarea>
      <select name="size"><option value="typed-2" selected>2</option></select>
      <button id="send">send</button></form>`;
  shop.wire.serve("/account/" + encoded + "/", page(forms));
  await browser.enter(shop.at(`/account/${encoded}/?email=${email}&utm_content=${email}`));
  await noCalls(browser);
  await browser.click("#call");
  await browser.click("a.mail");
  await browser.type("input[type=email]", "typed-canary@mail.example");
  await browser.type("input[type=password]", "typed-password");
  await browser.type("textarea", "typed-message");
  await browser.run(() => document.forms[0].addEventListener("submit", (event) => event.preventDefault()));
  await browser.run(() => document.forms[0].requestSubmit());
  await browser.run(
    (canaries) => {
      window.goalpost("track", "noted", { note: canaries.all, lines: [{ text: canaries.card }] });
      window.goalpost("identify", { customer: canaries.email });
      window.goalpost("track", "purchase", { order_id: "090-3333-0000", value: 5, currency: "JPY", who: canaries.national });
    },
    { email, national, card, all: [email, phone, national, card, token].join(" | ") },
  );
  await shop.settled(browser);
  await shop.observed(1, "body ->> 'name' = 'noted'");
  await shop.observed(1, "kind = 'submit'");
  await shop.converted("call-us", 1);
  const stored = await everything(shop);
  for (const part of PARTS) assert.ok(!stored.includes(part), `${part} is stored: ${around(stored, part)}`);
  assert.equal(await shop.value("SELECT order_number FROM observations WHERE order_number IS NOT NULL"), "090-3333-0000");
  assert.equal(
    await shop.value("SELECT body ->> '$.properties.note' FROM observations WHERE body ->> 'name' = 'noted'"),
    "[email] | [phone] | [phone] | [card] | [token]",
  );
  for (const { body } of shop.wire.beacons()) assert.ok(!body.includes("typed-"), body);
});

const around = (text, part) => text.slice(Math.max(0, text.indexOf(part) - 150), text.indexOf(part) + 50);
