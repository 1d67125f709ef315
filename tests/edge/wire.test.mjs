// What released versions wrote: pages that were never loaded again, servers that nobody updated, and
// messages that were in the queue when the Worker changed. All of it is bytes of then, never made anew.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { everythingAddsUp } from "../harness/checks.mjs";
import { clocked } from "../harness/clocked.mjs";
import { rowsOf } from "../harness/rows.mjs";
import { root, startWorker, until } from "../harness/worker.mjs";

const folder = join(root, "tests/corpus/wire");
const versions = (await readdir(folder)).filter((name) => /^v\d+$/.test(name));

/** What the requests of then carried to prove who they are. */
const SECRETS = {
  adminToken: "the token of the owner",
  signingKeys: { shop: ["the key that the shop signed with"] },
};

/** Sends a request as it was sent, at the time at which it came. */
async function ask(worker, { at, method, path, headers, body }) {
  const response = await fetch(worker.url + path, { method, body, headers: { ...headers, "x-now": String(at) } });
  const answer = { status: response.status };
  const cookie = response.headers.get("set-cookie");
  if (cookie) answer.cookie = cookie.split(";")[0];
  const text = await response.text();
  if (/\bjson\b/.test(response.headers.get("content-type"))) answer.body = JSON.parse(text);
  return answer;
}

/** Events of servers and links between hosts are in no queue. */
const isNoMessage = ({ path }) => !/^\/_g\/(c|p\.gif)/.test(path);

/** What an answer must say: an answer of today may say more. */
function says(found, expected, about) {
  if (expected === null || typeof expected !== "object") return assert.equal(found, expected, about);
  for (const [name, value] of Object.entries(expected)) says(found?.[name], value, `${about}.${name}`);
}

test("there is a corpus", () => assert.ok(versions.includes("v1")));

for (const version of versions) {
  describe(version, async () => {
    const read = (name) => readFile(join(folder, version, name), "utf8");
    const [plan, requests, messages, rows] = await Promise.all(
      ["plan.json", "requests.json", "messages.json", "rows.json"].map(async (name) => JSON.parse(await read(name))),
    );
    const start = () => startWorker({ ...SECRETS, plan, change: clocked });
    let worker;
    let fromQueue;
    before(async () => {
      worker = await start();
      fromQueue = await start();
    });
    after(async () => {
      await worker?.dispose();
      await fromQueue?.dispose();
    });

    test(`a page of ${version} gets its plan as it reads it`, async () => {
      const response = await fetch(`${worker.url}/_g/plan/${plan.site}`);
      assert.equal(await response.text(), await read("plan.txt"));
      const named = requests.map(({ body }) => /"plan":"(\w+)"/.exec(body)?.[1]).find(Boolean);
      assert.equal(response.headers.get("etag"), `"${named}"`, "it names it as the page does");
    });

    test(`requests of ${version} are answered as they were, and are the same rows`, async () => {
      const seen = new Set(requests.map(({ name }) => name));
      assert.ok(["wasm", "js", "raw", "cookieless", "pixel", "server", "signed"].every((name) => seen.has(name)));
      for (const [at, request] of requests.entries()) {
        const answer = await ask(worker, request);
        says(answer, request.answer, `request ${at}, ${request.name} ${request.path}`);
      }
      await worker.settle();
      assert.deepEqual(await rowsOf(worker, plan.site), rows);
      await everythingAddsUp(worker);
    });

    test(`messages that a Worker of ${version} left in the queue are the same rows`, async () => {
      const producer = await fromQueue.queue();
      for (const message of messages) await producer.send(message, { contentType: "text" });
      await fromQueue.settle();
      // These were stored before they were answered.
      for (const request of requests.filter(isNoMessage)) await ask(fromQueue, request);
      assert.deepEqual(await rowsOf(fromQueue, plan.site), rows);
      await everythingAddsUp(fromQueue);

      // Some of them were stored already when the Worker changed: they come once more.
      for (const message of messages) await producer.send(message, { contentType: "text" });
      await fromQueue.settle();
      const again = await rowsOf(fromQueue, plan.site);
      assert.deepEqual({ ...again, fates: rows.fates }, rows);
    });
  });
}
