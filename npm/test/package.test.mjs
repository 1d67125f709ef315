import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

const require = createRequire(import.meta.url);
const at = (path) => new URL(`../${path}`, import.meta.url);
const manifest = JSON.parse(readFileSync(at("package.json"), "utf8"));
const CALLS = ["consent", "debug", "flush", "identify", "init", "overlay", "segments", "track", "trigger"];

const targets = (entry) => (typeof entry === "string" ? [entry] : Object.values(entry).flatMap(targets));

/** Uses the package as a program of its own, under conditions as a bundler or runtime sets them. */
const run = (code, { conditions = [], type = "module" } = {}) =>
  execFileSync(
    process.execPath,
    [...conditions.flatMap((condition) => ["-C", condition]), `--input-type=${type}`, "-e", code],
    { cwd: fileURLToPath(at(".")), encoding: "utf8" },
  ).trim();

const USE = `
  const goalpost = g.init({ site: "shop", consent: "granted" });
  g.track("x", { n: 1 }); g.trigger("y"); g.identify({ email: "a@b" }); g.consent("granted"); g.debug();
  goalpost.track("x"); goalpost.debug(false);
  Promise.all([g.flush(), goalpost.flush()]).then((all) => console.log(JSON.stringify([Object.keys(g).filter((k) => !/default|module/.test(k)).sort(), all.length, Object.keys(globalThis).includes("goalpost")])));`;

for (const conditions of [[], ["workerd"], ["worker"], ["react-server"], ["browser"]]) {
  for (const type of ["module", "commonjs"]) {
    test(`on a server it does nothing and fails nothing (${type} ${conditions})`, () => {
      const load = type === "module" ? 'import * as g from "goalpost";' : 'const g = require("goalpost");';
      assert.deepEqual(JSON.parse(run(load + USE, { conditions, type })), [CALLS, 2, false]);
    });
  }
}

test("a page gets the real thing, a server the quiet one", () => {
  const found = (conditions) => run('console.log(import.meta.resolve("goalpost"))', { conditions }).split("/").at(-1);
  assert.equal(found(["browser"]), "index.js");
  assert.equal(found([]), "quiet.js");
  assert.equal(found(["workerd", "browser"]), "quiet.js");
});

test("every file that the package names is there, with types first", () => {
  const named = [...targets(manifest.exports), ...Object.values(manifest.bin), manifest.main, manifest.module, manifest.types];
  for (const file of named) assert.ok(existsSync(at(file)), file);
  const ordered = (entry) => {
    if (typeof entry === "string") return;
    const keys = Object.keys(entry);
    if (keys.includes("types")) assert.equal(keys[0], "types");
    Object.values(entry).forEach(ordered);
  };
  ordered(manifest.exports);
  for (const name of ["loader.js", "sdk.wasm", "plan.schema.json", "package.json"]) {
    assert.ok(existsSync(require.resolve(`goalpost/${name}`)), name);
  }
});

test("it needs no other package to run, and no page to be imported", () => {
  assert.equal(manifest.dependencies, undefined);
  for (const peer of Object.keys(manifest.peerDependencies)) assert.ok(manifest.peerDependenciesMeta[peer].optional, peer);
  assert.equal(manifest.sideEffects, false);
});

test("bindings share the functions of the package with everybody else", () => {
  for (const name of ["react", "next", "vue", "svelte"]) {
    const text = readFileSync(at(`dist/${name}.js`), "utf8");
    assert.match(text, /from "goalpost(\/react)?"/, name);
    assert.equal(text.startsWith('"use client"'), name === "react");
  }
});

test("the loader stays a small script of its own", () => {
  const loader = readFileSync(at("dist/gp.js"));
  const size = brotliCompressSync(loader).length;
  assert.ok(size <= 1_536, `${size} bytes after brotli`);
  const text = loader.toString();
  assert.match(text, /^\(\(\)=>\{/, "an immediate function: no global but its own");
  assert.doesNotMatch(text, /preventDefault|"unload"|beforeunload|eval\(/);
  assert.ok(text.includes(`"${manifest.version}"`));
});

test("without the SDK's module the build says what to do", () => {
  const build = fileURLToPath(at("build.mjs"));
  assert.throws(
    () => execFileSync(process.execPath, [build, "--sdk", "nowhere"], { stdio: "pipe" }),
    (error) => /nowhere has no sdk\.js and sdk_bg\.wasm: run `cargo xtask build`\./.test(error.stderr.toString()),
  );
});
