// What a plan means, as the edge's own core tells it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { checkPlan, explain, PlanError, readPlan } from "goalpost/wasm";
import { typesOf } from "goalpost/plan";

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const storefront = at("../examples/storefront/plan.json");

const PLAN = {
  site: "shop",
  currency: "JPY",
  hosts: ["shop.example"],
  outcomes: [
    { id: "deal", group: "purchase", when: { event: "signed" }, count: "once_per_session", dedup: "contract", value: { property: "worth" } },
    { id: "close-won", off: true },
  ],
  goals: [
    {
      id: "big",
      when: { any: [{ event: "signed", and: [{ property: "seats", greater: 10 }, { any: [{ property: "vip", is: true }] }] }, { page: "/x" }] },
    },
    { id: "here", when: { event: "here", and: [{ property: "path", is: "/a" }] } },
    {
      id: "fits",
      when: {
        event: "fitted",
        and: [
          { property: "size", one_of: ["26", "26.5"] },
          { property: "shop", is: "tokyo" },
          { property: "staff", is_not: "none" },
          { property: "title", contains: "sale" },
        ],
      },
    },
    { id: "told", when: "server" },
  ],
};

test("the types say what the plan takes", () => {
  const text = typesOf(PLAN);
  for (const line of [
    '"signed": { "contract": string | number | boolean; "currency"?: string; "seats"?: string | number; "token"?: string; "vip"?: boolean; "worth": string | number };',
    '"here": Record<string, never>;',
    '"fitted": { "shop"?: string; "size"?: string | number; "staff"?: string | number | boolean; "title"?: string };',
    '"purchase": Commerce;',
    '"deal": { "contract": string | number | boolean; "currency"?: string; "token"?: string; "worth": string | number };',
    '"big": Record<string, never>;',
  ]) {
    assert.ok(text.includes(line), `${line}\n${text}`);
  }
  for (const id of ['"told"', '"close-won"']) assert.ok(!text.includes(id), "only a server's, or off");
  assert.equal(typesOf(JSON.stringify(PLAN)), text);
});

test("a wrong plan is told with each place and its fix", () => {
  assert.deepEqual(checkPlan(PLAN), []);
  const problems = checkPlan({ ...PLAN, goals: [{ id: "a", count: "once" }] });
  assert.equal(problems[0].path, "goals[0].count");
  assert.throws(() => typesOf("{"), PlanError);
  assert.throws(() => readPlan({}), /site: /);
});

test("an observation is explained before the plan is published", () => {
  const why = (observation) => explain(PLAN, observation).find(({ definition }) => definition === "big").why;
  const signed = { kind: "event", name: "signed", path: "/" };
  assert.equal(why({ ...signed, properties: { contract: "1", worth: "5", seats: 11, vip: true } }), "matched, counts every");
  assert.equal(why({ ...signed, properties: { seats: 9 } }), "a condition does not hold");
  assert.throws(() => explain(PLAN, { kind: "trigger", name: "big-one", path: "/" }), /big-one/);
});

test("the command line says how it is used, and fails where a plan does", () => {
  const run = (...args) => execFileSync(process.execPath, [at("dist/cli.js"), ...args], { encoding: "utf8", stdio: "pipe" });
  assert.equal(run("plan", "check", storefront), "The plan is right.\n");
  assert.equal(run("plan", "types", storefront), typesOf(readFileSync(storefront, "utf8")));
  assert.throws(() => run("plan"), /goalpost plan types <plan>/);
  assert.throws(() => run("plan", "check", at("package.json")), /site: /);
});
