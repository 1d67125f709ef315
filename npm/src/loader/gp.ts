import { launch, type QueuedCall, type Settings } from "./loader.js";

declare const ASSETS: string;

/** The one global. */
interface Global {
  (...args: unknown[]): unknown;
  /** Where the inline stub queues its calls; ours passes them on. */
  q?: { push(call: QueuedCall): unknown };
}

declare const window: Window & { goalpost?: Global };

const { dataset, src } = document.currentScript as HTMLScriptElement;

const run = () => {
  try {
    // A second loader finds the first one's queue here, which has no such method, and ends.
    const early = (window.goalpost?.q as QueuedCall[] | undefined)?.splice(0);
    const settings = { prefix: src.split("/gp.js")[0], ...dataset } as unknown as Settings;
    const take = launch(
      settings,
      (loader) =>
        import(settings.prefix + ASSETS).then((sdk) => sdk.default(loader)).catch(() => {}),
      early,
    );
    (window.goalpost = ((...args) => take([Date.now(), ...args])) as Global).q = { push: take };
  } catch {
    // The page must not notice.
  }
};

// A page that is only prepared may never be seen.
if (document.prerendering) document.addEventListener("prerenderingchange", run);
else run();
