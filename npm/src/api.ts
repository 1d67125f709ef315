/** A property's value: text, a number, yes or no. */
export type PropertyValue = string | number | boolean | null | undefined;

/** What is told about something that happened; order lines are a list of flat objects. */
export type Properties = Record<string, PropertyValue | Record<string, PropertyValue>[]>;

/** Who the visitor is. E-mail addresses and phone numbers leave the page only as hashes. */
export interface Details {
  email?: string;
  phone?: string;
  customer?: string | number;
}

/** What the visitor allows: `unknown` keeps things in memory, `denied` keeps nothing. */
export type Consent = "unknown" | "granted" | "denied";

/** A decision: one word for everything, or one for each purpose, in the names of Consent Mode. */
export type Decision =
  | Exclude<Consent, "unknown">
  | ({ analytics_storage: Exclude<Consent, "unknown"> } & Partial<
      Record<"ad_storage" | "ad_user_data" | "ad_personalization", Exclude<Consent, "unknown">>
    >);

/** What `init` needs to know. */
export interface Options {
  /** The site's id in its plan. */
  site: string;
  /** Where the edge's routes begin: a path, or a URL of another host. Default `/_g`. */
  prefix?: string;
  /**
   * Default `unknown`. `gcm` and `tcf`: what the page's consent management says, through Google's
   * Consent Mode or through the IAB's framework.
   */
  consent?: Consent | "gcm" | "tcf";
  /** Nobody is recognised: nothing is kept in the browser, and nobody is named. Default `false`. */
  cookieless?: boolean;
  /** Tells in the console what happens. Default `false`. */
  debug?: boolean;
  /** Where `sdk.wasm` is, if your bundler does not bring it along. */
  wasmUrl?: string | URL;
}

/** Tracking for one site. None of these throw. */
export interface Goalpost {
  /** Something happened, of your own or of a shop's vocabulary. */
  track(name: string, properties?: Properties): void;
  /** This goal or outcome of the plan happened. */
  trigger(definition: string, properties?: Properties): void;
  /** This is who the visitor is. */
  identify(details: Details): void;
  /** This is what the visitor allows. */
  consent(consent: Decision): void;
  /** Sends what waits; fulfilled when it has been tried. */
  flush(): Promise<void>;
  /** Tells in the console what happens. */
  debug(on?: boolean): void;
}

/** The global that the snippet makes. */
export interface GoalpostGlobal {
  (method: "track", name: string, properties?: Properties): void;
  (method: "trigger", definition: string, properties?: Properties): void;
  (method: "identify", details: Details): void;
  (method: "consent", consent: Decision): void;
  (method: "flush"): Promise<void>;
  (method: "debug", on: boolean): void;
}
