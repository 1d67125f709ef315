// What anybody sends in is text on the pages for people, wherever they show it.

import assert from "node:assert/strict";
import { PageLoad, post } from "../harness/beacon.mjs";
import { plan, visit } from "./shop.mjs";

/** Ways by which text became code in the pages of others. Each would call `ran`. */
const PAYLOADS = [
  "<script>ran(1)</script>",
  "<img src=x onerror=ran(2)>",
  "<svg/onload=ran(3)>",
  "\"><img src=x onerror='ran(4)'>",
  "'-ran(5)-'",
  "javascript:ran(6)",
  "</title><script>ran(7)</script>",
  "<iframe srcdoc='<script>parent.ran(8)</script>'></iframe>",
  "{{constructor.constructor('ran(9)')()}}",
  "<a href=javascript:ran(10)>x</a>",
  "=HYPERLINK(\"https://evil.test\",\"x\")",
  "\u202e<b>\u0000\u2028ran(11)</b>",
];

const names = { "product-purchase": "<img src=x onerror=ran(20)>", "watch-video": "<svg onload=ran(21)>" };
const named = (own) => (names[own.id] ? { ...own, name: names[own.id] } : own);
const hostile = {
  ...plan,
  since: "2020-01-01",
  outcomes: plan.outcomes.map(named),
  goals: plan.goals.map(named),
};

/** Notes what ran and what was stopped from running. */
const WATCH = `
  window.broken = [];
  window.ran = (what) => window.broken.push("ran " + what);
  window.alert = window.ran;
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    // Some browsers ask for an icon that no page has named.
    if (blockedURI !== location.origin + "/favicon.ico") window.broken.push(violatedDirective + " " + blockedURI);
  });`;

/** One visit that says a payload wherever it can say anything. */
async function arrive(worker, text, at) {
  const load = new PageLoad(plan.site);
  const short = [...text].slice(0, 40).join("");
  const properties = { order: `${short}${at}`, revenue: "100", currency: "JPY", product: short, note: text };
  const items = [
    load.view({
      host: "localhost",
      path: `/${text}`,
      title: text,
      referrer: `https://evil.test/${encodeURIComponent(text)}`,
      query: {
        utm_source: short, utm_medium: short, utm_campaign: short, utm_term: short, utm_content: short,
      },
    }),
    load.event(short, { [short]: text }),
    load.item({ kind: "media", step: "play", video: short }),
    load.item({ kind: "click", elements: [{ tag: short, id: short, classes: [short], text }] }),
    load.item({ kind: "commerce", name: "purchase", properties }),
    load.item({ kind: "trigger", name: short }),
    load.item({ kind: short }),
    load.item({ kind: "identify", contact: `customer:${short}` }),
  ];
  const response = await post(worker, load.beacon(items, { sdk: short, form: short, plan: short }));
  assert.equal(response.status, 200);
  const events = [
    { event: short, contact: { customer: short }, properties: { [short.slice(0, 20)]: text } },
    { commerce: "purchase", order: `s${at}${short}`, revenue: "5", currency: "JPY", contact: { customer: short } },
    { goal: short },
  ];
  const told = await worker.admin(`${plan.site}/events`, { method: "POST", body: JSON.stringify({ events }) });
  assert.equal(told.status, 200);
}

visit("what anybody sends in stays text on every page for people", { plan: hostile, disagreements: true }, async ({ shop, browser }) => {
  const { worker } = shop;
  for (const [at, text] of PAYLOADS.entries()) await arrive(worker, text, at);
  await worker.settle();
  assert.ok((await shop.value("SELECT count(*) FROM observations")) >= 4 * PAYLOADS.length);
  assert.ok((await shop.value("SELECT count(*) FROM quarantine")) >= PAYLOADS.length);
  // A file, for the pages allow no script within them.
  shop.wire.serve("/_g/watch.js", WATCH, { "content-type": "text/javascript" });
  shop.wire.changePages((html) => html.replace("<head>", '$&<script src="/_g/watch.js"></script>'));
  /** Nothing ran, nothing was stopped from running, and nothing that could run is there. */
  const inert = async (what) => {
    const found = await browser.run(() => {
      const own = new Set(["watch.js", "live.js", "reports.js"]);
      const scripts = [...document.scripts].filter(({ src }) => !own.has(src.split("/").pop()));
      const strange = [...document.querySelectorAll("img, svg, iframe, object, embed, b, base")];
      const links = [...document.querySelectorAll("a[href]")].filter((it) => !/^https?:$/.test(it.protocol));
      const handlers = [...document.querySelectorAll("*")].filter((it) =>
        [...it.attributes].some(({ name }) => name.startsWith("on")),
      );
      return [...window.broken, ...[...scripts, ...strange, ...links, ...handlers].map((it) => it.outerHTML)];
    });
    assert.deepEqual(found, [], what);
  };

  const address = `site=${shop.site}&token=${worker.token}`;
  await browser.go(shop.at(`/_g/live#${address}`));
  await browser.until(() => document.getElementById("state").dataset.well === "yes", "a live page");
  await browser.until(
    () => document.querySelectorAll("#observations li[data-id]").length >= 40,
    "the observations",
  );
  const live = await browser.run(() => document.body.textContent);
  for (const text of PAYLOADS.slice(0, 5)) assert.ok(live.includes(text), `${text} is shown as it is`);
  await inert("the live page");

  const { paths } = await (await fetch(`${worker.url}/api/v1/openapi.json`)).json();
  const reports = Object.entries(paths)
    .filter(([path]) => path.includes("/reports/"))
    .map(([path, { get }]) => ({ name: path.split("/").pop(), answers: get.responses["200"].content }));
  const files = reports.filter(({ answers }) => answers["text/csv"]).map(({ name }) => name);
  const tables = reports
    .filter(({ answers }) => answers["application/json"].schema.properties.columns)
    .map(({ name }) => name);
  assert.ok(tables.length >= 10, String(tables));
  let shown = "";
  for (const report of tables) {
    await browser.go("about:blank");
    await browser.go(shop.at(`/_g/reports#${address}&report=${report}`));
    await browser.until(
      () => document.body.dataset.shown !== undefined || document.getElementById("state").dataset.well === "no",
      `the report ${report}`,
    );
    assert.equal(await browser.run(() => document.getElementById("state").dataset.well), "yes", report);
    const menu = await browser.run(() => document.querySelectorAll("#reports a").length);
    assert.equal(menu, tables.length, "the menu has what is shown, and nothing else");
    shown += await browser.run(() => document.body.textContent);
    await inert(`the report ${report}`);
  }
  for (const name of Object.values(names)) assert.ok(shown.includes(name), `${name} is shown as it is`);

  // A table that is downloaded is no program either.
  for (const report of files) {
    const csv = await (await worker.admin(`${shop.site}/reports/${report}?format=csv`)).text();
    assert.doesNotMatch(csv, /(^|[,\n])"?[=+@\t]/, `${report} as CSV`);
  }
});
