import assert from "node:assert/strict";
import { test } from "node:test";
import { changes, measured, snapshot } from "../sizes.mjs";

test("no file of the package changes its size unseen", () => {
  assert.deepEqual(changes(snapshot(), measured()), [], "if it is meant: node npm/sizes.mjs --accept");
});

test("3 in 100 or 64 bytes are noise, more is a change", () => {
  const size = (bytes) => ({ "a.js": { raw: bytes, gzip: 100, brotli: 100 } });
  assert.deepEqual(changes(size(10_000), size(10_300)), []);
  assert.deepEqual(changes(size(100), size(164)), []);
  assert.deepEqual(changes(size(10_000), size(9_699)), ["a.js: raw was 10000 bytes, is 9699"]);
  assert.deepEqual(changes(size(1), {}), ["a.js is gone"]);
  assert.deepEqual(changes({}, size(1)), ["a.js is new"]);
});
