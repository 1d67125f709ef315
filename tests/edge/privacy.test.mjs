// What people may ask for: to see all that is kept of them, and that nothing is; and that what nobody
// should have sent is nowhere.

import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { asked, fetched } from "../harness/archive.mjs";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp, everythingKept, fate, problem } from "../harness/checks.mjs";
import { differences } from "../harness/schema.mjs";
import { startWorker } from "../harness/worker.mjs";

const day = 86_400_000;
const hash = (address) => `email:${createHash("sha256").update(address).digest("hex")}`;
const encoded = encodeURIComponent;

/** Answers, each checked against what the API says of itself. */
function asking(worker, api) {
  return async (route, path, init = {}) => {
    const response = await worker.admin(path, init);
    assert.equal(response.status, 200, await response.clone().text());
    const body = await response.json();
    const operation = api.paths[`/api/v1/sites/{site}/${route}`][(init.method ?? "GET").toLowerCase()];
    const { schema } = operation.responses[200].content["application/json"];
    assert.deepEqual(differences(schema, body, api), []);
    return body;
  };
}

describe("erasing", () => {
  const anna = hash("anna@shop.example");
  const money = { currency: "JPY" };
  let worker;
  let ask;
  before(async () => {
    worker = await startWorker({ plan, queueTimeoutMs: 20 });
    await worker.publish({ ...plan, site: "twin" });
    ask = asking(worker, await (await fetch(`${worker.url}/api/v1/openapi.json`)).json());
  });
  after(() => worker?.dispose());

  const annas = [new PageLoad("shop"), new PageLoad("shop")];
  const bens = new PageLoad("shop");
  const twins = new PageLoad("twin", bens);
  const now = Date.now();
  const [phone, laptop] = annas;
  const ofAnna = [
    phone.beacon([phone.view(), phone.identify(anna), phone.adds("red shoe"), phone.purchase("A1", "14800")]),
    laptop.beacon([laptop.view(), laptop.identify(anna), laptop.event("demo_requested"), laptop.adds("hat")]),
    laptop.beacon([JSON.stringify(laptop.event("half")).replace("half", "half \\ud83d")]),
  ];
  // Of a newer SDK: nobody here can say whose it is, nor of which site.
  const next = new PageLoad("shop", phone);
  const newer = next.beacon([next.identify(anna), next.purchase("A1", "14800")], { v: 7 });
  const newerOfTwin = newer.replace('"shop"', '"twin"').replaceAll(anna, "customer:9").replace('"A1"', '"B9"').replace("14800", "7").replaceAll(phone.visitor, bens.visitor);
  const seen = [bens.view(), bens.identify("customer:9"), bens.event("demo_requested"), bens.purchase("B1", "500")];
  const ofBen = bens.beacon(seen);
  const told = (site) => ({
    ben: [
      { id: "b", time: now - day, commerce: "purchase", order: "B1", revenue: "500", ...money, contact: "customer:9" },
    ],
    anna: [
      { id: "a", time: now - day, commerce: "purchase", order: "A1", revenue: "14800", ...money,
        contact: { email: "anna@shop.example", customer: "anna-7" } },
      { id: "r", time: now - 5_000, commerce: "refund", order: "A1", amount: "800", ...money },
      { id: "x", time: now - 400 * day, commerce: "purchase", order: "A0", revenue: "1", ...money, contact: "customer:anna-7" },
    ],
    site,
  });
  const tell = (site, events) =>
    worker.admin(`${site}/events`, { method: "POST", body: JSON.stringify({ events }) });
  const deliver = async () => {
    for (const beacon of [...ofAnna, ofBen, newer, newerOfTwin]) await post(worker, beacon);
    await tell("shop", [...told("shop").anna, ...told("shop").ben]);
    await worker.settle();
  };

  const days = `from=${new Date(now - 500 * day).toISOString().slice(0, 10)}&to=${new Date(now + day).toISOString().slice(0, 10)}`;
  const figures = async (site) => {
    const reports = {};
    for (const name of ["overview", "outcomes", "goals", "groups", "channels", "sessions", "events", "attribution", "velocity", "carts"]) {
      const text = await (await worker.admin(`${site}/reports/${name}?${days}`)).text();
      reports[name] = JSON.parse(text.replaceAll(`"${site}"`, '"site"'));
    }
    return reports;
  };
  const balance = async (site = "shop") =>
    (await worker.admin(`${site}/reports/conservation`)).json();

  test("erase, then redeliver everything: the contact stays gone, and every other figure is what it would be", async () => {
    await deliver();
    await post(worker, twins.beacon(seen, { site: "twin", page: bens.page }));
    await tell("twin", told("twin").ben);
    await worker.settle();
    await worker.rollUp();
    await everythingAddsUp(worker);
    const before = await balance();
    const contact = await ask("contacts/{contact}", `shop/contacts/${encoded(anna)}`);
    assert.deepEqual(contact.identities, ["customer:anna-7", anna]);

    let erasure = await ask("contacts/{contact}", `shop/contacts/${encoded(anna)}`, { method: "DELETE" });
    const path = `shop/erasures/${erasure.id}`;
    assert.deepEqual(await ask("erasures/{erasure}", path), erasure);
    while (erasure.state !== "done") {
      erasure = await ask("erasures/{erasure}/step", `${path}/step`, { method: "POST" });
    }
    assert.deepEqual([erasure.observations, erasure.quarantined], [11, 2]);
    assert.equal(await fate(worker, "", "dropped", "erased"), 1);
    assert.equal(await fate(worker, "", "quarantined", "version"), 1, "another's stays");

    const gone = async () => {
      for (const name of [anna, "customer:anna-7", phone.visitor, laptop.visitor]) {
        await problem(await worker.admin(`shop/contacts/${encoded(name)}`), 404, "not-found");
        let after = "";
        do {
          const { rows, next } = await ask("contacts/{contact}/export", `shop/contacts/${encoded(name)}/export?${after}`);
          assert.deepEqual(rows, []);
          after = next && `after=${next}`;
        } while (after);
      }
      const kept = await everythingKept(worker);
      const names = [anna, "anna-7", phone.visitor, laptop.visitor, "14800", '"A1"', "order:A1"];
      for (const name of names.flatMap((own) => [own, own.length === 36 ? own.replaceAll("-", "") : own])) {
        for (const [table, text] of Object.entries(kept)) {
          assert.ok(!text.toLowerCase().includes(name.toLowerCase()), `${name} in ${table}`);
        }
      }
      assert.deepEqual(await figures("shop"), await figures("twin"));
    };
    await gone();
    const sum = (found) => JSON.stringify(found).match(/"waiting":-?\d+/g);
    const after = await balance();
    assert.deepEqual(sum(after), sum(before));
    assert.equal(await fate(worker, "shop", "dropped", "erased"), 12);
    await everythingAddsUp(worker);

    // Every browser, the queue and every server say it all once more, in any order.
    await deliver();
    for (const beacon of ofAnna.toReversed()) {
      const message = { received_at: Date.now(), visitor: phone.visitor, content: { beacon: JSON.parse(beacon) } };
      const text = JSON.stringify(message).replace("half \\\\ud83d", "half \\ud83d");
      await (await worker.queue()).send(text, { contentType: "text" });
    }
    // What had not arrived yet, and what a server still believes.
    await post(worker, phone.beacon([phone.event("demo_requested")]));
    await tell("shop", [{ id: "late", time: now - 1, outcome: "close-won", contact: "customer:anna-7" }]);
    await worker.settle();
    await worker.rollUp();
    await gone();
    assert.equal(await fate(worker, "shop", "dropped", "erased"), 14);
    await everythingAddsUp(worker);

    // And so does whoever tries another plan on all that there is.
    const asked = { method: "POST", body: JSON.stringify({ version: 1, apply: true }) };
    let replay = await (await worker.admin("shop/plan/replay", asked)).json();
    while (replay.state === "running") {
      replay = await (await worker.admin(`shop/plan/replay/${replay.id}/step`, { method: "POST" })).json();
    }
    assert.equal(replay.state, "applied");
    await gone();
    await everythingAddsUp(worker);

    // The rest is Ben's.
    const ben = await ask("contacts/{contact}", "shop/contacts/customer%3A9");
    assert.equal(ben.value[0].net.minor, 500);
    const { acts } = await ask("audit", "shop/audit");
    const erased = acts.find(({ act }) => act === "erase");
    assert.equal(erased.token, "owner");
    assert.match(erased.subject, /^[0-9a-f]{32}$/);
    assert.ok(acts.some(({ act, subject }) => act === "replay" && subject === replay.id));
  });

  test("an export has every row of a person, page by page, and no other", async () => {
    const own = new PageLoad("shop");
    const carol = hash("carol@shop.example");
    const items = [own.view(), own.identify(carol), own.adds("sock"), own.purchase("C1", "5")];
    const broken = JSON.stringify(own.event("half")).replace("half", "half \\ud83d");
    await post(worker, own.beacon([...items, broken]));
    await post(worker, own.beacon([own.view()], { v: 7 }));
    await post(worker, own.beacon([own.view()], { v: 7, site: "twin" }));
    await tell("shop", [
      { id: "c", time: now - day, commerce: "purchase", order: "C1", revenue: "5", ...money, contact: { email: "carol@shop.example", customer: "8" } },
      { id: "cr", time: now, commerce: "refund", order: "C1" },
    ]);
    await worker.settle();
    for (const limit of [1, 3, 500]) {
      const tables = {};
      let after = "";
      do {
        const path = `shop/contacts/${encoded(carol)}/export?limit=${limit}${after}`;
        const { rows, next } = await ask("contacts/{contact}/export", path);
        assert.ok(rows.length <= limit);
        for (const { table } of rows) tables[table] = (tables[table] ?? 0) + 1;
        after = next && `&after=${next}`;
      } while (after);
      assert.deepEqual(tables, {
        identities: 2, known_visitors: 1, sessions: 1, open_carts: 1, evidence: 2, conversions: 1,
        refunds: 1, observations: 6, quarantine: 2,
      });
    }
    // Wherever a page begins, it is known who has read it.
    const noted = async () => (await ask("audit", "shop/audit?limit=200")).acts.filter(({ act }) => act === "export").length;
    for (const place of ['[0,""]', '[0,"0"]']) {
      const before = await noted();
      const after = Buffer.from(place).toString("base64url");
      const begun = await ask("contacts/{contact}/export", `shop/contacts/${encoded(carol)}/export?after=${after}`);
      assert.ok(begun.rows.length > 4);
      assert.equal(await noted(), before + 1, place);
    }
    for (const nowhere of ["[60,\"\"]", "[200,\"\"]", "[0]"]) {
      const after = Buffer.from(nowhere).toString("base64url");
      await problem(await worker.admin(`shop/contacts/${encoded(carol)}/export?after=${after}`), 400, "bad-parameter");
    }
    const reader = await (await worker.admin("shop/tokens", { method: "POST", body: JSON.stringify({ name: "R", scopes: ["read"] }) })).json();
    const authorization = `Bearer ${reader.token}`;
    for (const [path, method] of [["/export", "GET"], ["", "DELETE"]]) {
      const init = { method, headers: { authorization } };
      const refused = await fetch(`${worker.url}/api/v1/sites/shop/contacts/${encoded(carol)}${path}`, init);
      await problem(refused, 403, "missing-scope");
    }
    const { acts } = await ask("audit", "shop/audit?limit=2");
    assert.deepEqual(acts.map(({ act }) => act), ["make_token", "export"]);
    assert.equal(acts[0].subject, reader.id);
    await everythingAddsUp(worker);
  });
});

describe("retention", () => {
  let worker;
  before(async () => {
    worker = await startWorker({ plan: { ...plan, retention: { observations: "60d", quarantine: "60d" } } });
  });
  after(() => worker?.dispose());

  test("single rows leave when they are old; conversions, sessions and the sum of fates stay", async () => {
    const load = new PageLoad("shop");
    const broken = JSON.stringify(load.event("half")).replace("half", "half \\ud83d");
    await post(worker, load.beacon([load.view(), load.purchase("A1", "5"), broken]));
    await worker.settle();
    const count = (table) => worker.db.prepare(`SELECT count(*) AS n FROM ${table}`).first("n");
    const counts = async () => Promise.all(["observations", "quarantine", "conversions", "sessions", "page_loads"].map(count));
    const waiting = async () => JSON.stringify(await (await worker.admin("shop/reports/conservation")).json()).match(/"waiting":-?\d+/g);
    const before = await waiting();
    await worker.cron(Date.now() + 59 * day);
    assert.deepEqual(await counts(), [2, 1, 1, 1, 1]);
    await worker.cron(Date.now() + 61 * day);
    assert.deepEqual(await counts(), [0, 0, 1, 1, 1]);
    assert.deepEqual(await waiting(), before);
    assert.equal(await fate(worker, "shop", "dropped", "expired"), 1);
    assert.equal(await fate(worker, "shop", "stored"), 2);
  });

  test("what waits under no site, or under a name without a plan, leaves after thirty days", async () => {
    const nobodys = new PageLoad("nobodys");
    for (const body of ["junk", nobodys.beacon([nobodys.view()]), nobodys.beacon(['{"id":7}']), nobodys.beacon([], { v: 7 })]) {
      await post(worker, body);
    }
    await worker.settle();
    const waits = async () => worker.db.prepare("SELECT count(*) AS n FROM quarantine WHERE site <> 'shop'").first("n");
    assert.equal(await waits(), 4);
    await worker.cron(Date.now() + 29 * day);
    assert.equal(await waits(), 4);
    await worker.cron(Date.now() + 31 * day);
    assert.equal(await waits(), 0);
    assert.equal(await fate(worker, "", "dropped", "expired"), 2);
    assert.equal(await fate(worker, "nobodys", "dropped", "expired"), 2);
  });

  test("a plan says what it can be", async () => {
    const wrong = { ...plan, retention: { observations: "59d", quarantine: "0d", logs: "1d" } };
    const refused = await worker.admin("shop/plan", { method: "PUT", body: JSON.stringify(wrong) });
    const { problems } = await problem(refused, 422, "bad-plan");
    assert.deepEqual(problems.map(({ path }) => path).toSorted(), ["retention.logs", "retention.observations", "retention.quarantine"]);
  });
});

describe("erasing where there is an archive", () => {
  let worker;
  before(async () => {
    worker = await startWorker({ plan, archive: true });
  });
  after(() => worker?.dispose());
  const erase = (path) => worker.admin(path, { method: "DELETE" });
  const state = (id) =>
    worker.db.prepare("SELECT state FROM erasures WHERE id = unhex(?1)").bind(id.replaceAll("-", "")).first("state");

  test("a name without a plan is no name that erasing cannot end under", async () => {
    const response = await erase("typo/contacts/customer%3A7");
    assert.equal(response.status, 200, await response.clone().text());
    assert.equal((await response.json()).state, "done");
  });

  test("an erasure that fails holds up no other, and ends once it can", async () => {
    const file = "archive/shop/day=2026-01-01/part-00000.parquet";
    const bucket = await worker.miniflare.getR2Bucket("ARCHIVE", "goalpost");
    await bucket.put(file, "no Parquet");
    await worker.db
      .prepare(
        `INSERT INTO archive_parts (site, day, part, after, until, state, rows, people)
         VALUES ('shop', '2026-01-01', 0, x'', x'', 'kept', 1, '["customer:1"]')`,
      )
      .run();
    await problem(await erase("shop/contacts/customer%3A1"), 500, "internal");
    const failing = await worker.db.prepare("SELECT hex(id) AS id FROM erasures WHERE site = 'shop'").first("id");
    const { id } = await (await erase("shop/contacts/customer%3A2")).json();
    assert.equal(await state(id), "done");
    // As if it had taken no step yet.
    await worker.db
      .prepare("UPDATE erasures SET state = 'running', store = 'evidence' WHERE id = unhex(?1)")
      .bind(id.replaceAll("-", ""))
      .run();
    await worker.cron(Date.now());
    assert.deepEqual([await state(id), await state(failing)], ["done", "running"]);
    await bucket.delete(file);
    await worker.cron(Date.now());
    assert.equal(await state(failing), "done");
  });

  test("an erasure in another database than the first looks at the files of that one", async () => {
    const several = await startWorker({ plan, archive: true, databases: 2 });
    try {
      const [, second] = several.databases;
      const bucket = await several.miniflare.getR2Bucket("ARCHIVE", "goalpost");
      const file = "archive/shop/day=2026-01-01/part-00000.parquet";
      await bucket.put(file, "the first database's");
      const part = `INSERT INTO archive_parts (site, day, part, after, until, state, rows, people)
        VALUES ('shop', '2026-01-01', 0, x'', x'', 'kept', 1, '["customer:1"]')`;
      const erasure = `INSERT INTO erasures
        VALUES ('shop', x'019aa0000000700080000000000000aa', x'', 'running', 'archive', x'', 0, '[]', '["customer:1"]', '[]', 0, 0, 1, 1, '')`;
      await second.batch([part, erasure].map((sql) => second.prepare(sql)));
      await several.cron(Date.now());
      assert.equal(await second.prepare("SELECT state FROM erasures").first("state"), "done");
      assert.equal(await second.prepare("SELECT people FROM archive_parts").first("people"), "[]");
      assert.equal(await (await bucket.get(file)).text(), "the first database's");
    } finally {
      await several.dispose();
    }
  });
});

describe("canaries", () => {
  const mail = "canary.mail@leak.example";
  const phone = "+81-3-5555-0177";
  const card = "4111 1111 1111 1111";
  const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl";
  const ip = "203.0.113.77";
  const all = `${mail}, ${phone}, ${card}, ${jwt}`;
  const traces = ["canary.mail", "leak.example", "5555-0177", "55550177", "1111 1111", "11111111", "eyJhbGciOiJIUzI1NiJ9", ip];
  const KEY = "the key that signs the webhooks";
  const now = Date.now();
  let worker;
  const log = [];
  let folder;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "goalpost-canaries-"));
    worker = await startWorker({ plan, archive: true, webhookKeys: { shop: { shopify: [KEY] } }, log });
  });
  after(async () => {
    await worker?.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  test("what names a person is in no table, no cache, no log and no export, whichever door it came by", async () => {
    const headers = { "cf-connecting-ip": ip, "x-forwarded-for": ip, "x-real-ip": ip };
    const load = new PageLoad("shop");
    const text = { title: all, path: `/account/${encoded(mail)}/${phone}`, referrer: `https://x.example/?q=${all}` };
    const query = { utm_source: mail, utm_campaign: phone, gclid: mail, email: mail, tel: phone };
    const items = [
      load.view({ ...text, query, later: { who: [all], [mail]: card } }),
      load.event(`asked ${mail}`, { note: all, order_id: mail, list: [{ text: all }], [`of ${mail}`]: 1 }),
      load.item({ kind: "click", elements: [{ tag: "a", id: mail, class: phone, attributes: { href: `tel:${phone}`, title: all } }] }),
      load.item({ kind: "submit", elements: [{ tag: "form", id: "f", attributes: { action: `/?mail=${mail}` } }] }),
      load.item({ kind: "media", step: "play", video: all }),
      load.item({ kind: "commerce", name: "purchase", properties: { order: mail, revenue: "5", coupon: all } }),
      load.identify(mail),
      load.identify(phone),
      load.item({ kind: "trigger", name: `for ${mail}`, properties: { note: all } }),
      load.item({ kind: all }),
      JSON.stringify(load.event("half", { note: all })).replace("half", "half \\ud83d"),
      { note: all },
      `"${all}"`,
    ];
    for (const item of items) {
      await post(worker, load.beacon([item]), headers);
      await post(worker, load.beacon([item], { plan: mail, sdk: all, consent: all }), headers);
    }
    const bodies = [
      all, Buffer.from([0xff, ...Buffer.from(all), 0xfe]), `{"v":1,"site":"shop","items":[{"note":"${all}"`,
      load.beacon(items, { v: 99 }), load.beacon(items, { site: mail }), load.beacon(items, { site: phone }),
      load.beacon(items, { site: "" }), JSON.stringify({ v: 1, site: all, items: all }),
    ];
    for (const body of bodies) await post(worker, body, headers);
    const params = new URLSearchParams({ site: "shop", kind: "event", event: all, message: all, path: `/${all}`, note: all });
    const purchase = new URLSearchParams({ site: "shop", kind: "purchase", order: mail, revenue: all, currency: "JPY" });
    const referer = `https://shop.example/${encoded(mail)}?utm_source=${encoded(all)}&mail=${mail}`;
    for (const asked of [params, purchase, new URLSearchParams({ site: mail, kind: "page" })]) {
      await fetch(`${worker.url}/_g/p.gif?${asked}`, { headers: { ...headers, referer } });
    }
    const event = { time: Date.now() - 5, properties: { note: all, mail } };
    const events = [
      { id: mail, event: "called", ...event, contact: { email: mail, phone } },
      { id: "2", event: mail, ...event, contact: { customer: "7" } },
      { id: "3", commerce: "purchase", order: "S1", revenue: "5", currency: "JPY", ...event, contact: { customer: mail } },
      { id: "4", commerce: "refund", order: "S1", time: Date.now() - 4, properties: { reason: all } },
      { id: "5", outcome: mail, ...event },
      { id: "6", [mail]: all },
      all,
    ];
    for (const told of [{ events }, { events: all }, all, { [mail]: 1 }]) {
      await worker.admin("shop/events", { method: "POST", body: JSON.stringify(told), headers });
    }
    const order = {
      id: 1, name: "#1", created_at: new Date().toISOString(), total_price: "5", currency: "JPY", email: mail, phone,
      browser_ip: ip, note: all, customer: { id: 5, email: mail, phone }, billing_address: { phone }, line_items: [],
    };
    for (const body of [JSON.stringify(order), JSON.stringify({ ...order, total_price: all }), `{"email":"${all}"`]) {
      const code = createHmac("sha256", KEY).update(body).digest("base64");
      await fetch(`${worker.url}/api/v1/sites/shop/webhooks/shopify`, {
        method: "POST",
        body,
        headers: { ...headers, "x-shopify-hmac-sha256": code, "x-shopify-topic": "orders/paid" },
      });
    }
    // A message that nobody can read ends among the dead letters.
    await (await worker.queue()).send(`{"received_at":"${mail}","content":"${all}"}`, { contentType: "text" });
    await worker.admin(`shop/contacts/${encoded(mail)}`);
    await worker.admin(`shop/reports/contacts?q=${encoded(mail)}`);
    await worker.admin(`shop/contacts/${encoded(hash(mail))}/export`);
    await worker.settle();
    // A day later what is seen today is archived, in a few steps.
    for (const later of [0, 1, 2, 3]) await worker.cron(now + 3 * day + later * 600_000);

    const stored = await worker.db.prepare("SELECT count(*) AS n FROM observations").first("n");
    const waiting = await worker.db.prepare("SELECT count(*) AS n FROM quarantine").first("n");
    assert.ok(stored > 8 && waiting > 10, `${stored} and ${waiting}`);
    const leaks = [];
    const look = (where, content) => {
      for (const trace of traces) if (content.includes(trace)) leaks.push(`${trace} in ${where}`);
    };
    for (const [table, content] of Object.entries(await everythingKept(worker))) look(table, content);
    const cache = await worker.miniflare.getKVNamespace("PLANS", "goalpost");
    for (const { name } of (await cache.list()).keys) look(`KV ${name}`, `${name} ${await cache.get(name)}`);
    const scrubbed = {};
    const search = (where, content) => {
      look(where, content);
      scrubbed[where] ||= /\[(email|phone)\]/.test(content);
    };
    // What was searched must be there: each of these has what came in the place of an address.
    search("the log", log.join("\n"));
    const keys = await fetched(worker, folder);
    look("the archive's names", keys.join("\n"));
    const { all: archived } = await asked(folder, "shop", { all: "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM observations" });
    assert.equal(archived.length, stored);
    search("the archive", JSON.stringify(archived));
    const api = await (await fetch(`${worker.url}/api/v1/openapi.json`)).json();
    const tables = [];
    for (const [path, { get }] of Object.entries(api.paths)) {
      const [, name] = /\/reports\/(\S+)$/.exec(path) ?? [];
      if (!name || !get.responses[200].content["text/csv"]) continue;
      const answer = await worker.admin(`shop/reports/${name}?format=csv`);
      const text = await answer.text();
      assert.equal(answer.status, 200, `${name}: ${text}`);
      assert.match(answer.headers.get("content-type"), /^text\/csv/);
      tables.push(text);
    }
    assert.ok(tables.length > 12, `${tables.length}`);
    search("reports as CSV", tables.join("\n"));
    let after = "";
    do {
      const response = await worker.admin(`shop/contacts/${load.visitor}/export?${after}`);
      const page = await response.json();
      search("an export", JSON.stringify(page));
      after = page.next && `after=${page.next}`;
    } while (after);
    assert.deepEqual(leaks, []);
    assert.deepEqual(scrubbed, { "the log": true, "the archive": true, "reports as CSV": true, "an export": true });
  });
});
