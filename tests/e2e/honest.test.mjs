// One visit that does everything a shop's plan can count, and what the database has of it.

import assert from "node:assert/strict";
import { buy, plan, play, until, visit } from "./shop.mjs";

/** Links of all kinds are clicked on one page, which would leave for the first of them. */
const noLinks = (browser) =>
  browser.run(() =>
    addEventListener("click", (event) => {
      if (event.target.closest("a")) event.preventDefault();
    }),
  );

visit("every kind of trigger fires in one visit, and page and edge agree", {}, async ({ shop, browser }) => {
  const enter = (path) => browser.enter(shop.at(path));
  await enter("/?utm_source=letter&utm_medium=email&utm_campaign=autumn&private=1");
  await noLinks(browser);
  await browser.click("a.call");
  await browser.click("footer a[href^='sms:']");
  await browser.click("footer a[href^='mailto:']");
  await browser.click("a#fit-report");
  await browser.click(".places a");
  await browser.click("a.cta");
  await browser.type("#newsletter-email", "aoi@shop.example");
  await browser.click("#newsletter button");
  await browser.until(() => !document.getElementById("newsletter-thanks").hidden, "the thanks");
  await shop.settled(browser);

  await enter("/shoes/nimbus/");
  await play(browser, "#nimbus-layers");
  await enter("/guides/sizes/");
  await browser.type("#foot", "25.4");
  await browser.click("#size-finder button");
  await browser.until(() => document.getElementById("size-result").textContent !== "", "a size");

  await enter("/fitting/");
  await browser.run(() => {
    document.getElementById("day").valueAsDate = new Date(Date.now() + 7 * 86_400_000);
  });
  await browser.type("#fitting #name", "Aoi Sato");
  await browser.type("#fitting #email", "aoi@shop.example");
  await browser.click("#fitting label:has(input[value=tokyo])");
  await browser.click("#book-fitting");
  await browser.until(() => !document.getElementById("fitting-thanks").hidden, "the thanks");

  await buy(shop, browser, { shoe: "drizzle", email: "aoi@shop.example", isPatient: true });
  await browser.flush();
  await browser.click("#cancel-order");
  await shop.settled(browser);

  const expected = {
    "product-purchase": 1,
    "marketing-lead": 1,
    "contact-acquired": 0,
    "watch-video": 1,
    "watch-each-video": 1,
    "video-half": 1,
    "video-end": 1,
    "call-us": 1,
    "text-us": 1,
    "write-to-us": 1,
    "fit-report": 1,
    "shop-map": 1,
    newsletter: 1,
    "demo-request": 1,
    "tokyo-fitting": 1,
    "size-guide": 1,
    "from-mail": 1,
    "shoe-viewed": 2,
    "shoe-in-bag": 1,
    "rain-or-trail": 1,
    "checkout-begun": 1,
    "order-cancelled": 1,
    "size-found": 1,
  };
  await shop.converted("order-cancelled", 1);
  const rows = await shop.rows("SELECT definition, count(*) AS n FROM conversions GROUP BY 1");
  const found = Object.fromEntries(rows.map(({ definition, n }) => [definition, n]));
  const { cta, ...others } = found;
  assert.deepEqual(others, Object.fromEntries(Object.entries(expected).filter(([, n]) => n > 0)));
  assert.ok(cta >= 1);

  const kinds = await shop.rows("SELECT DISTINCT kind FROM observations ORDER BY 1");
  assert.deepEqual(
    kinds.map(({ kind }) => kind),
    ["click", "commerce", "event", "identify", "media", "page", "submit", "trigger"],
  );
  const [lead] = await shop.conversions("marketing-lead");
  assert.deepEqual([lead.kind, lead.minor, lead.currency], ["outcome", 3_000, plan.currency]);
  const [purchase] = await shop.conversions("product-purchase");
  assert.deepEqual([purchase.minor, purchase.currency], [13_600, "USD"]);
  // A plan that is there decides in the page; nothing was only guessed.
  assert.deepEqual(await shop.rows("SELECT DISTINCT form, plan <> '' AS planned FROM observations"), [
    { form: "wasm", planned: 1 },
  ]);
  // Of the query only what the plan or a campaign asks for has left the page.
  const query = await shop.value("SELECT body ->> '$.query' FROM observations WHERE body LIKE '%utm_medium%'");
  assert.deepEqual(JSON.parse(query), {
    utm_source: "letter",
    utm_medium: "email",
    utm_campaign: "autumn",
  });
  assert.equal(await shop.value("SELECT count(DISTINCT session) FROM observations"), 1);
  assert.equal(await shop.value("SELECT count(DISTINCT visitor) FROM observations"), 1);
  const said = shop.wire.beacons().map(({ body }) => body).join("");
  assert.equal(/aoi@shop|Aoi Sato|5555/.test(said), false, "no address, name or number left the page");
});

visit("an id that no plan knows is kept, counted and shown", {}, async ({ shop, browser }) => {
  await browser.enter(shop.at("/?demo=unknown"));
  await shop.settled(browser);
  await shop.becomes(1, "SELECT count(*) FROM quarantine WHERE reason = 'unregistered'");
  const [held] = await shop.rows("SELECT detail, body FROM quarantine");
  assert.match(held.detail, /no-such-goal/);
  assert.equal(JSON.parse(held.body).name, "no-such-goal");

  const fates = await (await shop.worker.admin(`${shop.site}/reports/fates`)).json();
  const row = (fates.rows ?? fates.fates).find(({ reason }) => reason === "unregistered");
  assert.equal(row.fate, "quarantined");
  assert.equal(row.count, 1);
  const live = await (await shop.worker.admin(`${shop.site}/live`)).json();
  assert.equal(live.quarantined.length, 1);
  assert.equal(live.quarantined[0].reason, "unregistered");
  assert.equal(live.totals.quarantined, 1);
  assert.equal(live.totals.holds, true);
});

/** Keeps what the page writes to the console. */
const LISTEN = `<script>
  window.said = [];
  for (const level of ["debug", "info", "log", "warn", "error"]) console[level] = (...words) => said.push(words.join(" "));
</script>`;

visit("the page says in debug mode that it does not know an id", {}, async ({ shop, browser }) => {
  if (!browser.can("console")) shop.wire.changePages((html) => html.replace("<head>", `$&${LISTEN}`));
  const readConsole = () =>
    browser.can("console")
      ? browser.console().then((entries) => entries.map(({ message }) => message))
      : browser.run(() => window.said);
  await browser.enter(shop.at("/"));
  await browser.run(() => {
    window.goalpost("debug", true);
    window.goalpost("trigger", "no-such-goal");
  });
  const lines = await until(
    async () => {
      const said = await readConsole();
      return said.find((message) => message.includes("no-such-goal"));
    },
    "a line in the console",
  );
  assert.match(lines, /\[goalpost\]/);
  await shop.settled(browser);
});
