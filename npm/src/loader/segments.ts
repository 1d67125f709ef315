/**
 * Shows and hides content by what the visitor has done: the edge tells which segments that makes, and
 * what the next conversion would make of them, so that this only looks things up.
 *
 * Nothing is hidden while it waits, and where the edge cannot be reached the page stays as its HTML
 * has it.
 */
import { isOn, textOf } from "./facts.js";
import type { Segments } from "./host.js";
import type { Loader } from "./loader.js";

/** An item with what the page says happened by it. */
type Sealed = [item: string, claims: string[]];

/** What the edge tells. */
interface Answer {
  segments?: string[];
  /** By definition, the segments once it has happened again; null where that cannot be foreseen. */
  next: Record<string, string[] | null>;
}

/** Letters of the items that a question carries: at most three bytes each, which the edge takes. */
const LETTERS = 20_000;

const CONTENT = "[data-goalpost-show],[data-goalpost-hide]";

export const follow = (loader: Loader): Segments => {
  const { site, sdk, page, prefix, natives } = loader;
  const happened = new Set<string>();
  /** As the page's HTML has it. */
  let hidden = new WeakMap<Element, boolean>();
  /** Once the edge has told. */
  let segments: string[] | undefined;
  let next: Answer["next"] = {};
  /** What happened since the last question. */
  let fresh: Sealed[] = [];
  /** What the questions before carried. It may not be stored yet, and counts once in any case. */
  let carried: string[] = [];
  let question: { answered: Promise<void>; abort: AbortController } | undefined;
  let hasAsked = false;
  let shown = "";

  const list = (): string[] => [...new Set([...(segments ?? []), ...happened])];

  const belongs = (ids: string | null): boolean =>
    !!ids?.split(/\s+/).some((id) => happened.has(id) || segments?.includes(id));

  const look = (elements: Iterable<Element> = document.querySelectorAll(CONTENT)): void => {
    for (const element of elements) {
      const [show, hide] = [element.getAttribute("data-goalpost-show"), element.getAttribute("data-goalpost-hide")];
      // As long as the edge has not told, only what is sure changes anything.
      if (!segments && !belongs(show) && !belongs(hide)) continue;
      if (!hidden.has(element)) hidden.set(element, element.hasAttribute("hidden"));
      element.toggleAttribute("hidden", belongs(hide) || (show != null && !belongs(show)));
    }
  };

  const observer = new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        // Not the whole page: it may change with every frame.
        if (node instanceof Element) look([node, ...node.querySelectorAll(CONTENT)].filter((one) => one.matches(CONTENT)));
      }
    }
  });

  const change = (): void => {
    look();
    // What a script adds later is content too.
    observer.observe(document, { childList: true, subtree: true });
    const now = list().join();
    if (now == shown) return;
    shown = now;
    document.dispatchEvent(new CustomEvent("goalpost:segments", { detail: list() }));
  };

  const ask = (): void => {
    hasAsked = true;
    // Nobody may be recognised.
    if (question || isOn(loader.cookieless)) return;
    carried.push(...fresh.splice(0).map(([item]) => item));
    while (carried.join().length > LETTERS) carried.shift();
    const header = textOf({ v: 1, site, sdk, page, sent: Date.now() }).slice(0, -1);
    const abort = new AbortController();
    const own = { abort, answered: Promise.resolve() };
    question = own;
    own.answered = natives.fetch
      .call(window, prefix + "/s", {
        method: "POST",
        body: `${header},"items":[${carried}]}`,
        headers: { "Content-Type": "text/plain" },
        signal: abort.signal,
      })
      .then((answer) => (answer.ok && answer.headers.get("X-Goalpost") ? (answer.json() as Promise<Answer>) : undefined))
      .catch(() => undefined)
      .then((answer) => {
        // Consent was withdrawn meanwhile.
        if (question != own) return;
        question = undefined;
        if (!answer?.segments) return;
        ({ segments, next } = answer);
        change();
        if (fresh[0]) settle();
      });
  };

  /** What follows from what happened since the last question. */
  const settle = (): void => {
    if (segments && !question) {
      fresh = fresh.filter(([, claims]) => claims.some((id) => id in next));
      const [one, ...more] = fresh.flatMap(([, claims]) => claims.filter((id) => id in next));
      if (!one) return;
      const foreseen = next[one];
      if (foreseen && !more[0]) {
        segments = foreseen;
        change();
      }
    }
    ask();
  };

  const { consent } = loader;
  if (((Object(consent) as { analytics_storage?: unknown }).analytics_storage ?? consent) == "granted") ask();

  return {
    sealed(item) {
      const { claims = [] } = JSON.parse(item) as { claims?: string[] };
      const before = happened.size;
      for (const id of claims) happened.add(id);
      if (happened.size > before) change();
      if (claims[0] && !isOn(loader.cookieless)) fresh.push([item, claims]);
      if (claims[0] || !hasAsked) settle();
    },
    forget() {
      question?.abort.abort();
      observer.disconnect();
      for (const element of document.querySelectorAll(CONTENT)) {
        const was = hidden.get(element);
        if (was != null) element.toggleAttribute("hidden", was);
      }
      hidden = new WeakMap();
      happened.clear();
      segments = question = undefined;
      next = {};
      fresh = [];
      carried = [];
      hasAsked = false;
      shown = "";
    },
    async now() {
      await question?.answered;
      return list();
    },
  };
};
