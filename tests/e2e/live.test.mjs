// What the owner sees while somebody visits the shop.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../harness/worker.mjs";
import { play, until, visit } from "./shop.mjs";

const shots = join(root, "tests/e2e/shots");

const shoot = async (browser, name) => {
  await mkdir(shots, { recursive: true });
  const image = Buffer.from(await browser.screenshot(), "base64");
  await writeFile(join(shots, `${name}.png`), image);
  assert.ok(image.length > 10_000, `${name} shows something`);
};

/** An id as the live page writes it. */
const named = (id) => id.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");

visit("the live page shows an observation within two seconds of its arrival", {}, async ({ shop, browser }) => {
  const live = await browser.newWindow(
    shop.at(`/_g/live#site=${shop.site}&token=${shop.worker.token}`),
  );
  await browser.until(() => document.getElementById("state").dataset.well === "yes", "a live page");
  await browser.run(() => {
    window.shownAt = {};
    const look = () => {
      for (const { dataset } of document.querySelectorAll("#observations li[data-id]")) {
        window.shownAt[dataset.id] ??= Date.now();
      }
    };
    new MutationObserver(look).observe(document.getElementById("observations"), { childList: true });
  });

  const visitor = await browser.newWindow();
  await browser.enter(shop.at("/?utm_medium=email"));
  await shoot(browser, "shop-home");
  await browser.enter(shop.at("/shoes/nimbus/"));
  await play(browser, "#nimbus-walk");
  await browser.click('form#buy label:has(input[name=size][value="26.0"])');
  await browser.click("#add-to-cart");
  await browser.run(() => window.goalpost("trigger", "no-such-goal"));
  await shop.settled(browser);

  /** How long after their arrival these were shown, at worst. */
  const lateness = async (stored) => {
    await browser.switchTo(live);
    const shown = await until(async () => {
      const times = await browser.run(() => window.shownAt);
      return stored.every(({ id }) => times[named(id)]) && times;
    }, "every observation on the live page");
    return Math.max(...stored.map(({ id, received_at }) => shown[named(id)] - received_at));
  };
  const stored = (where) =>
    shop.rows(`SELECT lower(hex(id)) AS id, received_at FROM observations WHERE ${where}`);
  const seen = await stored("true");
  assert.ok(seen.length >= 8);
  const late = [await lateness(seen)];
  // Another program may have the processor; it does not have it each time.
  while (late.at(-1) > 2_000 && late.length < 6) {
    const name = `again-${late.length}`;
    await browser.switchTo(visitor);
    await browser.run((name) => window.goalpost("track", name, {}), name);
    await shop.settled(browser);
    late.push(await lateness(await stored(`body ->> 'name' = '${name}'`)));
  }
  assert.ok(late.at(-1) <= 2_000, `it was shown ${late} ms after it had arrived`);
  assert.match(await browser.text("#observations"), /watch-video/);
  await browser.until(
    () =>
      /no-such-goal/.test(document.getElementById("quarantined").textContent) &&
      /waiting 0$/.test(document.getElementById("sum").textContent),
    "what is in quarantine, and the sum",
  );
  const sum = await browser.element("#sum");
  assert.equal(await sum.getAttribute("data-holds"), "yes");
  await shoot(browser, "live");
  const problems = (await browser.console()).filter(({ level }) => level === "SEVERE");
  assert.deepEqual(problems.filter(({ message }) => !message.includes("favicon")), []);
  await browser.switchTo(visitor);
  await browser.flush();
});
