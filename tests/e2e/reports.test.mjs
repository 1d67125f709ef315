// The page of reports, as people go from one to the next.

import assert from "node:assert/strict";
import { visit } from "./shop.mjs";

visit("whoever comes without a token, by Cloudflare Access, goes on without one", {}, async ({ shop, browser }) => {
  await browser.go(shop.at(`/_g/reports#site=${shop.site}&token=`));
  await browser.until(() => document.querySelectorAll("#reports a").length > 1, "the menu");
  await browser.run(() => {
    const links = [...document.querySelectorAll("#reports a")];
    links.find((it) => it.textContent === "Channels").click();
  });
  await browser.until(() => location.hash.includes("report=channels"), "the other report");
  await browser.until(() => document.getElementById("title").textContent === "Channels", "its title");
  const { known, shown } = await browser.run(() => ({
    known: new URLSearchParams(location.hash.slice(1)).get("token"),
    shown: !document.getElementById("desk").hidden,
  }));
  assert.equal(known, "");
  assert.ok(shown, "the door is not all that there is");
});
