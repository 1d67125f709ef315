// Goalpost's side: the built assets, the storefront's plan as the edge compiles it, and the edge's
// answers, so that it is measured against the same collector as its peers.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root, startWorker } from "../../harness/worker.mjs";

const assets = join(root, "dist/assets");
const manifest = JSON.parse(await readFile(join(assets, "manifest.json"), "utf8").catch(notBuilt));
const files = new Map([["gp.js", await readFile(join(assets, "gp.js"))]]);
for (const path of manifest.assets) files.set(path, await readFile(join(assets, path)));

/** The module as JavaScript, where the build makes one. */
const inJs = manifest.assets.find((path) => /js\.js$/.test(path));

function notBuilt() {
  throw new Error("dist/assets is missing; run `cargo xtask build` first");
}

export const { version } = manifest;

/** Which forms the assets hold, and what each downloads. */
export const FORMS = {
  wasm: { files: pick(/gp\.js$|\/sdk\.js$|\.wasm$/), pageHeaders: {} },
  ...(inJs && { js: { files: [...pick(/gp\.js$|\/sdk\.js$/), inJs], pageHeaders: refusing() } }),
  raw: { files: pick(/gp\.js$|\/sdk\.js$|\/raw\.js$/), pageHeaders: refusing(), refused: inJs },
};

function pick(pattern) {
  return [...files.keys()].filter((path) => pattern.test(path));
}

/** A policy under which no page compiles WebAssembly. */
function refusing() {
  return { "content-security-policy": "script-src 'self' 'unsafe-inline'" };
}

/** What a form downloads, as one list of texts. */
export const downloads = (form) => FORMS[form].files.map((path) => [path, files.get(path)]);

export const HEAD = `<script src="/bundle.js"></script><script async src="/_g/gp.js" data-site="cloud-kicks" data-consent="granted"></script>`;

let plan;

/** Has the real Worker compile the plan: the storefront's own, and a goal for the loop of calls. */
export async function compilePlan() {
  const storefront = JSON.parse(
    await readFile(join(root, "examples/storefront/plan.json"), "utf8"),
  );
  const goals = [...storefront.goals, { id: "called", when: { event: "cta_click" }, points: 1 }];
  // A shop of one host, as most are: those of several load one more file.
  const hosts = storefront.hosts.slice(0, 1);
  const worker = await startWorker({ plan: { ...storefront, goals, hosts } });
  try {
    const answer = await fetch(`${worker.url}/_g/plan/${storefront.site}`);
    plan = Buffer.from(await answer.arrayBuffer());
    if (!answer.ok || !plan.length) throw new Error(`no compiled plan: ${answer.status}`);
  } finally {
    await worker.dispose();
  }
  return { bytes: plan.length, definitions: goals.length + storefront.outcomes.length };
}

const TYPES = { js: "text/javascript", wasm: "application/wasm" };

/** The edge's answer to a request under its prefix. */
export function goalpostFile({ peer }, { path, body, headers }) {
  const name = path.slice("/_g/".length).split("?")[0];
  if (name === "c") return collected(body, headers);
  if (name.startsWith("plan/"))
    return {
      headers: { "content-type": "application/octet-stream", "cache-control": "no-cache" },
      content: plan,
    };
  const content = name === peer.refused ? undefined : files.get(name);
  const isLoader = name === "gp.js";
  const type = TYPES[name.split(".").at(-1)] ?? "text/plain";
  const answer = {
    isAsset: true,
    isDelayed: !isLoader,
    content: content ?? "not found",
    status: content ? 200 : 404,
  };
  return {
    ...answer,
    headers: {
      "content-type": type,
      "cache-control": "public, max-age=31536000, immutable",
      "access-control-allow-origin": "*",
      "cross-origin-resource-policy": "cross-origin",
    },
  };
}

const hyphened = (id) =>
  id.replaceAll("-", "").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

/** What the edge says to a beacon in which nothing is wrong. */
function collected(body, { origin, cookie = "" }) {
  const { items, visitor } = JSON.parse(body);
  const known = visitor ?? cookie.match(/gp_visitor=([^;]+)/)?.[1];
  const results = Object.fromEntries(items.map(({ id }) => [hyphened(id), "ok"]));
  const head = {
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "x-goalpost": "1",
  };
  if (origin)
    Object.assign(head, {
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": "X-Goalpost",
      vary: "Origin",
    });
  if (known)
    head["set-cookie"] =
      `gp_visitor=${hyphened(known)}; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax; Secure`;
  return {
    headers: head,
    content: JSON.stringify({ results, ...(known && { visitor: hyphened(known) }) }),
  };
}
