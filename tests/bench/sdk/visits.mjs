// The scripted visit, and what it costs the page.

import { median } from "../figures.mjs";

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** How long a page is given to start, after its load event. */
const SETTLE_MS = 1_200;
const CLICKS = 20;

/** Waits until so many have arrived, or no more may be expected. */
export async function arrives(count, wanted, timeoutMs) {
  const end = Date.now() + timeoutMs;
  while (count() < wanted && Date.now() < end) await pause(25);
}

/** Twenty clicks and a play, as a person makes them. */
export async function look(page) {
  for (let at = 0; at < CLICKS; at += 1) {
    await page.click();
    await pause(25);
  }
  await page.run(`document.getElementById("walk").play()`);
  await pause(300);
}

/** Runs something with a visitor and a run of its own, and cleans up after it. */
export async function visiting({ browser, sink }, peer, options, work) {
  const run = sink.begin(peer, options);
  const visitor = await browser.visitor();
  try {
    return await work({ run, visitor, url: (path) => run.shop + path });
  } finally {
    await visitor.close();
    sink.end(run);
  }
}

const leave = (page) => page.run(`void (location.href = "/away")`).catch(() => {});

/** One whole visit: start, clicks, play, leaving. */
export const visit = (bench, peer, slower) =>
  visiting(bench, peer, {}, async ({ run, visitor, url }) => {
    const page = await visitor.page({ slower });
    const before = await page.metrics();
    await page.go(url("/"));
    await pause(SETTLE_MS);
    const started = await page.metrics();
    await look(page);
    const looked = await page.metrics();
    await page.send("HeapProfiler.collectGarbage");
    const { heap } = await page.metrics();
    await leave(page);
    await arrives(() => run.delivered(), 22, 2_000 * (slower > 1 ? 2 : 1));
    await pause(200);
    const sent = run.requests.filter((one) => !one.isPreflight);
    const first = run.requests.find((one) => one.isTelling);
    const sum = (name) => run.requests.reduce((all, one) => all + one[name], 0);
    return {
      startTask: started.task - before.task,
      startScript: started.script - before.script,
      visitTask: looked.task - started.task,
      heap,
      firstRequest: first && first.at - run.pageAt,
      requests: sent.length,
      preflights: run.requests.length - sent.length,
      payload: sum("payload"),
      headers: sum("headers"),
      delivered: run.delivered(),
      doubled: run.tally().doubled,
      paths: [...new Set(run.requests.map(({ path }) => path.split("?")[0]))],
    };
  });

/** The longest task of the main thread, by its CPU time, from start to the fifth click. */
export const longestTask = (bench, peer, slower) =>
  visiting(bench, peer, {}, async ({ visitor, url }) => {
    const { browser } = bench;
    const page = await visitor.page({ slower });
    const events = [];
    const listener = ({ method, params }) =>
      method === "Tracing.dataCollected" && events.push(...params.value);
    browser.listeners.add(listener);
    const categories = "toplevel,disabled-by-default-devtools.timeline";
    await browser.send("Tracing.start", {
      transferMode: "ReportEvents",
      traceConfig: { includedCategories: categories.split(",") },
    });
    await page.go(url("/"));
    await pause(SETTLE_MS);
    for (let at = 0; at < 5; at += 1) await page.click();
    await pause(200);
    const complete = browser.event("Tracing.tracingComplete");
    await browser.send("Tracing.end");
    await complete;
    browser.listeners.delete(listener);
    const mains = new Set(
      events
        .filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
        .map(({ pid, tid }) => `${pid} ${tid}`),
    );
    const tasks = events.filter(
      ({ name, pid, tid, tdur }) => /RunTask$/.test(name) && tdur && mains.has(`${pid} ${tid}`),
    );
    return { longest: Math.max(0, ...tasks.map(({ tdur }) => tdur)) / 1000 };
  });

const BURST = 1_000;
const DRAIN_MS = 2_500;

/** A loop of 1,000 calls: what each costs, and how many arrive. */
export const burst = (bench, peer) =>
  visiting(bench, peer, {}, async ({ run, visitor, url }) => {
    const page = await visitor.page({ slower: bench.slower });
    await page.go(url("/?burst"));
    await pause(SETTLE_MS + 800);
    const before = await page.metrics();
    const inLoop = await page.run(`{
      const begin = performance.now();
      for (let seq = 1; seq <= ${BURST}; seq++) window.bench.track("cta_click", { seq, label: "Add to bag", value: 12900 });
      performance.now() - begin;
    }`);
    await pause(DRAIN_MS);
    const after = await page.metrics();
    const requests = run.requests.filter((one) => !one.isPreflight).length;
    await leave(page);
    await arrives(() => run.tally().click, BURST, 2_000);
    return {
      inLoop: (inLoop * 1000) / BURST,
      total: ((after.task - before.task) * 1000) / BURST,
      delivered: run.tally().click,
      requests,
    };
  });

/** The median of each figure over rounds. */
export function medians(rounds) {
  if (!rounds.length) return {};
  const figures = Object.keys(rounds[0]).filter(
    (name) => typeof rounds[0][name] === "number" || rounds[0][name] === undefined,
  );
  return Object.fromEntries(
    figures.map((name) => {
      const values = rounds.map((round) => round[name]).filter((value) => value !== undefined);
      return [name, values.length ? median(values) : null];
    }),
  );
}
