import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const entry = fileURLToPath(new URL("../src/loader/consent.ts", import.meta.url));
const { outputFiles } = await build({ entryPoints: [entry], write: false, format: "esm" });
const { follow } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);

const soon = () => new Promise((done) => setTimeout(done));

/** What is told of a page that writes these to its `dataLayer`, each a script: some before it is followed, some after. */
const toldOf = async (before, after = []) => {
  const dataLayer = [];
  globalThis.window = { dataLayer };
  const told = [];
  const run = (script) => dataLayer.push(...script.map((entry) => ["consent", ...entry]));
  before.forEach(run);
  follow("gcm", (said) => told.push(said));
  await soon();
  for (const script of after) {
    run(script);
    await soon();
  }
  return told.map(({ analytics_storage }) => analytics_storage);
};

const granted = { analytics_storage: "granted" };
const denied = { analytics_storage: "denied" };
const deniedInSpain = { ...denied, region: ["ES"] };

test("a default that grants is an answer, and one that denies is none yet", async () => {
  assert.deepEqual(await toldOf([[["default", granted]]]), ["granted"]);
  assert.deepEqual(await toldOf([], [[["default", granted]]]), ["granted"]);
  assert.deepEqual(await toldOf([[["default", denied]]]), []);
  assert.deepEqual(await toldOf([[["default", granted], ["default", denied]]]), []);
  assert.deepEqual(await toldOf([[["default", { ...granted, region: ["US"] }]]]), []);
});

test("where a default denies in some region, no default grants, whichever is first, and an update does", async () => {
  const pair = [["default", deniedInSpain], ["default", granted]];
  for (const script of [pair, pair.toReversed()]) {
    assert.deepEqual(await toldOf([script]), []);
    assert.deepEqual(await toldOf([], [script]), []);
    assert.deepEqual(await toldOf([script], [[["update", granted]]]), ["granted"]);
    assert.deepEqual(await toldOf([script], [[["update", denied]]]), ["denied"]);
    assert.deepEqual(await toldOf([[...script, ["update", granted]]]), ["granted"]);
  }
});

test("what a default has granted is taken back by one that comes later and denies", async () => {
  assert.deepEqual(await toldOf([[["default", granted]]], [[["default", deniedInSpain]]]), ["granted", "denied"]);
  assert.deepEqual(await toldOf([[["update", granted]]], [[["default", deniedInSpain]]]), ["granted", "granted"]);
});

test("each purpose has its own regions", async () => {
  globalThis.window = {
    dataLayer: [
      ["consent", "default", { ad_storage: "denied", region: ["ES"] }],
      ["consent", "default", { ...granted, ad_storage: "granted", ad_user_data: "granted" }],
    ],
  };
  const told = [];
  follow("gcm", (said) => told.push(said));
  await soon();
  assert.deepEqual(told, [{ analytics_storage: "granted", ad_user_data: "granted" }]);
});

test("a framework that is not ready is asked again", async () => {
  let asked = 0;
  globalThis.window = {
    __tcfapi(command, version, hear) {
      asked += 1;
      if (asked < 2) throw new Error("not ready");
      hear({ eventStatus: "tcloaded", gdprApplies: false }, true);
    },
  };
  const told = await new Promise((done) => follow("tcf", done));
  assert.equal(asked, 2);
  assert.equal(told.analytics_storage, "granted");
});
