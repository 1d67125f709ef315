import { use } from "goalpost-sdk";
import { start } from "../shell/index.js";
import { contactOf } from "./facts.js";
import type { Consent, Held, Host, Start } from "./host.js";
import { HELD, type Loader } from "./loader.js";

/** Longer than this nobody should wait for a module to arrive. */
const PATIENCE_MS = 10_000;

/** The smallest module there is: a header and nothing else. */
const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** Starts the SDK in the loader's place; where WebAssembly cannot run, the raw form. */
export default async function takeOver(
  loader: Loader,
  wasm: string | URL = new URL("./sdk.wasm", import.meta.url),
): Promise<void> {
  try {
    // Where a policy forbids WebAssembly, only making an instance tells so in every browser.
    new WebAssembly.Instance(new WebAssembly.Module(EMPTY_MODULE));
    use(new WebAssembly.Instance(await inTime(compiled(loader, wasm))));
    await handOver(loader, start);
  } catch (reason) {
    if (isOn(loader.debug)) console.info("goalpost: the raw form runs, because of", reason);
    await handOver(loader, (await import("./raw.js")).start);
  }
}

/** Compiled from its bytes, not from the stream: the module is small, and no server's MIME type matters. */
const compiled = async ({ natives }: Loader, wasm: string | URL): Promise<WebAssembly.Module> =>
  WebAssembly.compile(await (await natives.fetch.call(window, wasm)).arrayBuffer());

const inTime = <T>(work: Promise<T>): Promise<T> =>
  Promise.race([
    work,
    new Promise<never>((_, giveUp) => setTimeout(giveUp, PATIENCE_MS, "a module that is too late")),
  ]);

/** Hashes who identified themselves so far; more may have done so meanwhile. */
const hashContacts = async ({ held }: Loader): Promise<void> => {
  for (const [item, aside] of held) {
    if (item.kind === "identify") {
      item.contact ??= await contactOf(aside).catch(() => undefined);
      // From now on it may leave with the last that is sent.
      if (item.contact) item.sent = 0;
    }
  }
};

const handOver = async (loader: Loader, start: Start): Promise<void> => {
  await hashContacts(loader);
  const { site, prefix, sdk, page, debug, count, held, natives } = loader;
  const successor = start({
    site,
    prefix,
    sdk,
    form: "wasm",
    consent: consentOf(loader.consent),
    debug: isOn(debug),
    planUrl: `${prefix}/plan/${site}`,
    collectUrl: `${prefix}/c`,
    held: held.map(toHeld),
    overflow: Math.max(0, count + 1 - HELD),
    page,
    natives: {
      fetch: natives.fetch.bind(window),
      setTimeout: natives.setTimeout.bind(window),
      clearTimeout: clearTimeout.bind(window),
      sendBeacon: natives.sendBeacon.bind(navigator),
    } as Host["natives"],
  });
  loader.call = (args) => successor.call(args);
  loader.held = [];
  // It may find what an earlier visit stored, and must not keep that either.
  if (loader.consent === "denied") successor.call(["consent", "denied"]);
};

/** A snippet's attribute without a value says yes too. */
const isOn = (debug: unknown): boolean => debug != null && debug !== false && debug !== "false";

const consentOf = (consent: unknown): Consent =>
  consent === "granted" || consent === "denied" ? consent : "unknown";

const toHeld = ([item, aside]: Loader["held"][number]): Held => {
  const { id, k, time, path, kind, name, properties, elements } = item;
  const captured = { id, k, time, path, sent: !!item.sent };
  switch (kind) {
    case "page":
      return {
        ...captured,
        kind,
        url: aside as string,
        referrer: item.referrer ?? "",
        // The loader may have been faster than the title.
        title: item.title || (captured.sent ? "" : document.title),
      };
    case "click":
      return { ...captured, kind, target: aside as Element, elements: elements ?? [] };
    case "identify":
      return { ...captured, kind: "call", args: [kind, aside], contact: item.contact };
    default:
      return {
        ...captured,
        kind: "call",
        args: [kind === "trigger" ? kind : "track", name, properties],
      };
  }
};
