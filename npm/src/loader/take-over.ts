import { use } from "goalpost-sdk";
import { start } from "../shell/index.js";
import { contactOf, isOn, newId } from "./facts.js";
import type { Consent, Host, Natives, Segments, Start } from "./host.js";
import { Bound, type Loader } from "./loader.js";

/** Longer than this nobody should wait for a module to arrive; the raw form needs none. */
const PATIENCE_MS = 10_000;
/** A network that has not brought one module by now may not take its type: the other is asked for too. */
const DOUBT_MS = 5_000;

/** What the edge serves as sdk.wasm; a bundler's copy is not checked. */
declare const WASM_INTEGRITY: string | undefined;

/** The smallest module there is: a header and nothing else. */
const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** Starts the SDK in the loader's place, in the best form that this browser and network have. */
export default async function takeOver(
  loader: Loader,
  wasm: string | URL = new URL("./sdk.wasm", import.meta.url),
): Promise<void> {
  const segments = isOn(loader.segments) ? import("./segments.js").then(({ follow }) => follow(loader), () => {}) : undefined;
  try {
    const [form, instance] = await first(loader, wasm);
    use(instance);
    await handOver(loader, start, form, await segments);
  } catch (reason) {
    if (isOn(loader.debug)) console.info("goalpost: the raw form runs, because of", reason);
    await import("./raw.js").then(async (raw) => handOver(loader, raw.start, "raw", await segments)).catch(() => {
      // Then the loader goes on: it holds what happens, and sends it as the page is left.
    });
  }
}

/** The form whose module is ready first, with its instance. */
const first = ({ natives }: Loader, wasm: string | URL): Promise<[Host["form"], { exports: WebAssembly.Exports }]> =>
  new Promise((ready, giveUp) => {
    const js = () => {
      import("./js-form.js").then((form) => ready(["js", form.instance()])).catch(giveUp);
    };
    setTimeout(giveUp, PATIENCE_MS, "modules that are too late");
    const doubt = setTimeout(js, DOUBT_MS);
    compiled(natives.fetch, wasm)
      .then((module) => ready(["wasm", new WebAssembly.Instance(module)]))
      .catch(js)
      .then(() => clearTimeout(doubt));
  });

/** Compiled from its bytes, not from the stream: the module is small, and no server's MIME type matters. */
const compiled = async (fetch: Natives["fetch"], wasm: string | URL): Promise<WebAssembly.Module> => {
  // Where a policy forbids WebAssembly, only making an instance tells so in every browser.
  new WebAssembly.Instance(new WebAssembly.Module(EMPTY_MODULE));
  const answer = await fetch.call(window, wasm, { integrity: WASM_INTEGRITY });
  return WebAssembly.compile(await answer.arrayBuffer());
};

/** Completes what was held so far: hashes who identified themselves; more may have done so meanwhile. */
const complete = async (loader: Loader): Promise<void> => {
  const { held, cookieless } = loader;
  for (const [item, aside] of held) {
    // The loader may have been faster than the title, or than the app that writes its own.
    if (item.kind === "page" && !item.sent && item.path === location.pathname) item.title = document.title;
    if (item.kind === "identify" && !isOn(cookieless)) {
      item.contact ??= await contactOf(aside).catch(() => undefined);
      // From now on it may leave with the last that is sent.
      if (item.contact) item.sent = 0;
    }
  }
  // A denial has let go of them, and there may be others since.
  if (held !== loader.held) await complete(loader);
};

/**
 * Gives what is held places without gaps, as far as no beacon has told of them: who turned out to be
 * nobody has none, nor has what a denial took back.
 *
 * Returns how many more things there were than could be held.
 */
const place = (loader: Loader): number => {
  const overflow = Math.max(0, loader.count + 1 - Bound.Held);
  loader.held = loader.held.filter(([item]) => item.kind !== "identify" || item.contact);
  const items = loader.held.map(([item]) => item);
  const told = Math.max(-1, ...items.filter(({ sent }) => sent === 1).map(({ k }) => k));
  // Where the page view is gone there was a denial. What was sent before that keeps its places on the page
  // load that it named, so that what comes now is of another.
  if (told < 0 && items[0]?.k !== 0) loader.page = newId(Date.now());
  let next = told + 1;
  for (const item of items) if (item.k > told) item.k = next++;
  if (!overflow) loader.count = next - 1;
  return overflow;
};

const handOver = async (loader: Loader, start: Start, form: Host["form"], segments: Segments | void): Promise<void> => {
  await complete(loader);
  const overflow = place(loader);
  const { site, prefix, sdk, page, debug, cookieless, consent, held, natives } = loader;
  const successor = start({
    site,
    prefix,
    sdk,
    form,
    consent: consentOf(consent),
    debug: isOn(debug),
    cookieless: isOn(cookieless),
    planUrl: `${prefix}/plan/${site}`,
    collectUrl: `${prefix}/c`,
    held,
    overflow,
    page,
    segments: segments || undefined,
    natives: {
      fetch: natives.fetch.bind(window),
      setTimeout: natives.setTimeout.bind(window),
      clearTimeout: clearTimeout.bind(window),
      // Some browsers are told to have none.
      sendBeacon: natives.sendBeacon?.bind(navigator),
    } as Host["natives"],
  });
  loader.call = (args) => successor.call(args);
  loader.held = [];
  // Denied, it may find what an earlier visit stored, and must not keep that either.
  if (consent !== "granted") successor.call(["consent", consent]);
  // The page's own consent management speaks from here on.
  if (/^(gcm|tcf)$/.test(consent as string)) {
    import("./consent.js")
      .then(({ follow }) => follow(consent, (said) => successor.call(["consent", said])))
      // Without it, nobody has said anything: what is seen stays in memory.
      .catch(() => {});
  }
};

const consentOf = (consent: unknown): Consent =>
  consent === "granted" || consent === "denied" ? consent : "unknown";
