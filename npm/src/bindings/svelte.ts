import type { EventName, EventProperties, Goalpost, Options, Properties } from "../api.js";
import { init, track } from "../index.js";
import { goalpost } from "./api.js";

/**
 * What SvelteKit calls once when the app begins, in `src/hooks.client.ts`:
 * `export const init = clientInit({ site: "your-site" })`. Page views are seen without a call.
 */
export const clientInit = (options: Options) => (): void => void init(options);

/** What an element tells when it is clicked, or when `on` happens to it. */
export type Tracked = {
  [Name in EventName]: { name: Name; on?: string } & ({} extends EventProperties<Name>
    ? { properties?: EventProperties<Name> }
    : { properties: EventProperties<Name> });
}[EventName];

/** The action: `<button use:tracked={{ name: "demo_requested" }}>`. */
export const tracked = (element: EventTarget, first: Tracked) => {
  let { name, properties, on = "click" } = first;
  const tell = () => (track as (name: string, properties?: Properties) => void)(name, properties);
  element.addEventListener(on, tell);
  return {
    update: (next: Tracked): void => {
      element.removeEventListener(on, tell);
      ({ name, properties, on = "click" } = next);
      element.addEventListener(on, tell);
    },
    destroy: (): void => element.removeEventListener(on, tell),
  };
};

/** Every function of the package. */
export const useGoalpost = (): Goalpost => goalpost;
