import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const entry = fileURLToPath(new URL("../src/loader/contact.ts", import.meta.url));
const { outputFiles } = await build({ entryPoints: [entry], write: false, format: "esm" });
const { contactOf } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

test("a contact is the customer's number, else a hash of the address, else of the number", async () => {
  const details = { customer: " C-42 ", email: " A@Shop.Example ", phone: "+81 (3) 1234-5678" };
  assert.equal(await contactOf(details), "customer:C-42");
  assert.equal(await contactOf({ ...details, customer: " " }), `email:${sha256("a@shop.example")}`);
  assert.equal(await contactOf({ phone: details.phone }), `phone:${sha256("+81312345678")}`);
  assert.equal(await contactOf({ phone: 81312345678 }), `phone:${sha256("+81312345678")}`);
});

test("what tells nobody apart identifies nobody", async () => {
  const nobody = [
    { phone: "n/a" }, { phone: "+" }, { phone: " " }, { phone: null },
    { email: "" }, { email: " \u00a0\ufeff" }, { email: null },
    { email: "n/a" }, { email: "@" }, { email: "a@ " }, { email: " @shop.example" }, { email: "none@" },
    { customer: " ", email: " ", phone: "-" }, {}, null, undefined, "a@shop.example",
  ];
  for (const details of nobody) assert.equal(await contactOf(details), undefined, JSON.stringify(details));
  assert.equal(await contactOf({ email: "n/a", phone: "0" }), `phone:${sha256("+0")}`);
});
