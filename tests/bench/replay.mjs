// What it costs to try another plan on what is stored, beside the same evaluation natively.
//
//   node tests/bench/replay.mjs

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startWorker } from "../harness/worker.mjs";
import { median, print } from "./figures.mjs";
import { ask, fill, full, inFolder, native, plan } from "./native.mjs";
import { Workerd } from "./workerd.mjs";

const ROWS = 100_000;
const STEP = 2_000;
const PART = 10;

/** One goal of five is worth more: every tenth observation changes. */
const tried = {
  ...plan,
  goals: plan.goals.map((goal) => (goal.id === "watch-video" ? { ...goal, points: 7 } : goal)),
};

await inFolder(async (folder) => {
  const filled = await fill(folder, ROWS);
  assert.equal(filled.rows, ROWS);
  const file = join(folder, "tried.json");
  await writeFile(file, JSON.stringify(tried));
  const [peer] = await native("replay", filled.file, file, String(ROWS));
  const worker = await startWorker({ plan, persist: filled.persist, directSockets: true, change: full });
  try {
    show(peer, ...(await measure(worker)));
  } finally {
    await worker.dispose();
  }
});

async function measure(worker) {
  const workerd = new Workerd();
  const post = async (path, body) =>
    JSON.parse((await ask(worker, `plan/replay${path}`, { method: "POST", body })).body);
  let replay = await post("", JSON.stringify({ plan: tried }));
  const steps = [];
  while (replay.state === "running") {
    const start = performance.now();
    const before = replay.replayed;
    const cpu = await workerd.cpuOf(async () => {
      replay = await post(`/${replay.id}/step?limit=${STEP}`);
    });
    const took = performance.now() - start;
    // The last two steps find that nothing is left.
    if (replay.replayed > before) steps.push({ cpu: cpu / STEP, took });
  }
  assert.equal(replay.state, "done");
  assert.equal(replay.replayed, ROWS);
  return [steps, replay];
}

function show(peer, steps, replay) {
  const line = (what, { cpu, took }) => ({
    "CPU of an observation, µs": what,
    CPU: cpu,
    "observations a CPU second": Math.round(1e6 / cpu),
    "and by wall clock": took === undefined ? "" : Math.round((STEP * 1_000) / took),
  });
  const of = (part) => ({
    cpu: median(part.map((step) => step.cpu)),
    took: median(part.map((step) => step.took)),
  });
  const changed = replay.definitions.reduce((sum, one) => sum + one.changed, 0);
  print(
    `replay: a dry run over ${replay.replayed} observations, ${steps.length} steps, ` +
      `${peer.keys} keys met, ${changed} changed`,
    [
      line("natively: reading and evaluating", { cpu: peer.reading + peer.evaluating }),
      line("natively: evaluating alone", { cpu: peer.evaluating }),
      line("a step in workerd, with its D1", of(steps)),
      line(`the first ${PART} steps`, of(steps.slice(0, PART))),
      line(`the last ${PART} steps`, of(steps.slice(-PART))),
    ],
  );
}
