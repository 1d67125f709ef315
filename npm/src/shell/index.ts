/**
 * The browser around the engine: it listens, carries out what the engine asks for, and decides
 * nothing. The loader calls `start` once the module is ready.
 */
import { restore, snapshot, tell as toEngine } from "goalpost-sdk";
import { contactOf, forgetting } from "../loader/facts.js";
import type { Host, Sdk } from "../loader/host.js";
import { listen, pageText } from "./listen.js";
import type { Trail } from "./overlay.js";
import * as storage from "./storage.js";
import { clip, elementText, fields, joined, properties, RECORD, records, split } from "./wire.js";

/** The longest wait for the disk before an urgent item leaves without it. */
const DISK_MS = 300;
/** Longer than this no item waits for the plan. */
const PLAN_MS = 5e3;
/** By then a page has mostly shown what a click does, and has its title. What we do before that, somebody waits for. */
const SHOWN_MS = 50;
/** An app that goes on changing its address does not put it off for ever. */
const PUT_OFF = 9;

/** What the engine is to be told, read when it is, and when that was. */
type Told = [text: () => string, time: number];

export const start = (host: Host): Sdk => {
  const { natives, collectUrl } = host;
  const now = Date.now;
  const refused = navigator.globalPrivacyControl || navigator.doNotTrack == "1";
  /** The address asks for the panel. */
  const isAsked = /[?&]goalpost=debug/.test(location.search);
  let debug = host.debug || isAsked;
  let { consent } = host;
  /** While debugging: what the engine was told and, after a `>`, what it asked for. */
  const trail: Trail = [];
  const note = (text: string) => debug && trail.length < 2e3 && trail.push([now(), text]);
  toEngine(now(), fields(host.site, host.sdk, host.form, host.page, host.consent, debug ? 1 : "", host.cookieless ? 1 : "", host.segments ? 1 : ""));
  /** The address brings what another host of the site hands over. */
  const crossing = /_gp=/.test(location.search) && import("./link.js").then(({ arrive }) => arrive(host, storage.record), () => {});
  const effects: string[] = [];
  const flushed: ((done?: unknown) => void)[] = [];
  /** Cuts off the request under way. */
  let request: AbortController | undefined;
  /** What began before the last withdrawal must not end after it. */
  let purges = 0;
  let waiting = false;
  /** A click or another page of an app, and what was seen right after it: the page comes first. */
  let later: Told[] = [];
  let shown: ReturnType<typeof setTimeout> | undefined;
  /** The engine, and what it was still to be told, as they were when the page was hidden, until that is carried out. */
  let before: [engine: ArrayBuffer, later: Told[]] | undefined;
  let ended = false;
  let wakeup = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Tells the engine what happened, then carries out what it answers. After a trap it does nothing. */
  const tell = (text: string, time = now(), known?: typeof before): void => {
    catchUp();
    if (ended) return;
    // Whatever else it is told, it is whole, and must not be put back.
    before = known;
    note(text);
    let answer: string;
    try {
      answer = toEngine(time, text);
    } catch (trap) {
      ended = true;
      throw trap;
    }
    const [due, ...asked] = answer.split(RECORD);
    // What waited for the disk must not leave after consent was withdrawn.
    if (asked.includes("p")) {
      effects.length = 0;
      waiting = false;
    }
    effects.push(...asked);
    for (const effect of asked) note(">" + effect);
    // Many things that are seen in a row leave it as it is; the one that has just come is over.
    if (text == "wakeup" || wakeup != +due!) {
      wakeup = +due!;
      natives.clearTimeout(timer);
      if (wakeup > 0) timer = natives.setTimeout(tell, wakeup - now(), "wakeup");
    }
    carryOut();
  };

  /** Tells the engine what was put off, each thing with its own time. */
  const catchUp = (): void => later.splice(0).forEach(([text, time]) => tell(text(), time));

  const carryOut = (): void => {
    while (!waiting && effects[0] != null) perform(effects.shift()!);
    if (!waiting && wakeup >= 0) for (const done of flushed.splice(0)) done();
  };

  const perform = (effect: string): void => {
    const text = effect.slice(1);
    switch (effect[0]) {
      case "o": {
        const open = (record?: string) => storage.locked(() => tell(joined("record", record || storage.record())));
        return crossing ? upheld(crossing.then((join) => join?.()), open) : open();
      }
      case "r":
        return storage.storeRecord(text);
      case "a":
        // visitor, session, last activity, page loads: only the third is this page's to change.
        return storage.storeRecord(storage.record().replace(/\d+(?= \d+$)/, (last) => (+last > +text ? last : text)));
      case "l":
        upheld(storage.load(), (items) => items[0] && tell(joined("stored", ...items)));
        return;
      case "k":
        storage.keep(split(text), false);
        return;
      case "K": {
        // A hidden page may have no later: nothing waits in it.
        waiting = document.visibilityState != "hidden";
        const go = () => {
          waiting = false;
          carryOut();
        };
        Promise.race([storage.keep(split(text), true), new Promise((done) => natives.setTimeout(done, DISK_MS))]).then(go);
        return;
      }
      case "d":
        storage.forget(split(text));
        return;
      case "p":
        purges++;
        host.segments?.forget();
        request?.abort();
        if (+storage.purge() | +!!request) forget();
        return;
      case "f":
        return post(text);
      case "w":
        if (/\//.test(text)) upheld(import("./link.js"), ({ leave }) => leave(host, text, shared));
        return lookOut(text.split("/")[0]!);
      case "c":
        return host.segments!.sealed(text);
      case "b":
        if (!natives.sendBeacon?.(collectUrl, text)) tell("unbeaconed");
        return;
      default:
        // Who is not debugging needs no words.
        upheld(import("./overlay.js"), ({ told }) => console.info("[goalpost]", told(text)));
    }
  };

  /** The record, where others may be told of it. */
  const shared = () => (consent == "granted" && !host.cookieless ? storage.record() : "");

  /** Goes on with what was waited for, unless consent was withdrawn meanwhile. */
  const upheld = <T>(work: Promise<T>, then: (done: T) => unknown): void => {
    const before = purges;
    work.then((done) => before == purges && then(done)).catch(() => {});
  };

  const send = (body: string, more: RequestInit): Promise<Response> =>
    natives.fetch(collectUrl, { method: "POST", body, headers: { "Content-Type": "text/plain" }, ...more });

  /** An answer that the edge did not sign is no success: a proxy's page is none. */
  const isSigned = ({ headers }: Response) => headers.get("X-Goalpost");

  /** Has the edge take its cookie away, and says nothing of anybody. If it fails, a later page tries again. */
  const forget = (): void =>
    upheld(
      send(forgetting(host.site), { keepalive: true }),
      (answer) => isSigned(answer) && answer.ok && storage.forgotten(),
    );

  const post = (body: string): void => {
    const own = (request = new AbortController());
    // A request that hangs must not hold back all that come after it.
    natives.setTimeout(() => own.abort(), 3e4);
    upheld(answered(send(body, { signal: own.signal })), tell);
  };

  /** What to tell the engine of an answer, or of none. */
  const answered = async (asked: Promise<Response>): Promise<string> => {
    let pause = 0;
    try {
      const answer = await asked;
      pause = +answer.headers.get("Retry-After")! * 1000 || 0;
      const { status } = answer;
      if (!isSigned(answer)) throw status;
      if (answer.ok) {
        const { results, visitor } = (await answer.json()) as { results: Record<string, string>; visitor?: string };
        const answers = Object.entries(results).flatMap(([id, result]) => [/retry|limited/.test(result) ? "again" : "settled", id]);
        return joined("answered", fields(visitor, ...answers));
      }
      if (status < 500 && status != 429) return "refused";
    } catch {
      // No network, or an answer that is none.
    }
    return fields("failed", pause);
  };

  const hidden = () => {
    // A browser may end the script of a page that closes, and yet tell the page once more that it does.
    if (before) {
      restore(before[0]);
      later.unshift(...before[1]);
    }
    const known = (before = [snapshot(), later]);
    later = [];
    try {
      for (const [text, time] of known[1]) tell(text(), time, known);
      // There may be no later: nothing waits any more.
      waiting = false;
      tell(joined("hidden", storage.record()), now(), known);
    } finally {
      // Also where the browser's beacon fails.
      storage.leave();
    }
    before = undefined;
  };

  const see = (kind: string, facts: string | (() => string), path = location.pathname, id = "", index = 0): void => {
    const isLate = typeof facts == "function";
    const text = () => joined("seen", fields(kind, id, index, clip(path)), isLate ? facts() : facts);
    if (later[0] || isLate || (kind == "click" && !id)) {
      if (later.push([text, now()]) < 2 || (isLate && later.length < PUT_OFF)) {
        natives.clearTimeout(shown);
        shown = natives.setTimeout(catchUp, SHOWN_MS);
      }
    } else tell(text());
  };

  for (const [{ kind, path, id, k, title, referrer, elements, name, contact, properties: given }, aside] of host.held) {
    const again = (facts: string, as = kind) => see(as, facts, path, id, k);
    if (kind == "page") again(pageText(aside as string, title!, referrer!));
    else if (elements) again(records(elements.map(elementText)));
    else if (kind != "identify") again(joined(fields(name), properties(given)), kind == "trigger" ? kind : "track");
    else if (contact) again(fields(contact));
  }
  if (host.overflow) tell(fields("overflow", host.overflow));
  const decide = (said: unknown, purposes: string[] = []): void => {
    tell(fields("consent", said, purposes));
    if (/^(granted|denied)$/.test(said as string)) consent = said as typeof consent;
    arrived();
  };
  // Before anything else hears of a page that comes back.
  storage.whenPurged(() => decide("denied"));

  const { lookOut, arrived } = listen({
    see,
    tell,
    hidden,
    natives,
    path: host.held.find(([{ kind }]) => kind == "page")?.[0].path,
    denied: () => consent == "denied",
  });
  // A request under way will tell by itself; without one, it is as if one had failed: nothing waits in memory alone.
  addEventListener("offline", () => wakeup < 0 || tell("failed"));

  const planned = (plan?: string) => tell(joined("plan", plan ?? ""));
  const patience = natives.setTimeout(planned, PLAN_MS);
  natives
    .fetch(host.planUrl)
    .then((answer) => (answer.ok ? answer.text() : ""))
    .catch(() => "")
    .then((plan) => {
      natives.clearTimeout(patience);
      planned(plan);
    });

  const overlay = () => {
    debug = true;
    tell(fields("debug", 1));
    import("./overlay.js").then(({ open }) => open(host, trail)).catch(() => {});
  };
  if (isAsked) overlay();

  return {
    call([method, name, given]) {
      switch (method) {
        case "track":
        case "trigger":
          return see(method, joined(fields(clip(name, 64)), properties(given)));
        case "identify":
          return upheld(contactOf(name), (contact) => contact && see(method, fields(contact)));
        case "consent": {
          // One word for everything, or Consent Mode's words for each purpose.
          const said = Object(name) as Record<string, unknown>;
          const granted = Object.keys(said).filter((purpose) => said[purpose] == "granted");
          return decide(refused ? "denied" : (said.analytics_storage ?? name), granted);
        }
        case "debug":
          debug = !!name;
          return tell(fields(method, name ? 1 : ""));
        case "overlay":
          return overlay();
        case "segments":
          return host.segments?.now();
        case "flush":
          return new Promise((done) => {
            // What this carries out must not end the wait for all of it.
            catchUp();
            flushed.push(done);
            tell(method);
          });
        default:
          upheld(import("./overlay.js"), ({ unknown }) => unknown(method));
      }
    },
  };
};
