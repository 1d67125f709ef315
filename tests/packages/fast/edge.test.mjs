// The packed edge, by an operator who has no Rust.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { PageLoad, plan, post } from "../../harness/beacon.mjs";
import { until } from "../../harness/worker.mjs";
import { deployment, freePort, kill } from "../deployment.mjs";

const TOKEN = "the operator's token";
const hash = createHash("sha256").update(TOKEN).digest("hex");
const SLOW = { timeout: 300_000 };

let made;
before(async () => {
  made = await deployment();
}, SLOW);
after(() => made?.remove());

const admin = async (url, path, init = {}) => {
  const response = await fetch(`${url}/api/v1/sites/shop/${path}`, {
    ...init,
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
  return response.json();
};

const publish = (url) => admin(url, "plan", { method: "PUT", body: JSON.stringify(plan) });

const figures = async (url) => {
  const { rows } = await admin(url, "reports/overview");
  return rows[0];
};

const balance = async (url) => {
  const { stored, duplicate, waiting, holds } = await admin(url, "reports/conservation");
  assert.ok(holds);
  return { stored, duplicate, waiting };
};

test("an operator without Rust checks a deployment, runs it in workerd, and reads a page view back", SLOW, async () => {
  const said = await made.goalpost("check");
  assert.match(said, /The Worker "goalpost": \d+ KiB compressed/);
  assert.match(said, /Its \d+ migrations apply to an empty database/);
  assert.match(said, /npx wrangler d1 create goalpost/);

  await writeFile(join(made.folder, ".dev.vars"), `ADMIN_TOKEN_HASH="${hash}"\n`);
  await made.wrangler("d1", "migrations", "apply", "DB", "--local");
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const wrangler = join(made.folder, "node_modules/.bin/wrangler");
  const child = await made.serve(wrangler, ["dev", "--ip", "127.0.0.1", "--port", String(port)], url);
  await publish(url);
  assert.equal((await fetch(`${url}/_g/gp.js`)).status, 200);
  const load = new PageLoad("shop");
  assert.equal((await post({ url }, load.beacon([load.view()]))).status, 200);
  await until(async () => (await balance(url)).stored === 1, "the page view");
  assert.equal((await figures(url)).sessions.value, 1);
  kill(child, "SIGTERM");
});

test("on a machine of one's own, what was answered is on the disk when it is killed, and stays", SLOW, async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const start = () => made.serve(process.execPath, ["start.mjs"], url, { PORT: String(port), ADMIN_TOKEN: TOKEN });
  const load = new PageLoad("shop");
  const beacon = load.beacon([load.view(), load.purchase("A1", "14800")]);

  const first = await start();
  await publish(url);
  assert.equal((await post({ url }, beacon)).status, 200);
  // No time to put anything in order.
  kill(first, "SIGKILL");
  await once(first, "exit");

  const second = await start();
  assert.deepEqual(await balance(url), { stored: 2, duplicate: 0, waiting: 0 });
  const before = await figures(url);
  assert.equal(before.sessions.value, 1);
  assert.equal((await post({ url }, beacon)).status, 200);
  assert.deepEqual(await balance(url), { stored: 2, duplicate: 2, waiting: 0 });
  assert.deepEqual(await figures(url), before);
  kill(second, "SIGTERM");
  await once(second, "exit");
});

test("an upgrade brings what is ours, and leaves what is the operator's", SLOW, async () => {
  const at = (path) => join(made.folder, path);
  const settings = (await readFile(at("wrangler.jsonc"), "utf8")).replace('"name": "goalpost"', '"name": "shop"');
  await writeFile(at("wrangler.jsonc"), settings.replaceAll("RATE_SITE", "rate_site"));
  await writeFile(at("worker/index.js"), "an older one");
  const { hash: last } = JSON.parse(await readFile(at("assets/manifest.json"), "utf8"));
  await writeFile(at(`assets/a/${last}/of-before.js`), "still asked for by pages that are open");

  const said = await made.goalpost("upgrade");
  assert.match(said, /does not name what this version can use: RATE_SITE\./);
  assert.match(await readFile(at("wrangler.jsonc"), "utf8"), /"name": "shop"/);
  assert.notEqual(await readFile(at("worker/index.js"), "utf8"), "an older one");
  await readFile(at(`assets/a/${last}/of-before.js`));
  await assert.rejects(made.goalpost("init"), /is a deployment already/);
});
