import type { Natives, PathElement, Properties } from "./host.js";
import { copyOf, newId, queryOf, textOf, withElements } from "./facts.js";

/** Something seen, in the wire's own words. */
export interface Seen {
  kind: string;
  host?: string;
  query?: Record<string, string>;
  title?: string;
  referrer?: string;
  elements?: PathElement[];
  name?: string;
  contact?: string;
  properties?: Properties;
  sent?: unknown;
}

/** Something seen, with what it keeps for ever. */
export interface Item extends Seen {
  id: string;
  k: number;
  time: number;
  path: string;
}

/** A call as the stub queues it: when, then what. */
export type QueuedCall = [time: number, ...args: unknown[]];

/** What the loader is told, and what its successor finds. */
export interface Loader {
  site: string;
  /** Where the edge's routes begin, without a slash at the end. */
  prefix: string;
  consent?: unknown;
  debug?: unknown;
  cookieless?: unknown;
  /** Content is to follow from what happens. */
  segments?: unknown;
  sdk: string;
  /** The page load's id. */
  page: string;
  natives: Pick<Natives, "fetch" | "setTimeout" | "sendBeacon">;
  /** Each thing, with what the wire must not carry: a page's URL, a click's target, who it is. */
  held: [item: Item, aside: unknown][];
  /** The place of the last thing that there was to hold; not all may have been. */
  count: number;
  /** Set by the successor: the loader is done, and passes calls on. */
  call?: (args: unknown[]) => unknown;
}

export type Settings = Pick<Loader, "site" | "prefix" | "consent" | "debug" | "cookieless" | "segments">;

declare const VERSION: string;

export const enum Bound {
  /** As many as may wait in the SDK. */
  Held = 2e3,
}

/**
 * Holds what happens until the SDK takes over, and sends it raw if the page ends before that.
 *
 * Returns what takes the page's calls.
 */
export const launch = (
  settings: Settings,
  load: (loader: Loader) => Promise<unknown>,
): ((call: QueuedCall) => unknown) => {
  const now = Date.now;
  const sendBeacon = navigator.sendBeacon;
  /** Where the browser says no for the visitor, nothing said later weakens it. */
  const refused =
    (navigator.globalPrivacyControl || (navigator.doNotTrack as never) > 0) && ("denied" as const);
  const loader: Loader = {
    ...settings,
    consent: refused || settings.consent,
    page: newId(now()),
    held: [],
    count: -1,
    sdk: VERSION,
    natives: { fetch, setTimeout, sendBeacon },
  };
  let booting: unknown;

  const hold = (seen: Seen, aside?: unknown, time = now()) => {
    if (loader.consent != "denied" && ++loader.count < Bound.Held) {
      loader.held.push([
        copyOf({ ...seen, id: newId(time), k: loader.count, time, path: location.pathname }),
        aside,
      ]);
    }
  };

  /** The visitor as this browser's tabs share it, or are to from now on; nothing if new, or where storage is refused. */
  const shared = (text?: string): string[] => {
    try {
      if (text) localStorage.gp = text;
      return localStorage.gp.split(" ");
    } catch {
      return [];
    }
  };

  /** Where consent is denied, the SDK only comes to remove what it once stored. */
  const boot = async () =>
    (loader.consent == "denied" && !shared()[0]) || (booting ||= load(loader));

  const answer = (consent: unknown) => {
    loader.consent = refused || consent;
    if (consent == "denied") loader.held = [];
    boot();
  };

  const take = ([time, ...args]: QueuedCall): unknown => {
    try {
      const [method, name, properties] = args as [string, never, Properties];
      return loader.call
        ? loader.call(args)
        : /^[it]/.test(method)
          ? hold(
              {
                // The edge knows which names are steps of a purchase.
                kind: method,
                name,
                properties,
                // Nobody is named in raw form before the name is hashed, which is the successor's work.
                sent: method < "t",
              },
              name,
              time,
            )
          : method == "consent"
            ? answer(name)
            : boot().then(() => loader.call?.(args));
    } catch {
      // The page must not notice.
    }
  };

  /** Sends what is held; the rest of it too, if there is more than fits. */
  const sendLast = () => {
    // Few enough to stay below the 64 KiB that a page may leave behind when it ends.
    const last = loader.held.filter(([item]) => !item.sent).slice(0, 30);
    if (last[0]) {
      const sent = now();
      const [known = newId(sent), before, active, pageLoads] = shared() as [string, string, never, never];
      // A session may pause for half an hour where no plan says otherwise.
      const session = sent - active < 18e5 ? before : newId(sent);
      // This page load comes after so many: -~ adds one to a number's text, and to nothing.
      const pageLoad = -~pageLoads % 65536;
      // This page may live on, and others are open: all must find the session that these items have.
      // A visitor of one letter is one whom the edge must still forget: that mark stays.
      const [visitor] =
        loader.cookieless == null ? shared(known[1] && [known, session, sent, pageLoad].join(" ")) : [];
      const items = last.map(([item]) => ({
        ...item,
        sent: 1,
        seq: pageLoad * 65536 + item.k,
      }));
      if (
        sendBeacon?.call(
          navigator,
          loader.prefix + "/c",
          textOf({ ...loader, v: 1, sent, form: "raw", held: 0, visitor, session, items }),
        )
      ) {
        last.map(([item]) => (item.sent = 1));
        sendLast();
      }
    }
  };

  const hear = (event: Event) => {
    if (loader.call) return;
    // auxclick, click and submit; in the alphabet, pagehide comes before visibilitychange.
    if (/ck|m/.test(event.type)) withElements(event, hold);
    else if (loader.consent == "granted" && (event.type < "q" || document.hidden)) sendLast();
  };

  hold(
    {
      kind: "page",
      host: location.hostname,
      query: queryOf(location.search),
      title: document.title,
      referrer: document.referrer.split("?")[0]!,
    },
    location.href,
  );
  "click auxclick pagehide submit visibilitychange".split(" ").map((type) =>
    addEventListener(type, hear, true),
  );
  // Safari cannot tell when it is idle.
  const later = (go: () => void) => setTimeout(go, 1e3);
  (window.requestIdleCallback || later)(boot as () => void, { timeout: 1e3 });
  return take;
};
