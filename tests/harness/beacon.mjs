// Beacons as the SDK writes them, for tests that speak to the edge without a browser.

import { randomBytes } from "node:crypto";

let made = 0;

/** A UUID of version 7; those of one millisecond are in the order of their making. */
export function uuid(time = Date.now()) {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(time, 0, 6);
  bytes.writeUInt16BE(0x7000 | (made & 0xfff), 6);
  made += 1;
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = bytes.toString("hex");
  return [8, 12, 16, 20].reduceRight((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, hex);
}

/** One page load of one visitor: it numbers what it sees, as a page does. */
export class PageLoad {
  constructor(site, options = {}) {
    this.site = site;
    this.page = uuid();
    this.visitor = options.visitor ?? uuid();
    this.session = options.session ?? uuid();
    this.seq = options.seq ?? 0;
  }

  /** An observation. */
  item(fields) {
    const item = {
      id: uuid(),
      seq: this.seq,
      path: "/shoes/",
      ...fields,
      page: this.page,
      session: this.session,
    };
    this.seq += 1;
    return item;
  }

  view(fields = {}) {
    return this.item({ kind: "page", host: "shop.example", title: "Shoes", ...fields });
  }

  event(name, properties = {}) {
    return this.item({ kind: "event", name, properties });
  }

  purchase(order, revenue, currency) {
    const properties = { order, revenue, ...(currency && { currency }) };
    return this.item({ kind: "commerce", name: "purchase", properties });
  }

  adds(product) {
    return this.item({ kind: "commerce", name: "add_to_cart", properties: { product } });
  }

  identify(contact) {
    return this.item({ kind: "identify", contact });
  }

  /** The envelope around items; text stands for itself. */
  beacon(items, fields = {}) {
    const header = {
      v: 1,
      site: this.site,
      sdk: "test",
      form: "wasm",
      plan: "",
      sent: Date.now(),
      page: this.page,
      visitor: this.visitor,
      ...fields,
    };
    const texts = items.map((it) => (typeof it === "string" ? it : JSON.stringify(it)));
    return `${JSON.stringify(header).slice(0, -1)},"items":[${texts.join(",")}]}`;
  }
}

/** What a browser says of itself with every beacon. */
export const browser = {
  "content-type": "text/plain;charset=UTF-8",
  origin: "https://shop.example",
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
};

/** Sends a body to the beacon's route. */
export function post(worker, body, headers = {}) {
  return fetch(`${worker.url}/_g/c`, {
    method: "POST",
    body,
    headers: { ...browser, ...headers },
  });
}

/** The plan that tests go by. */
export const plan = {
  site: "shop",
  timezone: "Asia/Tokyo",
  currency: "JPY",
  hosts: ["shop.example", "localhost"],
  outcomes: [
    {
      id: "product-purchase",
      name: "Purchase",
      group: "purchase",
      when: { commerce: "purchase" },
      count: "once_per_order",
      value: { property: "revenue" },
    },
  ],
  goals: [
    { id: "demo-request", name: "Demo asked for", when: { event: "demo_requested" }, points: 20 },
    {
      id: "watch-video",
      when: { media: "play" },
      count: "once_per_session",
      points: 5,
    },
    { id: "size-found", count: "once_per_session", points: 3 },
  ],
};
