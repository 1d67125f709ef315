// Who is measured: each with its package, the entry that a shop would write for it, and its protocol.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as goalpost from "./goalpost.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const BUNDLE = `<script async src="/bundle.js"></script>`;

/** Left out of its bundle: a recorder that it loads only when it is told to. */
const RECORDER = { openpanel: ["./replay-*"] };

const peer = (key, name, more = {}) => ({
  key,
  name,
  entry: key,
  protocol: key,
  head: BUNDLE,
  ...more,
});

const PACKAGES = {
  plausible: "@plausible-analytics/tracker",
  counterscale: "@counterscale/tracker",
  openpanel: "@openpanel/web",
  jitsu: "@jitsu/js",
  snowplow: "@snowplow/browser-tracker",
  segment: "@segment/analytics-next",
  amplitude: "@amplitude/analytics-browser",
  rudderstack: "@rudderstack/analytics-js",
  mixpanel: "mixpanel-browser",
  posthog: "posthog-js",
};

const FORMS = Object.entries(goalpost.FORMS).map(([form, { pageHeaders, refused }]) =>
  peer(form === "wasm" ? "goalpost" : `goalpost-${form}`, `Goalpost (${form})`, {
    form,
    entry: "goalpost",
    protocol: "goalpost",
    head: goalpost.HEAD,
    version: goalpost.version,
    pageHeaders,
    refused,
  }),
);

/** What every figure is above: the page with nothing on it. */
export const EMPTY = peer("empty", "(empty page)");

export const PEERS = [
  ...FORMS,
  peer("floor", "(20 lines by hand)"),
  ...Object.entries(PACKAGES).map(([key, name]) => peer(key, name, { version: versionOf(name) })),
  peer("posthog-slim", "posthog-js, slim module", {
    entry: "posthog",
    protocol: "posthog",
    alias: { "posthog-js": "posthog-js/dist/module.slim" },
    version: versionOf("posthog-js"),
  }),
].map((one) => ({ ...one, entry: one.alias ? one.key : one.entry, source: one.entry }));

function versionOf(name) {
  try {
    return JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"), "utf8"))
      .version;
  } catch {
    throw new Error(`${name} is not installed: run \`npm ci\` in tests/bench/sdk`);
  }
}

/** Bundles every entry, as a shop's own build would. */
export async function bundles() {
  const esbuild = createRequire(join(here, "package.json"))("esbuild");
  const all = [EMPTY, ...PEERS].map(async ({ entry, source = entry, alias }) => {
    const options = {
      entryPoints: [join(here, "entries", `${source}.js`)],
      absWorkingDir: here,
      bundle: true,
      minify: true,
      target: "es2020",
      write: false,
      legalComments: "none",
      logLevel: "error",
      alias,
      external: RECORDER[entry],
    };
    const whole = await esbuild.build({ ...options, format: "iife" });
    const parts = await esbuild.build({
      ...options,
      format: "esm",
      splitting: true,
      metafile: true,
      outdir: "out",
    });
    return [entry, { whole: whole.outputFiles[0].contents, atOnce: atOnce(parts) }];
  });
  return Object.fromEntries(await Promise.all(all));
}

/** Of a bundle in parts, those that a page loads whatever it does. */
function atOnce({ outputFiles, metafile: { outputs } }) {
  const [entry] = Object.keys(outputs).filter((name) =>
    outputs[name].entryPoint?.startsWith("entries/"),
  );
  const reached = new Set([entry]);
  for (const name of reached) {
    for (const { path, kind } of outputs[name].imports)
      if (kind === "import-statement") reached.add(path);
  }
  return outputFiles
    .filter(({ path }) => [...reached].some((name) => path.endsWith(name)))
    .map(({ contents }) => contents);
}

const weigh = (content) => ({
  raw: content.length,
  gzip: gzipSync(content, { level: 9 }).length,
  brotli: brotliCompressSync(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  }).length,
});
const sum = (weights) =>
  weights.reduce((all, one) => ({
    raw: all.raw + one.raw,
    gzip: all.gzip + one.gzip,
    brotli: all.brotli + one.brotli,
  }));

/** Bytes until the first thing is observed, and until the whole SDK runs. */
export function size(peer, bundle) {
  if (!peer.form) return { first: sum(bundle.atOnce.map(weigh)), all: weigh(bundle.whole) };
  const weights = goalpost.downloads(peer.form).map(([path, content]) => [path, weigh(content)]);
  return {
    first: weights.find(([path]) => path === "gp.js")[1],
    all: sum(weights.map(([, weight]) => weight)),
  };
}
