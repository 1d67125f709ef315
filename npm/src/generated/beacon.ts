// Generated from the Rust types; run `cargo xtask gen`.

/**
 * The body of `POST /_g/c`: JSON text, sent as `text/plain`.
 */
export type Beacon = {
  /**
   * The version of the wire.
   */
  v: 1;
  /**
   * The site's id.
   */
  site: string;
  /**
   * The SDK's version.
   */
  sdk: string;
  /**
   * The form that the SDK ran in.
   */
  form: Form;
  /**
   * The hash of the plan that the page evaluated with; missing if none had arrived.
   */
  plan?: string;
  /**
   * When it was sent, by the device's clock: Unix milliseconds.
   */
  sent: number;
  /**
   * The page load that sends: a `UUIDv7`.
   */
  page: string;
  /**
   * The session of the items that say neither `page` nor `session`: a `UUIDv7`.
   */
  session?: string;
  /**
   * The visitor: a `UUIDv7`. Missing where none may be known; `-` where one is to be forgotten.
   */
  visitor?: string;
  /**
   * What the visitor has granted, where the page tells purposes apart: Consent Mode's names,
   * separated by commas.
   */
  consent?: string;
  /**
   * Said, with whatever text, where nobody may be recognised.
   */
  cookieless?: string;
  /**
   * How many places this page load has given out so far; said only beside `dropped`.
   */
  captured?: number;
  /**
   * How many items this page load has let go so far, by reason.
   */
  dropped?: { [key in string]: number };
  /**
   * What was seen, each on its own.
   */
  items: Array<Item>;
};

/**
 * A step of a purchase.
 */
export type CommerceStep = "view_item" | "add_to_cart" | "begin_checkout" | "purchase" | "refund";

/**
 * What is kept of an element, never its text or value.
 */
export type Element = {
  /**
   * The tag's name in small letters.
   */
  tag?: string;
  /**
   * Its `id`.
   */
  id?: string;
  /**
   * Its classes, separated by spaces.
   */
  class?: string;
  /**
   * The other attributes that are kept.
   */
  attr?: { [key in string]: string };
};

/**
 * The form that the SDK ran in: WebAssembly, the same as JavaScript, or the loader alone.
 */
export type Form = "wasm" | "js" | "raw";

/**
 * One thing seen.
 */
export type Item = {
  /**
   * The page load that saw it: a `UUIDv7`; missing where the beacon's `page` and `session` are its.
   */
  page?: string;
  /**
   * The session it belongs to: a `UUIDv7`.
   */
  session?: string;
  /**
   * A `UUIDv7`: who it is, and when it was captured.
   */
  id: string;
  /**
   * Its place in the visitor's order.
   */
  seq: number;
  /**
   * The path of the page.
   */
  path?: string;
  /**
   * What the page said about it.
   */
  properties?: Properties;
  /**
   * The definitions that the page says happened; missing where it had no plan.
   */
  claims?: Array<string>;
} & ({
  "kind": "page";
  /**
   * The page's host name.
   */
  host?: string;
  /**
   * The part of the query that some definition asks about.
   */
  query?: { [key in string]: string };
  /**
   * The page's title.
   */
  title?: string;
  /**
   * Where the visitor came from, without query and fragment.
   */
  referrer?: string;
} | {
  "kind": "click";
  /**
   * The element, then its ancestors outwards.
   */
  elements: Array<Element>;
} | {
  "kind": "submit";
  /**
   * The form, then its ancestors outwards.
   */
  elements: Array<Element>;
} | {
  "kind": "media";
  /**
   * Which one.
   */
  video?: string;
  /**
   * What it did.
   */
  step: Step;
  /**
   * The share that has been played, in per cent, where `step` is `progress`.
   */
  percent?: number;
} | {
  "kind": "scroll";
  /**
   * The mark: the share of the way down, in per cent.
   */
  percent: number;
} | {
  "kind": "dwell";
  /**
   * The mark, in seconds.
   */
  seconds: number;
} | {
  "kind": "event";
  /**
   * Its name.
   */
  name: string;
} | {
  "kind": "commerce";
  /**
   * Which step.
   */
  name: CommerceStep;
} | {
  "kind": "track";
  /**
   * Its name.
   */
  name: string;
} | {
  "kind": "trigger";
  /**
   * The definition's id.
   */
  name: string;
} | {
  "kind": "identify";
  /**
   * `email:<sha-256>`, `phone:<sha-256>` or `customer:<number>`.
   */
  contact: string;
});

/**
 * Named values.
 */
export type Properties = { [key in string]: PropertyValue };

/**
 * A property's value; a list is of order lines and the like.
 */
export type PropertyValue = boolean | number | string | Array<Properties>;

/**
 * What a media element did.
 */
export type Step = "play" | "progress" | "complete";
