// Writes fuzz/seeds anew: what the fuzzer begins with. Most of it is the golden corpus.
//
//   cargo build -p goalpost-corpus && node fuzz/seeds.mjs <its program>

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const corpusFile = join(root, "tests/corpus/corpus.json");
const program = process.argv[2];
if (!program) throw new Error("name the program: node fuzz/seeds.mjs <target>/debug/goalpost-corpus");

const corpus = JSON.parse(readFileSync(corpusFile, "utf8"));
const [trace] = execFileSync(program, [corpusFile], { encoding: "utf8", maxBuffer: 1 << 26 }).split("\n");
const { plan: compiled, steps } = JSON.parse(trace);
const bodies = steps.flatMap(({ effects }) => effects.filter((it) => /^[fb]/.test(it)).map((it) => it.slice(1)));

/** One beacon of each kind of observation is enough: the fuzzer puts them together. */
const items = new Map();
for (const body of bodies) {
  const { items: all, ...header } = JSON.parse(body);
  for (const item of all) {
    const kind = [item.kind, item.step ?? item.name ?? ""].join("-").replace(/[^a-z_-]/g, "").slice(0, 24);
    if (!items.has(kind)) items.set(kind, JSON.stringify({ ...header, items: [item] }));
  }
}
const shortest = [...bodies].sort((a, b) => a.length - b.length);

const { plan } = corpus;
const small = { site: plan.site, timezone: plan.timezone, currency: plan.currency, hosts: plan.hosts };
const plans = {
  corpus: JSON.stringify(plan),
  compiled,
  storefront: JSON.stringify(JSON.parse(readFileSync(join(root, "examples/storefront/plan.json"), "utf8"))),
};
for (const definition of [...plan.outcomes, ...plan.goals]) {
  const list = "points" in definition ? "goals" : "outcomes";
  plans[definition.id] = JSON.stringify({ ...small, groups: plan.groups, [list]: [definition] });
}

const time = "2026-11-18T12:00:00+09:00";
const event = (id, fields) => ({ id, time, ...fields });
const purchase = { commerce: "purchase", order: "A1", revenue: "14800", currency: "JPY" };
const events = {
  purchase: { events: [event("A1-paid", { ...purchase, contact: { email: "ann@shop.example", customer: "7" } })] },
  refund: { events: [event("A1-back", { commerce: "refund", order: "A1", amount: "20.00", currency: "USD" })] },
  outcome: { events: [event("7-won", { outcome: "sales-lead", contact: { phone: "+81 3-1234-5678" } })] },
  named: { site: "corpus", events: [event("e", { event: "test", properties: { a: 1, b: "x", c: true }, interactive: true })] },
  identify: { events: [{ time: 1794000000000, identify: true, contact: { customer: "7", email: "ann@shop.example" } }] },
  two: { events: [event("a", purchase), event("a", { event: "subscribed", properties: { fee: "1.250" } })] },
};
const order = { order_id: "A1", total: 14800, currency: "JPY", products: [{ product_id: "p", quantity: 2, price: 7400 }] };
const others = {
  segment: { batch: [{ type: "track", event: "Order Completed", messageId: "m-1", timestamp: "2026-11-17T03:00:00.000Z", userId: "7", properties: order }] },
  posthog: { api_key: "k", batch: [{ event: "Order Completed", uuid: "01a1ee56-5e00-7303-8303-030303030303", distinct_id: "7", timestamp: "2026-11-17T03:00:00.000Z", properties: order }] },
  snowplow: { schema: "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4", data: [{ e: "se", se_ca: "shop", se_ac: "paid", eid: "01a1ee56-5e00-4303-8303-030303030303", dtm: "1794000000000", uid: "7" }] },
  shopify: { id: 820982911946154500, created_at: "2026-11-18T12:00:00+09:00", total_price: "14800", currency: "JPY", email: "ann@shop.example", customer: { id: 7 } },
  shopifyRefund: { id: 1, order_id: 2, created_at: "2026-11-18T12:00:00+09:00", transactions: [{ kind: "refund", status: "success", amount: "5.00", currency: "USD" }] },
};
const asText = (all) => Object.fromEntries(Object.entries(all).map(([name, body]) => [name, JSON.stringify(body)]));

const write = (target, seeds) => {
  const folder = join(root, "fuzz/seeds", target);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(seeds)) writeFileSync(join(folder, name), text);
  console.log(target, Object.keys(seeds).length);
};
write("beacon", { ...Object.fromEntries(items), smallest: shortest[0], several: shortest[shortest.length >> 1] });
write("plan", plans);
write("server", { ...asText(events), ...asText(others) });
