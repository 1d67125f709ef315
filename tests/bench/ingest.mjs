// What it costs to take what a shop's own server reports, beside plain inserts of the same rows.
//
//   node tests/bench/ingest.mjs

import assert from "node:assert/strict";
import { startWorker } from "../harness/worker.mjs";
import { median, print, ratio } from "./figures.mjs";
import { ask, bare, inFolder, native, plan, subfolder } from "./native.mjs";
import { Workerd } from "./workerd.mjs";

const WARM_UP = 4;
const ROUNDS = 40;
const EVENTS = 1_000;

await inFolder(async (folder) => {
  const requests = await native("orders", await subfolder(folder, "orders"), String(WARM_UP + ROUNDS));
  const worker = await startWorker({ plan, directSockets: true, change: bare });
  try {
    const workerd = new Workerd();
    const measured = [];
    for (const request of requests) {
      let answer;
      const start = performance.now();
      const cpu = await workerd.cpuOf(async () => {
        answer = await ask(worker, "events", { method: "POST", body: request.body });
      });
      const took = performance.now() - start;
      const { results } = JSON.parse(answer.body);
      assert.equal(results.length, EVENTS);
      assert.ok(results.every(({ result }) => result === "stored"), "an event was not stored");
      const written = Number(answer.headers.get("goalpost-rows-written"));
      measured.push({ ...request, cpu: cpu / EVENTS, took, written: written / EVENTS });
    }
    const { n } = await worker.db.prepare("SELECT count(*) AS n FROM conversions").first();
    assert.equal(n, requests.length * EVENTS, "conversions");
    show(measured.slice(WARM_UP));
  } finally {
    await worker.dispose();
  }
});

function show(rounds) {
  const values = (of) => rounds.map(of);
  const plain = values((round) => round.plain);
  const line = (what, cpu) => ({
    "CPU of an event, µs": what,
    ours: median(cpu),
    "plain inserts": median(plain),
    ratio: ratio(plain, cpu),
    "events a CPU second": Math.round(1e6 / median(cpu)),
  });
  print(
    `ingest: ${rounds.length} requests of 1,000 purchases with contacts; ratio in events per CPU second`,
    [
      line("natively, the sink's statements", values((round) => round.sink)),
      line("natively, with reading and evaluating", values((round) => round.sink + round.reading)),
      line("POST /events in workerd, with its D1", values((round) => round.cpu)),
    ],
  );
  const [least, most] = [Math.min, Math.max].map((of) => of(...values((round) => round.written)));
  print("ingest: through POST /events", [
    {
      "a request of 1,000": "by wall clock",
      ms: median(values((round) => round.took)),
      "events a second": Math.round(EVENTS / (median(values((round) => round.took)) / 1_000)),
      "rows written an event": median(values((round) => round.written)),
      least,
      most,
    },
  ]);
}
