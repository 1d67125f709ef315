// Writes corpus.json: a plan that uses everything, and what a visitor does under it.
//
//   node tests/corpus/generate.mjs
//
// Nothing here is random, so that the file changes only when this script does.

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const FIELD = "\x1f";
const RECORD = "\x1e";

const goal = (id, when, more = {}) => ({ id, when, points: 1, ...more });

const on = (property, test) => ({
  event: "test",
  and: [{ property, ...test }],
});

const plan = {
  site: "corpus",
  timezone: "Europe/Berlin",
  currency: "JPY",
  hosts: ["shop.example", "xn--caf-dma.example", "localhost"],
  session: { timeout: "30m" },
  groups: [{ id: "own", name: "Unsere „Ziele“ 🎯" }],
  outcomes: [
    { id: "product-purchase", when: { commerce: "purchase" }, count: "once_per_order", value: { property: "revenue" } },
    { id: "refunded", group: "own", when: { commerce: "refund" }, count: "once_per_order", value: { property: "revenue", currency: "USD" } },
    { id: "subscribed", group: "own", when: { event: "subscribed" }, count: "once_per_contact", value: { property: "fee", currency: "KWD" } },
    { id: "visited-shop", group: "own", when: { page: "/visit/:city" }, count: "once_per_day", dedup: "city", value: { fixed: "12.500", currency: "KWD" } },
    { id: "marketing-lead", when: { submit: "form#fitting" }, count: "once_per_contact", value: { fixed: "3000" } },
    { id: "close-lost", off: true },
    { id: "sales-lead", when: "server", value: { fixed: "8000" } },
    { id: "inert-outcome", group: "own", value: { property: "worth" } },
  ],
  goals: [
    goal("any-page", { page: "/*" }, { count: "once_per_session" }),
    goal("daily", { page: "*" }, { count: "once_per_day" }),
    goal("guide", { page: "/guides/:topic/", and: [{ property: "topic", is: "sizes" }] }),
    goal("guide-ja", { page: "/ja/:section/:name", any: [{ property: "name", is: "寸法" }, { property: "name", starts_with: "%E5" }] }),
    goal("from-mail", { page: "/*", query: { utm_medium: "email" } }, { count: "once_per_session" }),
    goal("campaign", { page: "/*", query: { utm_source: "letter", plan_key: "é" } }, { count: "once_per_session", dedup: "utm_campaign" }),
    goal("titled", { page: "/*", and: [{ property: "title", contains: "“" }] }),
    goal("referred", { page: "/*", and: [{ property: "referrer", starts_with: "https://" }, { property: "host", is: "shop.example" }] }),
    goal("tel", { click: { link: "tel" } }),
    goal("mailto", { click: { link: "mailto" } }),
    goal("sms", { click: { link: "sms" } }),
    goal("download", { click: { link: "download" } }),
    goal("outbound", { click: { link: "outbound" } }, { count: "once_per_day" }),
    goal("cta", { click: "a.cta, button.cta" }),
    goal("nested", { click: "main#shop .card a[data-kind^='shoe']" }, { count: "once_per_session", dedup: "data-kind" }),
    goal("by-attribute", { click: "[data-a$=z], [data-a*=mid], [data-a~=word], [data-b]" }),
    goal("submitted", { submit: "form[name='news letter'], form#newsletter" }, { count: "once_per_contact" }),
    goal("play", { media: "play" }, { count: "once_per_session" }),
    goal("play-each", { media: "play" }, { count: "once_per_session", dedup: "video" }),
    goal("half", { media: { progress: 50 } }, { count: "once_per_day", dedup: "video" }),
    goal("ten", { media: { progress: 10 }, and: [{ property: "video", ends_with: "🎬" }] }),
    goal("complete", { media: "complete" }),
    goal("scrolled", { scroll: 50 }, { count: "once_per_session" }),
    goal("read-guide", { scroll: 100, and: [{ property: "path", starts_with: "/guides/" }] }, { count: "once_per_day", dedup: "path" }),
    goal("dwelt", { dwell: "30s" }),
    goal("stayed", { any: [{ dwell: "5m" }, { scroll: 50 }] }, { count: "once_per_contact" }),
    goal("wanted", { media: "play", and: [{ property: "autoplay", exists: false }, { property: "loop", exists: false }] }),
    goal("is", on("text", { is: "yes" })),
    goal("is-not", on("text", { is_not: "yes" })),
    goal("contains", on("text", { contains: "靴" })),
    goal("not-contains", on("text", { not_contains: "靴" })),
    goal("starts-with", on("text", { starts_with: "\u0001" })),
    goal("ends-with", on("text", { ends_with: "\\" })),
    goal("one-of", on("text", { one_of: ["yes", "a\"b", "👟"] })),
    goal("none-of", on("text", { none_of: ["yes", "a\"b", "👟"] })),
    goal("less", on("number", { less: 10 })),
    goal("at-most", on("number", { at_most: "10.5" })),
    goal("greater", on("number", { greater: "-0.25" })),
    goal("at-least", on("number", { at_least: 1000000 })),
    goal("between", on("number", { between: [1, "2.50"] })),
    goal("exists", on("truth", { exists: true })),
    goal("exists-not", on("truth", { exists: false })),
    goal("truth", on("truth", { is: true })),
    goal("deep", {
      event: "test",
      and: [{ any: [{ and: [{ property: "text", is: "yes" }, { property: "number", greater: 5 }] }, { property: "text", is: "no" }] }],
    }),
    goal("either", { any: [{ event: "one" }, { event: "二" }, { click: "#either" }] }),
    goal("view-item", { commerce: "view_item" }, { count: "once_per_session", dedup: "product" }),
    goal("add-to-cart", { commerce: "add_to_cart" }),
    goal("begin-checkout", { commerce: "begin_checkout" }, { count: "once_per_session" }),
    goal("big-order", { commerce: "purchase", and: [{ property: "revenue", at_least: 100 }] }),
    { id: "inert", count: "once_per_session", points: 1_000_000 },
  ],
};

let count = 0;

/** An id of that time, as the page's loader makes them. */
const idOf = (time) => {
  const stamp = time.toString(16).padStart(12, "0");
  const rest = count.toString(16).padStart(12, "0");
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7000-8000-${rest}`;
};

const fields = (...texts) => texts.join(FIELD);
const records = (...lists) => lists.map((list) => list + RECORD).join("");

const properties = (object) =>
  Object.entries(object)
    .map(([name, value]) => {
      if (Array.isArray(value)) {
        return value.map((line) => records(fields(name, "[")) + properties(line) + records(fields("", "]"))).join("");
      }
      const type = { boolean: "b", number: "n" }[typeof value] ?? "t";
      const text = typeof value === "boolean" ? (value ? "1" : "") : String(value);
      return records(fields(name, type, text));
    })
    .join("");

const element = (tag, { id = "", class: names = "", ...attributes } = {}) =>
  fields(tag, id, names, ...Object.entries(attributes).flat());

const page = (path, { host = "shop.example", title = "", referrer = "", query = {} } = {}) => ({
  kind: "page",
  path,
  facts: fields(host, title, referrer, ...Object.entries(query).flat()),
});
const click = (...way) => ({ kind: "click", facts: records(...way.map((it) => element(...it))) });
const submit = (...way) => ({ kind: "submit", facts: records(...way.map((it) => element(...it))) });
const media = (video, step, given = {}) => ({ kind: "media", facts: fields(video, step, properties(given)) });
const scroll = (percent, path) => ({ kind: "scroll", path, facts: String(percent) });
const dwell = (seconds, path) => ({ kind: "dwell", path, facts: String(seconds) });
const track = (name, given = {}) => ({ kind: "track", facts: fields(name, properties(given)) });
const trigger = (id, given = {}) => ({ kind: "trigger", facts: fields(id, properties(given)) });
const identify = (contact) => ({ kind: "identify", facts: contact });

const AMOUNTS = [
  ["129.00", "USD"], ["0.00", "USD"], ["14800", "JPY"], ["14800.00", "JPY"], ["1.234", "KWD"],
  ["0.001", "KWD"], ["12.345", "USD"], ["14800.5", "JPY"], ["1.2345", "KWD"], ["", "USD"],
  ["abc", "USD"], ["1e5", "USD"], ["-5.00", "USD"], ["+5.00", "USD"], [" 5.00", "USD"],
  ["5.00 ", "USD"], ["1,290.00", "USD"], ["１２９", "JPY"], ["00129.00", "USD"], [".50", "USD"],
  ["5.", "USD"], ["99999999999999999999", "JPY"], ["90071992547409.91", "USD"], ["9007199254740993", "JPY"],
  ["129.00", "usd"], ["129.00", "XXZ"], ["129.00", ""], ["129.00", "円"], [129.5, "USD"], [14800, undefined],
];

const TEXTS = [
  "yes", "no", "", "靴", "新しい靴を買う", "👟", "👨‍👩‍👧‍👦 family", "a\"b", "back\\slash", "\\", "/slash/",
  "tab\there", "line\nfeed", "carriage\rreturn", "\u0000nul", "\u0001first", "\u0008\u000c", "del\u007f",
  "\u2028\u2029", "\ufeffbom", "é and é", "‮right to left", "<script>alert(1)</script>", "{\"json\":[1]}",
  "'single'", "`tick`", "%E9%9D%B4", "a".repeat(512), "あ".repeat(170), "x".repeat(513), "あ".repeat(3_000),
];

const NUMBERS = [0, 1, 2.5, 5, 9.99, 10, 10.5, 10.51, 1e6, -1, -0.25, "1.50", "1000000.000", "0x10", "1e3", "NaN", "∞", ""];

const NIGHT = Date.UTC(2026, 2, 28, 22, 40);
const hours = (n) => n * 3_600_000;

/** Each once as the loader sees it, and once as the engine does. */
const clicks = [
  click(["a", { href: "tel:+81-3-5555-0100" }]), click(["a", { href: "TEL:110" }]), click(["a", { href: "mailto:a@shop.example?subject=\"x\"" }]),
  click(["a", { href: "sms:+1" }]), click(["a", { href: "/fit.PDF" }]), click(["a", { href: "/x", download: "" }]),
  click(["a", { href: "https://other.example/靴" }]), click(["a", { href: "https://shop.example/x" }]), click(["a", { href: "//other.example" }]),
  click(["a", { href: "https://shop.example@evil.example/" }]), click(["a", { href: "javascript:void(0)" }]), click(["a", {}]), click(["a", { href: "" }]),
  click(["span"], ["a", { class: "big cta", href: "/" }]), click(["button", { class: "cta" }], ["form", { id: "buy" }]), click(["a", { class: "ctas", href: "/" }]),
  click(["a", { href: "/s", "data-kind": "shoe 🥾" }], ["div", { class: "card" }], ["main", { id: "shop" }]),
  click(["a", { href: "/s", "data-kind": "shoes" }], ["div"], ["div", { class: "a card b" }], ["main", { id: "shop" }]),
  click(["a", { href: "/s", "data-kind": "boot" }], ["div", { class: "card" }], ["main", { id: "shop" }]),
  click(["b", { "data-a": "xyz" }]), click(["b", { "data-a": "amidst" }]), click(["b", { "data-a": "a word b" }]), click(["b", { "data-a": "words" }]), click(["b", { "data-b": "" }]),
  click(["button", { id: "either" }]), click(["button", { id: "\"quoted\" \\ id", class: "クラス 👟", name: "\n" }]),
  click(["a", { href: `/${"x".repeat(3_000)}` }]), click(...Array.from({ length: 12 }, (_, n) => ["div", { id: `d${n}` }])), click(["p"]), click(),
  submit(["form", { id: "newsletter" }]), submit(["form", { name: "news letter" }], ["main", { id: "shop" }]), submit(["form", { id: "fitting" }]), submit(["form"]), submit(),
];

/** Visits, each a list of what is seen 700 ms apart; the gaps between them end sessions and days. */
const visits = [
  // Before midnight in Berlin, after it, and around the hour that the clocks skip.
  [NIGHT, [page("/visit/Berlin", { title: "Besuch" }), page("/visit/M%C3%BCnchen"), page("/visit/Berlin")]],
  [NIGHT + hours(0.7), [page("/visit/Berlin", { title: "Nach Mitternacht" })]],
  [NIGHT + hours(2.3), [page("/visit/Berlin"), page("/visit/Berlin/")]],
  [NIGHT + hours(23.4), [page("/visit/Berlin"), page("/")]],
  [NIGHT + hours(24.1), [page("/visit/Berlin"), page("/")]],
  [NIGHT + hours(30), [
    page("/guides/sizes/", { title: "Sizes “true”", referrer: "https://search.example/" }),
    page("/guides/sizes"), page("/guides/care/"), page("/guides/sizes/", { host: "xn--caf-dma.example" }),
    page("/ja/guides/寸法"), page("/ja/guides/%E5%AF%B8"), page("/ja/guides/a/b"), page(""), page("//"),
    page("/?x", { query: { utm_medium: "email", utm_source: "letter", plan_key: "é", secret: "1" } }),
    page("/", { query: { utm_source: "letter", plan_key: "e\u0301", utm_campaign: "秋" } }),
    page("/", { query: { gclid: "a\"b", fbclid: "", utm_campaign: "👟", utm_source: "letter", plan_key: "é" } }),
    page("/", { host: "evil.example", title: "\u0000", referrer: "android-app://x" }),
    page(`/${"a".repeat(511)}`), page(`/${"a".repeat(600)}`), page("/", { title: "長".repeat(171) }),
    page("/", { query: Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`utm_${n}`, String(n)])) }),
  ]],
  [NIGHT + hours(31), clicks],
  [NIGHT + hours(32), clicks],
  [NIGHT + hours(33), [
    media("walk", "play"), media("walk", "play"), media("layers", "play"), media("動画 🎬", "play"), media("", "play"), media("walk", "complete"),
    media("walk", "pause"), media("v".repeat(600), "play"),
    media("walk", 10), media("walk", 50), media("動画 🎬", 10), media("動画 🎬", 50), media("x", 0), media("x", "a"), media("x", -1), media("x", 256),
    media("hero", "play", { autoplay: true, loop: true }), media("hero", "play", { autoplay: true }), media("hero", "play", { loop: true }),
  ]],
  [NIGHT + hours(34), [
    page("/guides/sizes/"), scroll(50), scroll(100, "/guides/sizes/"), scroll(100, "/guides/sizes/"), scroll(100, "/guides/寸法/"), scroll(99), scroll(0), scroll("a"), scroll(300),
    dwell(30), dwell(300, "/guides/sizes/"), dwell(29), dwell(3_600), dwell(0), dwell(""), dwell("30s"),
  ]],
  [NIGHT + hours(35), TEXTS.map((text) => track("test", { text }))],
  [NIGHT + hours(36), NUMBERS.map((number) => track("test", { number }))],
  [NIGHT + hours(37), [
    track("test", { truth: true }), track("test", { truth: false }), track("test", { truth: "true" }), track("test", { text: "yes", number: 6 }),
    track("one"), track("二"), track("One"), track(""), track("n".repeat(64)), track("n".repeat(65)), track("イベント".repeat(20)),
    track("test", Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`p${n}`, n]))),
    track("test", { ["p".repeat(65)]: 1 }), track("test", { "": 1 }), track("test", { text: "yes", "text ": "no" }),
    track("subscribed", { fee: "1.250" }), track("subscribed", { fee: "1.25", currency: "USD" }), track("subscribed", {}),
    trigger("inert"), trigger("inert", { note: "靴" }), trigger("inert-outcome", { worth: "500" }), trigger("inert-outcome", { worth: "5.00" }), trigger("inert-outcome"),
    trigger("no-such-goal"), trigger("close-lost"), trigger("sales-lead"), trigger("play"), trigger(""), trigger("ゴール"), trigger("x".repeat(70)),
    identify(`email:${"0".repeat(64)}`), identify("customer:顧客-1"), identify("phone:"), identify("nobody"), identify(""), identify(`customer:${"9".repeat(200)}`),
  ]],
  [NIGHT + hours(40), [
    ...["view_item", "add_to_cart", "begin_checkout", "Product Viewed", "Product Added", "Checkout Started"].map((name) =>
      track(name, { product_id: "nimbus", value: "129.00", currency: "USD", items: [{ product_id: "nimbus", price: "129.00", quantity: 1 }] }),
    ),
    track("view_item", { sku: "雲-1" }), track("view_item", {}), track("view_item", { item_id: "a", product: "b" }),
    ...AMOUNTS.map(([revenue, currency], n) =>
      track(n % 2 ? "purchase" : "Order Completed", { order_id: `CK-${n}`, revenue, ...(currency === undefined ? {} : { currency }) }),
    ),
    track("purchase", { transaction_id: "CK-0", value: "1.00", currency: "USD" }), track("purchase", { order: "注文 №1", total: "980" }),
    track("purchase", { revenue: "10" }), track("purchase", { order_id: "", revenue: "10" }), track("purchase", { order_id: "o".repeat(300), revenue: "10" }),
    track("purchase", { order_id: "CK-many", revenue: "510", items: Array.from({ length: 51 }, (_, n) => ({ sku: `s${n}`, quantity: n })) }),
    track("purchase", { order_id: "CK-deep", revenue: "10", items: [{ sku: "a\"b", name: "靴 👟" }, {}], note: "after" }),
    track("refund", { order_id: "CK-0", revenue: "129.00" }), track("Order Refunded", { order_id: "CK-1", total: "1" }),
  ]],
  // Around the hour that Berlin has twice.
  [Date.UTC(2026, 3, 20, 10), [page("/")]],
  [Date.UTC(2026, 9, 24, 21, 59, 58), [page("/visit/Berlin"), page("/visit/Berlin"), page("/visit/Berlin"), page("/visit/Berlin")]],
  [Date.UTC(2026, 9, 25, 0, 30), [page("/visit/Berlin"), page("/visit/Berlin")]],
  [Date.UTC(2026, 9, 25, 1, 30), [page("/visit/Berlin")]],
  [Date.UTC(2026, 9, 25, 22, 59, 59), [page("/visit/Berlin"), page("/visit/Berlin"), page("/visit/Berlin")]],
];

const steps = [];
let index = 0;
let seen = 0;

/** As many were held by the loader, which gave them their ids; the engine sees the others itself. */
const HELD = 60;

const see = (now, one) => {
  count += 1;
  seen += 1;
  const own = index >= HELD;
  const path = one.path ?? "/shoes/雲/";
  steps.push({ now, text: fields("seen", one.kind, own ? "" : idOf(now), own ? 0 : index, path, one.facts) });
  index += 1;
};

const began = NIGHT - 1_000;
visits.forEach(([start, list], n) => {
  let now = start;
  for (const one of list) {
    see(now, one);
    now += 700;
    // The plan arrives late, in the middle of the first visit.
    if (n === 0 && one === list[0]) steps.push({ now, plan: true });
  }
  for (const _ of [1, 2, 3]) {
    steps.push({ now: now + 10, text: "flush" }, { now: now + 20, answer: true });
    now += 3_000;
  }
});
const end = Date.UTC(2026, 9, 25, 23, 10);
see(end, page("/visit/Berlin"));
steps.push({ now: end + 10, text: fields("failed", 5_000) });
see(end + 20, track("one"));
steps.push({ now: end + 100, text: fields("hidden", "") });

const settings = fields(plan.site, "0.1.0", "wasm", idOf(began), "granted", "1");

/** The corpus as it is written. */
export const text = `${JSON.stringify({ plan, settings, began, steps }, null, 1)}\n`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(new URL("corpus.json", import.meta.url), text);
  console.log(`${seen} things seen in ${steps.length} steps`);
}
