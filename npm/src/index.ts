import type { Decision, Details, Goalpost, Options, Track, Trigger } from "./api.js";
import { launch, type QueuedCall } from "./loader/loader.js";

export type * from "./api.js";
export type { Plan } from "./generated/plan.js";

/** Set for the CommonJS build, which cannot tell its bundler where `sdk.wasm` is: the edge has it. */
declare const WASM_AT_EDGE: string | undefined;

/** As many calls as wait for an `init` that may never come. */
const EARLY = 2_000;

/** A call that waits, and what is told of what comes of it. */
type Waiting = [call: QueuedCall, done: (answer: unknown) => void];

let early: Waiting[] = [];
let last: { options: Options; goalpost: Goalpost; take: (call: QueuedCall) => unknown } | undefined;

/** Where there is no page, as on a server, everything here does nothing. */
const hasPage = () => typeof document !== "undefined" && typeof window !== "undefined";

const send = (...args: unknown[]): unknown => {
  const call: QueuedCall = [Date.now(), ...args];
  if (last) return last.take(call);
  return hasPage() && early.length < EARLY ? new Promise((done) => early.push([call, done])) : undefined;
};

/** Where nobody asked for them, or there is no page, there are none. */
const segmentsOf = async (told: unknown): Promise<string[]> => ((await told) as string[] | undefined) ?? [];

const goalpostOf = (send: (...args: unknown[]) => unknown): Goalpost => ({
  track: (name, properties) => void send("track", name, properties),
  trigger: (definition, properties) => void send("trigger", definition, properties),
  identify: (details) => void send("identify", details),
  consent: (consent) => void send("consent", consent),
  flush: async () => void (await send("flush")),
  debug: (on = true) => void send("debug", on),
  overlay: () => void send("overlay"),
  segments: () => segmentsOf(send("segments")),
});

const whenSeen = (work: () => void) => {
  if (document.prerendering) document.addEventListener("prerenderingchange", work, { once: true });
  else work();
};

/**
 * Begins to track this page for a site. Calling it again for the same site changes nothing.
 *
 * The functions of this module speak to the site of the last `init`; what they were told before
 * the first one is not lost.
 */
export const init = (options: Options): Goalpost => {
  const { site, consent, debug, segments } = options;
  // As a snippet has it: the loader asks only whether it is there.
  const cookieless = options.cookieless || undefined;
  const prefix = (options.prefix ?? "/_g").replace(/\/+$/, "");
  const wasm = options.wasmUrl ?? (WASM_AT_EDGE && prefix + WASM_AT_EDGE);
  if (!hasPage()) return goalpostOf(() => undefined);
  if (last?.options.site === site) return last.goalpost;

  const queue = early;
  let launched: ((call: QueuedCall) => unknown) | undefined;
  const take = (call: QueuedCall) => (launched ? launched(call) : new Promise((done) => queue.push([call, done])));
  const goalpost = goalpostOf((...args) => take([Date.now(), ...args]));
  last = { options, goalpost, take };
  early = [];
  whenSeen(() => {
    try {
      launched = launch(
        { site, prefix, consent, debug, cookieless, segments },
        (loader) =>
          import("./loader/take-over.js").then((sdk) => sdk.default(loader, wasm), () => {}),
      );
    } catch {
      // A browser without what even the loader needs goes without.
      launched = () => {};
    }
    for (const [call, done] of queue.splice(0)) done(launched(call));
  });
  return goalpost;
};

/** Something happened, of your own or of a shop's vocabulary. */
export const track: Track = (name, ...[properties]) => void send("track", name, properties);

/** This goal or outcome of the plan happened. */
export const trigger: Trigger = (definition, ...[properties]) =>
  void send("trigger", definition, properties);

/** This is who the visitor is. */
export const identify = (details: Details): void => void send("identify", details);

/** This is what the visitor allows. */
export const consent = (consent: Decision): void =>
  void send("consent", consent);

/** Sends what waits; fulfilled when it has been tried. */
export const flush = async (): Promise<void> => void (await send("flush"));

/** Tells in the console what happens. */
export const debug = (on = true): void => void send("debug", on);

/** Shows on the page what was seen, what counted and why not. */
export const overlay = (): void => void send("overlay");

/** The segments that the visitor belongs to, and what has happened on this page. */
export const segments = (): Promise<string[]> => segmentsOf(send("segments"));
