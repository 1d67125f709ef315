// The helpers of the examples sign alike in every language whose interpreter is here.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { orderToken } from "../../examples/server/sign.mjs";
import { root } from "../harness/worker.mjs";

const KEY = "the key that the shop signs with";
const folder = join(root, "examples/server");

/** By language: the interpreter, and a program that prints a token for the arguments it is given. */
const LANGUAGES = {
  Python: [
    "python3",
    ["-c", "import sys; from order_token import order_token as t; a = sys.argv[1:]; print(t(*a[:5], int(a[5])))"],
  ],
  Ruby: [
    "ruby",
    [
      "-r./order_token",
      "-e",
      "k, s, o, a, c, e = ARGV; puts order_token(key: k, site: s, order: o, amount: a, currency: c, expires: e.to_i)",
      "--",
    ],
  ],
  PHP: [
    "php",
    ["-r", 'require "order_token.php"; $a = array_slice($argv, 1); $a[5] = (int) $a[5]; echo order_token(...$a);', "--"],
  ],
};

const ORDERS = [
  { site: "cloud-kicks", order: "A1", amount: "14800", currency: "JPY", expires: 1_795_000_000_000 },
  { site: "shop", order: 'É/"7"\\東', amount: "129.00", currency: "EUR", expires: 1_795_000_000_001 },
];

for (const [language, [program, args]] of Object.entries(LANGUAGES)) {
  const missing = spawnSync(program, ["--version"]).error !== undefined;
  test(`${language} makes the token that Node makes`, { skip: missing && `${program} is not here` }, () => {
    for (const order of ORDERS) {
      const values = [order.site, order.order, order.amount, order.currency, String(order.expires)];
      const { status, stdout, stderr } = spawnSync(program, [...args, KEY, ...values], {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
      });
      assert.equal(status, 0, stderr);
      assert.equal(stdout.trim(), orderToken(order, KEY));
    }
  });
}
