import type { Loader } from "./loader.js";

/** What the visitor's consent is: unknown keeps things in memory only, denied keeps nothing. */
export type Consent = "unknown" | "granted" | "denied";

/** An element of a click's path: enough for a selector, never its text or value. */
export interface PathElement {
  tag: string;
  id?: string;
  class?: string;
  attr: Record<string, string>;
}

/** A property as the wire carries it. */
export type Properties = Record<string, unknown>;

/** The browser's own functions, as they were before later scripts could wrap them. */
export interface Natives {
  fetch: typeof fetch;
  setTimeout: typeof setTimeout;
  clearTimeout: typeof clearTimeout;
  sendBeacon: Navigator["sendBeacon"];
}

/** Content that follows from what happens; only where the page has asked for it. */
export interface Segments {
  /** An item is sealed: its JSON. It is the first sign that the visitor allows it. */
  sealed(item: string): void;
  /** The visitor does not allow it any more. */
  forget(): void;
  /** What the visitor belongs to and has done, once that is known. */
  now(): Promise<string[]>;
}

/** What the SDK is told when it takes over. */
export interface Host {
  site: string;
  prefix: string;
  /** The SDK's version. */
  sdk: string;
  form: "wasm" | "js" | "raw";
  consent: Consent;
  debug: boolean;
  /** Nobody may be recognised: nothing is kept, and nobody is named. */
  cookieless: boolean;
  planUrl: string;
  collectUrl: string;
  /** What happened before the SDK was there, as the loader holds it. */
  held: Loader["held"];
  /** How many more things there were than could be held. */
  overflow: number;
  /** The page load's id. */
  page: string;
  natives: Natives;
  segments?: Segments | undefined;
}

/** What takes over: from then on it captures by itself. */
export interface Sdk {
  call(args: unknown[]): unknown;
}

export type Start = (host: Host) => Sdk;
