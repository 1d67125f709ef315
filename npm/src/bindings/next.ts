export { Goalpost, useGoalpost, useTrack, useTrackOnce } from "./react.js";

/** A rewrite as Next.js takes it. */
interface Rewrite {
  source: string;
  destination: string;
  basePath?: false;
}

/** The part of Next.js' settings that is read here. */
interface Settings {
  rewrites?(): Promise<
    Rewrite[] | { beforeFiles?: Rewrite[]; afterFiles?: Rewrite[]; fallback?: Rewrite[] }
  >;
}

/**
 * Passes `/_g/…` of the shop's own domain on to the edge, so that no visitor's browser speaks to
 * another: `export default withGoalpost({ … }, { edge: "https://edge.example" })`.
 */
export const withGoalpost = <S extends object>(
  settings: S,
  { edge, prefix = "/_g" }: { edge: string; prefix?: string },
): S => {
  const passed = {
    source: `${prefix}/:path*`,
    destination: `${edge.replace(/\/+$/, "")}${prefix}/:path*`,
    // Pages ask for it at the root, wherever the app is.
    basePath: false as const,
  };
  const rewrites: Settings["rewrites"] = async () => {
    const own = (await (settings as Settings).rewrites?.()) ?? [];
    if (Array.isArray(own)) return [passed, ...own];
    return { ...own, beforeFiles: [passed, ...(own.beforeFiles ?? [])] };
  };
  return { ...settings, rewrites };
};
