// What arrives where visits go wrong: each returns how much of what happened was delivered.

import { arrives, look, pause, visiting } from "./visits.mjs";

/** How long a collector far away takes. */
const FAR = { delay: 120 };
const SETTLE_MS = 1_200;
const BOUNCE = { pages: 1, clicks: 1, plays: 0 };

const away = (page, path) =>
  page.run(`void (location.href = ${JSON.stringify(path)})`).catch(() => {});

/** The whole visit with a collector far away, left for another page. */
const latency = (bench, peer) =>
  visiting(bench, peer, FAR, async ({ run, visitor, url }) => {
    const page = await visitor.page({ slower: bench.slower });
    await page.go(url("/"));
    await pause(SETTLE_MS);
    await look(page);
    await away(page, "/away");
    await arrives(() => run.delivered(), 22, 3_000);
    return run.delivered();
  });

/** The same, and the tab is closed. */
const close = (bench, peer) =>
  visiting(bench, peer, FAR, async ({ run, visitor, url }) => {
    const page = await visitor.page({ slower: bench.slower });
    await page.go(url("/"));
    await pause(SETTLE_MS);
    await look(page);
    await page.close();
    await arrives(() => run.delivered(), 22, 3_000);
    return run.delivered();
  });

/** One click as soon as the page is loaded, and gone. */
const bounce = (bench, peer) =>
  visiting(bench, peer, FAR, async ({ run, visitor, url }) => {
    const page = await visitor.page({ slower: bench.slower });
    await page.go(url("/"));
    await page.click();
    await away(page, "/away");
    await arrives(() => run.delivered(BOUNCE), 2, 3_000);
    return run.delivered(BOUNCE);
  });

/** The same, to a page that has the SDK too and stays open for a while. */
const next = (bench, peer) =>
  visiting(bench, peer, FAR, async ({ run, visitor, url }) => {
    const page = await visitor.page({ slower: bench.slower });
    await page.go(url("/"));
    await page.click();
    await away(page, "/next");
    const all = { ...BOUNCE, pages: 2 };
    await arrives(() => run.delivered(all), 3, 8_000);
    return run.delivered(all);
  });

/** Five clicks without a network, the tab closed; back again later. */
const offline = (bench, peer) =>
  visiting(bench, peer, FAR, async ({ run, visitor, url }) => {
    // The visitor's storage lives as long as one of their pages does.
    await visitor.open("about:blank");
    const page = await visitor.page({ slower: bench.slower });
    await page.go(url("/"));
    await pause(SETTLE_MS + 800);
    await page.offline(true);
    run.isCut = true;
    for (let at = 0; at < 5; at += 1) {
      await page.click();
      await pause(50);
    }
    await pause(1_000);
    await page.close();
    await pause(500);
    run.isCut = false;
    const clicks = () => Math.min(5, run.tally().click);
    const later = await visitor.page({ slower: bench.slower });
    await later.go(url("/"));
    await arrives(clicks, 5, 13_000);
    return clicks();
  });

/** A page that is prepared and only later seen: its views before and after. */
const prerender = (bench, peer) =>
  visiting(bench, peer, FAR, async ({ run, visitor, url }) => {
    await visitor.open(url("/prepare"));
    await arrives(() => (run.marks.activating ? 1 : 0), 1, 12_000);
    await pause(3_500);
    if (!run.isPrerendered) return "not prepared";
    return `${run.marks.activating.delivered.page}→${run.tally().page}`;
  });

/** A page that is left and comes back whole: its views before and after. */
const bfcache = (bench, peer) =>
  visiting(bench, peer, FAR, async ({ run, visitor, url }) => {
    await visitor.open(url("/?back"));
    await arrives(() => (run.marks.restored ? 1 : 0), 1, 8_000);
    const before = run.marks.restored?.delivered.page;
    await pause(3_500);
    return run.marks.restored ? `${before}→${run.tally().page}` : "not restored";
  });

/** What is tried, and what would be all of it. */
export const CASES = {
  latency: { run: latency, all: 22 },
  bounce: { run: bounce, all: 2 },
  next: { run: next, all: 3 },
  close: { run: close, all: 22 },
  // What is lost only now and then shows only when it is tried often.
  offline: { run: offline, all: 5, times: 5 },
  prerender: { run: prerender, all: "0→1" },
  bfcache: { run: bfcache, all: "1→2" },
};
