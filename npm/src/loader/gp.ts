import { launch, type QueuedCall, type Settings } from "./loader.js";

declare const ASSETS: string;
declare const INTEGRITY: string;

/** The one global. */
interface Global {
  (...args: unknown[]): unknown;
  /** Where the inline stub queues its calls; ours passes them on. */
  q?: { push(call: QueuedCall): unknown };
}

declare const window: Window & { goalpost?: Global };

const script = document.currentScript as HTMLScriptElement;

const run = () => {
  try {
    // A second loader finds the first one's queue here, which has no such method, and ends.
    const early = (window.goalpost?.q as QueuedCall[] | undefined)?.splice(0);
    const take = launch(
      { prefix: script.src.split("/gp.js")[0], ...script.dataset } as unknown as Settings,
      (loader) => {
        const href = loader.prefix + ASSETS;
        // `import()` takes no hash, but takes a module that a link has loaded, or has failed to.
        document.head.append(
          Object.assign(document.createElement("link"), {
            href,
            rel: "modulepreload",
            integrity: INTEGRITY,
            nonce: script.nonce,
          }),
        );
        return import(href).then((sdk) => sdk.default(loader), () => {});
      },
    );
    early?.map(take);
    (window.goalpost = ((...args) => take([Date.now(), ...args])) as Global).q = { push: take };
  } catch {
    // The page must not notice.
  }
};

// A page that is only prepared may never be seen.
if (document.prerendering) document.addEventListener("prerenderingchange", run);
else run();
