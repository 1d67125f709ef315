/** A property's value: text, a number, yes or no. */
export type PropertyValue = string | number | boolean | null | undefined;

/** What is told about something that happened; order lines are a list of flat objects. */
export type Properties = Record<string, PropertyValue | Record<string, PropertyValue>[]>;

/** A line of an order. */
export type Line = Record<string, PropertyValue>;

/** What GA4 and Segment call the properties of a purchase's steps. */
export interface Commerce {
  order?: string | number;
  order_id?: string | number;
  transaction_id?: string | number;
  revenue?: string | number;
  value?: string | number;
  total?: string | number;
  currency?: string;
  product?: string | number;
  product_id?: string | number;
  item_id?: string | number;
  sku?: string | number;
  items?: Line[];
  products?: Line[];
  name?: string;
  brand?: string;
  category?: string;
  variant?: string;
  price?: string | number;
  quantity?: number;
  coupon?: string;
  discount?: string | number;
  shipping?: string | number;
  tax?: string | number;
  affiliation?: string;
  /** An order token of your server's: the amount is verified. */
  token?: string;
}

/** At least one of these names. */
export type AnyOf<Names extends keyof Commerce> = {
  [Name in Names]: Required<Pick<Commerce, Name>>;
}[Names];

/** The events that the plan looks at. `npx goalpost plan types` fills it in; until then, any go. */
export interface PlanEvents {}

/** The goals and outcomes that a page may trigger. `npx goalpost plan types` fills it in. */
export interface PlanDefinitions {}

type Known<Plan> = keyof Plan extends never ? Record<string, Properties> : Plan;

/** Properties may be left out where none is needed. */
type Told<P> = {} extends P ? [properties?: P] : [properties: P];

/** An event's name. */
export type EventName = keyof Known<PlanEvents> & string;

/** An event's properties. */
export type EventProperties<Name extends EventName> = Known<PlanEvents>[Name];

/** Something happened, of your own or of a shop's vocabulary. */
export type Track = <Name extends EventName>(
  name: Name,
  ...properties: Told<EventProperties<Name>>
) => void;

/** This goal or outcome of the plan happened. */
export type Trigger = <Id extends keyof Known<PlanDefinitions> & string>(
  definition: Id,
  ...properties: Told<Known<PlanDefinitions>[Id]>
) => void;

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
  /**
   * Content follows from what the visitor has done: `data-goalpost-show`, `data-goalpost-hide`, and
   * `segments()`. Default `false`.
   */
  segments?: boolean;
  /** Tells in the console what happens. Default `false`. */
  debug?: boolean;
  /** Where `sdk.wasm` is, if your bundler does not bring it along. */
  wasmUrl?: string | URL;
}

/** Tracking for one site. None of these throw. */
export interface Goalpost {
  /** Something happened, of your own or of a shop's vocabulary. */
  track: Track;
  /** This goal or outcome of the plan happened. */
  trigger: Trigger;
  /** This is who the visitor is. */
  identify(details: Details): void;
  /** This is what the visitor allows. */
  consent(consent: Decision): void;
  /** Sends what waits; fulfilled when it has been tried. */
  flush(): Promise<void>;
  /** Tells in the console what happens. */
  debug(on?: boolean): void;
  /** Shows on the page what was seen, what counted and why not. */
  overlay(): void;
  /**
   * The segments that the visitor belongs to, and the goals and outcomes that have happened on this
   * page. Without the option `segments`, or without consent, there are none.
   */
  segments(): Promise<string[]>;
}

/** What an event `goalpost:segments` of the document tells: the same list, whenever it changes. */
export type SegmentsEvent = CustomEvent<string[]>;

/** The global that the snippet makes. */
export interface GoalpostGlobal {
  (method: "track", name: string, properties?: Properties): void;
  (method: "trigger", definition: string, properties?: Properties): void;
  (method: "identify", details: Details): void;
  (method: "consent", consent: Decision): void;
  (method: "flush"): Promise<void>;
  (method: "debug", on: boolean): void;
  (method: "overlay"): void;
  (method: "segments"): Promise<string[] | undefined>;
}
