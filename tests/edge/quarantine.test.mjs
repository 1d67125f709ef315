// What waits in quarantine, and every way out of it: stored as it came, stored once it is put right, or
// discarded. After each, every item has one fate.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { PageLoad, plan, post, uuid } from "../harness/beacon.mjs";
import { everythingAddsUp, fate, problem } from "../harness/checks.mjs";
import { differences } from "../harness/schema.mjs";
import { startWorker, until } from "../harness/worker.mjs";

const quarantine = (site) => (site ? `/api/v1/sites/${site}/quarantine` : "/api/v1/quarantine");

/** Asks as the deployment's owner; an answer is checked against what the API says of itself. */
function asking(worker, api) {
  const send = (site, path, init = {}) =>
    fetch(`${worker.url}${quarantine(site)}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${worker.token}`, ...init.headers },
    });
  const ask = async (site, path = "", init = {}) => {
    const response = await send(site, path, init);
    assert.equal(response.status, 200, await response.clone().text());
    const body = await response.json();
    const [, id, last] = path.split("?")[0].split("/");
    const route = `${quarantine(site && "{site}")}${id ? "/{id}" : ""}${last ? `/${last}` : ""}`;
    const operation = api.paths[route][(init.method ?? "GET").toLowerCase()];
    const { schema } = operation.responses[200].content["application/json"];
    assert.deepEqual(differences(schema, body, api), []);
    return body;
  };
  const replay = (body) => ({ method: "POST", ...(body && { body: typeof body === "string" ? body : JSON.stringify(body) }) });
  return {
    ask,
    send,
    replay: (site, id, body) => ask(site, `/${id}/replay`, replay(body)),
    refused: async (site, id, body, status = 422, kind = "bad-item") =>
      problem(await send(site, `/${id}/replay`, replay(body)), status, kind),
    newest: async (site, reason) => (await ask(site, `?reason=${reason}`)).waiting[0],
  };
}

const became = ({ stored, duplicate, quarantined, dropped }) => [stored, duplicate, quarantined, dropped];

describe("what waits in quarantine", () => {
  let worker;
  let api;
  before(async () => {
    worker = await startWorker({
      plan,
      change: (options) => {
        options.queueConsumers["goalpost-events"].maxRetries = 1;
      },
    });
    api = asking(worker, await (await fetch(`${worker.url}/api/v1/openapi.json`)).json());
  });
  after(() => worker?.dispose());
  afterEach(() => everythingAddsUp(worker));

  const stored = async (id) =>
    worker.db.prepare("SELECT * FROM observations WHERE id = unhex(?1, '-')").bind(id).first();
  const balance = async () => {
    const { rows } = await (await worker.admin("shop/reports/conservation")).json();
    return JSON.stringify(rows ?? []);
  };

  test("a body of a version that is not known is shown, refused as it is, and stored once it is put right", async () => {
    const load = new PageLoad("shop");
    const items = [load.view(), load.purchase("V1", "500")];
    const body = load.beacon(items, { v: 7 });
    await post(worker, body);
    await worker.settle();
    const held = await fate(worker, "", "quarantined", "version");
    const waits = await api.newest("", "version");
    assert.equal(waits.holds, "body");
    assert.equal(waits.bytes, body.length);
    assert.equal((await api.ask("", `/${waits.id}`)).text, body);

    const told = await api.refused("", waits.id);
    assert.match(told.detail, /version 7 .* reads version 1/);
    await api.refused("", waits.id, "{");
    await api.refused("", waits.id, load.beacon(items, { site: "nobodys" }));
    assert.match((await api.refused("", waits.id, load.beacon([]))).detail, /^items: is empty/);
    assert.equal(await fate(worker, "", "quarantined", "version"), held);

    assert.deepEqual(became(await api.replay("", waits.id, body.replace('"v":7', '"v":1'))), [2, 0, 0, 0]);
    assert.equal(await fate(worker, "", "quarantined", "version"), held - 1);
    assert.equal((await stored(items[1].id)).order_number, "V1");
    await problem(await api.send("", `/${waits.id}/replay`, { method: "POST" }), 404, "not-found");
    const { acts } = await (await worker.admin("shop/audit")).json();
    assert.ok(acts.some(({ act, subject }) => act === "replay_quarantined" && subject === waits.id));
    const read = await fetch(`${worker.url}/api/v1/audit`, { headers: { authorization: `Bearer ${worker.token}` } });
    assert.ok((await read.json()).acts.some(({ act, subject }) => act === "read_quarantined" && subject === waits.id));

    // The same body once more: all of it is there already.
    const copy = load.beacon(items, { v: 7, sent: 1 });
    await post(worker, copy);
    await worker.settle();
    const again = await api.newest("", "version");
    assert.deepEqual(became(await api.replay("", again.id, copy.replace('"v":7', '"v":1'))), [0, 2, 0, 0]);
  });

  test("poison is stored by an edge that reads it, with the time at which it came", async () => {
    const load = new PageLoad("shop");
    const seen = load.view();
    const at = Date.now() - 60_000;
    const letter = { received_at: at, content: { beacon: JSON.parse(load.beacon([seen])), novel: 1 } };
    await (await worker.queue()).send(JSON.stringify(letter), { contentType: "text" });
    const waits = await until(() => api.newest("shop", "poison"), "the poison in quarantine");
    const { text } = await api.ask("shop", `/${waits.id}`);
    assert.equal(JSON.parse(text).content.novel, 1);
    await api.refused("shop", waits.id);
    const { novel, ...content } = letter.content;
    assert.equal(novel, 1);
    assert.deepEqual(became(await api.replay("shop", waits.id, { received_at: at + 5, content })), [1, 0, 0, 0]);
    assert.equal((await stored(seen.id)).received_at, at);

    // A beacon on which the Worker ended itself.
    const other = new PageLoad("shop");
    const items = [other.view(), other.event("demo_requested")];
    const refused = { reason: "poison", detail: "why", body: Buffer.from(other.beacon(items)).toString("base64") };
    await (await worker.queue()).send(JSON.stringify({ received_at: at, content: { refused } }), { contentType: "text" });
    await worker.settle();
    const ended = await api.newest("", "poison");
    assert.deepEqual(became(await api.replay("", ended.id)), [2, 0, 0, 0]);
    assert.equal(await fate(worker, "", "quarantined", "poison"), 0);
  });

  test("the live list shows what waits only to whoever may read it", async () => {
    const load = new PageLoad("shop");
    await post(worker, load.beacon([load.item({ kind: "telepathy", thought: "of shoes" })]));
    await worker.settle();
    const asked = async (scopes) => {
      const body = JSON.stringify({ name: "Live", scopes });
      const { token } = await (await worker.admin("shop/tokens", { method: "POST", body })).json();
      const headers = { authorization: `Bearer ${token}` };
      const { quarantined } = await (await fetch(`${worker.url}/api/v1/sites/shop/live`, { headers })).json();
      return quarantined.find(({ reason }) => reason === "unknown_kind");
    };
    const { detail, body } = await asked(["read"]);
    assert.match(detail, /telepathy/);
    assert.equal(body, "");
    assert.match((await asked(["read", "privacy"])).body, /of shoes/);
  });

  test("an item that is wrong stays until it is put right, and is still the same item", async () => {
    const load = new PageLoad("shop");
    const half = load.event("half");
    const broken = JSON.stringify(half).replace("half", "half \\ud83d");
    await post(worker, load.beacon([load.view(), broken, load.view()]));
    await worker.settle();
    const waits = await api.newest("shop", "encoding");
    assert.equal(waits.holds, "item");
    assert.equal(waits.page, load.page);
    assert.equal((await api.ask("shop", `/${waits.id}`)).text, broken);
    const before = await balance();

    assert.match((await api.refused("shop", waits.id)).detail, /hex escape at line 1 column/);
    for (const [field, wrong] of [
      ["id", { ...half, id: uuid() }],
      ["seq", { ...half, seq: 7 }],
      ["page", { ...half, page: uuid() }],
    ]) {
      assert.match((await api.refused("shop", waits.id, wrong)).detail, new RegExp(`^${field}: `), field);
    }
    for (const nonsense of ["1],\"x\":[", "{}", "null", "[]", "\u0000", JSON.stringify({ ...half, kind: 5 })]) {
      await api.refused("shop", waits.id, nonsense);
    }
    assert.equal(await balance(), before);
    assert.equal(await fate(worker, "shop", "quarantined", "encoding"), 1);

    assert.deepEqual(became(await api.replay("shop", waits.id, { ...half, name: "demo_requested" })), [1, 0, 0, 0]);
    const row = await stored(half.id);
    assert.equal(Buffer.from(row.visitor).toString("hex"), load.visitor.replaceAll("-", ""));
    assert.match(row.verdict, /demo-request/);
    assert.equal(await fate(worker, "shop", "quarantined", "encoding"), 0);
  });

  test("an item of a body that is wrong by itself waits on its own", async () => {
    const load = new PageLoad("shop");
    const good = load.view();
    const body = load.beacon([good, { ...load.event("x"), kind: "novel" }], { v: 7 });
    await post(worker, body);
    await worker.settle();
    const waits = await api.newest("", "version");
    const put = await api.replay("", waits.id, body.replace('"v":7', '"v":1'));
    assert.deepEqual(became(put), [1, 0, 1, 0]);
    assert.equal(put.refused[0].reason, "unknown_kind");
    assert.equal((await api.newest("shop", "unknown_kind")).holds, "item");
  });

  test("what is no text is shown in base64, and what is of a site names that", async () => {
    const load = new PageLoad("shop");
    const packed = gzipSync(load.beacon([load.view()])).subarray(0, 40);
    await post(worker, packed, { "content-encoding": "gzip" });
    await worker.settle();
    const waits = await api.newest("", "encoding");
    const shown = await api.ask("", `/${waits.id}`);
    assert.equal(shown.text, null);
    assert.deepEqual(Buffer.from(shown.base64, "base64"), packed);
    assert.match((await api.refused("", waits.id)).detail, /^body: is not text/);
    const refused = { reason: "poison", detail: "why", site: "shop", body: Buffer.from("{}").toString("base64") };
    await (await worker.queue()).send(JSON.stringify({ received_at: Date.now(), content: { refused } }), { contentType: "text" });
    await worker.settle();
    const own = await api.newest("shop", "poison");
    const other = new PageLoad("twin");
    assert.match((await api.refused("shop", own.id, other.beacon([other.view()]))).detail, /^site: is 'twin'/);
  });

  test("of two contents of one id the first stands, and the other is discarded", async () => {
    const load = new PageLoad("shop");
    const first = load.event("demo_requested");
    await post(worker, load.beacon([first]));
    await worker.settle();
    await post(worker, load.beacon([{ ...first, path: "/other/" }]));
    await worker.settle();
    const waits = await api.newest("shop", "conflict");
    assert.equal(waits.holds, "item");
    assert.match((await api.refused("shop", waits.id)).detail, /^id: an item with this id is stored/);
    assert.deepEqual(became(await api.replay("shop", waits.id, first)), [0, 1, 0, 0], "a copy of the first");

    await post(worker, load.beacon([{ ...first, path: "/third/" }]));
    await worker.settle();
    const third = await api.newest("shop", "conflict");
    assert.equal((await api.ask("shop", `/${third.id}`, { method: "DELETE" })).discarded, true);
    assert.equal(await fate(worker, "shop", "dropped", "discarded"), 1);
    await problem(await api.send("shop", `/${third.id}`), 404, "not-found");

    // Where both wait, one must go first; what is discarded does not come back.
    const next = new PageLoad("shop");
    const wrong = next.item({ kind: "novel", name: "a" });
    await post(worker, next.beacon([wrong]));
    await post(worker, next.beacon([{ ...wrong, name: "b" }]));
    await worker.settle();
    const { waiting } = await api.ask("shop", "?reason=unknown_kind&limit=2");
    const right = { ...wrong, kind: "event", name: "demo_requested" };
    await api.refused("shop", waiting[0].id, right, 409, "busy");
    const both = [];
    for (const { id } of waiting) both.push((await api.ask("shop", `/${id}`)).text.includes('"a"') ? 0 : 1);
    await api.ask("shop", `/${waiting[both.indexOf(1)].id}`, { method: "DELETE" });
    assert.deepEqual(became(await api.replay("shop", waiting[both.indexOf(0)].id, right)), [1, 0, 0, 0]);
  });

  test("who may not is told so, and nothing that is asked breaks it", async () => {
    const made = await (await worker.admin("shop/tokens", { method: "POST", body: JSON.stringify({ name: "P", scopes: ["privacy"] }) })).json();
    const headers = { authorization: `Bearer ${made.token}` };
    const { waiting } = await api.ask("shop");
    assert.equal((await api.send("shop", "", { headers })).status, 200);
    assert.equal((await api.send("shop", `/${waiting[0].id}`, { headers })).status, 200);
    await problem(await api.send("shop", `/${waiting[0].id}/replay`, { method: "POST", headers }), 403, "missing-scope");
    await problem(await api.send("shop", `/${waiting[0].id}`, { method: "DELETE", headers }), 403, "missing-scope");
    await problem(await api.send("", "", { headers }), 401, "unauthorized");
    for (const wrong of ["?limit=0", "?reason=no", "?cursor=x", "?x=1"]) {
      await problem(await api.send("shop", wrong), 400, "bad-parameter");
    }
    for (const wrong of ["x", `${uuid()}.0000000000000000`, "%00", `${uuid()}.zz`]) {
      await problem(await api.send("shop", `/${wrong}`), 404, "not-found");
    }
  });

  test("a list has every row once, the newest first", async () => {
    const load = new PageLoad("shop");
    await post(worker, load.beacon(Array.from({ length: 9 }, () => ({ ...load.event("x"), kind: "novel" }))));
    await worker.settle();
    const all = (await api.ask("shop", "?limit=200")).waiting.map(({ id }) => id);
    assert.ok(all.length >= 9);
    const ids = all.map((id) => id.slice(0, 36));
    assert.deepEqual(ids, ids.toSorted().toReversed());
    const paged = [];
    let cursor = "";
    do {
      const { waiting, next } = await api.ask("shop", `?limit=2${cursor}`);
      paged.push(...waiting.map(({ id }) => id));
      cursor = next && `&cursor=${next}`;
    } while (cursor);
    assert.deepEqual(paged, all);
  });
});

test("what waits in any of several databases is listed, and is stored from there", async () => {
  const worker = await startWorker({ plan, databases: 3, shards: 3 });
  try {
    const api = asking(worker, await (await fetch(`${worker.url}/api/v1/openapi.json`)).json());
    const spread = () => worker.db.prepare("SELECT state, shards FROM spread").first();
    for (let run = 0; (await spread())?.state !== "done" || (await spread()).shards !== 3; run += 1) {
      assert.ok(run < 100, JSON.stringify(await spread()));
      await worker.cron(Date.now() + run * 600_000);
    }
    const loads = Array.from({ length: 24 }, () => new PageLoad("shop"));
    const wrong = loads.map((load) => load.item({ kind: "novel", name: "demo_requested" }));
    for (const [at, load] of loads.entries()) await post(worker, load.beacon([load.view(), wrong[at]]));
    await worker.settle();
    const count = (table) => Promise.all(worker.databases.map((db) => db.prepare(`SELECT count(*) AS n FROM ${table}`).first("n")));
    const held = await count("quarantine");
    assert.ok(held.every((n) => n > 0), `each database has some: ${held}`);
    const sum = async () => (await worker.admin("shop/reports/conservation")).json();
    const before = await sum();
    const { waiting } = await api.ask("shop", "?limit=5");
    assert.equal(waiting.length, 5);
    const all = (await api.ask("shop")).waiting;
    assert.equal(all.length, 24);
    assert.deepEqual(all.slice(0, 5), waiting);
    for (const { id } of all) {
      const { text } = await api.ask("shop", `/${id}`);
      assert.deepEqual(became(await api.replay("shop", id, text.replace('"novel"', '"event"'))), [1, 0, 0, 0]);
    }
    assert.deepEqual(await count("quarantine"), [0, 0, 0]);
    const after = await sum();
    assert.equal(JSON.stringify(after).match(/"waiting":(-?\d+)/)[1], JSON.stringify(before).match(/"waiting":(-?\d+)/)[1]);
    const stored = await count("observations");
    assert.equal(stored.reduce((one, other) => one + other), 48);
    // A whole body, whose items are at home in several.
    const more = Array.from({ length: 6 }, () => new PageLoad("shop"));
    for (const load of more) {
      const body = load.beacon([load.view(), load.purchase(`M${load.page}`, "5")], { v: 7 });
      await post(worker, body);
      await worker.settle();
      const { waiting: [waits] } = await api.ask("");
      assert.deepEqual(became(await api.replay("", waits.id, body.replace('"v":7', '"v":1'))), [2, 0, 0, 0]);
    }
    assert.match(JSON.stringify(await sum()), /"holds":true/);
  } finally {
    await worker.dispose();
  }
});
