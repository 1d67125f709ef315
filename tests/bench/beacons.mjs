// Beacons as pages send them, and what the edge must answer.

import assert from "node:assert/strict";
import { PageLoad, browser, uuid } from "../harness/beacon.mjs";
import { post } from "./load.mjs";

/** Beacons as a shop's pages send them: mostly page views, with a play and an order among them. */
export function beacons(count, items) {
  return Array.from({ length: count }, () => {
    const load = new PageLoad("shop");
    const began = Date.now() - 60_000;
    const seen = Array.from({ length: items }, (_, at) => ({ ...observed(load, at), id: uuid(began + at) }));
    const { visitor } = load;
    return { items: seen, visitor, body: load.beacon(seen, { plan: "0f".repeat(16) }) };
  });
}

function observed(load, at) {
  if (at % 10 === 4) return load.item({ kind: "media", step: "play", video: "walk" });
  if (at === 13) return load.purchase(uuid(), "14800");
  if (at % 2 === 0) return load.view({ query: { utm_source: "mail" } });
  return load.event("looked_closer", { place: "gallery", sku: "CLOUD-7" });
}

/** What a browser sends of its own accord, cookie included. */
const headers = (visitor) => ({
  ...browser,
  accept: "*/*",
  "accept-language": "ja,en;q=0.8",
  "accept-encoding": "gzip, deflate, br, zstd",
  referer: "https://shop.example/shoes/cloud-7/",
  "sec-fetch-dest": "empty",
  "sec-fetch-mode": "cors",
  "sec-fetch-site": "same-origin",
  cookie: `theme=dark; gp_visitor=${visitor}; cart=4f1c`,
});

/** A beacon's request, to our Worker and its peers alike. */
export const request = (url, { body, visitor }) => post(url, "/_g/c", headers(visitor), body);

function expected({ items, visitor }) {
  const results = Object.fromEntries(items.map((item) => [item.id, "ok"]));
  return JSON.stringify({ results, visitor });
}

/** Every item must be taken. */
export function check(answers, sent) {
  for (const [at, answer] of answers.entries()) {
    assert.equal(answer.status, 200, `${answer.head}\n\n${answer.body}`);
    assert.equal(answer.body, expected(sent[at]));
  }
}
