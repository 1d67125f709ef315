/**
 * The browser around the engine: it listens, carries out what the engine asks for, and decides
 * nothing. The loader calls `start` once the module is ready.
 */
import { Sdk as Engine } from "goalpost-sdk";
import { clip, contactOf } from "../loader/facts.js";
import type { Host, Sdk } from "../loader/host.js";
import { listen, pageText } from "./listen.js";
import * as storage from "./storage.js";
import { elementText, fields, joined, properties, records, split } from "./wire.js";

/** The longest wait for the disk before an urgent item leaves without it. */
const DISK_MS = 300;
/** Longer than this no item waits for the plan. */
const PLAN_MS = 5e3;

export const start = (host: Host): Sdk => {
  const { natives, collectUrl } = host;
  const now = Date.now;
  const refused = navigator.globalPrivacyControl || navigator.doNotTrack == "1";
  const encoder = new TextEncoder();
  const engine = new Engine(now(), encoder.encode(fields(host.site, host.sdk, host.form, host.page, host.consent, host.debug ? 1 : "")));
  const effects: string[] = [];
  const flushed: ((done?: unknown) => void)[] = [];
  let waiting = false;
  let busy = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Tells the engine what happened, then carries out what it answers. After a trap it does nothing. */
  const tell = (text: string, bytes?: Uint8Array): void => {
    if (busy) return;
    busy = true;
    if (bytes) engine.plan(now(), bytes);
    else engine.handle(now(), encoder.encode(text));
    for (let effect; (effect = engine.poll()) != null; ) {
      // What waited for the disk must not leave after consent was withdrawn.
      if (effect == "p") effects.length = 0;
      effects.push(effect);
    }
    const due = engine.wakeup();
    busy = false;
    natives.clearTimeout(timer);
    if (due > 0) timer = natives.setTimeout(tell, due - now(), "wakeup");
    carryOut();
  };

  const carryOut = (): void => {
    while (!waiting && effects[0] != null) perform(effects.shift()!);
    if (!waiting && engine.wakeup() >= 0) for (const done of flushed.splice(0)) done();
  };

  const perform = (effect: string): void => {
    const text = effect.slice(1);
    switch (effect[0]) {
      case "o":
        return storage.locked(() => tell(joined("record", storage.record())));
      case "r":
        return storage.storeRecord(text);
      case "a":
        // visitor, session, last activity, page loads: only the third is this page's to change.
        return storage.storeRecord(storage.record().replace(/\d+(?= \d+$)/, (last) => (+last > +text ? last : text)));
      case "l":
        storage.load().then(
          (items) => items[0] && tell(joined("stored", ...items)),
          () => {},
        );
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
        return storage.purge();
      case "f":
        post(text);
        return;
      case "b":
        if (!natives.sendBeacon?.(collectUrl, text)) tell("unbeaconed");
        return;
      default:
        console.info("[goalpost]", text);
    }
  };

  /** An answer that the edge did not sign is no success: a proxy's page is none. */
  const post = async (body: string): Promise<void> => {
    let pause = 0;
    try {
      const answer = await natives.fetch(collectUrl, {
        method: "POST",
        body,
        headers: { "Content-Type": "text/plain" },
        // A request that hangs must not hold back all that come after it.
        signal: AbortSignal.timeout?.(3e4),
      });
      pause = +answer.headers.get("Retry-After")! * 1000 || 0;
      const { status } = answer;
      if (!answer.headers.get("X-Goalpost")) throw status;
      if (answer.ok) {
        const { results, visitor } = (await answer.json()) as { results: Record<string, string>; visitor?: string };
        const answers = Object.entries(results).flatMap(([id, result]) => [/retry|limited/.test(result) ? "again" : "settled", id]);
        return tell(joined("answered", fields(visitor, ...answers)));
      }
      if (status < 500 && status != 429) return tell("refused");
    } catch {
      // No network, or an answer that is none.
    }
    tell(fields("failed", pause));
  };

  const hidden = () => {
    // There may be no later: nothing waits any more.
    waiting = false;
    tell(joined("hidden", storage.record()));
  };

  const see = (kind: string, facts: string, path = location.pathname, id = "", index = 0) =>
    tell(joined("seen", fields(kind, id, index, clip(path)), facts));

  for (const one of host.held) {
    const { path, id, k } = one;
    if (one.kind == "page") {
      see("page", pageText(one.url, one.title || document.title, one.referrer), path, id, k);
    } else if (one.kind == "click") {
      see("click", records(one.elements.map(elementText)), path, id, k);
    } else {
      const [kind, name, given] = one.args as [string, string, Record<string, unknown>];
      if (kind != "identify") see(kind, joined(fields(name), properties(given)), path, id, k);
      else if (one.contact) see(kind, fields(one.contact), path, id, k);
    }
  }
  if (host.overflow) tell(fields("overflow", host.overflow));
  const hasPlan = listen({ see, tell, hidden, path: host.held.find(({ kind }) => kind == "page")?.path });

  const planned = (bytes: Uint8Array) => {
    tell("", bytes);
    hasPlan();
  };
  const none = new Uint8Array();
  const patience = natives.setTimeout(planned, PLAN_MS, none);
  natives
    .fetch(host.planUrl)
    .then(async (answer) => (answer.ok ? new Uint8Array(await answer.arrayBuffer()) : none))
    .catch(() => none)
    .then((bytes) => {
      natives.clearTimeout(patience);
      planned(bytes);
    });

  return {
    call([method, name, given]) {
      switch (method) {
        case "track":
        case "trigger":
          return see(method, joined(fields(clip(name, 64)), properties(given)));
        case "identify":
          contactOf(name).then(
            (contact) => contact && see(method, fields(contact)),
            () => {},
          );
          return;
        case "consent":
          return tell(fields(method, refused ? "denied" : name));
        case "debug":
          return tell(fields(method, name ? 1 : ""));
        case "flush":
          return new Promise((done) => {
            flushed.push(done);
            tell(method);
          });
        default:
          console.warn("[goalpost] no such call:", method, "(there are track, trigger, identify, consent, debug and flush)");
      }
    },
  };
};
