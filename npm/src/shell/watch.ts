/**
 * Looks out for what only some plans ask about: how far down a page somebody goes, how long they
 * stay, how much of a video they see, players of others, and forms that a script sends.
 */
import type { Natives } from "../loader/host.js";
import type { Hear, How, See, Step } from "./listen.js";

/** Tells that a page view begins, that the page is hidden or seen again, or that it is used. */
export type Look = (what: "view" | "leave" | "back" | "use") => void;

export interface Watched {
  /** What the plan asks about: see `Rules::watch_list`. */
  words: string;
  see: See;
  hear: Hear;
  /** Told the way outwards from a form. */
  submitted(path: EventTarget[]): void;
  /** Told what a video did. */
  played(video: string, step: Step, how: How): void;
  media(element: HTMLMediaElement, step: Step): void;
  natives: Natives;
}

/** So long after the last sign of use a visible page counts as used. */
const USED_MS = 30_000;
/** How often at most the place on the page is measured. */
const MEASURE_MS = 250;
/** How often at most a sign of use is noted. */
const NOTE_MS = 500;
/** A form's data is gathered so long at most before the page goes where it sends them. */
const SEND_MS = 1_000;
/** Players of others, which tell only who asks. */
const EMBED = /youtube(-nocookie)?\.com\/embed|player\.vimeo\.com/;

export const watch = (watched: Watched): Look => {
  const { words, see, hear, natives } = watched;
  /** The marks of one kind, each once and in rising order. */
  const asked = (kind: string) =>
    [...new Set(words.split(" ").filter((word) => word[0] == kind).map((word) => +word.slice(1)))].sort(
      (one, other) => one - other,
    );
  const measure = scrolls(asked("s"), see, hear, natives);
  const stay = dwells(asked("d"), see, hear, natives);
  const look: Look = (what) => {
    if (what == "leave" || what == "view") measure(what == "view");
    stay(what);
  };
  if (/f/.test(words)) forms(watched);
  if (/m|d/.test(words)) videos(watched, asked("m"), () => stay("use"));
  return look;
};

/** The share that has been played, in per cent; the browser counts what was seen twice once. */
const shareOf = ({ played, duration }: HTMLMediaElement): number => {
  let seconds = 0;
  for (let at = 0; at < played.length; at++) seconds += played.end(at) - played.start(at);
  return Math.min(100, Math.floor((seconds / duration) * 100)) || 0;
};

/** Tells each mark that a video reaches, once in each player; a video that plays is a sign of use. */
const videos = ({ words, hear, played, media, natives }: Watched, marks: number[], use: () => void): void => {
  /** The last mark of each video that a player has played. */
  const reached = new WeakMap<object, Map<string, number>>();
  const progressed = (player: object, video: string, share: number, tell: (mark: number) => void) => {
    use();
    const last = reached.get(player) ?? new Map<string, number>();
    reached.set(player, last);
    for (const mark of marks) {
      if (mark > (last.get(video) ?? 0) && mark <= share) {
        last.set(video, mark);
        tell(mark);
      }
    }
  };
  const look = (element: HTMLMediaElement) =>
    progressed(element, element.currentSrc, shareOf(element), (mark) => media(element, mark));
  hear(document, "timeupdate", (event: Event) => look(event.composedPath()[0] as HTMLMediaElement));
  document.querySelectorAll<HTMLMediaElement>("audio,video").forEach((element) => {
    if (element.played.length) look(element);
  });
  if (!/m/.test(words)) return;

  const adopt = (frame: HTMLIFrameElement) => {
    if (!EMBED.test(frame.src)) return;
    import("./embeds.js").then(
      ({ adopt: listen }) => listen({ frame, played, progressed, again: () => adopt(frame), hear, natives }),
      () => {},
    );
  };
  document.querySelectorAll("iframe").forEach(adopt);
  // One that comes later, or gets its address later, or another.
  hear(document, "load", (event: Event) => adopt(event.target as HTMLIFrameElement));
};

/** Gives what measures now, and begins anew for a new page view. */
const scrolls = (marks: number[], see: See, hear: Hear, { setTimeout, clearTimeout }: Natives) => {
  let path = location.pathname;
  let next = 0;
  /** Where the view began, or higher up: a router that leads up there, or a page that grows shorter, is read by nobody. */
  let top = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const measure = () => {
    timer = undefined;
    // Where nothing is left to reach, the page is not asked for its height.
    if (next == marks.length) return;
    const { scrollTop, scrollHeight, clientHeight } = document.scrollingElement ?? document.documentElement;
    // At the very end a browser may say that a part of a pixel is missing.
    const share = scrollTop > top ? ((scrollTop + 1) / (scrollHeight - clientHeight)) * 100 : 0;
    while (marks[next]! <= share) see("scroll", `${marks[next++]}`, path);
  };
  if (marks.length) {
    hear(document, "scroll", (event: Event) => {
      // What scrolls within the page is not the page.
      if (event.target == document && next < marks.length) {
        top = Math.min(top, scrollY);
        timer ??= setTimeout(measure, MEASURE_MS);
      }
    });
    measure();
  }
  return (isNew: boolean) => {
    clearTimeout(timer);
    // A new view's place is known once it is scrolled; what is measured now was the old one's.
    if (!isNew) return measure();
    timer = undefined;
    path = location.pathname;
    next = 0;
    if (marks.length) top = scrollY;
  };
};

/** Counts the time in which the page is visible and was used no longer ago than `USED_MS`. */
const dwells = (marks: number[], see: See, hear: Hear, { setTimeout, clearTimeout }: Natives): Look => {
  const now = () => performance.now();
  let path = location.pathname;
  let next = 0;
  let spent = 0;
  /** Up to when `spent` is known, and when the page was used last. */
  let since = now();
  let used = since;
  let visible = !document.hidden;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const count = () => {
    const at = now();
    if (visible) spent += Math.max(0, Math.min(at, used + USED_MS) - since);
    since = at;
    while (marks[next]! * 1e3 <= spent) see("dwell", `${marks[next++]}`, path);
    clearTimeout(timer);
    const isUsed = visible && at < used + USED_MS;
    if (isUsed && next < marks.length) timer = setTimeout(count, marks[next]! * 1e3 - spent);
  };

  const use = () => {
    const at = now();
    if (at < used + NOTE_MS) return;
    const isBack = at >= used + USED_MS;
    // The pause is over, and was none of the time.
    if (isBack) count();
    used = at;
    if (isBack) count();
  };

  const look: Look = (what) => {
    if (what == "use") return use();
    count();
    if (what == "view") {
      path = location.pathname;
      next = spent = 0;
    }
    visible = !document.hidden;
    used = since;
    count();
  };

  if (!marks.length) return () => {};
  hear(document, "pointerdown pointermove keydown wheel touchmove", (event: Event) => event.isTrusted && use());
  count();
  return look;
};

/**
 * `form.submit()` fires no `submit`. But its data are gathered, which a form tells, and then the
 * page goes where they are sent: both together are a form that a script has sent. The browser's
 * own functions stay as they are.
 */
const forms = ({ hear, submitted }: Watched): void => {
  const told = new WeakSet<EventTarget>();
  let gathered: { form: HTMLFormElement; path: EventTarget[]; time: number } | undefined;

  hear(document, "submit", (event: Event) => told.add(event.composedPath()[0]!));
  // A submit within a shadow root stays there; the click that leads to it does not.
  hear(document, "click", (event: Event) => {
    for (const root of event.composedPath()) {
      if (root instanceof ShadowRoot && !told.has(root)) {
        told.add(root);
        hear(root, "submit", (event: Event) => submitted(event.composedPath()));
      }
    }
  });
  hear(document, "formdata", (event: Event) => {
    const path = event.composedPath();
    const form = path[0] as HTMLFormElement;
    // What was told by its submit is not told again when a script carries it out.
    gathered = told.has(form) ? undefined : { form, path, time: event.timeStamp };
  });
  hear(window.navigation, "navigate", (event: Event & { formData?: unknown; destination: { url: string } }) => {
    if (!gathered) return;
    const { form, path, time } = gathered;
    gathered = undefined;
    // Fields may be called `action` and `method`, and hide the form's own; attributes they do not.
    const action = new URL(form.getAttribute("action") || location.href, document.baseURI);
    const to = new URL(event.destination.url);
    const isThere = to.origin == action.origin && to.pathname == action.pathname;
    const isSent = event.formData || (isThere && !/post/i.test(form.getAttribute("method") ?? ""));
    if (isSent && event.timeStamp < time + SEND_MS) {
      told.add(form);
      submitted(path);
    }
  });
};
