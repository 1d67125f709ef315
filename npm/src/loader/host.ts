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

/** What every captured thing has from that moment on, for ever. */
interface Captured {
  /** UUIDv7 of that time. */
  id: string;
  /** Its place on the page load, counted from 0. */
  k: number;
  /** Unix milliseconds. */
  time: number;
  /** The page's path. */
  path: string;
  /** True once it has left in raw form: what is sent of it again must say the same. */
  sent?: boolean;
}

export interface HeldPage extends Captured {
  kind: "page";
  url: string;
  title: string;
  referrer: string;
}

export interface HeldAct extends Captured {
  kind: "click" | "submit";
  target: Element;
  /** The interactive element or the form, then its ancestors outwards, as they were then. */
  elements: PathElement[];
}

export interface HeldCall extends Captured {
  kind: "call";
  /** `["track" | "trigger", name, properties]`, or `["identify", details]`. */
  args: unknown[];
  /** Of identify: what the wire calls `contact`. */
  contact?: string | undefined;
}

/** Something that happened before the SDK was there. */
export type Held = HeldPage | HeldAct | HeldCall;

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
  held: Held[];
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
