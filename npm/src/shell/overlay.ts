/**
 * What a developer looks at: a panel on the page that tells what was seen, what counted and why not.
 *
 * It reads the trail that the shell keeps while it debugs, and touches nothing else: no style, script
 * or markup of the page, and none of its events. It has no effect on what is tracked.
 */
import type { Host } from "../loader/host.js";
import { SENTENCES } from "../generated/sentences.js";
import { FIELD, split } from "./wire.js";

/** When, and what the engine was told or, after a `>`, asked for. */
export type Trail = [time: number, text: string][];

/** As many things as are shown, the latest first. */
const SHOWN = 100;
const LOOK_MS = 250;

/** The engine's words for a definition that is about something else of this kind. */
const OTHER = ": " + SENTENCES[5];
/** What the engine has a letter for, beside the sentences of definitions. */
const SAID: Record<string, string> = {
  n: "no plan arrived; the edge will evaluate what is seen",
  t: "larger than an item may be: the last lines of its lists were left out, or its longest properties",
  l: "larger than a request may be: it is not sent, and counted as let go",
  r: "the edge refused these items for good; see the request's answer",
};

/** A call that there is not. */
export const unknown = (method: unknown): void =>
  console.warn("[goalpost] no such call:", method, "(there are track, trigger, identify, consent, debug, overlay, segments and flush)");

/** What the engine says, in words. */
export const told = (text: string): string =>
  text.replace(/\x1f(.)/g, (_, code: string) => SAID[code] ?? ": " + SENTENCES[+code]);

const STYLE = `
:host { all: initial; color-scheme: dark; }
section {
  position: fixed; z-index: 2147483647; left: 16px; bottom: 16px; box-sizing: border-box;
  width: min(400px, calc(100vw - 32px)); max-height: min(560px, calc(100vh - 32px));
  display: flex; flex-direction: column; overflow: hidden;
  font: 13px/1.45 system-ui, sans-serif; color: #e8eaed; background: #16191f;
  border: 1px solid #3a404c; border-radius: 10px; box-shadow: 0 12px 40px rgb(0 0 0 / 45%);
}
section.right { left: auto; right: 16px; }
header { display: flex; align-items: center; gap: 8px; padding: 10px 8px 10px 14px; border-bottom: 1px solid #2b303a; }
h2 { margin: 0; font-size: 14px; font-weight: 650; flex: 1; }
h2 span { font-weight: 400; color: #a9b0bd; }
button { all: unset; padding: 4px 10px; border-radius: 6px; color: #c9ced8; cursor: pointer; }
button:hover { background: #2b303a; }
button:focus-visible, ol:focus-visible { outline: 2px solid #7ab7ff; outline-offset: -2px; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 3px 14px; margin: 0; padding: 10px 14px; border-bottom: 1px solid #2b303a; }
dt { color: #a9b0bd; }
dd { margin: 0; overflow-wrap: anywhere; }
ol { list-style: none; margin: 0; padding: 4px 14px 10px; overflow-y: auto; }
li { padding: 8px 0; border-bottom: 1px solid #23272f; }
li:last-child { border-bottom: 0; }
p { margin: 0; overflow-wrap: anywhere; }
.seen { display: flex; gap: 10px; font-weight: 600; }
.seen span:last-child { flex: 1; overflow-wrap: anywhere; }
time, .seen span:first-child { color: #a9b0bd; font-weight: 400; font-variant-numeric: tabular-nums; }
.yes { color: #7ee2a8; }
.no { color: #a9b0bd; }
.wrong { color: #ffb3a7; }
.yes, .no, .wrong { padding-left: 16px; text-indent: -16px; }
.yes::before { content: "✓ "; }
.no::before { content: "– "; }
.wrong::before { content: "! "; }
@media print { section { display: none; } }
`;

const element = (tag: string, text = "", kind = ""): HTMLElement => {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
};

const clock = (time: number): string => {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
};

const CONSENT: Record<string, string> = {
  unknown: "unknown: all waits in memory",
  granted: "granted",
  denied: "denied: nothing is kept",
};

/** What the trail says by now. */
interface State {
  plan: string;
  consent: string;
  waiting: Set<string>;
  answer: string;
}

/** One thing that was explained: a line for it, then one for each definition that it concerned. */
const explained = (time: number, text: string): HTMLElement => {
  const [seen = "", ...lines] = text.split("\n  ");
  const item = element("li");
  const title = element("div", "", "seen");
  title.append(element("span", clock(time)), element("span", seen));
  item.append(title);
  // Most definitions are about something else: one line is enough for them all.
  const others = lines.filter((line) => line.endsWith(OTHER)).map((line) => line.slice(0, -OTHER.length));
  for (const line of lines.filter((line) => !line.endsWith(OTHER))) {
    const kind = line.startsWith("! ") ? "wrong" : line.includes(": matched") ? "yes" : "no";
    item.append(element("p", line.replace(/^! /, ""), kind));
  }
  if (others[0]) item.append(element("p", OTHER.slice(2) + ": " + others.join(", "), "no"));
  if (!lines[0] && /^\w+ \//.test(seen)) item.append(element("p", "concerns no goal and no outcome", "no"));
  return item;
};

/** Follows one entry of the trail; gives what is to be listed. */
const follow = (state: State, time: number, text: string): HTMLElement | undefined => {
  const [word = "", ...rest] = text.split(FIELD);
  switch (word) {
    case "plan":
      state.plan = rest[0] === "" ? "did not arrive: the edge decides" : "arrived";
      return undefined;
    case "consent":
      state.consent = rest[0] || state.consent;
      return undefined;
    case "answered": {
      const settled = rest.filter((field) => field === "settled").length;
      const again = rest.filter((field) => field === "again").length;
      state.answer = `${clock(time)}: took ${settled}${again ? `, ${again} are to come again` : ""}`;
      return undefined;
    }
    case "failed":
      state.answer = `${clock(time)}: none; it will be tried again`;
      return undefined;
    case "refused":
      state.answer = `${clock(time)}: refused for good`;
      return undefined;
  }
  if (text === ">p") state.waiting.clear();
  if (/^>[kK]/.test(text)) split(text.slice(2)).forEach((id, at) => at % 2 || state.waiting.add(id));
  if (text.startsWith(">d")) for (const id of split(text.slice(2))) state.waiting.delete(id);
  return text.startsWith(">s") ? explained(time, told(text.slice(2))) : undefined;
};

let close: (() => void) | undefined;

/** Shows the panel; where it is shown already, anew. */
export const open = (host: Host, trail: Trail): void => {
  close?.();
  const place = document.createElement("goalpost-overlay");
  const root = place.attachShadow({ mode: "closed" });
  const style = new CSSStyleSheet();
  style.replaceSync(STYLE);
  root.adoptedStyleSheets = [style];

  const panel = element("section");
  panel.setAttribute("aria-label", "Goalpost");
  const header = element("header");
  const title = element("h2", "Goalpost ");
  title.append(element("span", `${host.sdk} · ${host.form}`));
  // What is to be clicked may be under it.
  const mover = element("button", "Move");
  mover.addEventListener("click", () => panel.classList.toggle("right"));
  const closer = element("button", "Close");
  closer.title = "Escape";
  for (const button of [mover, closer]) button.setAttribute("type", "button");
  header.append(title, mover, closer);
  const facts = element("dl");
  const list = element("ol");
  list.tabIndex = 0;
  list.setAttribute("role", "log");
  list.setAttribute("aria-label", "What was seen, the latest first");
  panel.append(header, facts, list);
  root.append(panel);
  document.documentElement.append(place);

  const state: State = { plan: "awaited", consent: host.consent, waiting: new Set(), answer: "none yet" };
  let read = 0;
  let shown = "";
  const look = () => {
    for (; read < trail.length; read++) {
      const item = follow(state, ...trail[read]!);
      if (item) list.prepend(item);
    }
    while (list.children.length > SHOWN) list.lastChild!.remove();
    const rows = {
      Site: host.site,
      Plan: state.plan,
      Consent: CONSENT[state.consent] ?? state.consent,
      Waiting: state.waiting.size ? `${state.waiting.size} for the edge's answer` : "nothing",
      "Last answer": state.answer,
    };
    const text = Object.values(rows).join();
    if (text === shown) return;
    shown = text;
    facts.replaceChildren(...Object.entries(rows).flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  };
  look();
  const looking = setInterval(look, LOOK_MS);
  const pressed = ({ key }: KeyboardEvent) => key === "Escape" && close?.();
  addEventListener("keydown", pressed, { capture: true, passive: true });
  close = () => {
    clearInterval(looking);
    removeEventListener("keydown", pressed, true);
    place.remove();
    close = undefined;
  };
  closer.addEventListener("click", close);
};
