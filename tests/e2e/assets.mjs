// The SDK's files as the edge serves them, by their manifest.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../harness/worker.mjs";

/** The bytes of a file of dist/assets. */
export const served = (path) => readFile(join(root, "dist/assets", path));

export const manifest = JSON.parse(await served("manifest.json"));

/** The edge's path of an asset, by its name. */
export const asset = (name) => `/_g/${manifest.assets.find((path) => path.endsWith(`/${name}`))}`;

/** Leaves pages nothing but the form given: for `raw`, no module can be had. */
export const only = (form, shop) => {
  for (const name of form === "raw" ? ["sdk.wasm", "sdk-js.js"] : []) shop.wire.serve(asset(name), "", {}, 404);
};
