import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, afterEach, before, test } from "node:test";
import { PageLoad, plan, post } from "../harness/beacon.mjs";
import { everythingAddsUp, problem } from "../harness/checks.mjs";
import { differences } from "../harness/schema.mjs";
import { startWorker } from "../harness/worker.mjs";

const shop = {
  ...plan,
  outcomes: [...plan.outcomes, { id: "warranty", group: "purchase", when: "server", value: { fixed: "30000" } }],
};

let worker;
let api;
before(async () => {
  worker = await startWorker({ plan: shop });
  await worker.publish({ ...shop, site: "other" });
  api = await (await fetch(`${worker.url}/api/v1/openapi.json`)).json();
});
after(() => worker.dispose());
afterEach(() => everythingAddsUp(worker));

const hash = (address) => `email:${createHash("sha256").update(address).digest("hex")}`;

/** Answers, each checked against what the API says of itself. */
async function ask(route, path) {
  const response = await worker.admin(path);
  assert.equal(response.status, 200, await response.clone().text());
  const body = await response.json();
  const { schema } = api.paths[`/api/v1/sites/{site}/${route}`].get.responses[200].content[
    "application/json"
  ];
  assert.deepEqual(differences(schema, body, api), []);
  return body;
}

const contact = (id, query = "", site = "shop") =>
  ask("contacts/{contact}", `${site}/contacts/${encodeURIComponent(id)}${query}`);

const contacts = (query, site = "shop") =>
  ask("reports/contacts", `${site}/reports/contacts?${new URLSearchParams(query)}`);

const found = async (query, site) =>
  (await contacts(query, site)).contacts.map(({ contact }) => contact);

async function told(events, site = "shop") {
  const response = await worker.admin(`${site}/events`, {
    method: "POST",
    body: JSON.stringify({ events }),
  });
  const { results } = await response.json();
  assert.deepEqual(results.map(({ result }) => result), events.map(() => "stored"));
}

const day = 86_400_000;

/** When a server says that something happened; the longer ago, the smaller. */
const ago = (days) => Date.now() - days * day;

test("two browsers of one person are one contact, whose value grows years later", async () => {
  const anna = hash("anna@shop.example");
  const phone = new PageLoad("shop");
  const laptop = new PageLoad("shop");
  await post(worker, phone.beacon([phone.view(), phone.identify(anna)]));
  const items = [laptop.identify(anna), laptop.event("demo_requested"), laptop.purchase("A1", "14800")];
  await post(worker, laptop.beacon(items));
  await worker.settle();
  const before = await contact(anna);
  assert.deepEqual(before.visitors.toSorted(), [phone.visitor, laptop.visitor].toSorted());
  assert.deepEqual([before.stage, before.points, before.sessions], ["customer", 20, 2]);
  assert.equal(before.value[0].claimed.net.decimal, "14800");
  assert.deepEqual(await contact(phone.visitor), before);

  // The shop knows the address and its own number; the car was bought three years ago.
  const person = { email: "Anna@shop.example", customer: "c-7" };
  await told([
    { id: "car", time: ago(1100), commerce: "purchase", order: "CAR", revenue: "3000000",
      currency: "JPY", contact: person },
    { id: "care", time: ago(1), outcome: "warranty", contact: { customer: "c-7" } },
  ]);
  const after = await contact(anna);
  assert.equal(after.contact, "customer:c-7");
  assert.deepEqual(after.identities, ["customer:c-7", anna]);
  assert.equal(after.value[0].verified.net.minor, 3_030_000);
  assert.equal(after.value[0].net.minor, 3_044_800);
  assert.ok(after.first_seen < before.first_seen);
  assert.deepEqual(await contact("customer:c-7"), after);
});

test("a stage goes from visitor to cancelled, and who stands there can be listed", async () => {
  const load = new PageLoad("shop");
  await post(worker, load.beacon([load.view(), load.identify("customer:step")]));
  await worker.settle();
  const stages = [(await contact("customer:step")).stage];
  const outcomes = ["marketing-lead", "sales-opportunity", "close-won", "close-cancelled"];
  for (const [at, outcome] of outcomes.entries()) {
    await told([{ id: outcome, time: ago(9 - at), outcome, contact: "customer:step" }]);
    stages.push((await contact("customer:step")).stage);
  }
  assert.deepEqual(stages, ["visitor", "marketing_lead", "opportunity", "customer", "cancelled"]);
  assert.deepEqual(await found({ stage: "cancelled" }), ["customer:step"]);
  assert.ok(!(await found({ stage: "customer" })).includes("customer:step"));
});

test("a refund lowers what a contact brought", async () => {
  const money = { revenue: "10000", currency: "JPY" };
  const order = { commerce: "purchase", contact: "customer:back", ...money };
  await told([
    { id: "B1", time: ago(3), order: "B1", ...order },
    { id: "B2", time: ago(3), order: "B2", ...order },
    { id: "B1-part", time: ago(2), commerce: "refund", order: "B1", amount: "2500", currency: "JPY" },
    { id: "B2-all", time: ago(2), commerce: "refund", order: "B2" },
  ]);
  const { value, orders, orders_voided, timeline } = await contact("customer:back");
  const [{ gross, refunded, net }] = value;
  assert.deepEqual([gross.minor, refunded.minor, net.minor], [20_000, 12_500, 7_500]);
  assert.deepEqual([orders, orders_voided], [1, 1]);
  assert.deepEqual(timeline.filter(({ type }) => type === "conversion").map(({ state }) => state).toSorted(), ["counted", "voided"]);
});

test("a search takes an address as it is, and keeps it nowhere", async () => {
  const load = new PageLoad("shop");
  const items = [load.identify(hash("ben@shop.example")), load.purchase("BEN-1", "5")];
  await post(worker, load.beacon(items));
  await worker.settle();
  const ben = hash("ben@shop.example");
  for (const q of [" Ben@Shop.example", ben, "BEN-1"]) assert.deepEqual(await found({ q }), [ben], q);
  await told([{ id: "700", time: ago(1), identify: true, contact: { customer: "700", phone: "+81 3 1234 5678" } }]);
  for (const q of ["70", "customer:700", "+81 (3) 1234-5678"]) {
    assert.deepEqual(await found({ q }), ["customer:700"], q);
  }
  assert.deepEqual(await found({ q: "nobody@shop.example" }), []);
  const texts = await worker.db.prepare("SELECT body FROM observations").all();
  assert.ok(!JSON.stringify(texts.results).toLowerCase().includes("ben@"));
});

test("all contacts come in pages, and the first ones by what they brought", async () => {
  const people = Array.from({ length: 7 }, (_, n) => `customer:${n}`);
  await told(
    people.map((person, n) => ({
      id: `L${n}`, time: ago(5), commerce: "purchase", order: `L${n}`, revenue: `${n * 100 + 1}`,
      currency: "JPY", contact: person,
    })),
    "other",
  );
  const listed = [];
  let after = "";
  do {
    const page = await contacts({ limit: "3", ...(after && { after }) }, "other");
    listed.push(...page.contacts.map(({ contact }) => contact));
    after = page.next;
  } while (after);
  assert.deepEqual(listed, people);
  assert.deepEqual(await found({ order: "value", limit: "2" }, "other"), ["customer:6", "customer:5"]);
  const customers = await found({ order: "value", stage: "customer" }, "other");
  assert.deepEqual(customers, people.toReversed());
  assert.deepEqual(await found({ order: "last", stage: "visitor" }, "other"), []);
});

test("two sites never mix", async () => {
  const load = new PageLoad("other");
  await post(worker, load.beacon([load.view(), load.identify("customer:both"), load.purchase("X", "900")]));
  await worker.settle();
  assert.equal((await contact("customer:both", "", "other")).value[0].net.minor, 900);
  await problem(await worker.admin("shop/contacts/customer%3Aboth"), 404, "not-found");
  await problem(await worker.admin(`shop/contacts/${load.visitor}`), 404, "not-found");
  assert.deepEqual(await found({ q: "X" }), []);
});

test("a timeline has pages, the newest first", async () => {
  const events = Array.from({ length: 5 }, (_, n) => ({
    id: `T${n}`, time: ago(50 - n), outcome: "warranty", contact: "customer:long",
  }));
  await told(events);
  const whole = (await contact("customer:long", "?limit=200")).timeline;
  assert.equal(whole.length, 10);
  assert.deepEqual(whole.map(({ time }) => time), whole.map(({ time }) => time).toSorted((a, b) => b - a));
  const lines = [];
  let before = "";
  do {
    const page = await contact("customer:long", `?limit=3${before && `&before=${before}`}`);
    lines.push(...page.timeline);
    before = page.next;
  } while (before);
  assert.deepEqual(lines, whole);
});

test("the list is a table for a spreadsheet too, page by page", async () => {
  const site = "sheet";
  await worker.publish({ ...plan, site });
  await told(
    ["a", "b", "=c"].map((customer, n) => ({
      id: `s${n}`, time: ago(1), commerce: "purchase", order: `S${n}`, revenue: "900", currency: "JPY",
      contact: { customer },
    })),
    site,
  );
  let after = "";
  const lines = [];
  for (let page = 0; page < 3; page += 1) {
    const response = await worker.admin(`${site}/reports/contacts?format=csv&limit=1&after=${after}`);
    assert.match(response.headers.get("content-type"), /^text\/csv/);
    assert.match(response.headers.get("content-disposition"), /sheet-contacts\.csv/);
    const [names, line] = (await response.text()).trimEnd().split("\r\n");
    assert.ok(names.startsWith("contact,stage,verified JPY,net JPY,claimed JPY,claimed_net JPY,points,"), names);
    lines.push(line.split(",").slice(0, 4).join(","));
    after = response.headers.get("goalpost-next");
  }
  assert.equal(after, null);
  assert.deepEqual(lines, ["=c", "a", "b"].map((own) => `customer:${own},customer,900,900`));
});

test("what cannot be asked is said, and nobody's address is repeated", async () => {
  const bad = await problem(await worker.admin("shop/contacts/anna%40shop.example"), 400, "bad-parameter");
  assert.ok(!bad.detail.includes("anna"));
  await problem(await worker.admin("shop/contacts/%E0%A4%A"), 400, "bad-parameter");
  for (const query of ["limit=0", "limit=201", "before=x", "colour=red"]) {
    await problem(await worker.admin(`shop/contacts/customer%3A7?${query}`), 400, "bad-parameter");
  }
  for (const query of ["stage=king", "order=height", "colour=red"]) {
    await problem(await worker.admin(`shop/reports/contacts?${query}`), 400, "bad-parameter");
  }
  const nobody = await fetch(`${worker.url}/api/v1/sites/shop/contacts/customer%3A7`);
  await problem(nobody, 401, "unauthorized");
});
