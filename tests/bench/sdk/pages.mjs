// The pages of the visit.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../harness/worker.mjs";

export const VIDEO = await readFile(join(root, "examples/storefront/static/video/walk.webm"));

const ARTICLES = Array.from(
  { length: 60 },
  (_, at) => `<article><h2>Shoe ${at}</h2><p>Light, dry, and made to last.</p></article>`,
).join("");

/** What the page does for peers that do not see clicks and plays by themselves. */
const WIRING = `
let seq = 0;
document.getElementById("cta").addEventListener("click", () => {
  const properties = { seq: ++seq, label: "Add to bag", value: 12900 };
  if (!window.bench?.seesClicks) window.bench?.track("cta_click", properties);
});
document.getElementById("walk").addEventListener("play", () => {
  if (!window.bench?.seesPlays) window.bench?.track("video_play", { video: "walk" });
});`;

const html = (title, head, body) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>${head}</head><body>${body}</body></html>`;

/** Goes to another page and comes back: the browser keeps the first one whole. */
const AWAY_AND_BACK = `
addEventListener("pageshow", ({ persisted }) => persisted && fetch("/mark/restored"));
addEventListener("load", () => setTimeout(() => (location.href = "/away?back"), 2000));`;

/** Has the next page prepared, and goes there only when whatever waits for a timer has been sent. */
const PREPARE = `<script type="speculationrules">{"prerender":[{"source":"list","urls":["/"],"eagerness":"immediate"}]}</script>
<script>setTimeout(() => fetch("/mark/activating").then(() => (location.href = "/")), 6000)</script>`;

/** A page of the shop, with the peer's bundle in it; some have none. */
export function pageOf({ head }, path) {
  if (path.startsWith("/away"))
    return html(
      "Away",
      "",
      path === "/away?back" ? "<script>setTimeout(() => history.back(), 1000)</script>" : "",
    );
  if (path === "/prepare") return html("Prepare", PREPARE, "");
  const script = path === "/?back" ? WIRING + AWAY_AND_BACK : WIRING;
  return html(
    "Shop",
    `<style>#cta { position: absolute; left: 20px; top: 20px; width: 120px; height: 40px } main { margin-top: 80px }</style>${head}`,
    `<button id="cta" class="cta" type="button">Add to bag</button><video id="walk" src="/walk.webm" muted width="160" height="90"></video>
<main>${ARTICLES}</main><script>${script}</script>`,
  );
}
