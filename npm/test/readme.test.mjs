// What the README shows is what the projects of `tests/packages` do.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const at = (path) => new URL(`../${path}`, import.meta.url);
const BLOCK = /<!-- (\S+) -->\n```\w+\n([^]*?)\n```/g;
const squeezed = (text) => text.replaceAll("cloud-kicks", "your-site").replace(/site: "shop"/g, 'site: "your-site"').replace(/\s+/g, " ");

const blocks = [...readFileSync(at("README.md"), "utf8").matchAll(BLOCK)];

test("every line of an example is a line of a project that is built and visited", () => {
  assert.ok(blocks.length >= 8);
  for (const [, file, code] of blocks) {
    const source = squeezed(readFileSync(at(`../tests/packages/templates/${file}`), "utf8"));
    for (const line of code.split("\n")) {
      assert.ok(source.includes(squeezed(line.trim())), `${file} has no line: ${line}`);
    }
  }
});

test("every part that can be imported is told of", () => {
  const text = readFileSync(at("README.md"), "utf8");
  const { exports } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  for (const name of Object.keys(exports).filter((name) => !/^\.$|package\.json|loader|plan$/.test(name))) {
    assert.ok(text.includes(name.replace(".", "goalpost")), name);
  }
});
