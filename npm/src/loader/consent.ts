/** What each purpose is, in Consent Mode's words. */
type Said = Record<string, "granted" | "denied">;

type Tell = (said: Said) => void;

/** Passes on what the page's consent management says, from now on and from before. */
export const follow = (mode: unknown, tell: Tell): void => (mode === "gcm" ? consentMode : transparency)(tell);

/**
 * Google's Consent Mode, which is what the page writes to `dataLayer`.
 *
 * A default that denies is what holds until the visitor is asked: nothing is decided yet, and what is
 * seen waits in memory. The region is not known here. So a default that grants only in some region
 * says nothing, and where one denies in some region, the visitor may be there: no default grants then.
 *
 * Source: https://developers.google.com/tag-platform/security/guides/consent
 */
const consentMode = (tell: Tell): void => {
  const page = window as unknown as { dataLayer?: unknown[] };
  const layer = (page.dataLayer ??= []);
  const updates: Said = {};
  const defaults: Said = {};
  const regional = new Set<string>();
  let wasGranted = false;
  const note = (entry: unknown) => {
    const [command, step, states] = Array.from(Object(entry) as ArrayLike<unknown>);
    if (command !== "consent") return;
    const { region, ...purposes } = Object(states) as Said & { region?: unknown };
    for (const [purpose, state] of Object.entries(purposes)) {
      if (step === "update") updates[purpose] = state;
      else if (!region) defaults[purpose] = state;
      else if (state === "denied") regional.add(purpose);
    }
    return true;
  };
  const say = () => {
    try {
      const granted = Object.entries(defaults).filter(([purpose, state]) => state === "granted" && !regional.has(purpose));
      const said: Said = { ...Object.fromEntries(granted), ...updates };
      // A default that came too late takes back what an earlier one has granted.
      if (wasGranted) said.analytics_storage ??= "denied";
      wasGranted = said.analytics_storage === "granted";
      if (said.analytics_storage) tell(said);
    } catch {
      // The page must not notice.
    }
  };
  const hear = (entries: unknown[]) => {
    // What one script says belongs together, whichever it says first.
    if (entries.filter(note)[0]) queueMicrotask(say);
  };
  hear(layer);
  const { push } = layer;
  layer.push = (...entries) => {
    const length = push.apply(layer, entries);
    try {
      hear(entries);
    } catch {
      // The page must not notice.
    }
    return length;
  };
};

/** What a consent management platform tells of the visitor. */
interface Transparency {
  eventStatus?: string;
  gdprApplies?: boolean;
  purpose: Record<"consents" | "legitimateInterests", Record<number, boolean | undefined>>;
}

type Framework = (command: string, version: number, heard: (told: Transparency, ok: boolean) => void) => void;

/** How often, and how many times, the platform is looked for. */
const LOOK_MS = 250;
const LOOKS = 240;

/**
 * The Transparency and Consent Framework, version 2.2. No vendor is asked for, because none takes
 * part: the shop measures for itself.
 *
 * | purpose here | theirs |
 * | --- | --- |
 * | measuring | 1 (storage), by consent, and 8 (content performance) |
 * | `ad_storage` | 1 |
 * | `ad_user_data` | 1, and 7 (advertising performance) |
 * | `ad_personalization` | 1, 3 and 4 (profiles, and advertising by them), by consent |
 *
 * Source: https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework
 */
const transparency = (tell: Tell, looks = LOOKS): void => {
  const hear = (told: Transparency, ok: boolean) => {
    try {
      const { eventStatus, gdprApplies, purpose } = told;
      const isDecided = eventStatus === "tcloaded" || eventStatus === "useractioncomplete";
      if (!ok || !isDecided || gdprApplies === undefined) return;
      const agreed = (number: number) => !gdprApplies || purpose.consents[number];
      const allowed = (number: number) => agreed(number) || purpose.legitimateInterests[number];
      const state = (is: unknown) => (is ? "granted" : "denied");
      tell({
        analytics_storage: state(agreed(1) && allowed(8)),
        ad_storage: state(agreed(1)),
        ad_user_data: state(agreed(1) && allowed(7)),
        ad_personalization: state(agreed(1) && agreed(3) && agreed(4)),
      });
    } catch {
      // The page must not notice.
    }
  };
  try {
    (window as unknown as { __tcfapi: Framework }).__tcfapi("addEventListener", 2, hear);
  } catch {
    // It is not there yet, or not ready.
    if (looks) setTimeout(transparency, LOOK_MS, tell, looks - 1);
  }
};
