import { onAddress } from "../loader/address.js";
import { describe } from "../loader/facts.js";
import type { Natives } from "../loader/host.js";
import { clip, elementText, fields, joined, properties, records } from "./wire.js";
import type { Look } from "./watch.js";

/** Tells the engine what was seen: the kind, then what the kind needs; a function is asked for it a moment later. */
export type See = (kind: string, facts: string | (() => string), path?: string) => void;

/** Hears events in the capture phase, given as names with spaces between; what fails, fails silently. */
export type Hear = (target: EventTarget | undefined, types: string, work: (event: never) => void) => void;

/** How a video came to play, where that was not by somebody's hand. */
export interface How {
  /** By itself, and muted. */
  autoplay?: true | undefined;
  /** Again and again. */
  loop?: true | undefined;
}

/** What a video did: a step by its name, or a share in per cent that has been played by now. */
export type Step = string | number;

export interface Page {
  see: See;
  tell(text: string): void;
  hidden(): void;
  natives: Natives;
  /** The path of the last page view. */
  path: string | undefined;
  denied(): boolean;
}

/** What is done once more is known. */
export interface Listening {
  /** The plan is there, with its own list of what to look out for. */
  lookOut(words: string): void;
  /** There may be a page that has no view yet: consent was given or withdrawn. */
  arrived(): void;
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

/**
 * A video's own name: stable over visits, unlike its place on the page, and unlike the address of what a
 * script streams into it.
 */
const videoName = ({ id, currentSrc, poster }: HTMLVideoElement): string => {
  const source = [currentSrc, poster].find((url) => !/^(blob|data):/.test(url)) ?? "";
  return id || source.replace(/[?#].*/, "").replace(/.*\//, "");
};

/** Hears what the page does, in the capture phase, and never interferes with it. */
export const listen = ({ see, tell, hidden, natives, path, denied }: Page): Listening => {
  let look: Look | undefined;

  const quietly =
    <Given extends unknown[]>(work: (...given: Given) => void) =>
    (...given: Given): void => {
      try {
        work(...given);
      } catch {
        // The page must not notice.
      }
    };

  const hear: Hear = (target, types, work) => {
    for (const type of types.split(" ")) {
      target?.addEventListener(type, quietly(work) as EventListener, { capture: true, passive: true });
    }
  };

  const view = (referrer: string) => {
    const { href } = location;
    look?.("view");
    // An app gives its page a title after the address.
    see("page", () => pageText(href, document.title, referrer));
  };

  const arrived = quietly(() => {
    const from = path == null ? document.referrer : location.origin + path;
    // Whoever agrees later is on a page that nobody has seen yet.
    if (denied()) path = undefined;
    else if (path != location.pathname) {
      path = location.pathname;
      view(from);
    }
  });

  const submitted = (path: EventTarget[]) => see("submit", elementsText(path));
  hear(document, "click auxclick", (event: MouseEvent) => {
    // The right button opens a menu; a script's click is nobody's.
    if (event.isTrusted && event.button < 2) see("click", elementsText(event.composedPath()));
  });
  hear(document, "submit", (event: Event) => submitted(event.composedPath()));

  const played = (video: string, step: Step, how: How) =>
    see("media", joined(fields(clip(video), step), properties(how)));
  const media = (media: HTMLMediaElement, step: Step) =>
    played(videoName(media as HTMLVideoElement), step, {
      autoplay: (media.autoplay && media.muted) || undefined,
      loop: media.loop || undefined,
    });
  /** Those that were playing when we came: a browser may be late to tell of that. */
  const early = new WeakSet<HTMLMediaElement>();
  hear(document, "play pause ended emptied", (event: Event) => {
    const one = event.composedPath()[0] as HTMLMediaElement;
    const isTold = early.delete(one);
    if (event.type == "ended") media(one, "complete");
    if (event.type == "play" && !isTold) media(one, "play");
  });
  // What was played before we came counts as well.
  document.querySelectorAll<HTMLMediaElement>("audio,video").forEach((one) => {
    // It may have begun just now, and nothing of it been played yet.
    if (one.played.length || !one.paused) {
      media(one, "play");
      if (!one.paused) early.add(one);
    }
    if (one.ended) media(one, "complete");
  });
  hear(document, "visibilitychange", () => {
    if (document.visibilityState == "hidden") {
      look?.("leave");
      hidden();
    } else {
      look?.("back");
      tell("back");
    }
  });
  // Where a page is left without being hidden first; what was beaconed already is the same items.
  hear(window, "pagehide", hidden);
  hear(window, "online", () => tell("back"));
  hear(window, "pageshow", (event: PageTransitionEvent) => {
    if (event.persisted) {
      tell("back");
      view("");
    }
  });
  onAddress(arrived);
  // The page may have moved on before we came.
  arrived();

  const lookOut = (words: string) => {
    if (words) {
      import("./watch.js").then(
        ({ watch }) => (look = watch({ words, see, hear, submitted, played, media, natives })),
        () => {},
      );
    }
  };
  return { lookOut, arrived };
};
