// A month of a shoe shop: 2,000 shoppers, where they came from, what they did, what it cost.
//
// It is made up, and it is the same for one seed and one last day. Nothing here knows how Goalpost
// counts: `truth` is what happened, for reports to be held against.

import { Random } from "./random.mjs";

const MINUTE = 60_000;
const DAY = 86_400_000;
const DAYS = 28;

const PRICES = { nimbus: 14_800, alto: 19_800, cumulus: 13_200, stratus: 17_600, cirrus: 11_800, drizzle: 15_900 };
const SHOES = Object.keys(PRICES);

/** Ways to the shop: how often, on a first visit and on a later one, and how the page sees it. */
const WAYS = [
  { first: 30, later: 12, buys: 5, channel: "Organic Search", referrer: () => "https://www.google.com/" },
  { first: 14, later: 34, buys: 8, channel: "Direct" },
  {
    first: 16, later: 6, buys: 6, channel: "Paid Search", referrer: () => "https://www.google.com/",
    query: { utm_source: "google", utm_medium: "cpc", utm_campaign: "autumn-shoes", gclid: "demo" },
  },
  { first: 11, later: 5, buys: 2, channel: "Organic Social", referrer: (random) => random.of(["https://www.instagram.com/", "https://www.facebook.com/"]) },
  {
    first: 9, later: 3, buys: 3, channel: "Paid Social", referrer: () => "https://www.instagram.com/",
    query: { utm_source: "instagram", utm_medium: "paid_social", utm_campaign: "rain-or-trail" },
  },
  { first: 3, later: 30, buys: 11, channel: "Email", query: { utm_source: "newsletter", utm_medium: "email", utm_campaign: "new-in" } },
  { first: 7, later: 3, buys: 4, channel: "Referral", referrer: () => "https://trailnotes.example/reviews/stratus" },
  { first: 4, later: 2, buys: 9, channel: "Affiliates", query: { utm_source: "shoefinder", utm_medium: "affiliate", utm_campaign: "listing" } },
  { first: 4, later: 3, buys: 7, channel: "AI Assistant", referrer: () => "https://chatgpt.com/" },
  { first: 2, later: 2, buys: 2, channel: "Organic Video", referrer: () => "https://www.youtube.com/" },
];

/** What a day of a paid way costs in yen, about, and what a click of it costs. */
const COSTS = [
  { channel: "Paid Search", campaign: "autumn-shoes", day: 9_000, click: 60 },
  { channel: "Paid Social", campaign: "rain-or-trail", day: 5_500, click: 45 },
  { channel: "Affiliates", campaign: "listing", day: 1_800, click: 70 },
];

const COUNTRIES = [[70, "JP"], [12, "US"], [6, "TW"], [5, "GB"], [4, "DE"], [3, "AU"]];
const DEVICES = [[58, "mobile"], [36, "desktop"], [6, "tablet"]];

/**
 * The month that ends with the day before `end` (Unix milliseconds of a midnight of the shop).
 *
 * @param {{ seed?: number, end: number, shoppers?: number }} options
 */
export function month({ seed = 1, end, shoppers = 2_000 }) {
  const random = new Random(seed);
  const story = { visits: [], events: [], costs: [] };
  for (let number = 1; number <= shoppers; number += 1) shopper(number, random, end, story);
  costs(random, end, story);
  story.visits.sort((a, b) => a.time - b.time);
  story.events.sort((a, b) => a.time - b.time);
  return { ...story, truth: truth(story) };
}

function shopper(number, random, end, story) {
  const person = {
    number,
    customer: `C${String(number).padStart(5, "0")}`,
    country: random.weighted(COUNTRIES),
    device: random.weighted(DEVICES),
    visitor: undefined,
    pageLoads: 0,
    known: false,
  };
  const visits = random.weighted([[52, 1], [22, 2], [13, 3], [8, 4], [5, 6]]);
  let time = end - DAYS * DAY + random.below(DAYS * DAY);
  for (let at = 0; at < visits && time < end - 3 * 60 * MINUTE; at += 1) {
    visit(person, at, time, random, end, story);
    time += 4 * 60 * MINUTE + random.below(9 * DAY);
  }
}

function visit(person, at, start, random, end, story) {
  const way = random.weighted(WAYS.map((way) => [at === 0 ? way.first : way.later, way]));
  person.visitor ??= random.uuid(start);
  const visit = {
    visitor: person.visitor,
    session: random.uuid(start),
    time: start,
    channel: way.channel,
    country: person.country,
    device: person.device,
    items: [],
  };
  const walk = new Walk(visit, person, random);
  const shoe = random.of(SHOES);
  const arrival = { referrer: way.referrer?.(random) ?? "", query: way.query ?? {} };
  walk.page(random.weighted([[45, "/"], [25, "/shoes/"], [22, `/shoes/${shoe}/`], [8, "/guides/sizes/"]]), arrival);
  // Half of all first visits end where they began.
  if (!random.chance(at === 0 ? 48 : 28)) browse(walk, shoe, random);
  const interested = visit.items.length > 3;
  if (interested && random.chance(30)) {
    walk.commerce("add_to_cart", { product: shoe });
    if (random.chance(way.buys * 7)) buy(walk, person, shoe, random, end, story);
  } else if (interested && random.chance(4)) fitting(walk, person, random, end, story);
  story.visits.push(visit);
}

function browse(walk, shoe, random) {
  walk.page("/shoes/");
  for (let more = random.between(1, 3); more > 0; more -= 1) {
    const seen = more === 1 ? shoe : random.of(SHOES);
    walk.page(`/shoes/${seen}/`);
    walk.commerce("view_item", { product: seen });
    if (seen === "nimbus" && random.chance(40)) walk.item({ kind: "media", step: "play", video: "nimbus-walk" });
  }
  if (random.chance(15)) walk.page("/guides/sizes/");
}

function buy(walk, person, shoe, random, end, story) {
  walk.page("/cart/");
  walk.page("/checkout/");
  walk.commerce("begin_checkout", {});
  if (!random.chance(62)) return;
  const pairs = random.weighted([[85, 1], [15, 2]]);
  const amount = PRICES[shoe] * pairs;
  const order = `CK-${person.number}-${walk.visit.items.length}-${(walk.time / MINUTE) | 0}`;
  // Some browsers keep everything to themselves once it is about money: only the shop knows.
  const seen = !random.chance(4);
  if (seen) {
    walk.commerce("purchase", { order, revenue: String(amount), currency: "JPY" });
    walk.page("/thanks/");
    if (!person.known) walk.item({ kind: "identify", contact: `customer:${person.customer}` });
    person.known = true;
  }
  // A few orders are never paid: what the page claimed is never verified.
  if (seen && random.chance(3)) return;
  const contact = { customer: person.customer };
  const event = (fields, time) => {
    if (time < end) story.events.push({ ...fields, contact, time });
  };
  const paid = walk.time + random.between(1, 20) * MINUTE;
  event({ id: `${order}-paid`, commerce: "purchase", order, revenue: String(amount), currency: "JPY" }, paid);
  const shipped = paid + random.between(8, 30) * 60 * MINUTE;
  event({ id: `${order}-shipped`, outcome: "order-shipped", properties: { order } }, shipped);
  const delivered = shipped + random.between(20, 60) * 60 * MINUTE;
  event({ id: `${order}-delivered`, outcome: "order-delivered", properties: { order } }, delivered);
  if (random.chance(9)) {
    const back = delivered + random.between(1, 9) * DAY;
    const some = pairs === 2 ? { amount: String(PRICES[shoe]) } : {};
    event({ id: `${order}-back`, commerce: "refund", order, currency: "JPY", reason: "return", ...some }, back);
  }
}

/** A fitting in the shop: a lead on the page, a customer at the till. */
function fitting(walk, person, random, end, story) {
  walk.page("/fitting/");
  walk.item({ kind: "submit", elements: [{ tag: "form", id: "fitting", class: "form" }] });
  if (!person.known) walk.item({ kind: "identify", contact: `customer:${person.customer}` });
  person.known = true;
  const contact = { customer: person.customer };
  const call = walk.time + random.between(20, 70) * 60 * MINUTE;
  if (call < end) story.events.push({ id: `F${person.number}-${walk.time}-call`, outcome: "sales-lead", contact, time: call });
  const sold = call + random.between(1, 6) * DAY;
  if (sold < end && random.chance(45)) {
    story.events.push({ id: `F${person.number}-${walk.time}-sold`, outcome: "close-won", contact, time: sold });
  }
}

function costs(random, end, story) {
  for (let at = 0; at < DAYS; at += 1) {
    const time = end - (DAYS - at) * DAY;
    for (const { channel, campaign, day, click } of COSTS) {
      const amount = Math.round((day * random.between(80, 120)) / 100);
      const clicks = Math.round(amount / click);
      story.costs.push({ time, channel, campaign, amount: String(amount), clicks, impressions: clicks * random.between(25, 45) });
    }
  }
}

/** One shopper's way through one visit, as pages number and time it. */
class Walk {
  constructor(visit, person, random) {
    this.visit = visit;
    this.person = person;
    this.random = random;
    this.time = visit.time;
    this.path = "/";
  }

  page(path, arrival = { referrer: "", query: {} }) {
    this.person.pageLoads += 1;
    this.seq = this.person.pageLoads * 65_536;
    this.load = this.random.uuid(this.time);
    this.path = path;
    this.item({ kind: "page", host: "shop.example", title: "", ...arrival });
  }

  commerce(name, properties) {
    this.item({ kind: "commerce", name, properties });
  }

  item(fields) {
    const { visit, random } = this;
    visit.items.push({
      id: random.uuid(this.time), seq: this.seq, path: this.path, ...fields, page: this.load, session: visit.session,
    });
    this.seq += 1;
    this.time += random.between(4, 55) * 1_000;
  }
}

/** What happened, counted from the story itself. */
function truth({ visits, events, costs }) {
  const items = visits.flatMap((visit) => visit.items.map((item) => ({ ...item, visit })));
  const purchases = new Map();
  for (const { name, properties } of items.filter((it) => it.name === "purchase")) {
    purchases.set(properties.order, { claimed: Number(properties.revenue), verified: undefined, back: 0 });
  }
  for (const event of events) {
    if (event.commerce === "purchase") {
      purchases.set(event.order, { ...purchases.get(event.order), verified: Number(event.revenue), back: 0 });
    }
  }
  for (const event of events.filter((it) => it.commerce === "refund")) {
    const order = purchases.get(event.order);
    order.back = Math.min(order.verified, event.amount === undefined ? order.verified : Number(event.amount));
  }
  const orders = [...purchases.values()];
  const sum = (list) => list.reduce((total, amount) => total + amount, 0);
  const channels = {};
  for (const { channel } of visits) channels[channel] = (channels[channel] ?? 0) + 1;
  return {
    sessions: visits.length,
    visitors: new Set(visits.map((visit) => visit.visitor)).size,
    pages: items.filter((it) => it.kind === "page").length,
    bounces: visits.filter((visit) => visit.items.length === 1).length,
    channels,
    orders: orders.length,
    verified: sum(orders.map((order) => order.verified ?? 0)),
    claimed: sum(orders.map((order) => (order.verified === undefined ? order.claimed : 0))),
    refunded: sum(orders.map((order) => order.back)),
    voided: orders.filter((order) => order.verified !== undefined && order.back === order.verified).length,
    costs: sum(costs.map((cost) => Number(cost.amount))),
    plays: items.filter((it) => it.kind === "media").length,
  };
}
