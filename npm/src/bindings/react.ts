import { useEffect, useRef, type ReactNode } from "react";
import type { Goalpost as Api, Options, Track } from "../api.js";
import { init, track } from "../index.js";
import { goalpost } from "./api.js";

/** The consent that each site was told last: the component may go and come back, and another may have been said. */
const told = new Map<string, Options["consent"]>();

/**
 * Begins to track this page; put it once into the app, around it or anywhere in it.
 *
 * Page views of every router that changes the path are seen without a call. The component may be
 * mounted twice, as StrictMode does, and rendered again: it begins once. When `consent` changes, the
 * site is told.
 */
export function Goalpost({ children, ...options }: Options & { children?: ReactNode }): ReactNode {
  const { site, consent } = options;
  // Not while it renders: a server renders too, and a page that is never shown.
  useEffect(() => {
    init(options);
    const before = told.has(site) ? told.get(site) : consent;
    told.set(site, consent);
    if (consent !== before && (consent === "granted" || consent === "denied")) goalpost.consent(consent);
  }, [site, consent]);
  return children ?? null;
}

/** Every function of the package. They never change, so they need no place among dependencies. */
export const useGoalpost = (): Api => goalpost;

/** `track`, for handlers of events. */
export const useTrack = (): Track => track;

/** What tells two calls apart; what is no JSON must not end the rendering. */
const textOf = (call: unknown[]): string => {
  try {
    return JSON.stringify(call, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
  } catch {
    return `${call[0]}`;
  }
};

/**
 * Tracks what the component shows: once when it comes, and again when name or properties change.
 * StrictMode's second effect adds nothing.
 */
export const useTrackOnce: Track = (name, ...properties) => {
  const told = useRef("");
  const what = textOf([name, properties]);
  useEffect(() => {
    if (told.current === what) return;
    told.current = what;
    track(name, ...properties);
  }, [what]);
};
