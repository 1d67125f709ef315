"use strict";
// Everything that is shown came from outside, so it only ever becomes text.

const KEPT = 200;
const EVERY_MS = 1000;
const by = (id) => document.getElementById(id);

let site = "";
let token = "";
let cursor = "";
let timer = 0;
let shown = new Set();
let paused = false;

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function clock(time) {
  return new Date(time).toLocaleTimeString(undefined, { hour12: false });
}

function state(text, well) {
  const line = by("state");
  if (line.textContent !== text) line.textContent = text;
  line.dataset.well = well ? "yes" : "no";
}

function worth(conversion) {
  if (conversion.money) return `${conversion.money.decimal} ${conversion.money.currency}`;
  if (conversion.kind === "goal") {
    return conversion.points === 1 ? "1 point" : `${conversion.points} points`;
  }
  return "no amount";
}

function observation(seen) {
  const item = make("li", "item");
  item.dataset.id = seen.id;
  const line = make("div", "line");
  const time = make("time", "", clock(seen.time));
  time.dateTime = new Date(seen.time).toISOString();
  line.append(
    time,
    make("span", "kind", seen.kind),
    make("span", "subject", seen.subject),
    make("span", "quiet", seen.path),
    make("span", "who", `visitor ${seen.visitor || "–"} · session ${seen.session || "–"}`),
  );
  item.append(line);
  if (seen.conversions.length > 0) {
    const meant = make("ul", "meant");
    for (const conversion of seen.conversions) {
      const row = make("li");
      row.dataset.counted = conversion.counted ? "yes" : "no";
      row.append(
        make("span", "name", conversion.name),
        make("span", "", worth(conversion)),
        make("span", "", conversion.counted ? "counted" : "already counted by an earlier one"),
        make("span", "key", conversion.key),
      );
      meant.append(row);
    }
    item.append(meant);
  }
  return item;
}

function held(entry) {
  const item = make("li", "item");
  const line = make("div", "line");
  const time = make("time", "", clock(entry.time));
  time.dateTime = new Date(entry.time).toISOString();
  line.append(
    time,
    make("span", "reason", entry.reason),
    make("span", "subject", entry.detail),
  );
  item.append(line);
  // It is there for whoever may read what waits.
  if (entry.body) item.append(make("pre", "", entry.body));
  return item;
}

/** Shows what is not shown yet: what was stored around the cursor comes twice. */
function put(list, entries, draw) {
  const fresh = entries.filter((entry) => !shown.has(entry.id));
  for (const entry of fresh) shown.add(entry.id);
  list.prepend(...fresh.map(draw));
  while (list.childElementCount > KEPT) list.lastElementChild.remove();
  return list.childElementCount;
}

function totals(sum) {
  const cards = [
    ["Captured", sum.captured],
    ["Stored", sum.stored],
    ["Quarantined", sum.quarantined],
    ["Dropped", sum.dropped],
    ["Waiting", sum.waiting],
    ["Further copies", sum.duplicate],
  ];
  by("fates").replaceChildren(
    ...cards.map(([name, count]) => {
      const card = make("div");
      card.append(make("dt", "", name), make("dd", "", count.toLocaleString()));
      return card;
    }),
  );
  const line = by("sum");
  line.textContent =
    `captured ${sum.captured} = stored ${sum.stored} + quarantined ${sum.quarantined}` +
    ` + dropped ${sum.dropped} + waiting ${sum.waiting}` +
    (sum.holds ? "" : " does not hold");
  line.dataset.holds = sum.holds ? "yes" : "no";
  by("reasons").replaceChildren(
    ...sum.reasons.map((one) => make("li", "", `${one.fate}: ${one.reason} ${one.count}`)),
  );
}

function show(answer) {
  cursor = answer.cursor;
  totals(answer.totals);
  by("none").hidden = put(by("observations"), answer.observations, observation) > 0;
  by("held").hidden = put(by("quarantined"), answer.quarantined, held) === 0;
}

async function poll() {
  clearTimeout(timer);
  if (paused || !site) return;
  const address = `/api/v1/sites/${encodeURIComponent(site)}/live?after=${cursor}`;
  try {
    const response = await fetch(address, {
      headers: { authorization: `Bearer ${token}` },
      cache: "no-store",
    });
    const answer = await response.json();
    if (response.ok) {
      show(answer);
      state(`${site}, as of ${clock(answer.now)}`, true);
    } else {
      state(answer.detail || answer.title, false);
      if (response.status === 401 || response.status === 403 || response.status === 404) {
        by("door").hidden = false;
        return;
      }
    }
  } catch {
    state("The edge does not answer; trying again", false);
  }
  timer = setTimeout(poll, EVERY_MS);
}

function begin(values) {
  site = values.get("site") || "";
  token = values.get("token") || "";
  cursor = "";
  shown = new Set();
  // Empty, it says that the reader comes by Cloudflare Access.
  const known = site !== "" && values.has("token");
  by("door").hidden = known;
  for (const id of ["totals", "seen", "pause"]) by(id).hidden = !known;
  by("held").hidden = true;
  for (const id of ["observations", "quarantined"]) by(id).replaceChildren();
  by("none").hidden = false;
  if (!known) site = "";
  poll();
}

by("door").addEventListener("submit", (event) => {
  event.preventDefault();
  const values = new URLSearchParams(new FormData(event.target));
  location.hash = values.toString();
});
by("pause").addEventListener("click", (event) => {
  paused = !paused;
  event.target.textContent = paused ? "Go on" : "Pause";
  if (paused) state("Paused", false);
  else poll();
});
const read = () => begin(new URLSearchParams(location.hash.slice(1)));
addEventListener("hashchange", read);
read();
