import { onAddress } from "../loader/address.js";
import { clip, describe } from "../loader/facts.js";
import { elementText, fields, joined, records } from "./wire.js";

/** Tells the engine what was seen: the kind, then what the kind needs. */
export type See = (kind: string, facts: string) => void;

export interface Page {
  see: See;
  tell(text: string): void;
  hidden(): void;
  /** The path of the last page view. */
  path: string | undefined;
}

/** How far outwards a click looks for what was meant. */
const ANCESTORS = 32;

const elementsText = (path: EventTarget[]): string =>
  records(
    path
      .filter((node): node is Element => "localName" in node)
      .slice(0, ANCESTORS)
      .map((element) => elementText(describe(element))),
  );

/** A page view; an address that is none says nothing. */
export const pageText = (url: string, title: string, referrer: string): string => {
  const { hostname, searchParams } = new URL(url);
  return fields(
    hostname,
    clip(title),
    clip(referrer.replace(/[?#].*/, "")),
    ...[...searchParams].slice(0, 32).flatMap(([key, value]) => [clip(key, 64), clip(value)]),
  );
};

/** A video's own name: stable over visits, unlike its place on the page. */
const videoName = (media: HTMLMediaElement): string =>
  clip(media.id || media.currentSrc.replace(/[?#].*/, "").replace(/.*\//, ""));

/** The share that has been played, in per cent; the browser counts what was seen twice once. */
const played = ({ played: ranges, duration }: HTMLMediaElement): number => {
  let seconds = 0;
  for (let at = 0; at < ranges.length; at++) seconds += ranges.end(at) - ranges.start(at);
  return Math.min(100, Math.floor((seconds / duration) * 100)) || 0;
};

/**
 * Hears what the page does, in the capture phase, and never interferes with it.
 *
 * Call what it returns once the plan is there: only the plan knows which share of a video counts.
 */
export const listen = ({ see, tell, hidden, path }: Page): (() => void) => {
  const reached = new WeakMap<EventTarget, number>();
  let hasPlan = false;

  const quietly =
    <Given extends unknown[]>(work: (...given: Given) => void) =>
    (...given: Given): void => {
      try {
        work(...given);
      } catch {
        // The page must not notice.
      }
    };

  const hear = (target: EventTarget, types: string, work: (event: Event) => void) => {
    for (const type of types.split(" ")) {
      target.addEventListener(type, quietly(work), { capture: true, passive: true });
    }
  };

  const view = (referrer: string) => see("page", pageText(location.href, document.title, referrer));

  const navigated = quietly(() => {
    const from = location.origin + path;
    if (path != location.pathname) {
      path = location.pathname;
      view(from);
    }
  });

  hear(document, "click auxclick", (event) => {
    // The right button opens a menu; a script's click is nobody's.
    if (event.isTrusted && (event as MouseEvent).button < 2) see("click", elementsText(event.composedPath()));
  });
  hear(document, "submit", (event) => see("submit", elementsText(event.composedPath())));
  const stepped = (media: HTMLMediaElement, step: string) => see("media", fields(videoName(media), step));
  const progressed = (media: HTMLMediaElement) => {
    const from = reached.get(media) ?? 0;
    const to = played(media);
    if (hasPlan && to > from) {
      reached.set(media, to);
      tell(joined("played", fields(location.pathname, videoName(media), from, to)));
    }
  };
  hear(document, "play ended timeupdate", (event) => {
    const media = event.composedPath()[0] as HTMLMediaElement;
    if (event.type == "timeupdate") progressed(media);
    else stepped(media, event.type == "play" ? "play" : "complete");
  });
  const playedMedia = () =>
    [...document.querySelectorAll<HTMLMediaElement>("audio,video")].filter((media) => media.played.length);
  // What was played before we came counts as well.
  for (const media of playedMedia()) {
    stepped(media, "play");
    if (media.ended) stepped(media, "complete");
  }
  hear(document, "visibilitychange", () => (document.visibilityState == "hidden" ? hidden() : tell("back")));
  // Where a page is left without being hidden first; what was beaconed already is the same items.
  hear(window, "pagehide", hidden);
  hear(window, "online", () => tell("back"));
  hear(window, "pageshow", (event) => {
    if ((event as PageTransitionEvent).persisted) {
      tell("back");
      view("");
    }
  });
  onAddress(navigated);
  // The page may have moved on before we came.
  navigated();

  return () => {
    hasPlan = true;
    playedMedia().forEach(progressed);
  };
};
