// The passes' figures as tables of Markdown.

import { median, target, verdict } from "../figures.mjs";
import { CASES } from "./delivery.mjs";
import { medians } from "./visits.mjs";

const whole = (value) => (!Number.isFinite(value) ? "–" : Math.round(value).toLocaleString("en"));
const tenth = (value) => (!Number.isFinite(value) ? "–" : value.toFixed(1));

/** The median, and what it varied between where it did. */
function spread(values = []) {
  if (!values.length) return "–";
  if (values.some((value) => typeof value !== "number")) {
    const times = new Map();
    for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
    return [...times]
      .sort(([, a], [, b]) => b - a)
      .map(([value]) => value)
      .join(" or ");
  }
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return whole(median(values)) + (least < most ? ` (${whole(least)}–${whole(most)})` : "");
}

/** A table: what each column is called, and what it says of a row. */
function table(columns, rows) {
  const names = Object.keys(columns);
  const lines = [
    names,
    names.map((_, at) => (at ? "---:" : "---")),
    ...rows.map((row) => Object.values(columns).map((of) => of(row))),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** How a pass was run, in a line. */
function conditions(name, { about, result }) {
  const { begun, minutes, load, cores, processor, node, rounds } = about;
  const browser = result.browser ? `${result.browser}, ` : "";
  return `${name}: ${begun.slice(0, 16).replace("T", " ")} UTC, ${tenth(minutes)} min, ${rounds} rounds, ${browser}Node ${node.slice(1)}, ${cores} cores (${processor}), load ${load.map(tenth).join(" to ")}.`;
}

/** The medians of one peer above the empty page's, where there is a page to be above. */
function figuresOf(cpu, key) {
  if (!cpu?.visit1[key]?.length) return undefined;
  const of = (pass, name = key) => medians(cpu[pass][name]);
  const above = (pass, figure) => of(pass)[figure] - of(pass, "empty")[figure];
  return {
    start1: above("visit1", "startTask"),
    script1: above("visit1", "startScript"),
    heap: above("visit1", "heap") / 1024,
    longest: [of("longest1").longest, of("longest4").longest],
    visit: of("visit1"),
    first4: of("visit4").firstRequest,
    call: of("burst").inLoop,
    callTotal: above("burst", "total"),
    burst: cpu.burst[key].map(({ delivered }) => delivered),
    slow: cpu.visit4[key].map(({ delivered }) => delivered),
    requests: cpu.visit1[key].map(({ requests }) => requests),
  };
}

const label = ({ name, version }) => (version ? `${name} ${version}` : name);

function sizes(peers, { result }) {
  return table(
    {
      "bytes down": label,
      "to the first observation: br": ({ key }) => whole(result[key].first.brotli),
      "till all runs: raw": ({ key }) => whole(result[key].all.raw),
      gzip: ({ key }) => whole(result[key].all.gzip),
      br: ({ key }) => whole(result[key].all.brotli),
    },
    peers.filter(({ key }) => result[key]),
  );
}

function costs(rows) {
  return [
    table(
      {
        "in the page, above the empty one": label,
        "start at 1×, ms": ({ its }) => `${tenth(its.start1)}`,
        "script, by the clock": ({ its }) => tenth(its.script1),
        "longest task 1× / 4×, ms": ({ its }) => its.longest.map(whole).join(" / "),
        "heap, KB": ({ its }) => whole(its.heap),
        "a call: in the loop / in all, µs": ({ its }) =>
          `${whole(its.call)} / ${whole(its.callTotal)}`,
      },
      rows,
    ),
    table(
      {
        "the visit of 22 events": label,
        "first request 1× / 4×, ms": ({ its }) =>
          `${whole(its.visit.firstRequest)} / ${whole(its.first4)}`,
        requests: ({ its }) => spread(its.requests),
        preflights: ({ its }) => whole(its.visit.preflights),
        "bytes up": ({ its }) => whole(its.visit.payload),
        "with headers": ({ its }) => whole(its.visit.payload + its.visit.headers),
      },
      rows,
    ),
  ].join("\n\n");
}

const NAMES = {
  slow: "4× slower",
  burst: "burst",
  latency: "120 ms away",
  bounce: "bounce",
  next: "next page",
  close: "tab closed",
  offline: "offline",
  prerender: "prerender",
  bfcache: "bfcache",
};

function arrivals(peers, cpu, delivery) {
  const results = delivery?.result.results;
  const cases = Object.fromEntries(
    Object.entries(CASES).map(([name, { all }]) => [
      `${NAMES[name]} (${all})`,
      ({ key }) => spread(results?.[key]?.[name]),
    ]),
  );
  const { [`${NAMES.latency} (22)`]: latency, ...others } = cases;
  return table(
    {
      delivered: label,
      "4× slower (22)": ({ key }) => spread(figuresOf(cpu?.result, key)?.slow),
      [`${NAMES.latency} (22)`]: latency,
      "burst (1,000)": ({ key }) => spread(figuresOf(cpu?.result, key)?.burst),
      ...others,
    },
    peers.filter(({ key }) => results?.[key] || cpu?.result.visit1[key]),
  );
}

/** How often all was delivered on a slow processor, and the worst where it was not. */
function often({ result: { results } }) {
  const wanted = { slow: { all: 22 }, burst: { all: 1_000 }, ...CASES };
  const rows = Object.entries(results).map(([name, values]) => {
    const { all } = wanted[name];
    const full = values.filter((value) => value === all);
    return { name, all, runs: values.length, full: full.length, short: values.filter((value) => value !== all) };
  });
  return table(
    {
      "Goalpost (wasm), often": ({ name, all }) => `${NAMES[name]} (${all})`,
      visits: ({ runs }) => runs,
      "all delivered": ({ full }) => full,
      "else delivered": ({ short }) => short.join(", ") || "–",
    },
    rows,
  );
}

/** The lightest of the peers that lose nothing offline. */
function leastHeap({ cpu, delivery }) {
  const all = Object.entries(delivery?.result.results ?? {})
    .filter(
      ([key, { offline }]) =>
        !key.startsWith("goalpost") && Math.min(...offline) >= CASES.offline.all,
    )
    .map(([key]) => figuresOf(cpu?.result, key)?.heap)
    .filter(Number.isFinite);
  return all.length ? Math.round(Math.min(...all)) : undefined;
}

/** What the empty page varied between: no figure above it is more exact than that. */
function noise({ result }) {
  const starts = result.visit1.empty.map(({ startTask }) => Math.round(startTask));
  return `The empty page itself, start at 1×, ms: ${spread(starts)}.`;
}

/** The numbers to hold, for the form that most pages run. */
function targets(passes) {
  const { size, cpu, delivery } = passes;
  const rows = [];
  const add = (what, figure, limit, shown = whole) =>
    Number.isFinite(figure) &&
    rows.push([what, shown(figure), target({ ...limit }), verdict(figure, limit)]);
  const weight = size?.result.goalpost;
  add("loader, bytes (br)", weight?.first.brotli, { most: 1_500 });
  add("till all runs, bytes (br)", weight?.all.brotli, { most: 24_000 });
  add("the same in the js form", size?.result["goalpost-js"]?.all.brotli, { most: 48_000 });
  const its = figuresOf(cpu?.result, "goalpost");
  add("start at 1×, ms", its?.start1, { most: 15 }, tenth);
  add("a call, all told, µs", its?.callTotal, { most: 50 });
  const heap = leastHeap(passes);
  if (heap) add("heap, KB: of peers, the least with an offline queue", its?.heap, { most: heap });
  add("requests", its?.visit.requests, { most: 3 });
  add("bytes up", its?.visit.payload, { most: 4_096 });
  add("preflights", its?.visit.preflights, { most: 0 });
  add("delivered at 4×, the worst visit", its && Math.min(...its.slow), { least: 22 });
  add("of a burst, the worst", its && Math.min(...its.burst), { least: 1_000 });
  for (const [name, { all }] of Object.entries(CASES)) {
    const values = delivery?.result.results.goalpost?.[name];
    if (!values?.length) continue;
    if (typeof all === "number")
      add(`${NAMES[name]}, the worst visit`, Math.min(...values), { least: all });
    else
      rows.push([
        `${NAMES[name]}, views`,
        spread(values),
        all,
        values.every((value) => value === all) ? "met" : "not met",
      ]);
  }
  return table(
    {
      Goalpost: (row) => row[0],
      "": (row) => row[1],
      target: (row) => row[2],
      " ": (row) => (row[3] === "met" ? "met" : `**${row[3]}**`),
    },
    rows,
  );
}

/** Everything that there is, of all passes that have been run. */
export function markdown(passes, peers) {
  const { size, cpu, delivery } = passes;
  const rows = peers
    .map((peer) => ({ ...peer, its: figuresOf(cpu?.result, peer.key) }))
    .filter(({ its }) => its);
  const parts = [
    targets(passes),
    size && sizes(peers, size),
    rows.length && costs(rows),
    cpu && noise(cpu),
    (cpu || delivery) && arrivals(peers, cpu, delivery),
    passes.often && often(passes.often),
    Object.entries(passes)
      .filter(([, pass]) => pass)
      .map(([name, pass]) => conditions(name, pass))
      .join("\n"),
  ];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}
