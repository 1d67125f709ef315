import type { Consent, Host, Properties, Sdk } from "./host.js";
import { onAddress } from "./address.js";
import { contactOf } from "./contact.js";
import { copyOf, forgetting, newId, queryOf, textOf, withElements } from "./facts.js";
import { found, leave, settled } from "./left.js";
import { Presence } from "./presence.js";

/** The same bounds as the edge's own. */
const WAITING = 2_000;
const BEACON_ITEMS = 500;
const ITEM_BYTES = 16_384;
const ORDER_LINES = 50;
/** A beacon may have 60,000 bytes; the rest is for its header. */
const ITEMS_BYTES = 59_000;

const SOON_MS = 1_000;
const LATEST_MS = 60_000;
const PATIENCE_MS = 30_000;
/** An app gives its page a title after the address; by then it mostly has one. */
const TITLED_MS = 50;

interface Item {
  id: string;
  seq: number;
  time: number;
  session?: string;
  [fact: string]: unknown;
}

/** What was seen, before it is an item. */
interface Seen {
  kind: string;
  [fact: string]: unknown;
}

/**
 * The SDK's place where its module does not arrive: everything is sent as it was seen, and the
 * edge, which has the plan, tells what it means.
 */
export const start = (host: Host): Sdk => new RawForm(host);

class RawForm implements Sdk {
  private consent: Consent;
  private readonly presence = new Presence();
  private waiting: Item[] = [];
  /** Of what an earlier page left, its text as that page sealed it. */
  private readonly texts = new Map<Item, string>();
  /** What a beacon of this departure has: a page that ends is left and hidden at once. */
  private beaconed: Item[] = [];
  /** What the edge may have, or another page. */
  private readonly tried = new WeakSet<Item>();
  private next = 0;
  private path: string | undefined;
  private referrer = document.referrer;
  private readonly dropped = { overflow: 0, consent: 0 };
  /** Cuts off the request under way. */
  private request: AbortController | undefined;
  private timer: unknown;
  private delay = SOON_MS;
  private sending: Promise<void> | undefined;
  private readonly encoder = new TextEncoder();

  constructor(private readonly host: Host) {
    this.consent = host.consent;
    this.restore();
    for (const held of host.held) this.adopt(held);
    this.dropped.overflow += host.overflow;
    this.next += host.overflow;
    this.look();
    // Before anything else hears of a page that comes back.
    this.presence.whenForgotten(() => this.consentTo("denied"));
    for (const type of ["click", "auxclick", "submit", "pageshow"]) {
      addEventListener(type, this.hear, true);
    }
    for (const type of ["pagehide", "visibilitychange"]) addEventListener(type, this.depart, true);
    onAddress(this.lookQuietly);
    this.sendSoon();
  }

  call([method, ...args]: unknown[]): unknown {
    const [name, properties] = args as [never, Properties];
    switch (method) {
      case "track":
      case "trigger":
        this.look();
        this.add({ kind: method, name, properties });
        return;
      case "identify":
        this.identify(name);
        return;
      case "consent":
        this.consentTo(name);
        return;
      case "flush":
        return this.send();
      case "segments":
        return this.host.segments?.now();
    }
    return;
  }

  private consentTo(said: unknown): void {
    const signal = navigator.globalPrivacyControl || navigator.doNotTrack === "1";
    const state = (Object(said) as Record<string, unknown>).analytics_storage ?? said;
    if (!/^(granted|denied)$/.test(state as string)) return;
    this.consent = signal ? "denied" : (state as Consent);
    if (this.consent === "denied") {
      // Only what certainly never reached the edge is known to be lost.
      this.dropped.consent += this.waiting.filter((item) => !this.tried.has(item)).length;
      this.waiting = [];
      // Whoever agrees later is on a page that nobody has seen yet.
      this.path = undefined;
      this.referrer = document.referrer;
      // What began before must not end after, and bring the cookie back.
      this.request?.abort();
      this.host.segments?.forget();
      found();
      settled();
      if (this.presence.forget() || this.request) this.forget();
    } else {
      // Nothing is known to have happened, but content may be asked for.
      this.host.segments?.sealed("{}");
      this.restore();
      this.look();
      this.stamp(0);
      this.sendSoon();
    }
  }

  /** Has the edge take its cookie away. It says nothing of anybody; a later page tries again. */
  private forget(): void {
    this.post(forgetting(this.host.site), { keepalive: true }).then(
      ({ ok, headers }) => headers.get("X-Goalpost") && ok && this.presence.forgotten(),
      () => {},
    );
  }

  private post(body: string, more: RequestInit): Promise<Response> {
    const headers = { "Content-Type": "text/plain" };
    return this.host.natives.fetch(this.host.collectUrl, { method: "POST", body, headers, ...more });
  }

  /** Whether anything may be kept in the browser. */
  private get keeps(): boolean {
    return this.consent === "granted" && !this.host.cookieless;
  }

  /** Takes up what an earlier page left. */
  private restore(): void {
    if (!this.keeps) return;
    for (const [id, text] of found()) {
      // Another page's items have their session and their place.
      if (this.waiting.length >= WAITING || this.waiting.some((item) => item.id === id)) continue;
      try {
        const item = { ...(JSON.parse(text) as Item), id };
        this.texts.set(item, text);
        this.tried.add(item);
        this.waiting.push(item);
      } catch {
        // Cut or changed by others, it is no item any more.
      }
    }
  }

  private text(item: Item): string {
    return this.texts.get(item) ?? textOf(item);
  }

  /** Takes over what the loader held, with the id, time and place that it gave. */
  private adopt([held, aside]: Host["held"][number]): void {
    const { kind, id, k, time, path, title, referrer, elements, name, contact, properties } = held;
    const own = { id, k, time, path };
    let item: Item | undefined;
    if (kind === "identify") {
      if (contact) item = this.add({ kind, contact, ...own });
    } else if (kind === "page") {
      this.path = path;
      this.referrer = aside as string;
      item = this.add({ ...pageOf(this.referrer, title!, referrer!), ...own });
    } else if (elements) {
      item = this.add({ kind, elements, ...own });
    } else {
      item = this.add({ kind: kind === "trigger" ? kind : "track", name, properties, ...own });
    }
    if (item && held.sent === 1) this.tried.add(item);
  }

  private add(seen: Seen & { k?: number; time?: number }): Item | undefined {
    if (this.consent === "denied") return undefined;
    const { k = this.next, time = Date.now(), ...facts } = seen;
    this.next = Math.max(this.next, k + 1);
    const { page } = this.host;
    const item: Item = { ...copyOf({ id: newId(time), page, path: location.pathname, ...facts }), seq: k, time };
    // One that no body has a place for would hold back all others.
    if (this.waiting.length >= WAITING || !this.shorten(item)) {
      this.dropped.overflow++;
      return undefined;
    }
    this.waiting.push(item);
    this.stamp(-1);
    this.sendSoon();
    return item;
  }

  /** Tells items whose they are, which nobody may know before the visitor has consented. */
  private stamp(from: number): void {
    if (!this.keeps) return;
    for (const item of this.waiting.slice(from)) {
      if (!item.session) this.presence.stamp(item, item.time);
    }
  }

  /** Takes lines from an order that has too many of them; says whether the edge then takes the item. */
  private shorten(item: Item): boolean {
    const lists = Object.values(Object(item.properties) as object).filter(Array.isArray);
    for (const list of lists) list.splice(ORDER_LINES);
    while (this.encoder.encode(textOf(item)).length > ITEM_BYTES) {
      const list = lists.find(({ length }) => length);
      if (!list) return false;
      list.pop();
    }
    return true;
  }

  private identify(details: unknown): void {
    if (this.host.cookieless) return;
    const time = Date.now();
    const own = { id: newId(time), time, path: location.pathname };
    contactOf(details).then(
      (contact) => contact && this.add({ kind: "identify", contact, ...own }),
      () => {
        // Outside a secure context nothing can be hashed, and nothing is sent unhashed.
      },
    );
  }

  /** Adds a page view if this is another page than when it was last looked at. */
  private look(again?: boolean): void {
    const { pathname, href } = location;
    if (this.consent === "denied" || (!again && pathname === this.path)) return;
    this.path = pathname;
    const view = this.add(pageOf(href, document.title, this.referrer));
    this.referrer = href;
    this.host.natives.setTimeout(() => {
      if (view && !this.tried.has(view) && pathname === location.pathname) view.title = document.title;
    }, TITLED_MS);
  }

  private readonly hear = (event: Event): void => {
    try {
      this.look(event.type === "pageshow" && (event as PageTransitionEvent).persisted);
      // A script's click is nobody's.
      if (/m/.test(event.type) || (/ck/.test(event.type) && event.isTrusted)) {
        withElements(event, (seen) => this.add({ ...seen }));
      }
    } catch {
      // The page must not notice.
    }
  };

  private readonly lookQuietly = (): void => {
    try {
      this.look();
    } catch {
      // The page must not notice.
    }
  };

  private readonly depart = (event: Event): void => {
    if (event.type === "visibilitychange" && !document.hidden) {
      // A beacon has no answer, so what it carried goes again.
      this.beaconed = [];
      this.sendSoon();
      return;
    }
    try {
      let rest = this.waiting.filter((item) => !this.beaconed.includes(item));
      while (this.consent === "granted" && rest.length) {
        const [body, taken] = this.beacon(rest);
        if (!this.host.natives.sendBeacon?.(this.host.collectUrl, body)) break;
        this.beaconed.push(...taken);
        rest = rest.slice(taken.length);
      }
    } catch {
      // Where the browser's beacon fails, the next page has it.
    }
    this.keep();
  };

  /** Leaves all that waits for the next page: a beacon has no answer, and without a network nothing was sent. */
  private keep(): void {
    if (!this.keeps) return;
    try {
      for (const item of this.waiting) this.tried.add(item);
      leave(this.waiting.map((item) => [item.id, this.text(item)]));
    } catch {
      // The page must not notice.
    }
  }

  private sendSoon(): void {
    if (this.consent !== "granted" || !this.waiting.length) return;
    this.timer ??= this.host.natives.setTimeout(() => {
      this.timer = undefined;
      void this.send();
    }, this.delay);
  }

  /** Sends all that waits, unless the edge cannot take it now. */
  private send(): Promise<void> {
    return (this.sending ??= this.deliver()
      .then(
        () => {
          this.delay = SOON_MS;
        },
        () => {
          this.delay = Math.min(this.delay * 2, LATEST_MS);
          // Without a network a page that crashes must not take a purchase with it.
          this.keep();
        },
      )
      .then(() => {
        this.sending = undefined;
        this.sendSoon();
      }));
  }

  private async deliver(): Promise<void> {
    while (this.consent === "granted" && this.waiting.length) {
      const [body, taken] = this.beacon(this.waiting);
      const own = (this.request = new AbortController());
      // A request that hangs must not hold back all that come after it.
      this.host.natives.setTimeout(() => own.abort(), PATIENCE_MS);
      // Chromium does not cut off what may outlive its page.
      const answer = await this.post(body, { signal: own.signal });
      const { ok, status, headers } = answer;
      // A proxy's page is an answer too, but not the edge's.
      if (!headers.get("X-Goalpost") || status > 499 || status === 429) throw status;
      if (!ok) {
        // Refused for good, and counted by the edge.
        this.settle(taken);
        continue;
      }
      const { results, visitor } = (await answer.json()) as Answer;
      const isOver = ({ id }: Item) => !/retry|limited/.test(resultOf(results, id));
      const over = taken.filter(isOver);
      if (visitor) this.presence.recognise(visitor);
      this.settle(over);
      if (over.length < taken.length) throw "the edge wants to be asked again";
    }
  }

  private settle(done: Item[]): void {
    this.waiting = this.waiting.filter((item) => !done.includes(item));
    if (!this.waiting.length) settled();
  }

  /** A beacon with as many of these items as it may carry. */
  private beacon(items: Item[]): [body: string, taken: Item[]] {
    const { site, sdk, form, page, cookieless } = this.host;
    const taken: Item[] = [];
    const texts: string[] = [];
    let bytes = 0;
    for (const item of items.slice(0, BEACON_ITEMS)) {
      const text = this.text(item);
      bytes += this.encoder.encode(text).length + 1;
      if (bytes > ITEMS_BYTES && taken.length) break;
      taken.push(item);
      this.tried.add(item);
      texts.push(text);
    }
    const header = textOf({
      v: 1,
      site,
      sdk,
      form,
      plan: "",
      sent: Date.now(),
      page,
      visitor: this.presence.visitor,
      cookieless: cookieless || undefined,
      // What was let go has a place on the page load too.
      captured: this.next,
    }).slice(0, -1);
    const { overflow, consent } = this.dropped;
    return [`${header},"dropped":{"overflow":${overflow},"consent":${consent}},"items":[${texts.join()}]}`, taken];
  }
}

/** What the edge says of a beacon: `ok`, `drop`, `retry` or `limited` for each item. */
interface Answer {
  results: Record<string, string>;
  visitor?: string;
}

/** The edge may write an id with hyphens or without. */
const resultOf = (results: Record<string, string>, id: string): string =>
  results[id] ?? results[id.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")] ?? "ok";

const pageOf = (url: string, title: string, referrer: string): Seen => ({
  kind: "page",
  host: location.hostname,
  title,
  referrer: referrer.split(/[?#]/)[0],
  query: queryOf(new URL(url).search),
});
